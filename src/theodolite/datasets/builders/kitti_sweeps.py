"""KITTI, raw recordings with single Velodyne sweeps: the sparser, older truth; see `kitti` for the folders.

Taken: colour pictures of both cameras that have a sweep of the same number, which was set off when the scanner looked
ahead. A sweep takes 0.1 s, and the distributed points are not straightened for the car's own motion in it.
Source: Geiger et al., IJRR 2013, equations 3 to 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from theodolite.datasets.builders.kitti import Frame, listed_frames, raw_folder
from theodolite.datasets.builders.lidar import Shot, read_points
from theodolite.datasets.builders.source_files import need, numbers, read_text
from theodolite.datasets.record import Record
from theodolite.geometry.pose import rigid
from theodolite.types import Float

DOMAIN = "kitti-sweeps"


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures with a sweep, those of split.txt where there is one. Raises: DatasetError."""
    wanted, raw = listed_frames(source), raw_folder(source)
    pattern = "*/*_sync/image_0[23]/data/*.png"
    for image in need(raw.glob(pattern), raw, pattern):
        drive = image.parents[2]
        frame = Frame(drive.name, image.parents[1].name.removeprefix("image_"), int(image.stem))
        sweep = sweep_file(frame, raw)
        if (wanted is None or frame in wanted) and sweep.is_file():
            label = out / frame.drive / f"image_{frame.eye}" / f"{image.stem}.png"
            motion = camera_from_velodyne(raw / frame.date, frame.eye)
            yield from Shot(image, frame.camera(raw), label, DOMAIN).with_sweep(partial(points, sweep), motion)


def sweep_file(frame: Frame, raw: Path) -> Path:
    return raw / frame.date / frame.drive / "velodyne_points/data" / f"{frame.number:010}.bin"


@lru_cache(maxsize=16)
def camera_from_velodyne(date: Path, eye: str) -> Float[np.ndarray, "4 4"]:
    """Into the axes of a rectified camera: those of the first, turned by its rectification and moved sideways.

    Args:
        date: folder of the day's calibration.
    Raises: DatasetError, naming the calibration.
    """
    to_velodyne, to_cameras = date / "calib_velo_to_cam.txt", date / "calib_cam_to_cam.txt"
    first, cameras = _rows(to_velodyne), _rows(to_cameras)
    first_from_velodyne = rigid(
        numbers(first, to_velodyne, "R", shape=(9,)).reshape(3, 3), numbers(first, to_velodyne, "T", shape=(3,))
    )
    rectification = numbers(cameras, to_cameras, "R_rect_00", shape=(9,)).reshape(3, 3)
    projection = numbers(cameras, to_cameras, f"P_rect_{eye}", shape=(12,)).reshape(3, 4)
    # P is K [I | t]: the camera's place in the first one's axes, seen through its own intrinsics.
    shift = np.linalg.solve(projection[:, :3], projection[:, 3])
    return rigid(np.eye(3), shift) @ rigid(rectification, np.zeros(3)) @ first_from_velodyne


def _rows(path: Path) -> dict[str, list[str]]:
    """Words of each line, by the name before its colon."""
    return {name: values.split() for name, _, values in (line.partition(":") for line in read_text(path).splitlines())}


@lru_cache(maxsize=1)
def points(path: Path) -> Float[np.ndarray, "n 3"]:
    """In the scanner's axes. Raises: DatasetError, naming the file."""
    return read_points(path, columns=4)
