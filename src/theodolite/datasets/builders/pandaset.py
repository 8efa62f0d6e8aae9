"""PandaSet: six cameras, a spinning LiDAR and one that looks ahead.

From pandaset.org (Hesai, Scale); CC BY 4.0. Source: scaleapi/pandaset-devkit.

    <source>/<sequence>/
        camera/<camera>/00.jpg …  intrinsics.json  poses.json
        lidar/00.pkl.gz …         a pickled pandas table with x, y, z, metres in the world, and i, t, d

Taken: every picture with the sweep of the same number, both scanners together. Points are given in the world, so the
pose of the picture is all that is needed. The pickles are read without running anything in them (`frame_pickle`).
Left out: cuboids, semantics, GPS. A lens distortion given elsewhere (static_extrinsic_calibration.yaml) is not applied,
as the authors' own projection does not.
Not verified on the data: whether pictures were undistorted before they were distributed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from theodolite.datasets.builders.frame_pickle import read_columns
from theodolite.datasets.builders.lidar import Shot, camera_from_sweep, pose_of
from theodolite.datasets.builders.source_files import (
    camera_of,
    entry,
    folders_with,
    image_size,
    need,
    numbers,
    read_json,
)
from theodolite.datasets.record import Record
from theodolite.types import Float

DOMAIN = "pandaset"


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of all cameras of all sequences below `source`. Raises: DatasetError."""
    for sequence in folders_with(source, "camera/front_camera"):
        for image in sorted(need(sequence.glob("camera/*/*.jpg"), sequence, "camera/*/*.jpg"), key=lambda p: p.stem):
            sweep = sequence / "lidar" / f"{image.stem}.pkl.gz"
            if not sweep.is_file():
                continue
            folder = image.parent
            calibration, poses = folder / "intrinsics.json", folder / "poses.json"
            content = _json(calibration)
            camera = camera_of(
                calibration,
                [numbers(content, calibration, key) for key in ("fx", "fy", "cx", "cy")],  # type: ignore[misc]
                image_size(image),
            )
            shot = Shot(image, camera, out / sequence.name / folder.name / f"{image.stem}.png", DOMAIN)
            motion = camera_from_sweep(_pose(poses, int(image.stem)), np.eye(4))
            yield from shot.with_sweep(partial(_points, sweep), motion)


_json = lru_cache(maxsize=32)(read_json)


def _pose(path: Path, number: int) -> Float[np.ndarray, "4 4"]:
    """World from camera: heading, a quaternion, and position."""
    row = entry(_json(path), path, number)
    heading = [float(numbers(row, path, "heading", name)) for name in "wxyz"]
    return pose_of(heading, [float(numbers(row, path, "position", axis)) for axis in "xyz"])


@lru_cache(maxsize=1)
def _points(path: Path) -> Float[np.ndarray, "n 3"]:
    return np.stack(read_columns(path, "x", "y", "z"), axis=-1).astype(float)
