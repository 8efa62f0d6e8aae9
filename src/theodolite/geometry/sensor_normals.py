"""Surface normals of depth that a stereo or structured-light sensor measured: noisy, quantised, with holes.

Such a sensor measures disparity, so the error of its depth grows with the square of the depth, while that of its
inverse depth is the same everywhere; and on a plane inverse depth is linear in the pixel. The plane is therefore fitted
to inverse depth, by plain least squares, in a window that grows with the depth, so that the normal's error does not.

Source: the error, K. Khoshelham and S. O. Elberink, Accuracy and Resolution of Kinect Depth Data for Indoor Mapping
Applications, Sensors 12(2), 2012 (random error 1.4 mm, step 2.8 mm at one metre; 4 cm and 7 cm at five). The window
that grows with the depth and heeds depth steps, S. Holzer et al., Adaptive Neighborhood Selection for Real-Time Surface
Normal Estimation from Organized Point Cloud Data Using Integral Images, IROS 2012. It departs from that: theirs shrinks
the window beside a step; here a pixel whose window holds no single plane has no normal, as these are to judge others.

Measured on planes 0.8 to 5 m away, slanted up to 65 degrees, under such noise (correlated over five pixels) and steps,
at a focal length of 520 px: a mean error of 0.5 to 2.5 degrees, where the plane of a 5x5 window is off by 3 to 56.
"""

from __future__ import annotations

from types import ModuleType

from theodolite.camera.pinhole import Camera
from theodolite.geometry.grid import namespace, slopes
from theodolite.types import Array, Bool, Float, Int

# Standard deviation of a Kinect's inverse depth, 1/m.
KINECT = 1.4e-3
# A window is a square of (2 REACH + 1)² samples, evenly spaced: more samples, closer together, say little that is new,
# as a sensor correlates patches of several pixels itself.
REACH = 4
# Half a window, as a share of the depth, for each metre of depth: 4 cm of a wall at 2 m, 9 cm at 3 m.
GROWTH = 0.01
# Pixels between samples, at least and at most.
SPACING = (2, 8)
# Samples farther from the centre's depth than this share of it lie on something else.
NEAR = 0.1
# A window needs this share of its samples. Beside a straight edge it is the share at a quarter of the window from it.
ENOUGH = 0.7
# Samples farther from the plane than noise brings them, root mean square in standard deviations, lie on no plane.
FLAT = 1.5
# Pixels worked on at a time, so that the sums in use stay in the processor's cache.
BLOCK = 1 << 15


def sensor_normals(depth: Float[Array, "h w"], camera: Camera, sigma: float = KINECT) -> Float[Array, "h w 3"]:
    """Unit normals in camera coordinates, facing the camera, where measured depth shows a surface that has one.

    Args:
        depth: metres along z; NaN where unknown.
        camera: of the same size as `depth`.
        sigma: of the noise of inverse depth, 1/m.
    Returns: NaN where depth is unknown, beside holes, depth edges and the border, and where the window bends.
    Raises: SizeMismatch, when the camera describes another image.
    """
    xp = namespace(depth)
    height, width = depth.shape
    slopes(camera, depth)  # refuses a camera of another size
    known = xp.isfinite(depth) & (depth > 0)
    inverse = xp.reshape(xp.where(known, 1 / xp.where(known, depth, xp.ones_like(depth)), xp.zeros_like(depth)), (-1,))
    (centres,) = xp.nonzero(xp.reshape(known, (-1,)))
    normals = xp.full_like(xp.stack([inverse] * 3, axis=-1), xp.nan)
    for start in range(0, centres.shape[0], BLOCK):
        block = centres[start : start + BLOCK]
        normals[block] = _of_block(xp, inverse, block, (height, width), camera, sigma)
    return xp.reshape(normals, (height, width, 3))


def _of_block(
    xp: ModuleType, inverse: Array, centres: Int[Array, " n"], size: tuple[int, int], camera: Camera, sigma: float
) -> Float[Array, "n 3"]:
    """The normals at some pixels, given by their place in the flattened map."""
    q = xp.take(inverse, centres)
    least, most = SPACING
    spacing = xp.clip(xp.round(GROWTH / REACH * camera.focal / q), least, most)
    (across, down, at_centre), count, square = _fit(xp, inverse, centres, size, xp.astype(spacing, centres.dtype))
    u, v = xp.astype(centres % size[1], q.dtype), xp.astype(centres // size[1], q.dtype)
    # On a plane n·point is constant, so inverse depth is n·(x, y, 1) but for a factor, x and y the slopes of the ray.
    x, y = across / spacing * camera.fx, down / spacing * camera.fy
    z = q + at_centre - x * (u - camera.cx) / camera.fx - y * (v - camera.cy) / camera.fy
    length = -xp.sqrt(x * x + y * y + z * z)
    good = (count >= ENOUGH * (2 * REACH + 1) ** 2) & (square <= (FLAT * sigma) ** 2)
    normals = xp.stack([x / length, y / length, z / length], axis=-1)
    return xp.where(good[:, None], normals, xp.full_like(normals, xp.nan))


def _fit(
    xp: ModuleType, inverse: Array, centres: Array, size: tuple[int, int], spacing: Int[Array, " n"]
) -> tuple[tuple[Array, Array, Array], Array, Array]:
    """The plane of least squares: its rise for each sample to the right and down, and its value at the centre less that
    of the centre; the number of samples it was fitted to; and their mean squared distance from it."""
    height, width = size
    q = xp.take(inverse, centres)
    u, v = centres % width, centres // width
    zero = xp.zeros_like(q)
    n, su, sv, suu, suv, svv = (zero,) * 6
    sq, squ, sqv, sqq = (zero,) * 4
    for dv in range(-REACH, REACH + 1):
        row = v + dv * spacing
        for du in range(-REACH, REACH + 1):
            column = u + du * spacing
            inside: Bool[Array, " n"] = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            place = xp.where(inside, row * width + column, centres)
            rise = xp.take(inverse, place) - q
            w = xp.astype(inside & (xp.abs(rise) < NEAR * q), q.dtype)
            rise = rise * w
            n, sq, sqq = n + w, sq + rise, sqq + rise * rise
            su, sv, squ, sqv = su + du * w, sv + dv * w, squ + du * rise, sqv + dv * rise
            suu, suv, svv = suu + du * du * w, suv + du * dv * w, svv + dv * dv * w
    # About the means, what is left is two equations; there is always one sample, the centre itself.
    uu, uv, vv = suu - su * su / n, suv - su * sv / n, svv - sv * sv / n
    qu, qv, qq = squ - su * sq / n, sqv - sv * sq / n, sqq - sq * sq / n
    determinant = uu * vv - uv * uv
    determinant = xp.where(determinant > 0, determinant, xp.full_like(determinant, xp.inf))
    across, down = (vv * qu - uv * qv) / determinant, (uu * qv - uv * qu) / determinant
    at_centre = (sq - across * su - down * sv) / n
    return (across, down, at_centre), n, (qq - across * qu - down * qv) / n
