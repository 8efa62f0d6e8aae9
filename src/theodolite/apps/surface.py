"""The zero surface of a distance field as one mesh, without seams between blocks.

Marching cubes (T. Lewiner et al., Efficient Implementation of Marching Cubes' Cases with Topological Guarantees, 2003,
of scikit-image) goes over cubes of a few blocks that share a layer of voxels with the next. A vertex lies on an edge of
the grid; where two cubes meet, both find it, and its edge says that it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from theodolite.apps.tsdf import Volume
from theodolite.apps.voxel_blocks import SIDE, keys_of
from theodolite.extras import require
from theodolite.geometry.pointcloud import PointCloud
from theodolite.types import Bool, Float, Int, UInt8

TILE = 8  # blocks along a cube
# Share of a voxel. A vertex this near a voxel's centre would lie on three edges at once.
_NUDGE = 1e-3


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh in the world, seen counter-clockwise from free space.

    Args:
        vertices: metres.
        normals: unit, towards free space.
        colours: RGB.
    """

    vertices: Float[np.ndarray, "n 3"]
    faces: Int[np.ndarray, "m 3"]
    normals: Float[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]

    @property
    def cloud(self) -> PointCloud:
        """The vertices: one point for each edge of the grid that the surface crosses."""
        return PointCloud(self.vertices, self.normals, self.colours)


def extract_surface(volume: Volume, least_views: int = 1, least_faces: int = 0) -> Surface:
    """The mesh of a volume; without faces where there is none.

    Args:
        least_views: voxels near a surface seen by fewer views are left out.
        least_faces: pieces of the mesh with fewer triangles are left out.
    Raises: MissingExtra.
    """
    cubes = require("skimage.measure", "recon", "Making a mesh").marching_cubes
    vertices, edges, faces, count = [], [], [], 0
    for corner, distance, known in _tiles(volume, least_views):
        if not (known & (distance < 0)).any():
            continue
        mask = np.zeros_like(known)
        mask[1:, 1:, 1:] = _whole_cells(known)
        try:
            found, triangles, _, _ = cubes(distance, 0.0, mask=mask)
        except (RuntimeError, ValueError):  # no surface in this cube
            continue
        vertices.append(found + corner)
        edges.append(_edges(found, corner))
        faces.append(triangles.astype(np.int64) + count)
        count += len(found)
    if not count:
        empty = np.empty((0, 3), np.float32)
        return Surface(empty, np.empty((0, 3), np.int32), empty, np.empty((0, 3), np.uint8))
    return _finished(volume, np.concatenate(vertices), np.concatenate(edges), np.concatenate(faces), least_faces)


def _finished(
    volume: Volume,
    vertices: Float[np.ndarray, "n 3"],
    edges: Int[np.ndarray, "n 4"],
    faces: Int[np.ndarray, "m 3"],
    least_faces: int,
) -> Surface:
    """Vertices of the same edge are made one; vertices in voxels become metres."""
    _, first, same = np.unique(keys_of(edges[:, :3]) * 4 + edges[:, 3], return_index=True, return_inverse=True)
    faces = same[faces]
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    if least_faces > 1:
        faces = _without_small_pieces(faces, len(first), least_faces)
    used = np.zeros(len(first), bool)
    used[faces] = True
    first, faces = first[used], (np.cumsum(used) - 1)[faces]
    places = vertices[first]
    colours = _colours(volume, places, edges[first])
    metres = places * volume.grid.voxel
    normals = _normals(metres, faces)
    return Surface(metres.astype(np.float32), faces.astype(np.int32), normals.astype(np.float32), colours)


def _tiles(volume: Volume, least_views: int) -> Iterator[tuple[np.ndarray, np.ndarray, Bool[np.ndarray, "x y z"]]]:
    """Lowest voxel, distances and what is known of each cube of blocks, with one layer of the next on the far sides."""
    blocks = volume.blocks
    places = blocks.places
    tiles = np.unique(places // TILE, axis=0)
    offsets = np.stack(np.meshgrid(*[np.arange(TILE + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    size, side = (TILE + 1) * SIDE, TILE * SIDE + 1
    # A voxel far in front of a surface is known to be free by any view.
    known = blocks.seen()
    if least_views > 1:
        known = known & ((blocks.views >= least_views) | (blocks.views == 0))
    least = _NUDGE * volume.grid.voxel
    for tile in tiles:
        rows = blocks.rows(tile * TILE + offsets)
        there = rows >= 0
        distance = np.full((size, size, size), volume.grid.truncation, np.float32)
        seen = np.zeros((size, size, size), bool)
        for row, (i, j, k) in zip(rows[there], offsets[there] * SIDE, strict=True):
            at = np.s_[i : i + SIDE, j : j + SIDE, k : k + SIDE]
            distance[at] = blocks.distance[row].reshape(SIDE, SIDE, SIDE)
            seen[at] = known[row].reshape(SIDE, SIDE, SIDE)
        distance, seen = distance[:side, :side, :side], seen[:side, :side, :side]
        small = np.abs(distance) < least
        yield tile * TILE * SIDE, np.where(small, np.where(distance < 0, -least, least), distance), seen


def _whole_cells(known: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x-1 y-1 z-1"]:
    """Cells between voxels whose eight corners are known."""
    along = known[1:] & known[:-1]
    across = along[:, 1:] & along[:, :-1]
    return across[:, :, 1:] & across[:, :, :-1]


def _edges(vertices: Float[np.ndarray, "n 3"], corner: Int[np.ndarray, "3"]) -> Int[np.ndarray, "n 4"]:
    """The grid's edge each vertex lies on: the voxel where it begins, and its axis; 3 for a rare one inside a cell."""
    begin = np.floor(vertices)
    share = vertices - begin
    axis = np.where((share > 0).sum(axis=1) > 1, 3, np.argmax(share, axis=1))
    return np.column_stack([begin.astype(np.int64) + corner, axis])


def _colours(
    volume: Volume, places: Float[np.ndarray, "n 3"], edges: Int[np.ndarray, "n 4"]
) -> UInt8[np.ndarray, "n 3"]:
    """Between the colours of the two voxels that an edge joins."""
    begin, axis = edges[:, :3], edges[:, 3]
    end = begin + np.eye(4, 3, dtype=np.int64)[axis]  # the same voxel for a vertex inside a cell
    share = (places - begin).max(axis=1, keepdims=True)
    near, far = (volume.blocks.colour[volume.blocks.at(voxels)] for voxels in (begin, end))
    return np.clip(np.rint(near + share * (far - near)), 0, 255).astype(np.uint8)


def _normals(vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"]) -> Float[np.ndarray, "n 3"]:
    """Mean of the triangles around each vertex, by their area."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(across[:, axis], 3), len(vertices)) for axis in range(3)],
        axis=-1,
    )
    total = total.astype(float)  # without any face they would be whole numbers
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.divide(total, length, out=np.zeros_like(total), where=length > 0)


def _without_small_pieces(faces: Int[np.ndarray, "m 3"], vertices: int, least: int) -> Int[np.ndarray, "k 3"]:
    """Triangles of pieces of at least so many: each vertex takes the lowest number around it, until all agree."""
    label = np.arange(vertices)
    while True:
        lowest = label[faces].min(axis=1)
        new = label.copy()
        for corner in range(3):
            np.minimum.at(new, faces[:, corner], lowest)
        new = new[new]  # jump to the lowest number of the lowest number
        if np.array_equal(new, label):
            break
        label = new
    counts = np.bincount(label[faces[:, 0]], minlength=vertices)
    return faces[counts[label[faces[:, 0]]] >= least]
