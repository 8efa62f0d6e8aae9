"""Lyft Level 5, perception: seven cameras and up to three LiDARs, in the tables of nuScenes.

From Lyft, which offers it no longer; CC BY-NC-SA 4.0. Source: lyft/nuscenes-devkit and the schema of nuScenes.

    <source>/[v1.01-train/]
        data/ or train_data/        sample_data.json calibrated_sensor.json ego_pose.json sensor.json
        images/…                    files as named in sample_data.json; pictures
        lidar/…                     sweeps: x, y, z, intensity, ring as float32, in the scanner's axes
        train_images/ train_lidar/  the same, as the competition's archives unpack

Taken: pictures of key frames, with all LiDARs of the same sample; each point is moved by the poses of the vehicle at
its sweep's time and at the picture's. Pictures are pinhole. Left out: sweeps between key frames, radar, boxes.
One sweep (host-a011_lidar1_1233090652702363606.bin) ends in the middle of a point, which is dropped.
Not verified on the data: that every table gives image sizes; where one does not, they are read from the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from theodolite.datasets.builders.lidar import Shot, camera_from_sweep
from theodolite.datasets.builders.nuscenes_tables import DATA, Datum, key_frames
from theodolite.datasets.builders.source_files import folders_with
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError
from theodolite.geometry.pose import transform_points
from theodolite.types import Float

DOMAIN = "lyft"
_COLUMNS = 5


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of the key frames of all tables below `source`. Raises: DatasetError."""
    for folder in folders_with(source, DATA):
        for members in key_frames(folder).values():
            for picture in members["camera"]:
                if members["lidar"]:
                    motion = camera_from_sweep(picture.world_from_sensor(), np.eye(4))
                    yield from _shot(picture, out).with_sweep(partial(_points, members["lidar"]), motion)


def _shot(picture: Datum, out: Path) -> Shot:
    image = _file(picture)
    return Shot(image, picture.camera(image), out / f"{image.stem}.png", DOMAIN)


def _points(sweeps: list[Datum]) -> Float[np.ndarray, "n 3"]:
    """Points of several sweeps, in the world."""
    return np.concatenate([transform_points(sweep.world_from_sensor(), _sweep(_file(sweep))) for sweep in sweeps])


def _file(datum: Datum) -> Path:
    """The file of a datum, also where the competition's archives put it: train_images/ for images/."""
    root, name = datum.folder.parent, datum.filename
    prefix = datum.folder.name.removesuffix("data")  # "", or "train_" of "train_data"
    return root / name if (root / name).is_file() else root / (prefix + name)


@lru_cache(maxsize=3)  # serves all cameras of a sample
def _sweep(path: Path) -> Float[np.ndarray, "n 3"]:
    try:
        values = np.fromfile(path, dtype="<f4")
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}.") from error
    whole = len(values) - len(values) % _COLUMNS
    return values[:whole].reshape(-1, _COLUMNS)[:, :3].astype(float)
