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
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets import arrays
from theodolite.datasets.builders.lidar import Shot, camera_from_sweep, pose_of
from theodolite.datasets.builders.source_files import camera_of, entry, folders_with, numbers, read_json
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError
from theodolite.types import Float

DOMAIN = "ddad"
SPLITS = "ddad.json"
# Names of parts in it, as the format numbers them.
TRAINING, VALIDATION = "0", "1"


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of all cameras of all training scenes. Raises: DatasetError."""
    for scene in folders_with(source, "scene_*.json"):
        splits = scene.parent / SPLITS
        wanted = scenes_of(splits, TRAINING) if splits.is_file() else None
        for listing in sorted(scene.glob("scene_*.json")):
            if wanted is None or f"{scene.name}/{listing.name}" in wanted:
                for view in views(listing):
                    label = out / scene.name / view.name / f"{view.picture.stem}.png"
                    shot = Shot(view.picture, view.camera, label, DOMAIN)
                    yield from shot.with_sweep(partial(points, view.sweep), view.camera_from_sweep)


@lru_cache(maxsize=4)
def scenes_of(path: Path, part: str) -> frozenset[str]:
    """Scene files of a part of ddad.json, as folder/file. Raises: DatasetError."""
    return frozenset(entry(read_json(path), path, "scene_splits", part, "filenames"))


@dataclass(frozen=True, eq=False)
class View:
    """A picture, and the sweep of the same sample.

    Args:
        name: of the camera, such as CAMERA_01.
        sweep: file of the points.
    """

    name: str
    picture: Path
    camera: Camera
    sweep: Path
    camera_from_sweep: Float[np.ndarray, "4 4"]


def views(listing: Path) -> Iterator[View]:
    """Every picture with a sweep, of a scene's file. Raises: DatasetError."""
    content = read_json(listing)
    datums = {entry(datum, listing, "key"): datum for datum in entry(content, listing, "data")}
    for sample in entry(content, listing, "samples"):
        calibration = listing.parent / "calibration" / f"{entry(sample, listing, 'calibration_key')}.json"
        members = [entry(datums, listing, key) for key in entry(sample, listing, "datum_keys")]
        sweep = next((member for member in members if "point_cloud" in entry(member, listing, "datum")), None)
        if sweep is None:
            continue
        cloud = entry(sweep, listing, "datum", "point_cloud")
        points_file = listing.parent / entry(cloud, listing, "filename")
        for member in members:
            if "image" not in entry(member, listing, "datum"):
                continue
            image, name = entry(member, listing, "datum", "image"), entry(member, listing, "id", "name")
            path = listing.parent / entry(image, listing, "filename")
            size = int(numbers(image, listing, "width")), int(numbers(image, listing, "height"))
            motion = camera_from_sweep(_pose(image, listing), _pose(cloud, listing))
            yield View(name, path, _camera(calibration, name, size), points_file, motion)


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
def points(path: Path) -> Float[np.ndarray, "n 3"]:
    """In the sweep's axes. Raises: DatasetError, naming the file."""
    try:
        rows = arrays.read("npz", path, "data")
    except DatasetError as error:
        raise DatasetError(f"{path}: no point cloud under 'data' ({error}).") from error
    if rows.ndim != 2 or rows.shape[1] < 3 or rows.dtype.kind not in "iuf":
        raise DatasetError(f"{path}: rows of X, Y, Z, … are needed, found {rows.dtype} of shape {rows.shape}.")
    return rows[:, :3].astype(float)
