"""DSEC: colour and event cameras on Swiss roads by day and night, with disparity from accumulated LiDAR.

From dsec.ifi.uzh.ch; CC BY-SA 4.0. Source: its page "Data Format", and uzh-rpg/DSEC.

    <source>/[train/]<sequence>/
        images/left/rectified/000000.png …      images/timestamps.txt       microseconds, one line a picture
        disparity/image/000000.png …            disparity/timestamps.txt    16 bits, 256 steps a pixel, 0 unknown
        calibration/cam_to_cam.yaml

Taken: left colour pictures, rectified, with the disparity in their view (half of all pictures have one), which LiDAR,
odometry and a stereo check made; depth is f · baseline over it, both out of `disparity_to_depth: cams_12`. Left out:
events and what is seen by their cameras, test sequences (they have no disparity).
Not verified on the data: where the archives of a sequence are unpacked to; the folders above are those in their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from theodolite.datasets.builders.source_files import folders_with, need, numbers, read_text, read_yaml
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError
from theodolite.types import Int

DOMAIN = "dsec"
RANGE = (1.0, 200.0)
# Microseconds; the picture and its disparity have the same time.
_APART = 1000


def records(source: Path, out: Path) -> Iterator[Record]:
    """Left pictures with disparity of all sequences below `source`. Raises: DatasetError."""
    for sequence in folders_with(source, "disparity/image"):
        camera, baseline_focal = _calibration(sequence / "calibration/cam_to_cam.yaml")
        encoding = DepthEncoding("png16", scale=256, measures="disparity", baseline_focal=baseline_focal)
        labels = need(sequence.glob("disparity/image/*.png"), sequence, "disparity/image/*.png")
        images = need(sequence.glob("images/left/rectified/*.png"), sequence, "images/left/rectified/*.png")
        label_times = _times(sequence / "disparity/timestamps.txt", len(labels))
        image_times = _times(sequence / "images/timestamps.txt", len(images))
        for label, time in zip(labels, label_times, strict=True):
            nearest = int(np.abs(image_times - time).argmin())
            if abs(image_times[nearest] - time) > _APART:
                raise DatasetError(f"{sequence / 'images/timestamps.txt'}: has no picture of {time}, as {label} needs.")
            yield Record(
                image=images[nearest],
                camera=camera,
                depth=label,
                depth_encoding=encoding,
                kind=LabelKind.LIDAR,
                range=RANGE,
                domain=DOMAIN,
            )


def _calibration(path: Path) -> tuple[tuple[float, float, float, float], float]:
    """Intrinsics of the left rectified picture, and focal length times baseline."""
    content = read_yaml(path)
    fx, fy, cx, cy = numbers(content, path, "intrinsics", "camRect1", "camera_matrix", shape=(4,)).tolist()
    # Rows of the matrix give x, y, z and w of a pixel and its disparity; depth is z / w.
    matrix = numbers(content, path, "disparity_to_depth", "cams_12", shape=(4, 4))
    focal, over_baseline, shift = matrix[2, 3], abs(matrix[3, 2]), matrix[3, 3]
    if focal <= 0 or over_baseline == 0 or shift != 0:
        raise DatasetError(f"{path}: cams_12 is not the matrix of a pair with equal principal points.")
    return (fx, fy, cx, cy), float(focal / over_baseline)


def _times(path: Path, count: int) -> Int[np.ndarray, " count"]:
    try:
        times = np.array([int(word) for word in read_text(path).split()])
    except ValueError as error:
        raise DatasetError(f"{path}: whole microseconds are needed ({error}).") from error
    if len(times) != count:
        raise DatasetError(f"{path}: has {len(times)} lines for {count} pictures.")
    return times
