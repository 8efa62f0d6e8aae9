"""Right triangles halved again and again: a mesh over a grid that is fine only where it has to be, without cracks.

The grid is cut into square blocks, each of two right triangles; a triangle is halved at the middle of its longest side,
down to the grid's own cells. The middle belongs to the triangles on both sides of it, so they are halved together, and
what is needed for one middle to exist is needed too: that is all that keeps the mesh without cracks.

Source: W. Evans, D. Kirkpatrick, G. Townsend, Right-Triangulated Irregular Networks, Algorithmica 30, 2001. It departs
from that in the blocks, in vertices that need not be evenly spaced, and in triangles that are no surface.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from theodolite.types import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class Bisection:
    """The grid that is halved.

    Args:
        x: where its columns lie, rising.
        y: where its rows lie, rising.
        block: side of the blocks, a power of two that divides the number of steps in both directions.
    """

    x: Float[np.ndarray, " columns"]
    y: Float[np.ndarray, " rows"]
    block: int

    @property
    def sizes(self) -> list[int]:
        """Sides of the squares that get a middle, from small to large."""
        return [2**power for power in range(1, self.block.bit_length())]

    def deviation(self, values: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
        """How far each value is from the surface without it, but with all that it is needed for; NaN beside unknown."""
        off = np.zeros_like(values)
        for size in self.sizes:
            for where, expected in self._middles(values, size):
                off[where] = np.abs(values[where] - expected)
        return off

    def without(
        self, values: Float[np.ndarray, "rows columns"], used: Bool[np.ndarray, "rows columns"]
    ) -> Float[np.ndarray, "rows columns"]:
        """The surface over the vertices in use, at every place of the grid."""
        surface = values.copy()
        for size in reversed(self.sizes):
            for where, expected in self._middles(surface, size):
                surface[where] = np.where(used[where], values[where], expected)
        return surface

    def closed(self, values: np.ndarray) -> np.ndarray:
        """The largest of each vertex's value and those of all vertices that cannot exist without it.

        Args:
            values: numbers or truths, (rows, columns).
        """
        largest = values.copy()
        for size in self.sizes:
            half = size // 2
            centres, level, upright = largest[half::size, half::size], *_sides(largest, size)
            for side in (level[:-1], level[1:], upright[:, :-1], upright[:, 1:]):
                np.maximum(centres, side, out=centres)
            if size < self.block:
                around = np.pad(centres, 1)
                around = np.maximum(around[1:], around[:-1])
                around = np.maximum(around[:, 1:], around[:, :-1])
                level, upright = _sides(largest, 2 * size)
                np.maximum(level, around[::2, 1::2], out=level)
                np.maximum(upright, around[1::2, ::2], out=upright)
        return largest

    def triangles(
        self, used: Bool[np.ndarray, "rows columns"], solid: Bool[np.ndarray, "rows columns"]
    ) -> tuple[Int[np.ndarray, "n 3"], Int[np.ndarray, "m 3"]]:
        """Triangles that were not halved, of those with a `solid` middle, and those that are half a cell of the grid.

        Corners are numbered along rows. The second one has the right angle; with x right and y down, the corners are
        in the order of upper left, lower left, upper right.

        Args:
            used: vertices, closed.
            solid: vertices that are the middle of triangles of surface, where these are not halved.
        """
        used, solid = used.ravel(), solid.ravel()
        rest = self._blocks()
        found = [rest[:0]]
        for _ in range(2 * len(self.sizes)):
            middle = (rest[:, 0] + rest[:, 2]) // 2  # of rows and of columns both: their sums are even
            halved = used[middle]
            found.append(rest[~halved & solid[middle]])
            (p, q, r), m = rest[halved].T, middle[halved]
            rest = np.concatenate([np.stack([q, m, p], axis=-1), np.stack([r, m, q], axis=-1)])
        return np.concatenate(found), rest

    def _blocks(self) -> Int[np.ndarray, "n 3"]:
        number = np.arange(len(self.y) * len(self.x)).reshape(len(self.y), len(self.x))[:: self.block, :: self.block]
        tl, tr, bl, br = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
        falling = _falling(tl.shape)
        lower = np.where(falling[..., None], np.stack([tl, bl, br], axis=-1), np.stack([bl, br, tr], axis=-1))
        upper = np.where(falling[..., None], np.stack([br, tr, tl], axis=-1), np.stack([tr, tl, bl], axis=-1))
        return np.concatenate([lower.reshape(-1, 3), upper.reshape(-1, 3)])

    def _middles(self, values: Float[np.ndarray, "rows columns"], size: int) -> Iterator[tuple]:
        """Where the middles of one size are, first those of squares, then those of sides, and what is expected."""
        half = size // 2
        left, right = self.x[:-1:size], self.x[size::size]
        top, bottom = self.y[:-1:size], self.y[size::size]
        a = ((self.x[half::size] - left) / (right - left)).astype(values.dtype)
        b = ((self.y[half::size] - top) / (bottom - top)).astype(values.dtype)[:, None]
        corners = values[::size, ::size]
        tl, tr, bl, br = corners[:-1, :-1], corners[:-1, 1:], corners[1:, :-1], corners[1:, 1:]
        expected = np.where(_falling(tl.shape), _on_plane(tl, tr, bl, br, a, b), _on_plane(tr, tl, br, bl, 1 - a, b))
        yield np.s_[half::size, half::size], expected
        yield np.s_[::size, half::size], (1 - a) * corners[:, :-1] + a * corners[:, 1:]
        yield np.s_[half::size, ::size], (1 - b) * corners[:-1] + b * corners[1:]


def _on_plane(tl: np.ndarray, tr: np.ndarray, bl: np.ndarray, br: np.ndarray, a: np.ndarray, b: np.ndarray):
    """At (a, b) of squares cut from top left to bottom right: on the triangle which that place is in."""
    return tl + np.where(a >= b, a * (tr - tl) + b * (br - tr), b * (bl - tl) + a * (br - bl))


def _falling(shape: tuple[int, int]) -> Bool[np.ndarray, "rows columns"]:
    """Which squares are cut from top left to bottom right: those whose corner there is of a larger square too."""
    return np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 2 == 0


def _sides(values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The middles of the level and the upright sides of squares, as views."""
    half = size // 2
    return values[::size, half::size], values[half::size, ::size]
