"""From a depth map to points in space and back to pixels."""

from __future__ import annotations

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.geometry.grid import Intrinsics, intrinsics_of, namespace, slopes
from theodolite.types import Array, Bool, Float


def rays(camera: Camera, like: Float[Array, "*batch h w"] | None = None) -> Float[Array, "h w 3"]:
    """Viewing ray of every pixel in camera coordinates, scaled to z = 1.

    Args:
        like: a map that gives array library, precision and device; NumPy float32 without.
    """
    if like is None:
        like = np.empty((camera.height, camera.width), dtype=np.float32)
    xp = namespace(like)
    x, y = slopes(camera, like)
    x, y = xp.broadcast_arrays(x, y)
    return xp.stack([x, y, xp.ones_like(x)], axis=-1)


def unproject(depth: Float[Array, "*batch h w"], camera: Camera | Intrinsics) -> Float[Array, "*batch h w 3"]:
    """Points of a depth map, in camera coordinates.

    Args:
        depth: metres along z; NaN where unknown.
        camera: of the same size as `depth`; for a batch of different cameras their (fx, fy, cx, cy).
    Returns: metres; NaN where depth is.
    Raises: SizeMismatch, when the camera describes another image.
    Source: Hartley & Zisserman, Multiple View Geometry, ch. 6.
    """
    xp = namespace(depth)
    x, y = slopes(camera, depth)
    return xp.stack([x * depth, y * depth, depth], axis=-1)


def project(points: Float[Array, "*any 3"], camera: Camera | Intrinsics) -> Float[Array, "*any 2"]:
    """Pixels (u, v) at which points are seen; they may lie outside the image.

    Args:
        points: camera coordinates, metres. With one camera for each image of a batch: (batch, ..., 3).
    Returns: NaN for points that are unknown, or not in front of the camera.
    """
    xp = namespace(points)
    trailing = 0 if isinstance(camera, Camera) else points.ndim - camera.ndim
    fx, fy, cx, cy = intrinsics_of(camera, trailing)
    z = points[..., 2]
    seen = z > 0
    z = xp.where(seen, z, xp.ones_like(z))
    uv = xp.stack([points[..., 0] / z * fx + cx, points[..., 1] / z * fy + cy], axis=-1)
    return xp.where(seen[..., None], uv, xp.full_like(uv, xp.nan))


def in_view(uv: Float[Array, "*any 2"], camera: Camera) -> Bool[Array, "*any"]:
    """Which pixels lie inside the camera's image, up to the outer edges of its pixels; those that are NaN do not."""
    u, v = uv[..., 0], uv[..., 1]
    with np.errstate(invalid="ignore"):
        return (u > -0.5) & (v > -0.5) & (u < camera.width - 0.5) & (v < camera.height - 0.5)
