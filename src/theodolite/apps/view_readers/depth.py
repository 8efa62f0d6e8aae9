"""Measured depth beside posed pictures: out of its file, and onto the pixels of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.types import Float


def read_depth_steps(path: Path, steps: float, unknown: Sequence[int] = (0, 65535)) -> Float[np.ndarray, "h w"]:
    """Metres from a 16-bit grey picture.

    Args:
        steps: of a metre.
        unknown: values that mean no measurement.
    Returns: NaN where unknown.
    Raises: DatasetError, naming the file.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            values = np.asarray(picture)
    except Exception as error:  # decoders fail in every way there is
        reason = (getattr(error, "strerror", None) or str(error)).splitlines()[:1] or [type(error).__name__]
        raise DatasetError(f"{path}: measured depth cannot be read: {reason[0]}.") from error
    if values.ndim != 2 or values.dtype.kind not in "iu" or values.dtype.itemsize < 2:
        raise DatasetError(f"{path}: measured depth is 16-bit grey, found {values.dtype} {values.shape}.")
    return np.where(np.isin(values, unknown), np.float32(np.nan), values.astype(np.float32) / np.float32(steps))


def resampled(
    depth: Float[np.ndarray, "h w"], lens: CalibratedCamera, camera: Camera
) -> Float[np.ndarray, "rows columns"]:
    """Depth on another camera's pixels, from the same place: the nearest measurement, none in between.

    Args:
        depth: at the lens's size, or another of its shape.
        lens: what the depth map was taken through, or the picture it is registered to.
        camera: whose pixels are wanted; it looks in the same direction.
    Returns: NaN where unknown, or beyond the depth map.
    """
    height, width = depth.shape
    grid = lens.camera.resized(width, height)
    if (
        lens.distortion is None
        and grid.K.tolist() == camera.K.tolist()
        and (camera.width, camera.height)
        == (
            width,
            height,
        )
    ):
        return depth
    x = (np.arange(camera.width) - camera.cx) / camera.fx
    y = (np.arange(camera.height) - camera.cy) / camera.fy
    rays = np.stack(np.meshgrid(x, y), axis=-1)
    if lens.distortion is not None:
        folded = np.square(rays).sum(-1) >= lens.distortion.folds_at() ** 2
        with np.errstate(all="ignore"):  # outside its range a model may blow up
            rays = np.where(folded[..., None], np.nan, lens.distortion.distort(rays))
    uv = rays * (grid.fx, grid.fy) + (grid.cx, grid.cy)
    uv = np.rint(np.where(np.isfinite(uv), uv, -1)).astype(np.int64)
    inside = (uv >= 0).all(-1) & (uv[..., 0] < width) & (uv[..., 1] < height)
    u, v = np.where(inside[..., None], uv, 0).transpose(2, 0, 1)
    return np.where(inside, depth[v, u], np.float32(np.nan))


def depth_reader(path: Path, steps: float, depth_camera: Camera | None = None, camera: Camera | None = None) -> partial:
    """A `View.read_depth` for a 16-bit picture, taken by a depth camera of its own where there are two cameras."""
    if depth_camera is None or camera is None or same_rays(depth_camera, camera):
        return partial(read_depth_steps, path, steps)
    return partial(_on_rays, path, steps, depth_camera, camera)


def same_rays(first: Camera, second: Camera) -> bool:
    """Whether two cameras see the same, up to their pixels; within a hundredth of a pixel."""
    second = second.resized(first.width, first.height)
    return bool(np.allclose(first.K, second.K, rtol=0, atol=0.01))


def _on_rays(path: Path, steps: float, depth_camera: Camera, camera: Camera) -> Float[np.ndarray, "h w"]:
    return resampled(read_depth_steps(path, steps), CalibratedCamera(depth_camera), camera)
