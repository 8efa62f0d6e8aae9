"""Rays against many solids: tiles of pixels meet only the solids that can touch them, one fused kernel for each kind.

Pixels are kept tile by tile, (tiles, TILE * TILE). A job is one tile with up to `CHUNK` solids of one kind; its ray
tests fuse into a single compiled loop, and jobs of the same tile meet in a scatter-minimum. Culling is conservative, so
no result depends on tile size, chunk size or which scenes share a batch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from theodolite.synth.compiled import compiled
from theodolite.synth.shapes import HITS, KINDS, LOOPED, RARE

TILE = 16
CHUNK = 8
PORTION = 96 * TILE * TILE  # rays; measured: 4 ns a test on one core, 6 to 10 ns with all jobs of a batch at once
NEAREST = 1e-3  # metres; nothing closer to the origin of a ray counts


Pairs = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Jobs:
    """Work of one kind of solid: tile numbers, and solid numbers; a row is filled up with its first solid."""

    tile: Tensor  # (jobs,)
    solid: Tensor  # (jobs, CHUNK)

    def slices(self, rays: int) -> Iterator["Jobs"]:
        """The same jobs, of so many rays a tile, in portions whose intermediate results stay in a processor's cache."""
        portion = PORTION // rays if self.tile.device.type == "cpu" else max(1, len(self.tile))
        for start in range(0, len(self.tile), portion):
            tile, solid = self.tile[start : start + portion], self.solid[start : start + portion]
            # A job done twice changes no minimum, and a single one would have kernels compiled for it alone.
            yield Jobs(tile.repeat(2), solid.repeat(2, 1)) if len(tile) == 1 else Jobs(tile, solid)


def times(matrix: Tensor, vector: Tensor) -> Tensor:
    """Matrix times vector over leading dimensions, one way of rounding whatever the batch, unlike a library product."""
    return (
        matrix[..., 0] * vector[..., 0, None]
        + matrix[..., 1] * vector[..., 1, None]
        + matrix[..., 2] * vector[..., 2, None]
    )


def chunk_of(kind: int) -> int:
    """Solids in a job: few of the kinds that are dear to meet, and that a tile seldom sees several of."""
    return 1 if kind in RARE else CHUNK


def _kernel(kind: int, function: Callable[..., Any]) -> Callable[..., Any]:
    return function if kind in LOOPED else compiled(function)


def make_jobs(tile: Tensor, solid: Tensor, tiles: int, chunk: int) -> Jobs:
    """Packs (tile, solid) pairs, sorted by tile, into rows of `chunk`."""
    count = torch.bincount(tile, minlength=tiles)
    rows = (count + chunk - 1) // chunk
    place = torch.arange(len(tile), device=tile.device) - (count.cumsum(0) - count)[tile]
    first_row = rows.cumsum(0) - rows
    table = torch.full((int(rows.sum()), chunk), -1, dtype=torch.long, device=tile.device)
    table[first_row[tile] + place // chunk, place % chunk] = solid
    # A solid met twice changes no minimum.
    table = torch.where(table < 0, table[:, :1], table)
    return Jobs(torch.repeat_interleave(torch.arange(tiles, device=tile.device), rows), table)


def view_overlaps(corners: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
    """Which tiles of the image a convex solid can reach, exact in front of, around and behind the camera.

    Args:
        corners: (n, 8, 3) of the solids' boxes, camera coordinates.
        columns, rows: (n or 1, c + 1), (n or 1, r + 1) tile borders on the plane z = 1, for each solid or for all.
    Returns: (n, r, c) boolean. A solid misses a tile when all its corners lie beyond one side of the tile's pyramid.
    """
    x, y, z = corners.unbind(-1)
    beyond_x = x[..., None] - columns[:, None] * z[..., None]
    beyond_y = y[..., None] - rows[:, None] * z[..., None]
    in_column = (beyond_x.amax(1) >= 0)[:, :-1] & (beyond_x.amin(1) <= 0)[:, 1:]
    in_row = (beyond_y.amax(1) >= 0)[:, :-1] & (beyond_y.amin(1) <= 0)[:, 1:]
    ahead = z.amax(1) > 0
    return in_row[:, :, None] & in_column[:, None, :] & ahead[:, None, None]


def _first_hits(kind: int, start: Tensor, matrix: Tensor, shape: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Nearest hits for rays from one point a solid.

    Args:
        start: (jobs, CHUNK, 3), the ray origin in each solid's frame.
        matrix: (jobs, CHUNK, 9), local from world.
        shape: (jobs, CHUNK, 2).
        direction: (jobs, 3, pixels), world.
    Returns: t and the place of the nearest solid in its chunk, both (jobs, pixels).
    """
    x, y, z = (direction[:, None, i] for i in range(3))
    entry = [matrix[..., i, None] for i in range(9)]
    d = tuple(entry[3 * i] * x + entry[3 * i + 1] * y + entry[3 * i + 2] * z for i in range(3))
    o = tuple(start[..., i, None] for i in range(3))
    t, place = HITS[kind](o, d, shape[..., 0, None], shape[..., 1, None], NEAREST).min(1)
    return t, place


def _meet(kind: int, frame: tuple[Tensor, ...], point: Tensor, direction: Tensor) -> Tensor:
    """Hits of rays from points of their own: (jobs, CHUNK, pixels).

    Args:
        frame: centre, local from world (9 numbers) and shape of the solids, (jobs, CHUNK, ...).
        point, direction: (jobs, 3, pixels), world.
    """
    centre, matrix, shape = frame
    entry = [matrix[..., i, None] for i in range(9)]
    p = tuple(point[:, None, i] - centre[..., i, None] for i in range(3))
    v = tuple(direction[:, None, i] for i in range(3))
    o = tuple(entry[3 * i] * p[0] + entry[3 * i + 1] * p[1] + entry[3 * i + 2] * p[2] for i in range(3))
    d = tuple(entry[3 * i] * v[0] + entry[3 * i + 1] * v[1] + entry[3 * i + 2] * v[2] for i in range(3))
    return HITS[kind](o, d, shape[..., 0, None], shape[..., 1, None], 0.0)


def _first_blocks(kind: int, frame: tuple[Tensor, ...], point: Tensor, direction: Tensor) -> Tensor:
    """Nearest hits, (jobs, pixels); which solid it is would cost more than the hit."""
    return _meet(kind, frame, point, direction).amin(1)


def _first_met(kind: int, frame: tuple[Tensor, ...], point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Nearest hits, and the place of the solid in its chunk; both (jobs, pixels)."""
    t, place = _meet(kind, frame, point, direction).min(1)
    return t, place


@dataclass(frozen=True)
class Table:
    """The solids of all scenes of a batch, one after another, on the device."""

    kind: Tensor
    shape: Tensor
    centre: Tensor
    half: Tensor
    local_from_world: Tensor
    world_from_local: Tensor
    shadows: Tensor
    material: Tensor
    scene: Tensor
    starts: tuple[int, ...]
    has_rare: bool  # solids of `shapes.RARE` among them
    has_mirrors: bool

    def by_tile(self, met: Tensor, solids: Tensor | None = None) -> Pairs:
        """Pairs of tile and solid, sorted by both, from which tile of its scene each solid meets.

        Args:
            met: (n, tiles), for all solids or for those numbered.
            solids: (n,), rising.
        """
        scene = self.scene if solids is None else self.scene[solids]
        count = torch.bincount(scene, minlength=len(self.starts) - 1)
        first = count.cumsum(0) - count
        # One row for each solid of the fullest scene; those that other scenes lack meet nothing.
        grid = torch.zeros(len(count), int(count.max()), met.shape[1], dtype=torch.bool, device=met.device)
        grid[scene, torch.arange(len(met), device=met.device) - first[scene]] = met
        scene, tile, place = grid.transpose(1, 2).nonzero(as_tuple=True)
        number = place + first[scene]
        return tile + scene * met.shape[1], number if solids is None else solids[number]

    @property
    def box(self) -> tuple[Tensor, Tensor]:
        """(n, 3) lowest and highest corners of the upright boxes around the solids, world."""
        extent = self.world_from_local.abs().sum(2)
        return self.centre - extent, self.centre + extent

    @property
    def corners(self) -> Tensor:
        """(n, 8, 3) of the boxes around the solids, world."""
        signs = torch.tensor([-1.0, 1.0], device=self.centre.device)
        cube = torch.cartesian_prod(signs, signs, signs)
        return self.centre[:, None] + times(self.world_from_local[:, None], cube[None])


# No hit, as `_key` writes it.
_NOTHING = (0x7F800000 << 32) | 0x7FFFFFFF


def _key(t: Tensor, solid: Tensor) -> Tensor:
    """Positive floats sort like their bits: depth above, number below, so that one integer minimum finds both, and
    ties fall the same way in every batch."""
    return (t.view(torch.int32).long() << 32) | solid


def _from_key(best: Tensor) -> tuple[Tensor, Tensor]:
    """t, infinite where nothing is hit, and solid, -1 there."""
    t = (best >> 32).int().view(torch.float32)
    return t, torch.where(t.isfinite(), best & 0x7FFFFFFF, -1)


def _jobs(table: Table, pairs: Pairs, tiles: int, rays: int) -> Iterator[tuple[int, Jobs]]:
    """The pairs as jobs of one kind each, for tiles of so many rays."""
    kinds = table.kind[pairs[1]]
    for kind in KINDS:
        mine = (kinds == kind).nonzero()[:, 0]
        if len(mine):
            for jobs in make_jobs(pairs[0][mine], pairs[1][mine], tiles, chunk_of(kind)).slices(rays):
                yield kind, jobs


def first_solids(table: Table, pairs: Pairs, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """What each pixel sees.

    Args:
        pairs: tile and solid numbers that may meet, sorted by tile, both (m,).
        origin: (scenes, 3), the camera of each scene.
        direction: (tiles, 3, pixels), world.
    Returns: t (infinite where nothing is hit) and solid number (-1 there), both (tiles, pixels).
    """
    tiles, _, pixels = direction.shape
    start = times(table.local_from_world, origin[table.scene] - table.centre)
    matrix = table.local_from_world.reshape(-1, 9)
    best = torch.full((tiles, pixels), _NOTHING, dtype=torch.long, device=direction.device)
    for kind, jobs in _jobs(table, pairs, tiles, pixels):
        some = jobs.solid
        t, place = _kernel(kind, _first_hits)(kind, start[some], matrix[some], table.shape[some], direction[jobs.tile])
        key = _key(t, some.gather(1, place))
        best.scatter_reduce_(0, jobs.tile[:, None].expand_as(key), key, "amin")
    return _from_key(best)


def reflected_solids(table: Table, pairs: Pairs, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """As `first_solids`, for rays from points of their own; both (tiles, 3, pixels)."""
    best = torch.full(point[:, 0].shape, _NOTHING, dtype=torch.long, device=point.device)
    matrix = table.local_from_world.reshape(-1, 9)
    for kind, jobs in _jobs(table, pairs, len(point), point.shape[-1]):
        some, at = jobs.solid, jobs.tile
        frame = (table.centre[some], matrix[some], table.shape[some])
        t, place = _kernel(kind, _first_met)(kind, frame, point[at], direction[at])
        key = _key(t, some.gather(1, place))
        best.scatter_reduce_(0, at[:, None].expand_as(key), key, "amin")
    return _from_key(best)


def blocked(table: Table, pairs: Pairs, point: Tensor, direction: Tensor, reach: Tensor) -> Tensor:
    """Whether something stands between each point and `reach` along its direction.

    Args:
        pairs: tile and solid numbers that may meet, sorted by tile, both (m,).
        point, direction: (tiles, 3, pixels), world; direction of unit length.
        reach: (tiles, pixels), metres.
    """
    free = torch.full(reach.shape, float("inf"), device=reach.device)
    matrix = table.local_from_world.reshape(-1, 9)
    for kind, jobs in _jobs(table, pairs, *reach.shape):
        some, at = jobs.solid, jobs.tile
        frame = (table.centre[some], matrix[some], table.shape[some])
        t = _kernel(kind, _first_blocks)(kind, frame, point[at], direction[at])
        free.scatter_reduce_(0, at[:, None].expand_as(t), t, "amin")
    return free < reach
