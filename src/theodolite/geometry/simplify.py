"""A mesh over the pixel grid with few triangles: large on what is flat, down to the pixel along outlines.

Its vertices are pixels of the map, so their normals and places in the picture stay exact. A triangle is flat where
inverse depth, linear on a plane, is what its corners say; what it may be off is measured along the line of sight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.geometry.bisection import Bisection
from theodolite.geometry.edges import DEGREES, edge_steps
from theodolite.geometry.mesh import Mesh, grid_mesh
from theodolite.types import Bool, Float, Int

# Shares of the distance from the camera that a mesh may be off, unless told otherwise: a tenth of what the best
# network errs by, and below what can be seen from near the camera.
EVEN = 0.001
# Side of the largest squares: in steps of the grid, and as a share of the picture's shorter side. Grids are of whole
# squares, so this is also the share of pixels that may be passed over to make them fit.
BLOCK, SHARE = 64, 1 / 16
# Share of the triangles that outlines may take before the whole grid is thinned to leave some for surfaces.
OUTLINES = 0.6


@dataclass(frozen=True, eq=False)
class Simplified:
    """A mesh, and how far it is from the one with every pixel.

    Args:
        off: of each place of the grid that lies on the mesh: along the line of sight, as a share of the distance; 0 at
            its vertices.
        step: pixels from one place of the grid to the next.
    """

    mesh: Mesh
    off: Float[np.ndarray, " n"]
    step: float


def simplified_mesh(
    points: Float[np.ndarray, "h w 3"],
    valid: Bool[np.ndarray, "h w"],
    normals: Float[np.ndarray, "h w 3"] | None = None,
    most: int = 200_000,
    metres: float | None = None,
    degrees: float = DEGREES,
) -> Simplified:
    """The fewest triangles, or nearly, that keep to the surface; no more than `most`, but of maps a few pixels high.

    Args:
        points: camera coordinates, metres.
        normals: of the pixels; unknown ones become (0, 0, 0).
        most: where the surface would need more, it is kept to less closely, and where outlines alone need more, the
            grid is thinned first.
        metres: how far it may be off; a thousandth of the distance when absent.
        degrees: a side that meets the line of sight at less than this is a depth edge, see `geometry.edges`.
    """
    side = min(valid.shape)
    if side < 2:
        return Simplified(grid_mesh(points, valid, normals), np.zeros(0, points.dtype), 1.0)
    step = 1.0
    while True:
        grid = _Grid.over(points, valid, normals, step, degrees)
        excess = len(grid.faces(grid.outline)) / (OUTLINES * most)
        if excess <= 1 or step >= side:
            break
        # Outlines shrink as fast as the step grows, noise as its square.
        step *= max(1.2, excess**0.5)
    used = grid.chosen(most, metres)
    return Simplified(grid.mesh(points, normals, used), grid.off(used)[grid.solid | used], step)


@dataclass(frozen=True, eq=False)
class _Grid:
    """Pixels that may be vertices, and which steps between them are surface.

    Args:
        number: of each pixel, along the rows of the map.
        inverse: of depth, 1/m; NaN where unknown.
        distance: from the camera, metres.
        across, down: whether the step to the right, or down, is surface; False on the last column, or row.
        solid: middles of triangles that are surface all over, if they are not part of the outline.
        outline: middles of triangles that are surface in part, and all that these need.
    """

    halves: Bisection
    number: Int[np.ndarray, "rows columns"]
    inverse: Float[np.ndarray, "rows columns"]
    distance: Float[np.ndarray, "rows columns"]
    across: Bool[np.ndarray, "rows columns"]
    down: Bool[np.ndarray, "rows columns"]
    solid: Bool[np.ndarray, "rows columns"]
    outline: Bool[np.ndarray, "rows columns"]

    @classmethod
    def over(
        cls,
        points: Float[np.ndarray, "h w 3"],
        valid: Bool[np.ndarray, "h w"],
        normals: Float[np.ndarray, "h w 3"] | None,
        step: float,
        degrees: float,
    ) -> _Grid:
        height, width = valid.shape
        block = 2 ** int(np.log2(np.clip((min(height, width) - 1) / step * SHARE, 1, BLOCK)))
        rows, columns = _places(height, step, block), _places(width, step, block)
        halves = Bisection(columns.astype(np.float32), rows.astype(np.float32), block)
        own = np.ix_(rows, columns)
        chosen, known = points[own], valid[own]
        across, down = _whole_steps(chosen, known, None if normals is None else normals[own], degrees)
        solid, empty = _kinds(halves, across, down)
        return cls(
            halves,
            np.add.outer(rows * width, columns),
            1 / np.where(known, chosen[..., 2], np.nan),
            np.sqrt(np.einsum("...i,...i", chosen, chosen)),
            across,
            down,
            solid,
            halves.closed(solid & empty),
        )

    def chosen(self, most: int, metres: float | None) -> Bool[np.ndarray, "rows columns"]:
        """Vertices that keep to the surface, so closely as the number of triangles allows."""
        weight = 1 if metres is None else self.distance
        limit = EVEN if metres is None else metres
        off = np.nan_to_num(self.halves.deviation(self.inverse) / self.inverse * weight, nan=0.0)
        off[self.outline] = np.inf
        while True:
            off = self.halves.closed(off)
            used, forced = off > limit, np.isinf(off)
            # Each vertex more makes two triangles of one, on both sides of it.
            spare = max(0, (most - len(self.faces(forced))) // 2)
            loose = off[used & ~forced]
            if len(loose) > spare:
                rank = len(loose) - spare - 1
                return off > np.partition(loose, rank)[rank]
            # What was left out step by step can add up.
            missed = self.off(used) * weight > limit
            if not missed.any():
                return used
            off[missed] = np.inf

    def off(self, used: Bool[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
        """How far the surface over the vertices in use is from each place, as a share of the distance; 0 beside it."""
        share = np.abs(self.halves.without(self.inverse, used) / self.inverse - 1)
        return np.where(self.solid & ~used, share, 0)

    def faces(self, used: Bool[np.ndarray, "rows columns"]) -> Int[np.ndarray, "n 3"]:
        """Triangles of surface, with corners numbered along the rows of the grid."""
        large, halves = self.halves.triangles(used, self.solid)
        whole = self._is_step(halves[:, 1], halves[:, 0]) & self._is_step(halves[:, 1], halves[:, 2])
        return np.concatenate([large, halves[whole]])

    def mesh(
        self,
        points: Float[np.ndarray, "h w 3"],
        normals: Float[np.ndarray, "h w 3"] | None,
        used: Bool[np.ndarray, "rows columns"],
    ) -> Mesh:
        height, width = points.shape[:2]
        numbers, faces = np.unique(self.number.ravel()[self.faces(used)], return_inverse=True)
        place = np.stack([(numbers % width + 0.5) / width, (numbers // width + 0.5) / height], axis=-1)
        own = None if normals is None else np.nan_to_num(normals.reshape(-1, 3)[numbers])
        faces = faces.reshape(-1, 3).astype(np.int32)
        return Mesh(points.reshape(-1, 3)[numbers], faces, place.astype(np.float32), own)

    def _is_step(self, one: Int[np.ndarray, " n"], other: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Whether the step between neighbours on a row or a column is surface."""
        first = np.minimum(one, other)
        return np.where(np.abs(one - other) == 1, self.across.ravel()[first], self.down.ravel()[first])


def _places(count: int, step: float, block: int) -> Int[np.ndarray, " n"]:
    """Evenly over all pixels, first to last, so many that they make whole blocks."""
    blocks = int((count - 1) / (step * block))
    return np.round(np.linspace(0, count - 1, max(1, blocks) * block + 1)).astype(np.int64)


def _whole_steps(
    points: Float[np.ndarray, "rows columns 3"],
    known: Bool[np.ndarray, "rows columns"],
    normals: Float[np.ndarray, "rows columns 3"] | None,
    degrees: float,
) -> tuple[Bool[np.ndarray, "rows columns"], Bool[np.ndarray, "rows columns"]]:
    """Which steps to the right, and down, cross no depth edge and have known ends."""
    across, down = np.zeros_like(known), np.zeros_like(known)
    across[:, :-1] = known[:, :-1] & known[:, 1:] & ~edge_steps(points, -2, degrees, normals)
    down[:-1] = known[:-1] & known[1:] & ~edge_steps(points, -3, degrees, normals)
    return across, down


def _kinds(
    halves: Bisection, across: Bool[np.ndarray, "rows columns"], down: Bool[np.ndarray, "rows columns"]
) -> tuple[Bool[np.ndarray, "rows columns"], Bool[np.ndarray, "rows columns"]]:
    """Middles of triangles with some surface in them, and of triangles with some that is none."""
    # The smallest triangles meet at every second place of the grid; each has two of the four steps there.
    right, below = across, down
    left, above = np.zeros_like(across), np.zeros_like(down)
    left[:, 1:], above[1:] = across[:, :-1], down[:-1]
    middle = np.add.outer(np.arange(across.shape[0]), np.arange(across.shape[1])) % 2 == 1
    some = middle & (left | right) & (above | below)
    # Beyond the border there is nothing to be cut.
    left[:, 0] = right[:, -1] = above[0] = below[-1] = True
    return halves.closed(some), halves.closed(middle & ~(left & right & above & below))
