"""A folder with a frames.json: for each frame its picture, camera, pose, and measured depth where there is some.

Each entry of its list "files" has `rgb`, `cam_in` (fx, fy, cx, cy in pixels of that picture) and the pose as one of
`pose` (a file with a 4x4 camera-to-world matrix), `pose_world_from_camera` (the matrix itself) and
`pose_t_xyz_q_xyzw`; and may have `depth` (16-bit PNG on the same rays) with its `depth_scale`, steps of a metre.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.view_readers.depth import depth_reader
from theodolite.apps.view_readers.source import (
    Cameras,
    Source,
    checked_pose,
    gathered,
    picture_sizes,
    read_pose,
    read_text,
)
from theodolite.apps.views import View, Views
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import from_quaternion

FILE = "frames.json"


def recognise(root: Path) -> bool:
    return (root / FILE).is_file()


def read(source: Source) -> Views:
    """Raises: DatasetError, when the file is damaged or no picture has a pose."""
    file = source.root / FILE
    try:
        files = json.loads(read_text(file))["files"]
        if not isinstance(files, list) or not all(isinstance(entry, Mapping) for entry in files):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DatasetError(f"{file}: a JSON object with a list of files is needed.") from error
    given = None if source.calibration is None else Cameras(source.calibration)

    def view(number: int, entry: Mapping[str, Any]) -> View:
        where = f"{file}, entry {number + 1}"
        if not isinstance(entry.get("rgb"), str):
            raise DatasetError(f"{where}: rgb, the picture, is missing.")
        picture = source.root / entry["rgb"] if source.images is None else source.images / Path(entry["rgb"]).name
        # The camera of the depth; a calibration given is the picture's.
        own = _camera(entry, picture, where)
        camera = CalibratedCamera(own) if given is None else given.of(picture)
        depth = source.root / str(entry["depth"]) if entry.get("depth") else None
        steps = float(entry.get("depth_scale", 1000))
        return View(
            str(entry["rgb"]),
            picture,
            camera,
            _pose(entry, source.root, where),
            time=float(number),
            depth=depth,
            read_depth=None if depth is None else depth_reader(depth, steps, own, camera.camera),
        )

    return gathered("frames", True, (partial(view, i, entry) for i, entry in enumerate(files)))


def _camera(entry: Mapping[str, Any], picture: Path, where: str) -> Camera:
    numbers = _numbers(entry.get("cam_in"), (4,), f"{where}: cam_in")
    fx, fy, cx, cy = numbers.tolist()
    return Camera(fx, fy, cx, cy, *picture_sizes(picture)[0], detail=FILE)


def _pose(entry: Mapping[str, Any], root: Path, where: str) -> np.ndarray:
    if "pose" in entry:
        return read_pose(root / str(entry["pose"]))
    if "pose_world_from_camera" in entry:
        return checked_pose(_numbers(entry["pose_world_from_camera"], (4, 4), f"{where}: pose"), where)
    if "pose_t_xyz_q_xyzw" in entry:
        x, y, z, *turn = _numbers(entry["pose_t_xyz_q_xyzw"], (7,), f"{where}: pose").tolist()
        quaternion = np.array([turn[3], *turn[:3]])
        if np.linalg.norm(quaternion) < 1e-6:
            raise DatasetError(f"{where}: a quaternion of length zero is no rotation.")
        return checked_pose(rigid(from_quaternion(quaternion), np.array([x, y, z])), where)
    raise DatasetError(f"{where}: has no pose; looked for pose, pose_world_from_camera, pose_t_xyz_q_xyzw.")


def _numbers(values: Any, shape: tuple[int, ...], field: str) -> np.ndarray:
    try:
        found = np.array(values, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != shape:
        raise DatasetError(f"{field} is to be {'x'.join(map(str, shape))} numbers.")
    return found
