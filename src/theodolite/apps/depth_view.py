"""One view of a scene as the distance field takes it in: how far points are from the surface it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.apps.voxel_blocks import SIDE
from theodolite.camera.pinhole import Camera
from theodolite.geometry.unproject import rays
from theodolite.types import Bool, Float, UInt8

# Seen flatter than this (cosine), a surface's distance is not told by its depth.
_FLATTEST = 0.1
# Voxels behind a surface learn from it no further along the ray than this many truncations.
_DEEPEST = 1.5


@dataclass(frozen=True)
class Grid:
    """How finely, how far and how thick.

    Args:
        voxel: side of a voxel, metres.
        farthest: depth beyond which nothing is fused, metres.
        truncation: distance from the surface up to which voxels learn it, metres.
        growth: the same as a share of depth, where that is more: errors grow with depth.
        most_megabytes: memory for voxels. Beyond it nothing new is taken in, and `Volume.refused` counts.
    """

    voxel: float = 0.02
    farthest: float = 5.0
    truncation: float = 0.08
    growth: float = 0.0
    most_megabytes: float = 2000.0

    def __post_init__(self) -> None:
        for name in ("voxel", "farthest", "truncation", "most_megabytes"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ValueError(f"A grid's {name} is a positive number, got {value!r}.")
        if not 0 <= self.growth < 1:
            raise ValueError(f"A grid's growth is a share of the depth, got {self.growth!r}.")
        if self.truncation < 1.5 * self.voxel:
            raise ValueError(f"A truncation of {self.truncation:g} m needs voxels of at most two thirds of it.")

    @property
    def block(self) -> float:
        """Side of a block, metres."""
        return SIDE * self.voxel


@dataclass(frozen=True, eq=False)
class DepthView:
    """What one view adds.

    Args:
        depth: metres along z; NaN where unknown.
        normals: camera coordinates, facing the camera; NaN where unknown.
        weight: how much each pixel counts beside others, without angle and distance; one for all.
        image: RGB.
    """

    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"]
    weight: Float[np.ndarray, "h w"]
    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera
    world_from_camera: Float[np.ndarray, "4 4"]


@dataclass(frozen=True, eq=False)
class SurfaceMaps:
    """A view's maps as flat arrays, ready to be looked up.

    Args:
        slant: distance to the plane at the pixel for each metre of depth in front of it.
    """

    inverse_depth: Float[np.ndarray, " pixels"]
    slant: Float[np.ndarray, " pixels"]
    weight: Float[np.ndarray, " pixels"]
    truncation: Float[np.ndarray, " pixels"]
    image: UInt8[np.ndarray, "pixels 3"]
    valid: Bool[np.ndarray, "h w"]
    depth: Float[np.ndarray, "h w"]
    camera: Camera

    @classmethod
    def of(cls, view: DepthView, grid: Grid) -> SurfaceMaps:
        depth = view.depth.astype(np.float32)
        with np.errstate(invalid="ignore"):
            valid = (depth > 0) & (depth <= grid.farthest) & (view.weight > 0) & np.isfinite(view.normals).all(-1)
        ray = rays(view.camera)
        # Distance to the plane at the pixel, for each metre of depth: -normal · ray, the cosine times the ray's length.
        slant = -(view.normals * ray).sum(-1)
        length = np.sqrt((ray * ray).sum(-1))
        cosine = np.where(valid, slant / length, 0)
        valid &= cosine > _FLATTEST
        safe = np.where(valid, depth, 1)
        return cls(
            np.where(valid, 1 / safe, 0).astype(np.float32).ravel(),
            np.where(valid, slant, 1).astype(np.float32).ravel(),
            np.where(valid, view.weight * cosine / (safe * safe), 0).astype(np.float32).ravel(),
            np.maximum(grid.truncation, grid.growth * safe).astype(np.float32).ravel(),
            view.image.reshape(-1, 3),
            valid,
            np.where(valid, depth, np.float32(np.nan)),
            view.camera,
        )

    def sample(self, points: Float[np.ndarray, "n 3"]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Which points are seen in front of or little behind a surface, at which pixel, and how far from it."""
        x, y, z = points.T
        camera = self.camera
        with np.errstate(all="ignore"):
            u = x / z * np.float32(camera.fx) + np.float32(camera.cx)
            v = y / z * np.float32(camera.fy) + np.float32(camera.cy)
            inside = (z > 0) & (u >= 0) & (v >= 0) & (u <= camera.width - 1) & (v <= camera.height - 1)
        at = np.flatnonzero(inside)
        if not len(at):
            return None
        u, v, z = u[at], v[at], z[at]
        pixel = np.rint(v).astype(np.int64) * camera.width + np.rint(u).astype(np.int64)
        known = self.inverse_depth[pixel] > 0
        at, u, v, z, pixel = at[known], u[known], v[known], z[known], pixel[known]
        depth = 1 / self._between(u, v, pixel)
        step = depth - z
        distance = step * self.slant[pixel]
        # Along the ray, too: far behind what is seen aslant, its plane tells nothing.
        kept = np.minimum(distance, step / _DEEPEST) > -self.truncation[pixel]
        return at[kept], pixel[kept], distance[kept]

    def _between(self, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Float[np.ndarray, " n"]:
        """Inverse depth between four pixels, exact on planes; that of the nearest pixel beside an edge."""
        width = self.camera.width
        left = np.minimum(u.astype(np.int64), width - 2)
        top = np.minimum(v.astype(np.int64), self.camera.height - 2)
        first = top * width + left
        across, down = u - left, v - top
        a, b, c, d = (self.inverse_depth[first + step] for step in (0, 1, width, width + 1))
        mixed = (a + (b - a) * across) * (1 - down) + (c + (d - c) * across) * down
        nearest = self.inverse_depth[pixel]
        low, high = np.minimum(np.minimum(a, b), np.minimum(c, d)), np.maximum(np.maximum(a, b), np.maximum(c, d))
        # On a plane the four differ by little, however flat it is seen: no more than the truncation.
        smooth = (low > 0) & ((high - low) * self.slant[pixel] < self.truncation[pixel] * low * high)
        return np.where(smooth, mixed, nearest)
