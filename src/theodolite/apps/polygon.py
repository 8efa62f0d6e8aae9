"""Polygons in a photo: which pixels of the maps lie inside, and the area of one laid on a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theodolite.apps.evidence import Pixel, on_maps
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction
from theodolite.types import Float, Int

# Pixels of known depth that a polygon needs; and how many are looked at, evenly over it.
FEWEST, MOST = 12, 200
MOST_CORNERS = 200


def pixels_inside(
    prediction: Prediction, polygon: Sequence[Pixel], most: int = MOST
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Rows and columns of usable map pixels inside a polygon of the photo, thinned evenly.

    Raises: TheodoliteError, for fewer than three corners, corners outside the photo, or too few usable pixels.
    """
    if not 3 <= len(polygon) <= MOST_CORNERS:
        raise TheodoliteError(f"A polygon has 3 to {MOST_CORNERS} corners, got {len(polygon)}.")
    width, height = prediction.photo_size
    for u, v in polygon:
        if not (-0.5 <= u < width - 0.5 and -0.5 <= v < height - 0.5):
            raise TheodoliteError(
                f"Corner ({u:g}, {v:g}) lies outside the photo, whose pixels run from (0, 0) to "
                f"({width - 1}, {height - 1})."
            )
    corners = on_maps(prediction, polygon)
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)), np.array(prediction.size) - 1).astype(int)
    columns, rows = np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1)
    inside = _inside(columns[None], rows[:, None], corners)
    inside &= prediction.valid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    row, column = np.nonzero(inside)
    if len(row) < FEWEST:
        raise TheodoliteError(
            f"The polygon holds {len(row)} pixels of usable depth, {FEWEST} are needed. Draw it larger."
        )
    chosen = thinned(row, column, most)
    return row[chosen] + rows[0], column[chosen] + columns[0]


def thinned(row: Int[np.ndarray, " n"], column: Int[np.ndarray, " n"], most: int = MOST) -> Int[np.ndarray, " m"]:
    """Which of many pixels to keep, at most so many, evenly over the area that they cover."""
    # Pixels in a narrow strip of Roberts' R2 sequence lie as in a lattice, in any part of the picture.
    strip = (row * 0.7548776662466927 + column * 0.5698402909980532) % 1.0
    return np.arange(len(strip)) if len(strip) <= most else np.sort(np.argpartition(strip, most)[:most])


def polygon_areas(corners: Float[np.ndarray, "b k 3"]) -> Float[np.ndarray, " b"]:
    """Of flat polygons in space."""
    shifted = corners - corners[:, :1]
    crossed = np.cross(shifted, np.roll(shifted, -1, axis=1)).sum(axis=1)
    return np.linalg.norm(crossed, axis=-1) / 2


def crosses_itself(polygon: Sequence[Pixel]) -> bool:
    """Whether two sides of it cross or touch; its area then means nothing."""
    corners = np.asarray(polygon, dtype=float)
    count = len(corners)
    sides = [(corners[i], corners[(i + 1) % count]) for i in range(count)]
    return any(
        _cross(*sides[i], *sides[j])
        for i in range(count)
        for j in range(i + 2, count)
        if (i, j) != (0, count - 1)  # these two meet at the first corner
    )


def _cross(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> bool:
    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    def within(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> bool:
        return side(p, q, r) == 0 and bool((np.minimum(p, q) <= r).all() and (r <= np.maximum(p, q)).all())

    if side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0:
        return True
    return within(a, b, c) or within(a, b, d) or within(c, d, a) or within(c, d, b)


def _inside(u: np.ndarray, v: np.ndarray, corners: Float[np.ndarray, "k 2"]) -> np.ndarray:
    """By the number of sides that a ray to the right crosses."""
    found = np.zeros(np.broadcast_shapes(u.shape, v.shape), bool)
    for (u0, v0), (u1, v1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if v0 == v1:
            continue
        spans = (v0 <= v) != (v1 <= v)
        found ^= spans & (u < u0 + (v - v0) / (v1 - v0) * (u1 - u0))
    return found
