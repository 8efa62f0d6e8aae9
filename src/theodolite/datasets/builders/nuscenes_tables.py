"""Tables in the schema of nuScenes: what sensors gave at key frames, how they were mounted, where the vehicle was.

Source: docs/schema_nuscenes.md of nutonomy/nuscenes-devkit; Lyft Level 5 has the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.lidar import pose_of
from theodolite.datasets.builders.source_files import camera_of, entry, image_size, numbers, read_json
from theodolite.errors import DatasetError
from theodolite.types import Float

DATA = "sample_data.json"
_MOUNTS, _MOMENTS, _SENSORS = "calibrated_sensor.json", "ego_pose.json", "sensor.json"


@dataclass(frozen=True)
class Datum:
    """What one sensor gave at one moment: the rows of four tables that belong together.

    Args:
        folder: of the tables.
        row: of sample_data.json.
        mount: of calibrated_sensor.json.
        moment: of ego_pose.json.
        sensor: of sensor.json.
    """

    folder: Path
    row: Any
    mount: Any
    moment: Any
    sensor: Any

    @property
    def filename(self) -> str:
        """Relative to the folder that the tables' folder is in. Raises: DatasetError."""
        return str(entry(self.row, self.folder / DATA, "filename"))

    @property
    def channel(self) -> str:
        """The sensor's name, such as LIDAR_TOP. Raises: DatasetError."""
        return str(entry(self.sensor, self.folder / _SENSORS, "channel"))

    def camera(self, picture: Path) -> Camera:
        """Of a camera's datum; its file tells the size where the table does not. Raises: DatasetError."""
        path = self.folder / _MOUNTS
        matrix = numbers(self.mount, path, "camera_intrinsic", shape=(3, 3))
        stated = self.row.get("width")
        size = (int(self.row["width"]), int(self.row["height"])) if stated else image_size(picture)
        return camera_of(path, [matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]], size)

    def world_from_sensor(self) -> Float[np.ndarray, "4 4"]:
        """Where the sensor was at its own time. Raises: DatasetError."""
        world_from_vehicle, vehicle_from_sensor = (
            pose_of(
                numbers(row, self.folder / name, "rotation", shape=(4,)),
                numbers(row, self.folder / name, "translation", shape=(3,)),
            )
            for row, name in ((self.moment, _MOMENTS), (self.mount, _MOUNTS))
        )
        return world_from_vehicle @ vehicle_from_sensor


def key_frames(folder: Path, wanted: Collection[str] | None = None) -> dict[str, dict[str, list[Datum]]]:
    """Token of each sample -> modality (camera, lidar, radar) -> its data, in the table's order.

    Args:
        wanted: tokens of samples; all when None.
    Raises: DatasetError, naming the table.
    """
    listing = folder / DATA

    def is_wanted(row: Any) -> bool:
        return entry(row, listing, "is_key_frame") and (wanted is None or entry(row, listing, "sample_token") in wanted)

    rows = list(_rows(listing, is_wanted))
    passed = {entry(row, listing, "ego_pose_token") for row in rows}
    moments = table(folder / _MOMENTS, lambda row: entry(row, folder / _MOMENTS, "token") in passed)
    mounts, sensors = table(folder / _MOUNTS), table(folder / _SENSORS)
    samples: dict[str, dict[str, list[Datum]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        mount = entry(mounts, listing, entry(row, listing, "calibrated_sensor_token"))
        moment = entry(moments, listing, entry(row, listing, "ego_pose_token"))
        sensor = entry(sensors, folder / _MOUNTS, entry(mount, folder / _MOUNTS, "sensor_token"))
        modality = entry(sensor, folder / _SENSORS, "modality")
        datum = Datum(folder, row, mount, moment, sensor)
        samples[entry(row, listing, "sample_token")][modality].append(datum)
    return samples


def table(path: Path, keep: Callable[[Any], bool] | None = None) -> dict[str, Any]:
    """Rows of a table by their token. Raises: DatasetError, naming it."""
    return {entry(row, path, "token"): row for row in _rows(path, keep)}


def _rows(path: Path, keep: Callable[[Any], bool] | None) -> Iterator[Any]:
    # Rows are dropped as soon as they are parsed: the two large tables of nuScenes have millions, key frames few.
    rows = read_json(path, None if keep is None else lambda row: row if keep(row) else None)
    if not isinstance(rows, list):
        raise DatasetError(f"{path}: a list of rows is needed, found {type(rows).__name__}.")
    return (row for row in rows if row is not None)
