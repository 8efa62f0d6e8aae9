"""Finds places for triangle meshes in a scene, whatever family it is of, by looking at its solids alone.

A place is tried where the camera sees an upright surface; the piece's turned box has to be free of solids and of other
pieces, and everything under its corners has to carry it. Part of a scene's own furniture makes room first.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from theodolite.synth.builder import Solids
from theodolite.synth.mesh_library import MeshLibrary
from theodolite.synth.meshes import FLOOR, TABLE, Piece, Placed
from theodolite.synth.scene import Scene, View
from theodolite.synth.shapes import ARCH, BOX, TERRAIN
from theodolite.synth.textures import Rng
from theodolite.types import Bool, Float, Int

FAMILIES = ("room", "still-life")  # families whose scenes get meshes
BLOCK = 100  # samples in a row share one shelf, so that their pieces are read from disk once
SHELF = 40  # pieces
_HOLLOW = (ARCH, TERRAIN)  # a room may well lie inside the box of its vault, so these are in no one's way
_RAYS = 450
_TRIES = 10  # places tried for each piece
_SLACK = 0.015  # metres that a foot may hover, as on the edge of a rug


def with_meshes(scene: Scene, family: str, library: MeshLibrary, key: tuple[int, int]) -> Scene:
    """The scene with pieces of the library in it, a function of `key` = (seed, index) and of the library's files."""
    if family not in FAMILIES:
        return scene
    seed, index = key
    shelf = library.some(np.random.default_rng([seed, 31, index // BLOCK]), SHELF)
    rng = np.random.default_rng([seed, 37, index])
    near = family == "still-life"
    kept = _without_things(scene, rng) if near else _without_furniture(scene, rng)
    scene = replace(scene, solids=_only(scene.solids, kept))
    filling = replace(scene, solids=_only(scene.solids, ~np.isin(scene.solids.kind, _HOLLOW)))
    placed: list[Placed] = []
    for role, most in ((FLOOR, 0 if near else int(rng.integers(3, 10))), (TABLE, int(rng.integers(3, 12)))):
        _place(filling, _shuffled([p for p in shelf if p.role == role], rng), most, placed, rng)
    return replace(scene, meshes=tuple(placed))


def _shuffled(pieces: list[Piece], rng: Rng) -> list[Piece]:
    """Pieces in random order, big ones rather early: small ones find room later, and would be met everywhere."""
    late = [float(rng.exponential()) / math.sqrt(piece.size[0] * piece.size[1]) for piece in pieces]
    return [pieces[k] for k in np.argsort(late)]


def _place(scene: Scene, pieces: list[Piece], most: int, placed: list[Placed], rng: Rng) -> None:
    """Adds up to `most` of the pieces to `placed`, each where it is free, carried and seen."""
    before = len(placed)
    grounds, bounds = _grounds(scene, placed, rng), scene.solids.bounds
    for piece in pieces:
        if len(placed) - before >= most or len(grounds) == 0:
            return
        fitting = grounds.wide if piece.role == FLOOR else ~grounds.wide
        points = grounds.points[fitting]
        for point in points[rng.permutation(len(points))[:_TRIES]]:
            x, y, z = (float(c) for c in point)
            candidate = Placed(piece, (x, y, z + 5e-4), _yaw(piece, rng))
            if _fits(candidate, scene, bounds, placed):
                placed.append(candidate)
                break


def _yaw(piece: Piece, rng: Rng) -> float:
    """Furniture mostly stands square to the walls; things lie anyhow."""
    if piece.role == FLOOR and rng.random() < 0.65:
        return float(rng.integers(4)) * math.pi / 2 + float(rng.normal(0, 0.04))
    return float(rng.uniform(0, 2 * math.pi))


@dataclass(frozen=True)
class _Grounds:
    """Points on upright surfaces that the camera sees; `wide`: of a floor, not of a table."""

    points: Float[np.ndarray, "n 3"]
    wide: Bool[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.points)


def _grounds(scene: Scene, placed: list[Placed], rng: Rng) -> _Grounds:
    origin, direction = _random_rays(scene.view, rng)
    solids = scene.solids
    t, solid = _first_boxes(solids, origin, direction)
    low, high = solids.bounds
    point = origin + np.where(np.isfinite(t), t, 0)[:, None] * direction
    flat = (solids.kind[solid] == BOX) & (np.abs(point[:, 2] - high[solid, 2]) < 1e-3) & np.isfinite(t)
    extent = (high - low)[solid, :2].min(1)
    wide = (extent > 1.8) & (np.abs(point[:, 2] - _floor(scene)) < 0.02)
    good = flat & (wide | ((extent > 0.2) & (extent < 1.8))) & (np.abs(solids.world_from_local[solid, 2, 2]) > 1e-4)
    for mesh in placed:
        triangle, mesh_t, _ = mesh.first(np.broadcast_to(origin, direction.shape), direction, np.minimum(t, 1e3))
        hit = triangle >= 0
        plane = mesh.piece.planes[triangle]
        upright = np.abs(plane[:, 2]) > 0.999 * np.linalg.norm(plane, axis=1)
        good, wide = np.where(hit, upright, good), wide & ~hit
        t = np.where(hit, mesh_t, t)
    point = origin + np.where(good, t, 0)[:, None] * direction
    good &= point[:, 2] < origin[2] - 0.02
    return _Grounds(point[good], wide[good])


def _random_rays(view: View, rng: Rng, aspect: float = 4 / 3) -> tuple[np.ndarray, np.ndarray]:
    x, y = rng.uniform(-0.48, 0.48, (2, _RAYS))
    local = np.stack([x / view.focal, y / aspect / view.focal, np.ones(_RAYS)], 1)
    return view.world_from_camera[:3, 3], local @ view.world_from_camera[:3, :3].T


def _first_boxes(solids: Solids, origin: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """t and number of the first solid along rays from one point, every solid taken as its turned box."""
    matrix = solids.local_from_world
    d = direction.astype(np.float32) @ matrix.transpose(0, 2, 1)
    o = np.einsum("nij,nj->ni", matrix, origin.astype(np.float32) - solids.centre)[:, None]
    d = np.where(np.abs(d) < 1e-12, 1e-12, d)
    middle, half = -o / d, 1 / np.abs(d)
    near, far = (middle - half).max(-1), (middle + half).min(-1)
    t = np.where((near <= far) & (far > 0), np.maximum(near, 0), np.inf)
    solid = t.argmin(0)
    return t[solid, np.arange(len(direction))], solid


def _fits(candidate: Placed, scene: Scene, bounds: tuple[np.ndarray, np.ndarray], placed: list[Placed]) -> bool:
    away = float(np.linalg.norm(candidate.middle - scene.view.world_from_camera[:3, 3]))
    # No nearer than what fills about half of the picture.
    if away < 1.5 * candidate.piece.radius + 0.12:
        return False
    low, high = bounds
    least = np.append(candidate.footprint.min(0), candidate.position[2] + 0.004)
    most = np.append(candidate.footprint.max(0), candidate.top)
    beside = ((high > least) & (low < most)).all(1)
    if beside.any() and _overlap(candidate.footprint, _rectangles(low[beside], high[beside])).any():
        return False
    others = [p for p in placed if p.top > candidate.position[2] - _SLACK and p.position[2] < candidate.top]
    touching = [p for p in others if _overlap(candidate.footprint, p.footprint[None])[0]]
    if touching and candidate.piece.role == FLOOR:
        return False
    return _carried(candidate, scene.solids, touching)


def _rectangles(low: np.ndarray, high: np.ndarray) -> Float[np.ndarray, "n 4 2"]:
    x, y = np.stack([low[:, 0], high[:, 0]]), np.stack([low[:, 1], high[:, 1]])
    return np.stack([np.stack([x[i], y[j]], -1) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))], 1)


def _overlap(one: Float[np.ndarray, "4 2"], many: Float[np.ndarray, "n 4 2"]) -> Bool[np.ndarray, " n"]:
    """Whether a rectangle meets others, all turned as they like: no edge of either has them on different sides."""
    meets = np.ones(len(many), bool)
    for edges in (np.broadcast_to(one[1:3] - one[:2], (len(many), 2, 2)), many[:, 1:3] - many[:, :2]):
        across = np.stack([-edges[..., 1], edges[..., 0]], -1)
        mine, theirs = across @ one.T, across @ many.transpose(0, 2, 1)
        apart = (mine.max(-1) <= theirs.min(-1)) | (theirs.max(-1) <= mine.min(-1))
        meets &= ~apart.any(1)
    return meets


def _carried(candidate: Placed, solids: Solids, pieces: list[Placed]) -> bool:
    """Whether something is right under all of the foot, and nothing of the pieces above it."""
    z = candidate.position[2]
    share = np.linspace(-0.47, 0.47, 5)
    grid = np.stack(np.meshgrid(share, share), -1).reshape(-1, 2) * candidate.piece.size[:2]
    feet = grid @ candidate.world_from_local[:2, :2].T + candidate.position[:2]
    carried = _on_boxes(feet, z, solids)
    down = np.tile((0.0, 0.0, -1.0), (len(feet), 1))
    for mesh in pieces:
        start = np.concatenate([feet, np.full((len(feet), 1), mesh.top + 0.01)], 1)
        fall = mesh.top + 0.01 - z
        _, t, _ = mesh.first(start, down, np.full(len(feet), fall + _SLACK))
        # A piece beside the foot whose box reaches into this one's would be in the way somewhere.
        if (t < fall - 3e-3).any() or not np.isfinite(t).any():
            return False
        carried |= np.isfinite(t)
    return bool(carried.all())


def _on_boxes(feet: Float[np.ndarray, "n 2"], z: float, solids: Solids) -> Bool[np.ndarray, " n"]:
    """Whether points at height z stand on a box, not more than `_SLACK` above it."""
    _, high = solids.bounds
    near = (solids.kind == BOX) & (high[:, 2] > z - _SLACK) & (high[:, 2] < z + 2e-3)
    points = np.concatenate([feet, np.full((len(feet), 1), z)], 1)
    points = np.broadcast_to(points, (int(near.sum()), len(feet), 3)).copy()
    points[..., 2] = high[near, None, 2] - 1e-4
    relative = points - solids.centre[near, None]
    local = np.einsum("nij,nfj->nfi", solids.local_from_world[near], relative)
    return (np.abs(local).max(-1) <= 1).any(0) if len(local) else np.zeros(len(feet), bool)


def _only(solids: Solids, kept: Bool[np.ndarray, " n"]) -> Solids:
    return Solids(**{name: getattr(solids, name)[kept] for name in Solids.__annotations__})


def _without_furniture(scene: Scene, rng: Rng) -> Bool[np.ndarray, " n"]:
    """Which solids stay when two thirds of the lower furniture goes, each piece with all that stands on it."""
    low, high = scene.solids.bounds
    floor = _floor(scene)
    # Floors and rugs touch everything; walls touch one another, so that a piece of wall below a window is no furniture.
    return _drop((low, high), high[:, 2] > floor + 0.02, (floor - 0.01, floor + 0.2, floor + 1.45), 0.66, rng)


def _without_things(scene: Scene, rng: Rng) -> Bool[np.ndarray, " n"]:
    """Which solids stay when half of the things of hand size go."""
    low, high = scene.solids.bounds
    return _drop((low, high), (high - low).max(1) < 0.45, (-math.inf, math.inf, math.inf), 0.55, rng)


def _floor(scene: Scene) -> float:
    """Height of what lies below the camera and is wide."""
    low, high = scene.solids.bounds
    eye = scene.view.world_from_camera[:3, 3]
    below = ((low[:, :2] < eye[:2]) & (high[:, :2] > eye[:2])).all(1) & (high[:, 2] < eye[2])
    below &= (high - low)[:, :2].min(1) > 1.8
    return float(high[below, 2].max()) if below.any() else 0.0


def _drop(
    bounds: tuple[np.ndarray, np.ndarray],
    some: Bool[np.ndarray, " n"],
    heights: tuple[float, float, float],
    share: float,
    rng: Rng,
) -> Bool[np.ndarray, " n"]:
    """Which solids stay when a share of the groups of touching ones goes.

    Args:
        some: solids that form groups; the rest stays.
        heights: least and most of a group's foot, and most of its top.
    """
    low, high = bounds
    kept = np.ones(len(low), bool)
    group = _touching(low, high, np.flatnonzero(some))
    for number in np.unique(group[group >= 0]):
        mine = group == number
        foot, top = low[mine, 2].min(), high[mine, 2].max()
        if heights[0] <= foot <= heights[1] and top <= heights[2] and rng.random() < share:
            kept &= ~mine
    return kept


def _touching(low: np.ndarray, high: np.ndarray, some: Int[np.ndarray, " m"]) -> Int[np.ndarray, " n"]:
    """Number of the group of each of `some` solids, whose members' boxes touch one another; -1 for all others."""
    a, b = low[some] - 2e-3, high[some] + 2e-3
    meets = ((a[:, None] <= b[None]) & (b[:, None] >= a[None])).all(2)
    label = np.arange(len(some))
    while True:
        spread = np.where(meets, label[None], len(some)).min(1) if len(some) else label
        if (spread == label).all():
            break
        label = spread
    group = np.full(len(low), -1)
    group[some] = label
    return group
