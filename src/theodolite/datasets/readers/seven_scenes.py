"""7-Scenes: seven rooms filmed with a Kinect, its colour and depth pictures as they came.

Source: the authors' page and the files themselves. The published focal length, 585 px with (320, 240) as the centre,
is the depth camera's. Pictures come from the colour camera beside it, which the authors did not calibrate; its usual
525 px are taken, as by visual localisation on this data set (DSAC*, visloc_pseudo_gt_limitations). On frames of
redkitchen, edges of depth meet edges of the picture best where the picture is 0.90 times as large, which agrees, and
shifted as by a camera 2.3 cm to the right of the other; to about 1 % and half a centimetre.
Not verified on the data: that the other scenes were filmed with the same device; that (320, 240) counts from the centre
of the top-left pixel, half a pixel being less than is known of the cameras.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.lidar import nearest_depth
from theodolite.datasets.builders.source_files import camera_of, folders_with, need, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About, reading
from theodolite.datasets.readers.recorded import assembled
from theodolite.errors import DatasetError
from theodolite.geometry.unproject import project, unproject
from theodolite.types import Float

_LISTS = {"test": "TestSplit.txt", "train": "TrainSplit.txt"}
_SEQUENCE = re.compile(r"seq(?:uence)?-?(\d+)")
_MILLIMETRES = DepthEncoding("png16", scale=1000, invalid_from=65535)
_SIZE = (640, 480)
_COLOUR, _DEPTH = (525.0, 525.0, 320.0, 240.0), (585.0, 585.0, 320.0, 240.0)
# From the depth camera's axes to the colour camera's, metres.
_SHIFT = np.array([-0.023, 0.0, 0.0])

ABOUT = About(
    title="7-Scenes: seven rooms filmed with a Kinect",
    source="https://www.microsoft.com/en-us/research/project/rgb-d-dataset-7-scenes, the scenes wanted; unpack the "
    "seq-XX.zip files inside them, too",
    licence="Microsoft Research licence for non-commercial use, with the data",
    layout="""
chess/TestSplit.txt, TrainSplit.txt            lines such as sequence3
chess/seq-03/frame-000000.color.png
chess/seq-03/frame-000000.depth.png""",
    paper="Shotton et al., Scene Coordinate Regression Forests for Camera Relocalization in RGB-D Images, CVPR 2013",
    splits={
        "test": "sequences of each scene's TestSplit.txt, 17 000 frames in all",
        "train": "sequences of each scene's TrainSplit.txt",
    },
    truths={
        "sensor": "depth as the depth camera measured it, on its own pixels",
        "registered": "the same, seen from the colour camera, as nearly as its place is known",
    },
    notes=(
        "Colour and depth are distributed unregistered: the depth camera sees a narrower part (585 px focal length "
        "against 525) from 2 cm beside. Depths are off their places in the picture by a tenth of the distance from its "
        "centre. Most published results live with that; the truth 'registered' makes up for it, but for a few pixels.",
        "The camera given is the colour camera, 525 px, the usual value of a Kinect and not a calibration. Metric "
        "depth is proportional to it: results taken with 500 or 585 px differ by as much.",
        "Neighbouring frames of a sequence resemble each other; a few hundred, evenly spread, tell as much as all.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there is no scene, or a list or a sequence of it is missing."""
    listed = []
    for scene in folders_with(root, _LISTS[split], levels=1):
        name = scene.resolve().name
        for sequence in _sequences(scene / _LISTS[split]):
            listed += [
                Listed(f"{name}/{sequence.name}/{frame}", name, partial(_load, sequence, frame, truth))
                for frame in _frames(sequence)
            ]
    return listed


def _sequences(path: Path) -> list[Path]:
    """Folders of the sequences of a list. Raises: DatasetError, naming a line that is none."""
    found = []
    for place, line in enumerate(read_text(path).split(), start=1):
        match = _SEQUENCE.fullmatch(line)
        if match is None:
            raise DatasetError(f"{path}: its entry {place} is {line!r}, where a sequence such as sequence3 should be.")
        found.append(path.parent / f"seq-{int(match[1]):02}")
    return sorted(found)


def _frames(sequence: Path) -> list[str]:
    pattern = "frame-*.color.png"
    return [path.name.removesuffix(".color.png") for path in need(sequence.glob(pattern), sequence, pattern)]


def _load(sequence: Path, frame: str, truth: str) -> Example:
    picture, file = sequence / f"{frame}.color.png", sequence / f"{frame}.depth.png"
    image, camera = reading.picture(picture), camera_of(picture, _COLOUR, _SIZE)
    if image.shape[:2] != _SIZE[::-1]:
        raise DatasetError(f"{picture}: 640x480 px are needed, found {image.shape[1]}x{image.shape[0]}.")
    depth = reading.depth(file, _MILLIMETRES, camera)
    with reading.naming(file):
        return assembled(image, camera, _registered(depth, camera) if truth == "registered" else depth)


def _registered(depth: Float[np.ndarray, "480 640"], colour: Camera) -> Float[np.ndarray, "480 640"]:
    """Depth as the colour camera sees it. Its pixels are the larger ones: a smooth surface gets no holes."""
    points = unproject(depth, Camera(*_DEPTH, *_SIZE)).reshape(-1, 3) + _SHIFT
    return nearest_depth(project(points, colour), points[:, 2], colour.height, colour.width, reach=(0, np.inf))
