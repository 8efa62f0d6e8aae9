"""The pixel grid as ray slopes: what unprojecting, rays and normals share."""

from __future__ import annotations

from types import ModuleType

import array_api_compat

from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch
from theodolite.types import Array, Float

# A batch whose images have different cameras gives fx, fy, cx, cy of each, in the array library of the maps.
Intrinsics = Float[Array, "*batch 4"]


def namespace(*arrays: Array) -> ModuleType:
    """The array library the arrays belong to."""
    return array_api_compat.array_namespace(*arrays)


def check_size(camera: Camera | Intrinsics, height: int, width: int) -> None:
    """Raises: SizeMismatch, when the camera describes another image."""
    if isinstance(camera, Camera) and (camera.height, camera.width) != (height, width):
        raise SizeMismatch(
            f"A map of {width}x{height} px needs a camera of that size, got one of {camera.width}x{camera.height}. "
            f"Camera.resized(width, height) makes it fit."
        )


def intrinsics_of(camera: Camera | Intrinsics, trailing: int) -> tuple:
    """fx, fy, cx, cy: plain numbers of one camera, or arrays with `trailing` axes of length one for a batch."""
    if isinstance(camera, Camera):
        return camera.fx, camera.fy, camera.cx, camera.cy
    ones = (1,) * trailing
    return tuple(camera[..., i].reshape(tuple(camera.shape[:-1]) + ones) for i in range(4))


def slopes(camera: Camera | Intrinsics, like: Float[Array, "*batch h w"]) -> tuple[Array, Array]:
    """x/z along a row (1, w) and y/z along a column (h, 1): the tangents of each pixel's viewing ray.

    Args:
        camera: of the size of `like`, or the intrinsics of every image in the batch.
        like: a map that gives size, array library, precision and device.
    Raises: SizeMismatch, when the camera describes another image.
    """
    height, width = like.shape[-2:]
    check_size(camera, height, width)
    xp, place = namespace(like), {"dtype": like.dtype, "device": array_api_compat.device(like)}
    fx, fy, cx, cy = intrinsics_of(camera, 2)
    u = xp.arange(width, **place)[None, :]
    v = xp.arange(height, **place)[:, None]
    return (u - cx) / fx, (v - cy) / fy


def padded(values: Array, border: int) -> Array:
    """A map (*batch, h, w) with `border` pixels of zero, or False, on each side."""
    xp, device = namespace(values), array_api_compat.device(values)
    for axis in (-1, -2):
        shape = list(values.shape)
        shape[axis] = border
        edge = xp.zeros(tuple(shape), dtype=values.dtype, device=device)
        values = xp.concat([edge, values, edge], axis=axis)
    return values
