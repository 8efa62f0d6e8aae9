"""How a camera is mounted on a vehicle, from the calibration files of KITTI and nuScenes, or a plain JSON.

The body's axes are x forward, y left, z up, in metres: those of KITTI's scanner, or of nuScenes' vehicle (on the
ground, below the middle of the rear axle).

    calib/000000.txt   KITTI object and odometry: P2, R0_rect, Tr_velo_to_cam; or the folder of such files
    a folder           KITTI raw: calib_cam_to_cam.txt, calib_velo_to_cam.txt
    a folder           nuScenes tables: calibrated_sensor.json, sensor.json, sample_data.json
    rig.json           {"K": 3x3, "vehicle_from_camera": 4x4}, or {"cameras": {PICTURE or its stem: such a one}}

Source: A. Geiger et al., Vision meets Robotics, IJRR 2013, eq. 3 to 8, and the readme of the object benchmark's kit;
docs/schema_nuscenes.md of nutonomy/nuscenes-devkit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.pinhole import Camera
from theodolite.camera.readers import read_camera
from theodolite.camera.readers.fields import numbers, reading
from theodolite.errors import CalibrationError
from theodolite.geometry.pose import inverse, is_rigid, rigid
from theodolite.geometry.rotation import from_quaternion
from theodolite.types import Float


@dataclass(frozen=True, eq=False)
class MountedCamera:
    """A camera and its place on the vehicle.

    Args:
        lens: of the picture at its size.
        body_from_camera: rigid; from OpenCV camera axes into the body's.
        body: "velodyne" or "vehicle".
    """

    lens: CalibratedCamera
    body_from_camera: Float[np.ndarray, "4 4"]
    body: str


def read_mounted(
    path: str | Path, picture: str | Path, size: tuple[int, int], name: str | None = None
) -> MountedCamera:
    """The camera that took a picture.

    Args:
        path: calibration file or folder, see the top of this module.
        picture: by whose name a rig's JSON and nuScenes' tables find it.
        size: (width, height) of the picture.
        name: KITTI's projection, P2 or P_rect_02 when absent; nuScenes' channel, such as CAM_FRONT.
    Raises: CalibrationError, in one line: which file, what is missing or wrong in it.
    """
    path, picture = Path(path), Path(picture)
    with reading(path, "calibration"):
        if path.is_dir():
            return _from_folder(path, picture, size, name)
        if path.suffix.lower() == ".json":
            return _from_json(path, picture, size)
        return _from_kitti(path, size, name)


def _from_folder(folder: Path, picture: Path, size: tuple[int, int], name: str | None) -> MountedCamera:
    if (folder / "calib_cam_to_cam.txt").is_file():
        return _from_kitti_raw(folder, size, name)
    if (folder / "calibrated_sensor.json").is_file():
        return _from_nuscenes(folder, picture, size, name)
    if (own := folder / f"{picture.stem}.txt").is_file():
        return read_mounted(own, picture, size, name)
    raise CalibrationError(
        f"{folder} has no calibration of {picture.name}; looked for {picture.stem}.txt, calib_cam_to_cam.txt (KITTI) "
        "and calibrated_sensor.json (nuScenes)."
    )


def _from_kitti(path: Path, size: tuple[int, int], name: str | None) -> MountedCamera:
    rows = _rows(path)
    turned = _first(rows, path, "R0_rect", "R_rect", count=9, fallback=np.eye(3).ravel() if "Tr" in rows else None)
    # The odometry files hold no rectification: their Tr has it already.
    moved = _first(rows, path, "Tr_velo_to_cam", "Tr_velo_cam", "Tr", count=12).reshape(3, 4)
    name = name or "P2"
    lens = read_camera(path, size, name=name)
    rectified = rigid(turned.reshape(3, 3), np.zeros(3)) @ rigid(moved[:, :3], moved[:, 3])
    return MountedCamera(lens, inverse(_checked(_beside(rows, path, name) @ rectified, path)), "velodyne")


def _from_kitti_raw(folder: Path, size: tuple[int, int], name: str | None) -> MountedCamera:
    cameras, scanner = folder / "calib_cam_to_cam.txt", folder / "calib_velo_to_cam.txt"
    name = name or "P_rect_02"
    rows, moved = _rows(cameras), _rows(scanner)
    first = rigid(_first(moved, scanner, "R", count=9).reshape(3, 3), _first(moved, scanner, "T", count=3))
    turned = rigid(_first(rows, cameras, "R_rect_00", count=9).reshape(3, 3), np.zeros(3))
    lens = read_camera(cameras, size, name=name)
    return MountedCamera(lens, inverse(_checked(_beside(rows, cameras, name) @ turned @ first, folder)), "velodyne")


def _beside(rows: Mapping[str, str], path: Path, name: str) -> Float[np.ndarray, "4 4"]:
    """From the first camera's rectified axes to another's: P is K [I | t]."""
    projection = _first(rows, path, name, count=12).reshape(3, 4)
    return rigid(np.eye(3), np.linalg.solve(projection[:, :3], projection[:, 3]))


def _from_nuscenes(folder: Path, picture: Path, size: tuple[int, int], channel: str | None) -> MountedCamera:
    mounts = _table(folder, "calibrated_sensor.json")
    if channel is not None:
        tokens = {row["token"] for row in _table(folder, "sensor.json").values() if row.get("channel") == channel}
        found = [row for row in mounts.values() if row.get("sensor_token") in tokens]
        what = f"{channel} in sensor.json"
    else:
        data = _table(folder, "sample_data.json").values()
        tokens = {row["calibrated_sensor_token"] for row in data if Path(row.get("filename", "")).name == picture.name}
        found = [mounts[token] for token in tokens if token in mounts]
        what = f"{picture.name} in sample_data.json"
    if not found:
        raise CalibrationError(f"{folder} does not list {what}. Give the channel (--camera CAM_FRONT).")
    if len(found) > 1:
        raise CalibrationError(f"{folder} has {len(found)} calibrations of {what}; one picture's own is needed.")
    row = found[0]
    matrix = numbers(row.get("camera_intrinsic"), "camera_intrinsic", 9)
    turn, place = numbers(row.get("rotation"), "rotation", 4), numbers(row.get("translation"), "translation", 3)
    pose = rigid(from_quaternion(np.array(turn)), np.array(place))
    return MountedCamera(_pinhole(matrix, size, f"nuScenes {what.split()[0]}"), pose, "vehicle")


def _from_json(path: Path, picture: Path, size: tuple[int, int]) -> MountedCamera:
    content = _json(path)
    if isinstance(content, dict) and isinstance(content.get("cameras"), dict):
        cameras = content["cameras"]
        own = next((cameras[key] for key in (picture.name, picture.stem) if key in cameras), None)
        if own is None:
            few = ", ".join(list(cameras)[:6])
            raise CalibrationError(f"{path} has no camera for {picture.name}; it has {few or 'none'}.")
        content = own
    keys = ("vehicle_from_camera", "sensor_to_vehicle", "body_from_camera")
    if not isinstance(content, dict) or "K" not in content or not any(key in content for key in keys):
        raise CalibrationError(f"{path} needs K (3x3) and vehicle_from_camera (4x4), or cameras with these.")
    key = next(key for key in keys if key in content)
    pose = np.array(numbers(content[key], key, 16)[:16]).reshape(4, 4)
    lens = _pinhole(numbers(content["K"], "K", 9), size, path.name)
    if "width" in content and "height" in content:
        stated = (int(content["width"]), int(content["height"]))
        lens = _pinhole(numbers(content["K"], "K", 9), stated, path.name).for_size(*size)
    return MountedCamera(lens, _checked(pose, path), "vehicle")


def _pinhole(matrix: list[float], size: tuple[int, int], detail: str) -> CalibratedCamera:
    return CalibratedCamera(Camera.from_K(np.array(matrix[:9]).reshape(3, 3), *size, detail=detail))


def _rows(path: Path) -> dict[str, str]:
    """The text of each line, by the name before its colon."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CalibrationError(f"{path}: {getattr(error, 'strerror', None) or 'is no text'}.") from error
    return {key.strip(): values for key, colon, values in (line.partition(":") for line in text.splitlines()) if colon}


def _first(
    rows: Mapping[str, str], path: Path, *names: str, count: int, fallback: np.ndarray | None = None
) -> Float[np.ndarray, " n"]:
    """The numbers of the first of several names that is there."""
    name = next((name for name in names if name in rows), None)
    if name is None:
        if fallback is not None:
            return fallback
        raise CalibrationError(f"{path} gives no {' or '.join(names)}; it has {', '.join(rows) or 'no named rows'}.")
    values = numbers(rows[name].split(), name)
    if len(values) != count:
        raise CalibrationError(f"{path}: {name} has {len(values)} numbers, where {count} were expected.")
    return np.array(values)


def _checked(motion: Float[np.ndarray, "4 4"], path: Path) -> Float[np.ndarray, "4 4"]:
    # Files hold rotations to seven digits or so.
    if not is_rigid(motion, 1e-3):
        raise CalibrationError(f"{path}: the camera's place is no rigid motion (a rotation and a translation).")
    # To the last digit: an inverse by transposition would keep the error.
    u, _, v = np.linalg.svd(motion[:3, :3])
    return rigid(u @ v, motion[:3, 3])


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise CalibrationError(f"{path}: {getattr(error, 'strerror', None) or f'is no JSON: {error}'}.") from error


def _table(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    rows = _json(folder / name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "token" in row for row in rows):
        raise CalibrationError(f"{folder / name} is no nuScenes table, a list of rows with a token.")
    return {row["token"]: row for row in rows}
