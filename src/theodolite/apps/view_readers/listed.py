"""A folder of pictures, a file with the camera's path, and a calibration.

A path in TUM's form whose times the pictures bear as names is matched by time; else there has to be one pose for each
picture, in the order of their names.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from theodolite.apps.trajectory import Trajectory, read_trajectory
from theodolite.apps.view_readers.association import APART, poses_at
from theodolite.apps.view_readers.source import Source, checked_pose, gathered, natural
from theodolite.apps.views import View, Views
from theodolite.errors import DatasetError
from theodolite.inference.bulk import expand


def read(source: Source, path: Path) -> Views:
    """Raises: DatasetError, when poses and pictures cannot be matched, or a calibration is missing."""
    folder = source.images or source.root
    pictures = sorted(expand([folder]), key=natural)
    if not pictures:
        raise DatasetError(f"{folder} holds no picture.")
    trajectory = read_trajectory(path)
    times, poses = _matched(trajectory, pictures, path, folder)
    cameras = source.calibrated(None, "poses and pictures alone do not say what took them")

    def view(picture: Path, time: float, pose: np.ndarray) -> View:
        if np.isnan(pose).any():
            raise DatasetError(f"{picture}: no pose within {1000 * APART:.0f} ms of its time, {time:.3f} s.")
        return View(picture.name, picture, cameras.of(picture), checked_pose(pose, picture), time=time)

    jobs = zip(pictures, times.tolist(), poses, strict=True)
    return gathered("trajectory", True, (partial(view, *job) for job in jobs))


def _matched(trajectory: Trajectory, pictures: list[Path], path: Path, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    alike = len(pictures) == len(trajectory)
    counted = np.array_equal(trajectory.times, np.arange(len(trajectory)))
    named = _times(pictures)
    # Names that count 0, 1, 2, ... agree with the order anyway.
    if named is not None and not (alike and counted):
        poses = poses_at(trajectory, named)
        if not np.isnan(poses).all():
            return named, poses
    if not alike:
        raise DatasetError(
            f"{path} has {len(trajectory)} poses, {folder} {len(pictures)} pictures, whose names are no times of "
            "these poses: one pose for each picture is needed."
        )
    return trajectory.times, trajectory.world_from_camera


def _times(pictures: list[Path]) -> np.ndarray | None:
    try:
        times = np.array([float(picture.stem) for picture in pictures])
    except ValueError:
        return None
    return times if np.isfinite(times).all() else None
