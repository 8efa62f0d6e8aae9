"""Voxels in blocks of eight cubed, kept only where something was seen: numbers of blocks, their store and its limit."""

from __future__ import annotations

import numpy as np

from theodolite.types import Bool, Float, Int

SIDE = 8  # voxels along a block
# Distance, weight, three colours in four bytes each, and the number of views in two.
BYTES = 5 * 4 + 2
# Coordinates of a block go into one 64-bit number, 21 bits each: two million blocks along an axis.
_BITS = 21
_HALF = 1 << (_BITS - 1)


def keys_of(blocks: Int[np.ndarray, "n 3"]) -> Int[np.ndarray, " n"]:
    """One number a block; blocks beyond the two million around the origin are not told apart."""
    x, y, z = (blocks.astype(np.int64) + _HALF).T
    return (x << 2 * _BITS) | (y << _BITS) | z


def blocks_of(keys: Int[np.ndarray, " n"]) -> Int[np.ndarray, "n 3"]:
    mask = (1 << _BITS) - 1
    return np.stack([keys >> 2 * _BITS, (keys >> _BITS) & mask, keys & mask], axis=-1) - _HALF


class VoxelBlocks:
    """Blocks by their place, each with its voxels' values; the arrays grow by half when they are full.

    Args:
        most: blocks there may be; what is asked for beyond is left out and counted in `refused`.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.refused = 0
        self._count = 0
        self._keys = np.empty(0, np.int64)  # sorted
        self._rows = np.empty(0, np.int64)  # of each key
        room = min(1024, most)
        self._distance = np.empty((room, SIDE**3), np.float32)
        self._weight = np.empty((room, SIDE**3), np.float32)
        self._colour = np.empty((room, SIDE**3, 3), np.float32)
        self._views = np.empty((room, SIDE**3), np.uint16)

    def __len__(self) -> int:
        return self._count

    @property
    def distance(self) -> Float[np.ndarray, "n 512"]:
        """Metres to the nearest surface, positive in front of it; 0 where nothing was seen."""
        return self._distance[: self._count]

    @property
    def weight(self) -> Float[np.ndarray, "n 512"]:
        return self._weight[: self._count]

    @property
    def colour(self) -> Float[np.ndarray, "n 512 3"]:
        """RGB, 0 to 255."""
        return self._colour[: self._count]

    @property
    def views(self) -> Int[np.ndarray, "n 512"]:
        """How many views saw a surface near."""
        return self._views[: self._count]

    @property
    def places(self) -> Int[np.ndarray, "n 3"]:
        """Block coordinates, in the order of the rows."""
        return blocks_of(self._keys[np.argsort(self._rows)])

    def rows(self, blocks: Int[np.ndarray, "n 3"]) -> Int[np.ndarray, " n"]:
        """Row of each block; -1 where there is none."""
        return self._find(keys_of(blocks))

    def add(self, blocks: Int[np.ndarray, "n 3"]) -> Int[np.ndarray, " m"]:
        """Rows of the blocks, each once, made where they were missing and there is room."""
        keys = np.unique(keys_of(blocks))
        new = keys[self._find(keys) < 0]
        kept = new[: self.most - self._count]
        self.refused += len(new) - len(kept)
        if len(kept):
            self._make_room(self._count + len(kept))
            rows = np.arange(self._count, self._count + len(kept))
            self._count += len(kept)
            for values in (self._distance, self._weight, self._colour, self._views):
                values[rows[0] : rows[-1] + 1] = 0
            at = np.searchsorted(self._keys, kept)
            self._keys, self._rows = np.insert(self._keys, at, kept), np.insert(self._rows, at, rows)
        found = self._find(keys)
        return found[found >= 0]

    def _find(self, keys: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        if not len(self._keys):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._rows[at], -1)

    def _make_room(self, wanted: int) -> None:
        room = len(self._distance)
        if wanted <= room:
            return
        room = min(max(wanted, room + room // 2), self.most)
        for name in ("_distance", "_weight", "_colour", "_views"):
            old = getattr(self, name)
            grown = np.empty((room, *old.shape[1:]), old.dtype)
            grown[: self._count] = old[: self._count]
            setattr(self, name, grown)

    def at(self, voxels: Int[np.ndarray, "n 3"]) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
        """Row and place in it of each voxel; row -1 where there is no block."""
        x, y, z = (voxels & (SIDE - 1)).T
        return self.rows(voxels >> 3), (x * SIDE + y) * SIDE + z

    def seen(self) -> Bool[np.ndarray, "n 512"]:
        """Voxels whose distance is known."""
        return self.weight > 0
