"""Depth edges: where the step from pixel to pixel runs along the line of sight, so that no surface can be there.

A bare ratio of depths calls a road towards the horizon an edge, and misses a small step on a near desk; the angle
between step and line of sight tells the two apart, at every distance. What is seen flat but goes on evenly to both
sides, as that road does far away, is a surface at any angle; and so is what goes the way that known normals say.
"""

from __future__ import annotations

import math
from types import ModuleType

from theodolite.camera.pinhole import Camera
from theodolite.geometry.grid import Intrinsics, namespace
from theodolite.geometry.unproject import unproject
from theodolite.types import Array, Bool, Float

# Below this angle a step is an edge. Found by eye on scenes with true depth: less leaves teeth along outlines.
DEGREES = 6.0
# A surface goes on if over this many samples its inverse depth, linear on a plane, changes as it does in the step
# itself, to within this share. More samples than the few over which networks blur an edge.
REACH = 8
EVEN = 0.5
# Where normals are known, a flat step is surface if it is at most so many times as long as they say, at both ends.
LONGER = 3.0


def depth_edges(
    depth: Float[Array, "*batch h w"], camera: Camera | Intrinsics, degrees: float = DEGREES
) -> Bool[Array, "*batch h w"]:
    """True on both sides of a depth edge.

    Args:
        depth: metres along z. Unknown pixels (NaN) are no edge, nor is the border of a region of them.
        degrees: a step that meets the line of sight at less than this is an edge, unless the surface goes on.
    """
    xp = namespace(depth)
    points = unproject(depth, camera)
    across, down = edge_steps(points, -2, degrees), edge_steps(points, -3, degrees)
    column = xp.zeros_like(across[..., :1])
    row = xp.zeros_like(down[..., :1, :])
    across = xp.concat([across, column], axis=-1) | xp.concat([column, across], axis=-1)
    down = xp.concat([down, row], axis=-2) | xp.concat([row, down], axis=-2)
    return across | down


def edge_steps(
    points: Float[Array, "*batch h w 3"],
    axis: int,
    degrees: float = DEGREES,
    normals: Float[Array, "*batch h w 3"] | None = None,
) -> Bool[Array, "..."]:
    """Which steps from each point of a grid to the next one are depth edges: one fewer than points.

    Args:
        points: camera coordinates; a step to or from an unknown one (NaN) is none.
        axis: -2 for steps to the right, -3 for steps down.
        normals: of the surface, not of `points` themselves, whose normals go along with every edge; NaN where unknown.
    """
    xp = namespace(points)
    a, b = _along(points, axis, 0, -1), _along(points, axis, 1, None)
    step, sight = b - a, b + a  # twice the ray through the middle of the step
    forward = _dot(step, sight)
    # cos² > cos²(limit), without a root or a division: this runs over every pair of neighbours.
    lengths = _dot(step, step) * _dot(sight, sight)
    flat = forward * forward > lengths * math.cos(math.radians(degrees)) ** 2
    edge = flat & ~_goes_on(xp, points, axis)
    if normals is not None:
        ends = (a, _along(normals, axis, 0, -1)), (b, _along(normals, axis, 1, None))
        one, other = (_along_surface(xp, step[edge], point[edge], normal[edge]) for point, normal in ends)
        edge[edge] = ~(one & other)
    return edge


def _along_surface(xp: ModuleType, step: Array, point: Array, normal: Array) -> Bool[Array, "..."]:
    """Whether flat steps stay near the plane through one of their ends."""
    # A step k times as long as the plane's leaves it by 1 - 1/k of what the line of sight does.
    off = xp.abs(_dot(step, normal)) * xp.sqrt(_dot(point, point))
    sight = xp.abs(_dot(point, normal)) * xp.sqrt(_dot(step, step))
    return off < sight * (1 - 1 / LONGER)


def _dot(a: Float[Array, "*any 3"], b: Float[Array, "*any 3"]) -> Float[Array, "*any"]:
    # Written out: several times as fast as a sum over an axis of three.
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def _goes_on(xp: ModuleType, points: Float[Array, "*batch h w 3"], axis: int) -> Bool[Array, "..."]:
    """Whether inverse depth changes before and after each step as it does in it; one unknown side is forgiven."""
    depth = points[..., 2]
    inverse = 1 / xp.where(depth > 0, depth, xp.full_like(depth, xp.nan))
    # Where on the image plane, so that samples may be unevenly spaced.
    place, axis = points[..., -2 - axis] * inverse, axis + 1
    step = _slope(inverse, place, axis, 1)
    if inverse.shape[axis] <= REACH:
        return xp.zeros_like(step, dtype=xp.bool)
    unknown = xp.full_like(_along(inverse, axis, 0, REACH), xp.nan)
    slope = _slope(inverse, place, axis, REACH)
    before = _along(xp.concat([unknown, slope], axis=axis), axis, 0, -1)
    after = _along(xp.concat([slope, unknown], axis=axis), axis, 1, None)
    limit = EVEN * xp.abs(step)
    even_before, even_after = xp.abs(before - step) < limit, xp.abs(after - step) < limit
    return (even_before | xp.isnan(before)) & (even_after | xp.isnan(after)) & (even_before | even_after)


def _slope(values: Array, place: Array, axis: int, reach: int) -> Array:
    """The change of values with place from each sample to the one so many further on."""
    change, way = (_along(v, axis, reach, None) - _along(v, axis, 0, -reach) for v in (values, place))
    return change / way


def _along(values: Array, axis: int, start: int, stop: int | None) -> Array:
    """A slice on one axis, counted from the last."""
    return values[(..., slice(start, stop), *(slice(None),) * (-axis - 1))]
