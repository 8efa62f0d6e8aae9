"""TUM RGB-D: sequences filmed with a Kinect (freiburg1, freiburg2) and an Xtion (freiburg3) in offices and halls.

From https://cvg.cit.tum.de/data/datasets/rgbd-dataset, CC BY 4.0. Sequences unpacked side by side, or one of them:

    rgbd_dataset_freiburg1_desk/rgb.txt, depth.txt              "timestamp file", # begins a comment
    rgbd_dataset_freiburg1_desk/rgb/1305031452.791720.png       640x480
    rgbd_dataset_freiburg1_desk/depth/1305031452.797230.png     640x480, 16 bit, z, 1/5000 m, on the picture's rays

Pictures and depth are paired by time, each once, closest first and at most 20 ms apart, as the authors' own tool does.
The camera is the colour camera's of the sequence's name. The lens distortion of freiburg1 and freiburg2, about six per
cent of the radius in the corners, is not undone: manifests know pinhole cameras only. Those of freiburg3 are
rectified. Trajectories and accelerometer are not used. Not among the training sets of Metric3D.

Source: the benchmark's page "File formats". Tried on two published frames of freiburg1.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders.source_files import folders_with, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

_FIFTHS_OF_MILLIMETRES = DepthEncoding("png16", scale=5000)
_RANGE = (0.2, 13.2)
# Seconds; both cameras run at 30 Hz.
APART = 0.02
CAMERAS = {
    "freiburg1": (517.3, 516.5, 318.6, 255.3),
    "freiburg2": (520.9, 521.0, 325.1, 249.7),
    "freiburg3": (535.4, 539.2, 320.1, 247.6),
}


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every pair of picture and depth of every sequence. Raises: DatasetError."""
    for sequence in folders_with(source, "rgb.txt", levels=1):
        camera = _camera(sequence)
        for image, depth in pairs(read_listing(sequence / "rgb.txt"), read_listing(sequence / "depth.txt")):
            yield Record(
                image=sequence / image,
                camera=camera,
                kind=LabelKind.SENSOR,
                depth=sequence / depth,
                depth_encoding=_FIFTHS_OF_MILLIMETRES,
                range=_RANGE,
                domain="tum-rgbd",
                extra={"scene": sequence.resolve().name},
            )


def pairs(first: dict[float, str], second: dict[float, str]) -> list[tuple[str, str]]:
    """Files of two listings that belong together, in the order of time."""
    times = sorted(second)
    near = [
        (abs(time - other), time, other)
        for time in first
        for other in times[bisect_left(times, time - APART) : bisect_right(times, time + APART)]
    ]
    matched: dict[float, float] = {}
    taken: set[float] = set()
    for _, time, other in sorted(near):
        if time not in matched and other not in taken:
            matched[time] = other
            taken.add(other)
    return [(first[time], second[matched[time]]) for time in sorted(matched)]


def read_listing(path: Path) -> dict[float, str]:
    """Files by time, s. Raises: DatasetError, naming file and line."""
    files = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            time, file = line.split()[:2]
            files[float(time)] = file
        except ValueError:
            raise DatasetError(f"{path}, line {number}: 'timestamp file' is needed, found {line[:80]!r}.") from None
    return files


def _camera(sequence: Path) -> tuple[float, float, float, float]:
    for name, camera in CAMERAS.items():
        if name in sequence.resolve().name:
            return camera
    raise DatasetError(f"{sequence}: the camera goes by the folder's name, which has none of {', '.join(CAMERAS)}.")
