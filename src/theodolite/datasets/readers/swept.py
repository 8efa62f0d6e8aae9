"""Examples out of LiDAR sweeps: a picture, and the points of its moment projected into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.lidar import sweep_depth
from theodolite.datasets.example import Example
from theodolite.datasets.readers import reading
from theodolite.datasets.readers.recorded import assembled
from theodolite.types import Float


def swept(
    picture: Path,
    camera: Camera,
    sweep: Path,
    read_points: Callable[[Path], Float[np.ndarray, "n 3"]],
    camera_from_points: Float[np.ndarray, "4 4"],
) -> Example:
    """A picture and what `sweep_depth` sees of a sweep.

    Args:
        read_points: points of the sweep's file, in its own axes.
    Raises: DatasetError, naming the file, also when no point falls on the picture.
    """
    image = reading.picture(picture)
    points = read_points(sweep)
    with reading.naming(sweep):
        depth = reading.plausible(sweep_depth(points, camera_from_points, camera))
    with reading.naming(picture):
        return assembled(image, camera, depth)
