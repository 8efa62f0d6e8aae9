"""Maps of a view onto the pixels of its picture as stored, lens distortion included: those are what trainers read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from theodolite.apps.priors.predictions import Maps
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.pinhole import Camera
from theodolite.geometry.unproject import in_view
from theodolite.types import Array, Bool, Float

_ROWS = 128  # at a time, to bound memory


@lru_cache(maxsize=2)
def picture_grid(lens: CalibratedCamera, camera: Camera) -> PictureGrid:
    """The grid, kept for the next picture of the same camera."""
    return PictureGrid(lens, camera)


class PictureGrid:
    """Where on a view's maps each pixel of its picture is.

    Depth is along the optical axis and normals are in the camera's axes; the lens changes neither, just the pixel that
    a ray falls on.

    Args:
        lens: camera of the picture as stored.
        camera: of the maps, a pinhole that looks in the same direction.
    """

    def __init__(self, lens: CalibratedCamera, camera: Camera) -> None:
        grid = lens.camera
        self.plain = lens.distortion is None and (grid.width, grid.height) == (camera.width, camera.height)
        self.plain = self.plain and bool(np.allclose(grid.K, camera.K, atol=1e-6))
        self._size = camera.height, camera.width
        if self.plain:
            return
        x = (np.arange(grid.width) - grid.cx) / grid.fx
        y = (np.arange(grid.height) - grid.cy) / grid.fy
        rays = np.stack(np.meshgrid(x, y), axis=-1)
        if lens.distortion is not None:
            for start in range(0, len(rays), _ROWS):
                with np.errstate(all="ignore"):  # beyond its range a lens has no ray
                    rays[start : start + _ROWS] = lens.distortion.undistort(rays[start : start + _ROWS])
        uv = rays * (camera.fx, camera.fy) + (camera.cx, camera.cy)
        self.inside = inside = in_view(uv, camera)
        self._uv = np.where(inside[..., None], uv, 0).astype(np.float32)

    def nearest(self, values: Array, outside: Any) -> Array:
        """Of the nearest pixel.

        Args:
            outside: value where the picture shows more than the maps.
        """
        if self.plain:
            return values
        u, v = np.clip(np.rint(self._uv), 0, (self._size[1] - 1, self._size[0] - 1)).astype(np.int32).transpose(2, 0, 1)
        inside = self.inside if values.ndim == 2 else self.inside[..., None]
        return np.where(inside, values[v, u], outside)

    def depth(self, maps: Maps) -> Float[np.ndarray, "h w"]:
        """Predicted metres: inverse depth between four pixels, exact on planes; the nearest one's beside an edge."""
        near = self.nearest(maps.depth, np.float32(np.nan))
        if self.plain:
            return near
        with np.errstate(divide="ignore"):
            mixed = 1 / self._between(1 / maps.depth)
        smooth = ~self.nearest(maps.edges, True) & np.isfinite(mixed)
        return np.where(smooth, mixed, near).astype(np.float32)

    def normals(self, maps: Maps) -> Float[np.ndarray, "h w 3"]:
        """Unit; facing the camera where the picture shows more than the maps, as the trainers know no unknown one."""
        straight = np.array([0, 0, -1], np.float32)
        known = np.isfinite(maps.normals).all(-1, keepdims=True)
        filled = np.where(known, maps.normals, straight)
        if not self.plain:
            filled = np.stack([self._between(filled[..., axis]) for axis in range(3)], axis=-1)
            filled = np.where(self.inside[..., None], filled, straight)
        length = np.linalg.norm(filled, axis=-1, keepdims=True)
        return np.where(length > 1e-3, filled / np.maximum(length, 1e-3), straight).astype(np.float32)

    def mask(self, mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "rows columns"]:
        """False where the picture shows more than the maps."""
        return self.nearest(mask, False)

    def _between(self, values: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "rows columns"]:
        height, width = self._size
        u = np.clip(self._uv[..., 0], 0, width - 1)
        v = np.clip(self._uv[..., 1], 0, height - 1)
        left = np.minimum(u.astype(np.int32), max(width - 2, 0))
        top = np.minimum(v.astype(np.int32), max(height - 2, 0))
        across, down = u - left, v - top
        right, below = min(1, width - 1), min(1, height - 1)
        upper = values[top, left] * (1 - across) + values[top, left + right] * across
        lower = values[top + below, left] * (1 - across) + values[top + below, left + right] * across
        return upper * (1 - down) + lower * down
