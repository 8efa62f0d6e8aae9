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

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.datasets.builders.lidar import Shot, camera_from_sweep, pose_of
from theodolite.datasets.builders.source_files import (
    camera_of,
    entry,
    folders_with,
    image_size,
    numbers,
    read_json,
)
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError
from theodolite.geometry.pose import transform_points
from theodolite.types import Float

DOMAIN = "lyft"
_COLUMNS = 5


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of the key frames of all tables below `source`. Raises: DatasetError."""
    for folder in folders_with(source, "sample_data.json"):
        yield from _Tables(folder).records(out)


@dataclass(frozen=True)
class _Tables:
    """The tables of a folder, and the files beside it."""

    folder: Path

    def records(self, out: Path) -> Iterator[Record]:
        listing = self.folder / "sample_data.json"
        mounts, moments = self._table("calibrated_sensor"), self._table("ego_pose")
        modality = {
            token: entry(sensor, self.folder / "sensor.json", "modality")
            for token, sensor in self._table("sensor").items()
        }
        samples: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for row in read_json(listing):
            if not entry(row, listing, "is_key_frame"):
                continue
            mount = entry(mounts, listing, entry(row, listing, "calibrated_sensor_token"))
            moment = entry(moments, listing, entry(row, listing, "ego_pose_token"))
            kind = entry(modality, listing, entry(mount, listing, "sensor_token"))
            samples[entry(row, listing, "sample_token")][kind].append((row, mount, moment))
        for members in samples.values():
            for row, mount, moment in members["camera"]:
                if members["lidar"]:
                    yield from self._shot(row, mount, out).with_sweep(
                        partial(self._points, members["lidar"]), camera_from_sweep(self._pose(mount, moment), np.eye(4))
                    )

    def _shot(self, row: Any, mount: Any, out: Path) -> Shot:
        path = self.folder / "calibrated_sensor.json"
        image = self._file(row)
        matrix = numbers(mount, path, "camera_intrinsic", shape=(3, 3))
        size = image_size(image) if not row.get("width") else (int(row["width"]), int(row["height"]))
        camera = camera_of(path, [matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]], size)
        return Shot(image, camera, out / f"{image.stem}.png", DOMAIN)

    def _points(self, sweeps: list[Any]) -> Float[np.ndarray, "n 3"]:
        """Points of several sweeps, in the world."""
        return np.concatenate(
            [transform_points(self._pose(mount, moment), _sweep(self._file(row))) for row, mount, moment in sweeps]
        )

    def _pose(self, mount: Any, moment: Any) -> Float[np.ndarray, "4 4"]:
        """The sensor in the world."""
        world_from_ego, ego_from_sensor = (
            pose_of(
                numbers(row, self.folder / name, "rotation", shape=(4,)),
                numbers(row, self.folder / name, "translation", shape=(3,)),
            )
            for row, name in ((moment, "ego_pose.json"), (mount, "calibrated_sensor.json"))
        )
        return world_from_ego @ ego_from_sensor

    def _file(self, row: Any) -> Path:
        """The file of a row, also where the competition's archives put it: train_images/ for images/."""
        name = str(entry(row, self.folder / "sample_data.json", "filename"))
        root = self.folder.parent
        prefix = self.folder.name.removesuffix("data")  # "", or "train_" of "train_data"
        return root / name if (root / name).is_file() else root / (prefix + name)

    def _table(self, name: str) -> dict[str, Any]:
        path = self.folder / f"{name}.json"
        return {entry(row, path, "token"): row for row in read_json(path)}


@lru_cache(maxsize=3)  # serves all cameras of a sample
def _sweep(path: Path) -> Float[np.ndarray, "n 3"]:
    try:
        values = np.fromfile(path, dtype="<f4")
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}.") from error
    whole = len(values) - len(values) % _COLUMNS
    return values[:whole].reshape(-1, _COLUMNS)[:, :3].astype(float)
