"""Depth maps of one scene fused into a truncated signed distance field, in sparse blocks of voxels.

Source: B. Curless and M. Levoy, A Volumetric Method for Building Complex Models from Range Images, 1996; sparse blocks
as in M. Niessner et al., Real-time 3D Reconstruction at Scale using Voxel Hashing, 2013. It departs from both: the
distance is that to the plane at the pixel, not along the ray, so that views from aslant agree with others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from theodolite.apps.voxel_blocks import BYTES, SIDE, VoxelBlocks, blocks_of, keys_of
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project, rays
from theodolite.types import Bool, Float, Int, UInt8

# Blocks worked on at a time, so that a dozen arrays of their voxels stay in the processor's cache.
_CHUNK = 32
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


class Volume:
    """A scene's signed distances: zero at the surface, positive in front of it. Voxel i's centre is at i · voxel."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.blocks = VoxelBlocks(max(1, int(grid.most_megabytes * 1e6 / (BYTES * SIDE**3))))

    @property
    def megabytes(self) -> float:
        """Of all voxels so far."""
        return len(self.blocks) * BYTES * SIDE**3 / 1e6

    @property
    def refused(self) -> int:
        """Blocks that found no room."""
        return self.blocks.refused

    def integrate(self, view: DepthView) -> int:
        """Fuse a view; the number of blocks it touched."""
        grid, maps = self.grid, _Maps.of(view, self.grid)
        rows = self.blocks.add(_touched(maps, view, grid))
        everywhere = self.blocks.places
        # Blocks of other views that this one looks through learn that they are empty.
        rows = np.union1d(rows, np.flatnonzero(_in_frustum(everywhere, view, grid)))
        jobs = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
        camera_from_world = inverse(view.world_from_camera)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy lets go of the interpreter's lock
            list(pool.map(lambda job: self._update(job, everywhere[job], maps, camera_from_world), jobs))
        return len(rows)

    def _update(self, rows: Int[np.ndarray, " n"], places: Int[np.ndarray, "n 3"], maps: _Maps, motion: np.ndarray):
        points = _centres(places, self.grid.voxel) @ motion[:3, :3].T.astype(np.float32) + motion[:3, 3]
        points = points.astype(np.float32)
        sampled = maps.sample(points)
        if sampled is None:
            return
        at, pixel, distance = sampled
        distance_limit = maps.truncation[pixel]
        weight = maps.weight[pixel]
        # Behind the surface less and less is known; the other side of a thin thing may begin there.
        behind = distance < 0
        weight = np.where(behind, weight * (1 + distance / distance_limit), weight)
        row, voxel = rows[at // SIDE**3], at % SIDE**3
        near = distance < distance_limit
        distance = np.minimum(distance, distance_limit)
        store = self.blocks
        old = store.weight[row, voxel]
        share = weight / (old + weight)
        store.distance[row, voxel] += share * (distance - store.distance[row, voxel])
        store.weight[row, voxel] = old + weight
        row, voxel, pixel, share = row[near], voxel[near], pixel[near], share[near]
        # A voxel that nobody saw near a surface has no colour to keep.
        share = np.where(store.views[row, voxel] == 0, np.float32(1), share)[:, None]
        colour = store.colour[row, voxel]
        store.colour[row, voxel] = colour + share * (maps.image[pixel] - colour)
        store.views[row, voxel] += 1

    def distances(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, " n"]:
        """Signed distance of the voxel around each point of the world, metres; NaN where nothing was seen."""
        known = np.isfinite(points).all(axis=-1)
        voxels = np.rint(np.where(known[:, None], points, 0) / self.grid.voxel).astype(np.int64)
        row, place = self.blocks.at(voxels)
        known &= row >= 0
        row = np.where(known, row, 0)
        if not len(self.blocks):
            return np.full(len(points), np.nan, np.float32)
        known &= self.blocks.weight[row, place] > 0
        return np.where(known, self.blocks.distance[row, place], np.float32(np.nan))


@dataclass(frozen=True, eq=False)
class _Maps:
    """A view's maps as flat arrays, ready to be looked up."""

    inverse_depth: Float[np.ndarray, " pixels"]
    slant: Float[np.ndarray, " pixels"]
    weight: Float[np.ndarray, " pixels"]
    truncation: Float[np.ndarray, " pixels"]
    image: UInt8[np.ndarray, "pixels 3"]
    valid: Bool[np.ndarray, "h w"]
    depth: Float[np.ndarray, "h w"]
    camera: Camera

    @classmethod
    def of(cls, view: DepthView, grid: Grid) -> _Maps:
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


def _centres(places: Int[np.ndarray, "n 3"], voxel: float) -> Float[np.ndarray, "m 3"]:
    """World coordinates of all voxels of the blocks, metres."""
    return ((places[:, None] * SIDE + _WITHIN).reshape(-1, 3) * voxel).astype(np.float64)


_WITHIN = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def _touched(maps: _Maps, view: DepthView, grid: Grid) -> Int[np.ndarray, "n 3"]:
    """Blocks within the truncation of a surface, along each ray; some are named more than once."""
    # Rays no further apart than half a block at the farthest.
    stride = int(np.clip(grid.block / 2 * view.camera.focal / grid.farthest, 1, 4))
    depth, valid = maps.depth[::stride, ::stride], maps.valid[::stride, ::stride]
    ray = rays(view.camera)[::stride, ::stride][valid]
    depth = depth[valid].astype(np.float64)
    reach = np.maximum(grid.truncation, grid.growth * depth)
    found = []
    for step in _steps(float(reach.max(initial=0)), grid.block):
        points = ray * (depth + step * reach)[:, None]
        world = transform_points(view.world_from_camera, points)
        voxels = np.rint(world / grid.voxel).astype(np.int64)
        found.append(_unique(voxels >> 3))
    return np.concatenate(found) if found else np.empty((0, 3), np.int64)


def _unique(blocks: Int[np.ndarray, "n 3"]) -> Int[np.ndarray, "m 3"]:
    return blocks_of(np.unique(keys_of(blocks)))


def _steps(reach: float, block: float) -> Iterator[float]:
    """From -1 to 1 so that no block along the ray is stepped over."""
    count = max(1, int(np.ceil(reach / (block / 2))))
    yield from np.linspace(-1, 1, 2 * count + 1).tolist()


def _in_frustum(places: Int[np.ndarray, "n 3"], view: DepthView, grid: Grid) -> Bool[np.ndarray, " n"]:
    """Blocks whose middle is seen, not beyond the farthest depth."""
    middle = (places * SIDE + (SIDE - 1) / 2) * grid.voxel
    points = transform_points(inverse(view.world_from_camera), middle)
    uv = project(points, view.camera)
    with np.errstate(invalid="ignore"):
        inside = (uv >= 0).all(-1) & (uv[:, 0] <= view.camera.width - 1) & (uv[:, 1] <= view.camera.height - 1)
    return inside & (points[:, 2] < grid.farthest)
