"""DDAD, Dense Depth for Autonomous Driving: six cameras, and long-range LiDARs as one sweep of all directions.

From github.com/TRI-ML/DDAD; CC BY-NC-SA 4.0. Source: its README, and the test scene of github.com/TRI-ML/dgp, whose
format it is in.

    <source>/[ddad_train_val/]
        ddad.json                       scene_splits: "0", for training, with the names of its scene files
    <source>/[ddad_train_val/]<scene>/
        scene_<hash>.json               data: datums with poses; samples: which belong together
        calibration/<hash>.json         names, intrinsics, extrinsics
        rgb/<CAMERA_01 …>/<timestamp>.png
        point_cloud/LIDAR/<timestamp>.npz   "data": X, Y, Z, INTENSITY

Taken: every picture of every sample with a sweep. A datum's pose is that of the sensor in the world at its own time,
so what the car moved in between is made up for. Pictures are pinhole, as far as their calibration says. Left out:
scenes which a ddad.json beside them does not have for training; labels.
Not verified on the data: that the distributed scenes spell their entries as that test scene does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.lidar import Shot, camera_from_sweep, pose_of
from theodolite.datasets.builders.source_files import camera_of, entry, folders_with, numbers, read_json
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError
from theodolite.types import Float

DOMAIN = "ddad"


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of all cameras of all training scenes. Raises: DatasetError."""
    for scene in folders_with(source, "scene_*.json"):
        wanted = _training_scenes(scene.parent / "ddad.json")
        for listing in sorted(scene.glob("scene_*.json")):
            if wanted is None or f"{scene.name}/{listing.name}" in wanted:
                yield from _scene_records(listing, out / scene.name)


@lru_cache(maxsize=4)
def _training_scenes(path: Path) -> frozenset[str] | None:
    """Scene files for training, as folder/file; None when no list says so."""
    if not path.is_file():
        return None
    return frozenset(entry(read_json(path), path, "scene_splits", "0", "filenames"))


def _scene_records(listing: Path, out: Path) -> Iterator[Record]:
    content = read_json(listing)
    datums = {entry(datum, listing, "key"): datum for datum in entry(content, listing, "data")}
    for sample in entry(content, listing, "samples"):
        calibration = listing.parent / "calibration" / f"{entry(sample, listing, 'calibration_key')}.json"
        members = [entry(datums, listing, key) for key in entry(sample, listing, "datum_keys")]
        sweep = next((member for member in members if "point_cloud" in entry(member, listing, "datum")), None)
        if sweep is None:
            continue
        cloud = entry(sweep, listing, "datum", "point_cloud")
        points = partial(_points, listing.parent / entry(cloud, listing, "filename"))
        for member in members:
            if "image" not in entry(member, listing, "datum"):
                continue
            image, name = entry(member, listing, "datum", "image"), entry(member, listing, "id", "name")
            path = listing.parent / entry(image, listing, "filename")
            size = int(numbers(image, listing, "width")), int(numbers(image, listing, "height"))
            shot = Shot(path, _camera(calibration, name, size), out / name / f"{path.stem}.png", DOMAIN)
            motion = camera_from_sweep(_pose(image, listing), _pose(cloud, listing))
            yield from shot.with_sweep(points, motion)


def _pose(datum: Any, listing: Path) -> Float[np.ndarray, "4 4"]:
    turn = [float(numbers(datum, listing, "pose", "rotation", name)) for name in ("qw", "qx", "qy", "qz")]
    return pose_of(turn, [float(numbers(datum, listing, "pose", "translation", axis)) for axis in "xyz"])


@lru_cache(maxsize=16)
def _camera(path: Path, name: str, size: tuple[int, int]) -> Camera:
    content = read_json(path)
    names = entry(content, path, "names")
    if name not in names:
        raise DatasetError(f"{path}: has no camera {name}, but {', '.join(map(str, names))}.")
    row = names.index(name)
    return camera_of(path, [numbers(content, path, "intrinsics", row, key) for key in ("fx", "fy", "cx", "cy")], size)  # type: ignore[misc]


@lru_cache(maxsize=1)
def _points(path: Path) -> Float[np.ndarray, "n 3"]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            points = np.asarray(archive["data"], dtype=float)
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path}: no point cloud under 'data' ({error}).") from error
    if points.ndim != 2 or points.shape[1] < 3:
        raise DatasetError(f"{path}: rows of X, Y, Z, … are needed, found shape {points.shape}.")
    return points[:, :3]
