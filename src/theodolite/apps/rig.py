"""Whether the cameras of a rig agree: one's depth, seen from the other's place, against the other's own depth.

The canonical transform promises that a surface has the same depth in metres whichever lens looks at it. Two cameras
that see it at the same time put a number on that, without any measured depth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.geometry.align import DEVIATIONS
from theodolite.geometry.edges import depth_edges
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project, unproject
from theodolite.types import Bool, Float

# Depths this many times apart are not of one surface, whatever is wrong with their scale.
APART = 3.0
# About the median ratio, this factor either way still is one surface.
SAME = 1.35
# Pixels of a coarse grid in which one camera's points hide others of its own from the other camera, across.
COARSE = 160
FEWEST, ROUNDS = 50, 8


@dataclass(frozen=True, eq=False)
class PosedDepth:
    """One camera's depth map and its place.

    Args:
        depth: metres along z; NaN where unknown.
        camera: of the map.
        world_from_camera: rigid; any world that is common to the rig, such as the vehicle's axes.
    """

    depth: Float[np.ndarray, "h w"]
    camera: Camera
    world_from_camera: Float[np.ndarray, "4 4"]
    name: str = ""


@dataclass(frozen=True)
class Agreement:
    """Two cameras on the same surfaces.

    Args:
        ratio: median of the second camera's depth over what the first one's means there; 1 is agreement.
        spread: robust standard deviation of ln of the ratios.
        points: of the first camera that both see.
        overlap: of the first camera's points, the share that falls into the second one's picture.
    """

    ratio: float
    spread: float
    points: int
    overlap: float


def agreement(first: PosedDepth, second: PosedDepth, reach: int = 0) -> Agreement | None:
    """How two cameras agree on what both see; None where that is less than `FEWEST` points.

    Args:
        reach: pixels around a place in which the second camera's nearest known depth is taken, for sparse maps.
    """
    points, total = _points(first)
    seen = transform_points(inverse(second.world_from_camera) @ first.world_from_camera, points)
    pixels, depth = project(seen, second.camera), seen[:, 2]
    size = np.array([second.camera.width, second.camera.height])
    with np.errstate(invalid="ignore"):
        inside = ((pixels > -0.5) & (pixels < size - 0.5)).all(axis=-1)
    pixels, depth = pixels[inside], depth[inside]
    front = _foremost(pixels, depth, second.camera)
    pixels, depth = pixels[front], depth[front]
    ratio = np.log(_looked_up(second, pixels, reach) / depth)
    ratio = ratio[np.isfinite(ratio) & (np.abs(ratio) < np.log(APART))]
    middle = _settled(ratio)
    if middle is None:
        return None
    own = ratio[np.abs(ratio - middle) < np.log(SAME)]
    spread = float(DEVIATIONS * np.median(np.abs(own - middle)))
    return Agreement(float(np.exp(middle)), spread, len(own), float(inside.sum() / max(total, 1)))


def _points(view: PosedDepth) -> tuple[Float[np.ndarray, "n 3"], int]:
    """Known points away from depth edges."""
    known = np.isfinite(view.depth) & (view.depth > 0) & ~depth_edges(view.depth, view.camera)
    return unproject(view.depth.astype(float), view.camera)[known], int(known.sum())


def _foremost(
    pixels: Float[np.ndarray, "n 2"], depth: Float[np.ndarray, " n"], camera: Camera
) -> Bool[np.ndarray, " n"]:
    """Which points are not behind others, by a depth test on a coarse grid."""
    cell = max(1.0, camera.width / COARSE)
    columns, rows = int(camera.width / cell) + 2, int(camera.height / cell) + 2
    column, row = ((pixels + 0.5) / cell).astype(int).T
    place = row * columns + column
    nearest = np.full(rows * columns, np.inf)
    np.minimum.at(nearest, place, depth)
    return depth <= SAME * nearest[place]


def _looked_up(view: PosedDepth, pixels: Float[np.ndarray, "n 2"], reach: int) -> Float[np.ndarray, " n"]:
    """The view's depth at pixels, NaN at its depth edges; of sparse maps the nearest known within reach."""
    depth = np.where(depth_edges(view.depth, view.camera), np.nan, view.depth)
    offsets = sorted(
        ((dv, du) for dv in range(-reach, reach + 1) for du in range(-reach, reach + 1)),
        key=lambda offset: offset[0] ** 2 + offset[1] ** 2,
    )
    u, v = np.rint(pixels).astype(int).T
    found = np.full(len(u), np.nan)
    for dv, du in offsets:
        row, column = np.clip(v + dv, 0, view.camera.height - 1), np.clip(u + du, 0, view.camera.width - 1)
        found = np.where(np.isnan(found), depth[row, column], found)
    return np.where(found > 0, found, np.nan)


def _settled(ratio: Float[np.ndarray, " n"]) -> float | None:
    """The median of those that belong to it: what one camera sees and the other does not pulls no more."""
    if len(ratio) < FEWEST:
        return None
    middle = float(np.median(ratio))
    for _ in range(ROUNDS):
        own = ratio[np.abs(ratio - middle) < np.log(SAME)]
        if len(own) < FEWEST:
            return None
        middle = float(np.median(own))
    return middle
