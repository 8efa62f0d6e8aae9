"""Argoverse 2, sensor data set: seven ring and two stereo cameras, and two stacked LiDARs as one sweep.

From argoverse.org; CC BY-NC-SA 4.0. Source: the user guide of argoverse/av2-api, "Sensor Dataset".

    <source>/[train/]<log>/
        calibration/intrinsics.feather              sensor_name fx_px fy_px cx_px cy_px … height_px width_px
        calibration/egovehicle_SE3_sensor.feather   sensor_name qw qx qy qz tx_m ty_m tz_m
        city_SE3_egovehicle.feather                 timestamp_ns qw qx qy qz tx_m ty_m tz_m
        sensors/cameras/<sensor>/<timestamp_ns>.jpg
        sensors/lidar/<timestamp_ns>.feather        x y z …, metres in the vehicle's axes at that time

Taken: every picture, with the sweep nearest in time. Cameras take 20 pictures a second and the scanner 10 sweeps, so a
sweep may serve two pictures of a camera, 50 ms away at most; what moves by itself is off by that much. Pictures are
distributed undistorted, so k1, k2 and k3 of the calibration are of no use. Left out: boxes, maps, logs without LiDAR;
val/ and test/, where train/ lies beside them.
Not verified on the data: that city_SE3_egovehicle has a row for every picture and sweep; the nearest within 10 ms is
accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.lidar import Shot, camera_from_sweep, pose_of
from theodolite.datasets.builders.source_files import camera_of, entry, folders_with, need, training_part
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError
from theodolite.extras import require
from theodolite.types import Float

DOMAIN = "argoverse2"
# Nanoseconds: half the time between two sweeps, with some play; between two poses.
_SWEEP_APART = 55_000_000
_POSE_APART = 10_000_000


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of all cameras of all logs. Raises: DatasetError."""
    for log in folders_with(training_part(source, "train"), "calibration/intrinsics.feather"):
        sweeps = {int(path.stem): path for path in (log / "sensors/lidar").glob("*.feather")}
        if sweeps:
            yield from _log_records(log, sweeps, out / log.name)


def _log_records(log: Path, sweeps: dict[int, Path], out: Path) -> Iterator[Record]:
    cameras, poses = _calibration(log), _Poses(log / "city_SE3_egovehicle.feather")
    sweep_times = np.array(sorted(sweeps))
    images = need((log / "sensors/cameras").glob("*/*.jpg"), log, "sensors/cameras/*/*.jpg")
    for image in sorted(images, key=lambda path: int(path.stem)):  # by time, so that a sweep is read once
        time, name = int(image.stem), image.parent.name
        sweep_time = int(sweep_times[np.abs(sweep_times - time).argmin()])
        if abs(sweep_time - time) > _SWEEP_APART:
            continue
        camera, ego_from_camera = entry(cameras, log / "calibration", name)
        motion = camera_from_sweep(poses.at(time) @ ego_from_camera, poses.at(sweep_time))
        shot = Shot(image, camera, out / name / f"{time}.png", DOMAIN)
        yield from shot.with_sweep(partial(_points, sweeps[sweep_time]), motion)


class _Poses:
    """Where the vehicle was, by nanosecond."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.table = _columns(path, "timestamp_ns", *_POSE)

    def at(self, time: int) -> Float[np.ndarray, "4 4"]:
        """The pose nearest in time. Raises: DatasetError, when it is too far away."""
        times = self.table["timestamp_ns"]
        row = int(np.abs(times - time).argmin()) if len(times) else -1
        if row < 0 or abs(int(times[row]) - time) > _POSE_APART:
            raise DatasetError(f"{self.path}: has no pose within {_POSE_APART / 1e6:g} ms of {time}.")
        return _pose(self.table, row)


_POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")


def _pose(table: dict[str, Any], row: int) -> Float[np.ndarray, "4 4"]:
    values = [float(table[name][row]) for name in _POSE]
    return pose_of(values[:4], values[4:])


def _calibration(log: Path) -> dict[str, tuple[Camera, Float[np.ndarray, "4 4"]]]:
    """Camera and vehicle-from-camera, by name."""
    inner, outer = log / "calibration/intrinsics.feather", log / "calibration/egovehicle_SE3_sensor.feather"
    table = _columns(inner, "sensor_name", "fx_px", "fy_px", "cx_px", "cy_px", "width_px", "height_px")
    mounts = _columns(outer, "sensor_name", *_POSE)
    rows = {name: row for row, name in enumerate(mounts["sensor_name"])}
    cameras = {}
    for row, name in enumerate(table["sensor_name"]):
        values = [table[column][row] for column in ("fx_px", "fy_px", "cx_px", "cy_px")]
        size = int(table["width_px"][row]), int(table["height_px"][row])
        cameras[name] = camera_of(inner, values, size), _pose(mounts, entry(rows, outer, name))
    return cameras


@lru_cache(maxsize=2)  # a sweep serves up to eighteen pictures, one after the other
def _points(path: Path) -> Float[np.ndarray, "n 3"]:
    table = _columns(path, "x", "y", "z")
    return np.stack([table[axis].astype(float) for axis in "xyz"], axis=-1)  # stored in half precision


def _columns(path: Path, *names: str) -> dict[str, np.ndarray]:
    feather = require("pyarrow.feather", "datasets", "Reading Argoverse 2")
    try:
        table = feather.read_table(path, columns=list(names))
        return {name: table.column(name).to_numpy() for name in names}
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path}: no readable table with {', '.join(names)} ({error}).") from error
