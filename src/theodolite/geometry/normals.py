"""Surface normals of a depth map: a plane fitted to each pixel's neighbourhood, or a cross product.

Source: Metric3D v2, sec. 3.3 (least-squares normals of the depth). It departs from the published code, which crosses
differences of a lopsided stencil into vectors that shrink with the distance; here both methods are symmetric, and
their vectors unit length.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from theodolite.camera.pinhole import Camera
from theodolite.geometry.grid import Intrinsics, namespace, padded, slopes
from theodolite.types import Array, Bool, Float

# x, y and z, each a map: arithmetic on whole maps is several times as fast as on a last axis of three.
Maps = tuple[Array, Array, Array]
# Below this ratio of the two larger spreads, the neighbours lie on a line and no plane is defined.
COLLINEAR = 1e-7
# Pixels worked on at a time, so that the dozen maps in use stay in the processor's cache.
BAND = 1 << 15
NEWTON = 8


def normals_from_depth(
    depth: Float[Array, "*batch h w"], camera: Camera | Intrinsics, method: str = "plane", window: int = 5
) -> Float[Array, "*batch h w 3"]:
    """Unit normals in camera coordinates, facing the camera: normal · ray < 0.

    Args:
        depth: metres along z; NaN where unknown, and such pixels take no part in their neighbours' normals.
        camera: of the same size as `depth`; for a batch of different cameras their (fx, fy, cx, cy).
        method: "plane", the total least squares plane of a window; or "cross", the fast one, from the four neighbours.
        window: side of the square of pixels a plane is fitted to, odd.
    Returns: NaN where depth is unknown, or too few neighbours are known. Smooth across depth edges: mask them
        with `geometry.edges` where that matters.
    """
    if method == "cross":
        return cross_normals(depth, camera)
    if method == "plane":
        return plane_normals(depth, camera, window)
    raise ValueError(f"Normals come by method 'plane' or 'cross', got {method!r}.")


def cross_normals(depth: Float[Array, "*batch h w"], camera: Camera | Intrinsics) -> Float[Array, "*batch h w 3"]:
    """Normals from the vertical step crossed with the horizontal one, two-sided where both neighbours are known."""
    return _in_bands(depth, camera, 1, _crossed)


def plane_normals(
    depth: Float[Array, "*batch h w"], camera: Camera | Intrinsics, window: int = 5
) -> Float[Array, "*batch h w 3"]:
    """Normals of the plane closest, by perpendicular distance, to the known points of a window.

    At the border, and beside unknown pixels, the window holds what there is.
    """
    if window < 3 or window % 2 == 0:
        raise ValueError(f"A window has an odd side of at least 3 pixels, got {window}.")
    return _in_bands(depth, camera, window // 2, _fitted)


def _in_bands(depth: Array, camera: Camera | Intrinsics, radius: int, method: Callable[..., Maps]) -> Array:
    """The method's vectors for bands of rows, made unit and turned to the camera."""
    xp = namespace(depth)
    known = xp.isfinite(depth)
    z = xp.where(known, depth, xp.zeros_like(depth))
    x, y = slopes(camera, depth)
    points = tuple(padded(p, radius) for p in (x * z, y * z, z))
    known = padded(known, radius)
    height, width = depth.shape[-2:]
    rows = max(1, BAND // width)
    bands = []
    for top in range(0, height, rows):
        band = slice(top, min(top + rows, height) + 2 * radius)
        centre = tuple(p[..., band, :][..., radius:-radius, radius:-radius] for p in points)
        vectors = method(xp, tuple(p[..., band, :] for p in points), known[..., band, :], centre, radius)
        bands.append(_facing(xp, vectors, centre, known[..., band, :][..., radius:-radius, radius:-radius]))
    return xp.concat(bands, axis=-3)


def _beside(values: Array, radius: int, dv: int, du: int) -> Array:
    """What lies at an offset from every pixel inside the border."""
    height, width = values.shape[-2] - 2 * radius, values.shape[-1] - 2 * radius
    return values[..., radius + dv : radius + dv + height, radius + du : radius + du + width]


def _crossed(xp: ModuleType, points: Maps, known: Bool[Array, "..."], centre: Maps, radius: int) -> Maps:
    def at(dv: int, du: int) -> Maps:
        """The neighbour, or the pixel itself where that is unknown: the difference becomes one-sided."""
        there = _beside(known, radius, dv, du)
        x, y, z = (xp.where(there, _beside(p, radius, dv, du), c) for p, c in zip(points, centre, strict=True))
        return x, y, z

    ax, ay, az = (a - b for a, b in zip(at(1, 0), at(-1, 0), strict=True))
    bx, by, bz = (a - b for a, b in zip(at(0, 1), at(0, -1), strict=True))
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


def _fitted(xp: ModuleType, points: Maps, known: Bool[Array, "..."], centre: Maps, radius: int) -> Maps:
    xx, xy, xz, yy, yz, zz = _spread(xp, points, known, centre, radius)
    minors = yy * zz - yz * yz + xx * zz - xz * xz + xx * yy - xy * xy
    defined = minors > COLLINEAR
    determinant = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz)
    smallest = _smallest_root(xp, determinant, minors)
    xx, yy, zz = xx - smallest, yy - smallest, zz - smallest
    # Less its smallest eigenvalue, the spread has an adjugate of rank one, along the normal: one product finds it. The
    # others settle rounding and, unlike an eigen-decomposition, give a gradient that is right wherever a plane exists.
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    strength = xp.where(defined & (a + d + f > 0), a + d + f, xp.full_like(a, xp.inf))
    # No plane: the matrix becomes zero, hence the vector too, which later counts as unknown.
    a, b, c, d, e, f = (m / strength for m in (a, b, c, d, e, f))
    x, y, z = centre
    for _ in range(3):
        x, y, z = _unit(xp, (x, y, z))
        x, y, z = a * x + b * y + c * z, b * x + d * y + e * z, c * x + e * y + f * z
    return x, y, z


def _smallest_root(xp: ModuleType, determinant: Array, minors: Array) -> Array:
    """Smallest eigenvalue of positive matrices of unit trace: Newton's method from below, which cannot overshoot."""
    root = xp.zeros_like(determinant)
    for _ in range(NEWTON):
        value = ((root - 1) * root + minors) * root - determinant
        slope = (3 * root - 2) * root + minors
        root = root - value / xp.where(slope > COLLINEAR, slope, xp.full_like(slope, xp.inf))
    return root


def _spread(xp: ModuleType, points: Maps, known: Bool[Array, "..."], centre: Maps, radius: int) -> tuple[Array, ...]:
    """Second moments of the known neighbours about their mean, of unit sum: xx, xy, xz, yy, yz, zz."""
    count = xp.zeros_like(centre[0])
    first = [count] * 3
    second = [count] * 6
    for dv in range(-radius, radius + 1):
        for du in range(-radius, radius + 1):
            weight = xp.astype(_beside(known, radius, dv, du), count.dtype)
            # About the centre pixel: far points squared would leave float32 no digits for their differences.
            x, y, z = (weight * (_beside(p, radius, dv, du) - c) for p, c in zip(points, centre, strict=True))
            count = count + weight
            first = [s + p for s, p in zip(first, (x, y, z), strict=True)]
            second = [s + p for s, p in zip(second, (x * x, x * y, x * z, y * y, y * z, z * z), strict=True)]
    count = xp.where(count > 0, count, xp.ones_like(count))
    x, y, z = (s / count for s in first)
    products = (x * x, x * y, x * z, y * y, y * z, z * z)
    moments = [s / count - p for s, p in zip(second, products, strict=True)]
    total = moments[0] + moments[3] + moments[5]
    total = xp.where(total > 0, total, xp.ones_like(total))
    return tuple(m / total for m in moments)


def _unit(xp: ModuleType, vectors: Maps) -> Maps:
    """Vectors of unit length; those of no length stay so, with a finite gradient."""
    x, y, z = vectors
    squared = x * x + y * y + z * z
    length = xp.sqrt(xp.where(squared > 0, squared, xp.ones_like(squared)))
    return x / length, y / length, z / length


def _facing(xp: ModuleType, vectors: Maps, centre: Maps, known: Bool[Array, "..."]) -> Array:
    """Unit vectors on a last axis, turned where they point away from the camera; NaN where there are none."""
    x, y, z = _unit(xp, vectors)
    away = x * centre[0] + y * centre[1] + z * centre[2] > 0
    sign = xp.where(away, -xp.ones_like(x), xp.ones_like(x))
    normals = xp.stack([x * sign, y * sign, z * sign], axis=-1)
    defined = known & ((x != 0) | (y != 0) | (z != 0))
    return xp.where(defined[..., None], normals, xp.full_like(normals, xp.nan))
