"""Cityscapes: a stereo pair behind a windscreen, with disparity by semi-global matching.

From cityscapes-dataset.com; non-commercial, own terms. Source: the README of mcordts/cityscapesScripts.

    <source>/
        leftImg8bit/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png        also leftImg8bit_sequence/
        disparity/<split>/<city>/<city>_<sequence>_<frame>_disparity.png            also disparity_sequence/
        camera/<split>/<city>/<city>_<sequence>_<frame>_camera.json

Taken: every left picture of train and train_extra that has a disparity map, the 30 frames around each labelled one
included, with the distributed disparity, (value - 1) / 256 px, and a depth of baseline · fx over it.
Camera files exist for the labelled frame of each snippet only; its neighbours share it. Left out: classes, right
pictures. The published networks learnt from disparity matched anew by RAFT-Stereo, which is denser and less ragged.
Not verified on the data: that a sequence's camera stays as it was at the labelled frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from theodolite.datasets.builders.source_files import need, numbers, read_json
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

DOMAIN = "cityscapes"
# Beyond, a quarter of a pixel of disparity is a tenth of the distance.
RANGE = (1.0, 200.0)
_SUFFIX = "_leftImg8bit.png"
# A snippet has 19 frames before the labelled one and 10 after it.
_SNIPPET = 19


def records(source: Path, out: Path) -> Iterator[Record]:
    """Left pictures with disparity. Raises: DatasetError."""
    pattern = f"leftImg8bit*/train*/*/*{_SUFFIX}"
    for image in need(source.glob(pattern), source, pattern):
        kind, split, city = image.parts[-4:-1]
        name = image.name.removesuffix(_SUFFIX)
        depth = source / kind.replace("leftImg8bit", "disparity") / split / city / f"{name}_disparity.png"
        if not depth.is_file():
            continue
        calibration = _calibration(source / "camera" / split / city, name)
        camera, baseline_focal = _camera(calibration)
        yield Record(
            image=image,
            camera=camera,
            depth=depth,
            depth_encoding=DepthEncoding(
                "png16", scale=256, offset=1, measures="disparity", baseline_focal=baseline_focal
            ),
            kind=LabelKind.STEREO,
            range=RANGE,
            domain=DOMAIN,
        )


def _calibration(folder: Path, name: str) -> Path:
    """The camera file of a frame, or of the labelled one of its snippet. Raises: DatasetError."""
    sequence, _, frame = name.rpartition("_")
    labelled = _labelled(folder).get(sequence, {})
    nearest = min(labelled, key=lambda number: abs(number - int(frame)), default=None)
    if nearest is None or abs(nearest - int(frame)) > _SNIPPET:
        raise DatasetError(f"{folder / f'{name}_camera.json'}: absent, and so is one of the frames around it.")
    return labelled[nearest]


@lru_cache(maxsize=4)
def _labelled(folder: Path) -> dict[str, dict[int, Path]]:
    """Camera files of a city, by sequence and frame."""
    found: dict[str, dict[int, Path]] = {}
    for path in folder.glob("*_camera.json"):
        sequence, _, frame = path.name.removesuffix("_camera.json").rpartition("_")
        found.setdefault(sequence, {})[int(frame)] = path
    return found


@lru_cache(maxsize=64)
def _camera(path: Path) -> tuple[tuple[float, float, float, float], float]:
    """Intrinsics, and baseline times focal length."""
    content = read_json(path)
    fx, fy, cx, cy = (float(numbers(content, path, "intrinsic", name)) for name in ("fx", "fy", "u0", "v0"))
    baseline = float(numbers(content, path, "extrinsic", "baseline"))
    if baseline <= 0 or fx <= 0:
        raise DatasetError(f"{path}: a baseline of {baseline:g} m and a focal length of {fx:g} px are no stereo pair.")
    return (fx, fy, cx, cy), baseline * fx
