"""BlendedMVG: 502 scenes reconstructed from photographs, re-rendered and blended with them; depth of unknown scale.

From https://github.com/YoYo000/BlendedMVS, CC BY 4.0. BlendedMVS, BlendedMVS+ and BlendedMVS++ share the layout:

    5a3ca9cb270f0e3f14d0eddb/blended_images/00000000.jpg          768x576; 00000000_masked.jpg is not used
    5a3ca9cb270f0e3f14d0eddb/cams/00000000_cam.txt                extrinsic 4x4, intrinsic 3x3, range of depth
    5a3ca9cb270f0e3f14d0eddb/rendered_depth_maps/00000000.pfm     z in the scene's unit; 0 is unknown

Rotation and scale of a reconstruction are its own, hence `RELATIVE`. In no recipe of Metric3D v2 that was published;
its side configurations name it. Source: the repository's README. Not verified on files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders.source_files import folders_with, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

_DEPTH = DepthEncoding("pfm")


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every picture that has a camera. Raises: DatasetError."""
    for scene in folders_with(source, "rendered_depth_maps"):
        for camera in sorted((scene / "cams").glob("*_cam.txt")):
            name = camera.name.removesuffix("_cam.txt")
            yield Record(
                image=scene / "blended_images" / f"{name}.jpg",
                camera=_intrinsics(camera),
                kind=LabelKind.RELATIVE,
                depth=scene / "rendered_depth_maps" / f"{name}.pfm",
                depth_encoding=_DEPTH,
                domain="blendedmvg",
                extra={"scene": scene.name},
            )


def _intrinsics(path: Path) -> tuple[float, float, float, float]:
    words = read_text(path).split()
    try:
        start = words.index("intrinsic") + 1
        fx, _, cx, _, fy, cy = (float(word) for word in words[start : start + 6])
    except ValueError as error:
        raise DatasetError(f"{path}: 'intrinsic' and a 3x3 matrix are needed ({error}).") from error
    return fx, fy, cx, cy
