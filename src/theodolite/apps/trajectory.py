"""A camera's path: where it was and when, read from and written to the files of TUM RGB-D and KITTI."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from theodolite.errors import DatasetError
from theodolite.geometry.rotation import from_quaternion, to_quaternion
from theodolite.types import Float
from theodolite.weights.atomic import writing


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Poses in the order of time.

    Args:
        times: seconds, rising; of KITTI's files, which have none, the number of the pose.
        world_from_camera: rigid; translations in metres, or in the unit of a path that is known up to scale.
    Raises: ValueError, when these are not as many times, rising, and rigid matrices.
    """

    times: Float[np.ndarray, " n"]
    world_from_camera: Float[np.ndarray, "n 4 4"]

    def __post_init__(self) -> None:
        if self.world_from_camera.shape != (len(self.times), 4, 4):
            raise ValueError(f"{len(self.times)} times need as many 4x4 poses, got {self.world_from_camera.shape}.")
        if not (np.isfinite(self.times).all() and np.isfinite(self.world_from_camera).all()):
            raise ValueError("A trajectory is made of finite numbers.")
        if (np.diff(self.times) <= 0).any():
            raise ValueError("A trajectory's times have to rise.")

    def __len__(self) -> int:
        return len(self.times)

    @property
    def places(self) -> Float[np.ndarray, "n 3"]:
        """Camera centres in the world."""
        return self.world_from_camera[:, :3, 3]

    @property
    def length(self) -> float:
        """Of the way, through all camera centres."""
        return float(np.linalg.norm(np.diff(self.places, axis=0), axis=1).sum())

    def scaled(self, factor: float | Float[np.ndarray, " n"]) -> Trajectory:
        """Every translation times a factor, one for all or one for each pose."""
        poses = self.world_from_camera.copy()
        poses[:, :3, 3] *= np.broadcast_to(factor, len(self))[:, None]
        return replace(self, world_from_camera=poses)


def read_trajectory(path: str | Path) -> Trajectory:
    """A path in TUM's form (time tx ty tz qx qy qz qw) or KITTI's (twelve numbers, the rows of a 3x4 matrix).

    Raises: DatasetError, naming file and line.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: {getattr(error, 'strerror', None) or error}.") from error
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            values = [float(word) for word in words]
        except ValueError:
            values = []
        if len(values) not in (8, 12) or not np.isfinite(values).all() or (rows and len(values) != len(rows[0])):
            wanted = f"{len(rows[0])} numbers are" if rows else "8 numbers (TUM) or 12 (KITTI) are"
            raise DatasetError(f"{path}, line {number}: {wanted} needed, found {line[:60]!r}.")
        rows.append(values)
    if not rows:
        raise DatasetError(f"{path}: holds no pose.")
    table = np.array(rows)
    try:
        return _from_tum(table) if table.shape[1] == 8 else _from_kitti(table)
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error


def write_tum(path: str | Path, trajectory: Trajectory) -> None:
    """Time tx ty tz qx qy qz qw. Raises: OutputError."""
    w, *xyz = to_quaternion(trajectory.world_from_camera[:, :3, :3]).T
    table = np.column_stack([trajectory.times, trajectory.places, *xyz, w])
    _write(Path(path), ["%.6f", *["%.9g"] * 7], table)


def write_kitti(path: str | Path, trajectory: Trajectory) -> None:
    """The rows of each 3x4 matrix; the times are lost. Raises: OutputError."""
    _write(Path(path), "%.9e", trajectory.world_from_camera[:, :3].reshape(len(trajectory), 12))


def _write(path: Path, form: str | list[str], table: np.ndarray) -> None:
    with writing(path) as temporary:
        np.savetxt(temporary, table, fmt=form)


def _from_tum(table: Float[np.ndarray, "n 8"]) -> Trajectory:
    quaternions = table[:, [7, 4, 5, 6]]
    if (np.linalg.norm(quaternions, axis=1) < 1e-6).any():
        raise ValueError("a quaternion of length zero is no rotation.")
    poses = np.broadcast_to(np.eye(4), (len(table), 4, 4)).copy()
    poses[:, :3, :3] = from_quaternion(quaternions)
    poses[:, :3, 3] = table[:, 1:4]
    times, first = np.unique(table[:, 0], return_index=True)  # recorded twice, here and there
    return Trajectory(times, poses[first])


def _from_kitti(table: Float[np.ndarray, "n 12"]) -> Trajectory:
    poses = np.broadcast_to(np.eye(4), (len(table), 4, 4)).copy()
    poses[:, :3] = table.reshape(-1, 3, 4)
    return Trajectory(np.arange(len(table), dtype=float), poses)
