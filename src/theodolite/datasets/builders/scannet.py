"""ScanNet: 1 513 rooms filmed with a depth camera on a tablet.

From http://www.scan-net.org, terms of use for research. Each .sens file unpacked by the authors' reader:

    scans/scene0000_00/color/0.jpg                       1296x968
    scans/scene0000_00/depth/0.png                       640x480, 16 bit, z in mm, on the picture's rays
    scans/scene0000_00/intrinsic/intrinsic_color.txt     4x4
    scannetv2_train.txt                                  of the authors' repository; where present, only these scenes
    scannet-frames/scene0000_00/frame-000000-normal.png, frame-000000-orient-mask.png
                                                         FrameNet's normals (github.com/hjwdzh/FrameNet); may be absent

Every tenth frame is taken: neighbours hardly differ, and FrameNet has normals for these only. Poses, meshes and
semantic labels are not used. The depth map covers the picture though its shape differs by 0.4 % (the two calibrations
differ by exactly the ratio of the sizes, on each axis), so labels fit it when both axes are stretched.

Source: README of ScanNet/ScanNet; ScanNet's note in allenai/grit_official for FrameNet's file names. Not verified on
files: the axes of FrameNet's normals, taken from the reader of Metric3D. ScanNet is in the training list of Metric3D
v2: results on it are not zero-shot.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders.source_files import folders_with, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

EVERY = 10
INTRINSICS = "intrinsic/intrinsic_color.txt"
MILLIMETRES = DepthEncoding("png16", scale=1000, invalid_from=65535)
# The sensor's: nearer it is blind, farther its errors grow beyond use.
_RANGE = (0.1, 10.0)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every tenth frame of the scenes. Raises: DatasetError."""
    scenes = folders_with(source, INTRINSICS)
    chosen = source / "scannetv2_train.txt"
    if chosen.is_file():
        names = set(read_text(chosen).split())
        scenes = [scene for scene in scenes if scene.name in names]
    for scene in scenes:
        camera = colour_camera(scene)
        framenet = source / "scannet-frames" / scene.name
        for image in pictures(scene):
            if number(image) % EVERY == 0:
                yield _record(image, camera, framenet / f"frame-{number(image):06d}")


def _record(image: Path, camera: tuple[float, float, float, float], frame: Path) -> Record:
    normals = frame.with_name(f"{frame.name}-normal.png")
    has_normals = normals.is_file()
    return Record(
        image=image,
        camera=camera,
        kind=LabelKind.SENSOR,
        depth=image.parents[1] / "depth" / f"{image.stem}.png",
        depth_encoding=MILLIMETRES,
        normals=normals if has_normals else None,
        normal_convention="framenet" if has_normals else None,
        normal_mask=frame.with_name(f"{frame.name}-orient-mask.png") if has_normals else None,
        range=_RANGE,
        domain="scannet",
        extra={"scene": image.parents[1].name},
    )


def pictures(scene: Path) -> list[Path]:
    """By number. Raises: DatasetError, naming one without a number."""
    return sorted((scene / "color").glob("*.jpg"), key=number)


def number(image: Path) -> int:
    """Raises: DatasetError, naming the picture."""
    try:
        return int(image.stem)
    except ValueError:
        raise DatasetError(f"{image}: pictures of ScanNet are named by number.") from None


def colour_camera(scene: Path) -> tuple[float, float, float, float]:
    """fx, fy, cx, cy of the pictures. Raises: DatasetError, naming the file."""
    path = scene / INTRINSICS
    try:
        values = [float(word) for word in read_text(path).split()]
    except ValueError as error:
        raise DatasetError(f"{path}: the numbers of a matrix are needed ({error}).") from error
    if len(values) != 16:
        raise DatasetError(f"{path}: a 4x4 matrix is needed, found {len(values)} numbers.")
    return values[0], values[5], values[2], values[6]
