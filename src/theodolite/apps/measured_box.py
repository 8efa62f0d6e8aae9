"""An upright box around what is seen of an object inside a polygon."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

from theodolite.apps.basis import Basis, Wanted, add_vertical, projected, worked_out
from theodolite.apps.evidence import Evidence, Pixel, Value
from theodolite.apps.floor import floor_pixels
from theodolite.apps.planes import fit_planes, robust_weights
from theodolite.apps.polygon import FEWEST, pixels_inside
from theodolite.apps.quantity import Measurement
from theodolite.apps.vertical import Vertical, across
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction
from theodolite.types import Bool, Float, Int

# The box is found without this share of the points on each side, strays at the object's rim, and made larger by what
# so is missing of points that lie evenly; how much that is of others is as uncertain as it is large.
TRIM = 0.02
# A jump in depth between the sorted points, as a share of it, that separates the object from what is behind it.
GAP = 0.06
# Share of its distance within which a point belongs to the ground the object stands on.
GROUND = 0.02
# Directions of the box that are tried, degrees apart, and points it is fitted to.
TURN, MOST = 1.0, 400


def box(prediction: Prediction, polygon: Sequence[Pixel], basis: Basis | None = None) -> Measurement:
    """Width, height and depth (m) of the upright box of least base around an object inside a polygon.

    Width is the side seen more squarely, depth the other one; of both, and of the height, only what is seen counts, so
    the depth of a closed thing seen from the front is too small. Points on the ground below it are left out; of a thing
    that stands on it, the height is that of its top above the ground.

    Raises: TheodoliteError, when the polygon holds too little of one object.
    """
    basis = basis or Basis()
    pixels = tuple((float(u), float(v)) for u, v in polygon)
    rows, columns = pixels_inside(prediction, pixels, MOST)
    vertical = basis.upright(prediction)
    points = prediction.points()[rows, columns].astype(float)
    ground = _ground(prediction, vertical)
    kept, stands = _above_ground(prediction, points, ground)
    kept[kept] = _one_lump(points[kept])
    if kept.sum() < FEWEST:
        raise TheodoliteError(
            f"Only {int(kept.sum())} pixels of one object are left inside the polygon, {FEWEST} are needed. "
            "Draw it closer."
        )
    evidence = Evidence(prediction, basis.errors)
    seen, up = evidence.seen(rows[kept], columns[kept]), add_vertical(evidence, vertical)
    axes = _axes(points[kept], vertical)
    rim = evidence.vector(np.array([TRIM, 0, 0]), "rim", np.array([[TRIM, 0, 0]]))

    def tall(p: Float[np.ndarray, "b n 3"]) -> Float[np.ndarray, " b"]:
        return _extent(p[:, seen], p[:, up].sum(1), p[:, rim, 0].sum(1))

    def side(axis: Float[np.ndarray, " 3"]) -> Value:
        return lambda p: _extent(p[:, seen], _level(axis, p[:, up].sum(1)), p[:, rim, 0].sum(1))

    rise = _rise_above(evidence, seen, ground, rim) if stands and ground is not None else tall
    wanted = [
        Wanted("width", "m", side(axes[0]), 1),
        Wanted("height", "m", rise, 1),
        Wanted("depth", "m", side(axes[1]), 1),
    ]
    notes = (f"Only what is seen of the object counts{'; its height is above the ground' if stands else ''}.",)
    edges = _edges(prediction, points[kept], np.stack([axes[0], vertical.up, axes[1]]))
    return Measurement("box", pixels, worked_out(evidence, basis, wanted), edges, notes)


_Pixels = tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]


def _ground(prediction: Prediction, vertical: Vertical) -> _Pixels | None:
    try:
        return floor_pixels(prediction, vertical)[:2]
    except TheodoliteError:
        return None


def _above_ground(
    prediction: Prediction, points: Float[np.ndarray, "n 3"], ground: _Pixels | None
) -> tuple[Bool[np.ndarray, " n"], bool]:
    """Which points are not on the ground, and whether they reach down to it; all, where no ground is seen."""
    if ground is None:
        return np.ones(len(points), bool), False
    level = prediction.points()[ground].astype(float)
    plane = fit_planes(level[None], robust_weights(level)[0])[0]
    share = (1 - points @ plane) / np.linalg.norm(plane) / np.linalg.norm(points, axis=-1)
    kept = share > GROUND
    if kept.sum() < FEWEST:
        return np.ones(len(points), bool), False
    return kept, bool(np.quantile(share[kept], TRIM) < 2 * GROUND)


def _rise_above(evidence: Evidence, seen: slice, ground: _Pixels, rim: slice) -> Value:
    """The height of the top of some points above the plane of the ground."""
    level = evidence.seen(*ground)
    weight, _ = robust_weights(evidence.values[level])

    def rise(p: Float[np.ndarray, "b n 3"]) -> Float[np.ndarray, " b"]:
        planes = fit_planes(p[:, level], weight)
        above = (1 - (p[:, seen] @ planes[..., None])[..., 0]) / np.linalg.norm(planes, axis=-1)[:, None]
        return np.quantile(above, 1 - TRIM, axis=1) / (1 - p[:, rim, 0].sum(1))

    return rise


def _one_lump(points: Float[np.ndarray, "n 3"]) -> Bool[np.ndarray, " n"]:
    """Points whose depths follow each other without a gap, of the runs so found the one with most points."""
    order = np.argsort(points[:, 2])
    depth = points[order, 2]
    run = np.concatenate([[0], np.cumsum(depth[1:] > (1 + GAP) * depth[:-1])]).astype(int)
    kept = np.zeros(len(points), bool)
    if len(points):
        kept[order] = run == np.bincount(run).argmax()
    return kept


def _axes(points: Float[np.ndarray, "n 3"], vertical: Vertical) -> Float[np.ndarray, "2 3"]:
    """Two level unit vectors along the box's sides, the one more square to the line of sight first."""
    level = across(vertical.up)
    flat = points @ level.T
    turns = np.radians(np.arange(0, 90, TURN))
    sides = np.stack([np.cos(turns), np.sin(turns)], -1), np.stack([-np.sin(turns), np.cos(turns)], -1)
    spans = [np.diff(np.quantile(flat @ side.T, [TRIM, 1 - TRIM], axis=0), axis=0)[0] for side in sides]
    best = int((spans[0] * spans[1]).argmin())
    axes = np.stack([side[best] @ level for side in sides])
    view = np.median(points, axis=0)
    return axes[np.argsort(np.abs(axes @ view))]


def _extent(
    points: Float[np.ndarray, "b n 3"], axis: Float[np.ndarray, "b 3"], rim: Float[np.ndarray, " b"]
) -> Float[np.ndarray, " b"]:
    """From side to side along an axis, with a share of it added on each for the points left out there."""
    along = (points @ axis[..., None])[..., 0]
    low, high = np.quantile(along, [TRIM, 1 - TRIM], axis=1)
    return (high - low) / (1 - 2 * rim)


def _level(axis: Float[np.ndarray, " 3"], up: Float[np.ndarray, "b 3"]) -> Float[np.ndarray, "b 3"]:
    """The axis, brought square to a vertical that may have moved."""
    level = axis - (up @ axis)[:, None] * up
    return level / np.linalg.norm(level, axis=-1, keepdims=True)


def _edges(
    prediction: Prediction, points: Float[np.ndarray, "n 3"], axes: Float[np.ndarray, "3 3"]
) -> tuple[tuple[Pixel, Pixel], ...]:
    """The twelve edges of the box, in pixels of the photo."""
    low, high = np.quantile(points @ axes.T, [TRIM, 1 - TRIM], axis=0)
    rim = (high - low) * TRIM / (1 - 2 * TRIM)
    low, high = low - rim, high + rim
    which = list(product((0, 1), repeat=3))
    corners = projected(prediction, np.array([np.where(choice, high, low) @ axes for choice in which]))
    pairs = [
        (a, b)
        for a, b in combinations(range(8), 2)
        if sum(x != y for x, y in zip(which[a], which[b], strict=True)) == 1
    ]
    return tuple((corners[a], corners[b]) for a, b in pairs)
