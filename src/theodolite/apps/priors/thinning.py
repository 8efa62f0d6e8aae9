"""A growing cloud thinned to one point for each voxel, in bounded memory: voxels grow when there are too many."""

from __future__ import annotations

import numpy as np

from theodolite.geometry.pointcloud import PointCloud
from theodolite.types import Float, UInt8

_GROWTH = 2 ** (1 / 3)
_BITS = 21  # of a voxel's index in each direction
_COLUMNS = 10  # weight, then place, normal and colour, times it


class Thinned:
    """Means over voxels of points, normals and colours.

    Args:
        voxel: side to begin with, in the unit of the points.
        most: points wanted; up to twice as many are held.
        origin: about which voxels are counted.
    """

    def __init__(self, voxel: float, most: int, origin: Float[np.ndarray, " 3"]) -> None:
        self.voxel, self._most, self._origin = voxel, most, origin
        self._sums = np.empty((0, _COLUMNS))

    def __len__(self) -> int:
        return len(self._sums)

    def add(
        self,
        points: Float[np.ndarray, "n 3"],
        normals: Float[np.ndarray, "n 3"],
        colours: UInt8[np.ndarray, "n 3"],
        weights: Float[np.ndarray, " n"],
    ) -> None:
        """Take in points; weights say how much each counts in its voxel."""
        table = np.hstack([np.ones((len(points), 1)), points - self._origin, normals, colours.astype(float)])
        self._sums = self._grouped(np.vstack([self._sums, table * weights[:, None]]))
        while len(self._sums) > 2 * self._most:
            self._coarser()

    def cloud(self) -> PointCloud:
        """At most as many points as wanted, in float32."""
        while len(self._sums) > self._most:
            self._coarser()
        weight = self._sums[:, :1]
        points = self._sums[:, 1:4] / weight + self._origin
        normals = self._sums[:, 4:7]
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = np.divide(normals, length, out=np.zeros_like(normals), where=length > 1e-9 * weight)
        colours = np.rint(np.clip(self._sums[:, 7:] / weight, 0, 255)).astype(np.uint8)
        return PointCloud(points.astype(np.float32), normals.astype(np.float32), colours)

    def _coarser(self) -> None:
        self.voxel *= _GROWTH
        self._sums = self._grouped(self._sums)

    def _grouped(self, table: np.ndarray) -> np.ndarray:
        half = 1 << (_BITS - 1)
        cell = np.floor(table[:, 1:4] / table[:, :1] / self.voxel).clip(-half, half - 1).astype(np.int64) + half
        key = (cell[:, 0] << (2 * _BITS)) | (cell[:, 1] << _BITS) | cell[:, 2]
        keys, group = np.unique(key, return_inverse=True)
        # One column at a time: bincount is many times as fast as adding rows where their group says.
        return np.stack([np.bincount(group, table[:, i], len(keys)) for i in range(_COLUMNS)], axis=1)
