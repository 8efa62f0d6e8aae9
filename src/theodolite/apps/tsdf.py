"""Depth maps of one scene fused into a truncated signed distance field, in sparse blocks of voxels.

Source: B. Curless and M. Levoy, A Volumetric Method for Building Complex Models from Range Images, 1996; sparse blocks
as in M. Niessner et al., Real-time 3D Reconstruction at Scale using Voxel Hashing, 2013. It departs from both: the
distance is that to the plane at the pixel, not along the ray, so that views from aslant agree with others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from theodolite.apps.depth_view import DepthView, Grid, SurfaceMaps
from theodolite.apps.voxel_blocks import BYTES, SIDE, VoxelBlocks, blocks_of, keys_of
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project, rays
from theodolite.types import Bool, Float, Int

# Blocks worked on at a time, so that a dozen arrays of their voxels stay in the processor's cache.
_CHUNK = 32


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
        grid, maps = self.grid, SurfaceMaps.of(view, self.grid)
        rows = self.blocks.add(_touched(maps, view, grid))
        everywhere = self.blocks.places
        # Blocks of other views that this one looks through learn that they are empty.
        rows = np.union1d(rows, np.flatnonzero(_in_frustum(everywhere, view, grid)))
        jobs = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
        camera_from_world = inverse(view.world_from_camera)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy lets go of the interpreter's lock
            list(pool.map(lambda job: self._update(job, everywhere[job], maps, camera_from_world), jobs))
        return len(rows)

    def _update(
        self, rows: Int[np.ndarray, " n"], places: Int[np.ndarray, "n 3"], maps: SurfaceMaps, motion: np.ndarray
    ):
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


def _centres(places: Int[np.ndarray, "n 3"], voxel: float) -> Float[np.ndarray, "m 3"]:
    """World coordinates of all voxels of the blocks, metres."""
    return ((places[:, None] * SIDE + _WITHIN).reshape(-1, 3) * voxel).astype(np.float64)


_WITHIN = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def _touched(maps: SurfaceMaps, view: DepthView, grid: Grid) -> Int[np.ndarray, "n 3"]:
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
