"""KITTI odometry: pictures by number, poses of the left grey camera, projections of all cameras.

Layouts: a sequence's folder with its poses in poses.txt, or in ../../poses/NN.txt as the benchmark is distributed.
Poses are those of camera 0 in its first place; other cameras stand beside it, by the fourth column of their
projection. Source: the benchmark's development kit, readme.txt.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from theodolite.apps.trajectory import read_trajectory
from theodolite.apps.view_readers.source import Source, checked_pose, gathered, natural, read_text
from theodolite.apps.views import View, Views
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.readers import read_camera
from theodolite.camera.readers.kitti import has_names
from theodolite.errors import DatasetError
from theodolite.inference.bulk import expand

# Folder of pictures, and the projection they belong to; image_l is a copy of image_0 in teaching material.
_FOLDERS = {"image_2": "P2", "image_0": "P0", "image_l": "P0", "image_3": "P3", "image_1": "P1", "image_r": "P1"}


def recognise(root: Path) -> bool:
    return _poses(root) is not None and any((root / name).is_dir() for name in _FOLDERS)


def read(source: Source) -> Views:
    """Raises: DatasetError, when there are not as many poses as pictures, or a file is missing or damaged."""
    root, path = source.root, _poses(source.root)
    assert path is not None
    folder = source.pictures_folder(*_FOLDERS)
    projection = _FOLDERS.get(folder.name, "P2")
    pictures = sorted(expand([folder]), key=natural)
    trajectory = read_trajectory(path)
    if len(pictures) != len(trajectory):
        raise DatasetError(
            f"{path} has {len(trajectory)} poses, {folder} {len(pictures)} pictures: one each is needed."
        )
    calibration = root / "calib.txt"

    def own(width: int, height: int) -> CalibratedCamera:
        return read_camera(calibration, (width, height), name=projection)

    cameras = source.calibrated(own if calibration.is_file() else None, "calib.txt is missing")
    beside = _beside(calibration, projection)
    times = _times(root / "times.txt", len(pictures))

    def view(number: int) -> View:
        picture = pictures[number]
        pose = checked_pose(trajectory.world_from_camera[number], f"{path}, pose {number + 1}") @ beside
        return View(picture.name, picture, cameras.of(picture), pose, time=times[number])

    return gathered("kitti", True, (partial(view, number) for number in range(len(pictures))))


def _poses(root: Path) -> Path | None:
    own = [root / "poses.txt", root.resolve().parent.parent / "poses" / f"{root.resolve().name}.txt"]
    return next((path for path in own if path.is_file()), None)


def _beside(path: Path, projection: str) -> np.ndarray:
    """camera_0_from_camera of the pictures' camera: P = K [1 | t] moves points by t into it."""
    motion = np.eye(4)
    if not path.is_file():
        return motion
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    named = lines if has_names("\n".join(lines)) else [f"P{index}: {line}" for index, line in enumerate(lines)]
    rows = {key.strip(): values.split() for key, _, values in (line.partition(":") for line in named)}
    try:
        matrix = np.array([float(word) for word in rows[projection]]).reshape(3, 4)
        motion[:3, 3] = -np.linalg.solve(matrix[:, :3], matrix[:, 3])
    except (KeyError, ValueError, np.linalg.LinAlgError) as error:
        raise DatasetError(f"{path}: the twelve numbers of {projection} are needed.") from error
    return motion


def _times(path: Path, count: int) -> list[float]:
    if not path.is_file():
        return [float(number) for number in range(count)]
    try:
        times = [float(word) for word in read_text(path).split()]
    except ValueError as error:
        raise DatasetError(f"{path}: a time a line is needed ({error}).") from error
    if len(times) != count:
        raise DatasetError(f"{path} has {len(times)} times, where there are {count} pictures.")
    return times
