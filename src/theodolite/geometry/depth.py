"""Depth along z, distance along the ray, and inverse depth, each from the other."""

from __future__ import annotations

from theodolite.camera.pinhole import Camera
from theodolite.geometry.grid import Intrinsics, namespace, slopes
from theodolite.types import Array, Float


def distance_from_depth(depth: Float[Array, "*batch h w"], camera: Camera | Intrinsics) -> Float[Array, "*batch h w"]:
    """Metres along each pixel's ray, from metres along z. NaN stays NaN."""
    return depth * _ray_length(depth, camera)


def depth_from_distance(
    distance: Float[Array, "*batch h w"], camera: Camera | Intrinsics
) -> Float[Array, "*batch h w"]:
    """Metres along z, from metres along each pixel's ray (what a laser scanner measures). NaN stays NaN."""
    return distance / _ray_length(distance, camera)


def inverse_depth(depth: Float[Array, "*any"]) -> Float[Array, "*any"]:
    """1/depth, 1/m; NaN where depth is unknown or not positive. Infinite depth has inverse depth 0.

    It is its own undoing, but for zero: an inverse depth of 0 comes back as NaN.
    """
    xp = namespace(depth)
    usable = depth > 0
    return xp.where(usable, 1 / xp.where(usable, depth, xp.ones_like(depth)), xp.full_like(depth, xp.nan))


def _ray_length(like: Float[Array, "*batch h w"], camera: Camera | Intrinsics) -> Float[Array, "*batch h w"]:
    x, y = slopes(camera, like)
    return namespace(like).sqrt(x * x + y * y + 1)
