"""A textured mesh over the pixel grid, cut at depth edges."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from theodolite.geometry.edges import DEGREES, edge_steps
from theodolite.geometry.pointcloud import VIEWER_FROM_CAMERA
from theodolite.geometry.pose import transform_normals, transform_points
from theodolite.types import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles, seen counter-clockwise from the camera.

    Args:
        vertices: metres.
        faces: three vertex numbers each.
        uv: place in the picture: (0, 0) its top-left corner, (1, 1) its bottom-right one.
        normals: unit, of the vertices.
    """

    vertices: Float[np.ndarray, "n 3"]
    faces: Int[np.ndarray, "m 3"]
    uv: Float[np.ndarray, "n 2"]
    normals: Float[np.ndarray, "n 3"] | None = None

    def transformed(self, motion: Float[np.ndarray, "4 4"]) -> Mesh:
        """The mesh moved rigidly, for instance by world_from_camera."""
        motion = motion.astype(self.vertices.dtype)
        normals = None if self.normals is None else transform_normals(motion, self.normals)
        return replace(self, vertices=transform_points(motion, self.vertices), normals=normals)

    def in_viewer_axes(self) -> Mesh:
        """From camera axes to those of viewers and glTF: x right, y up, z backward."""
        return self.transformed(VIEWER_FROM_CAMERA)

    def of(self, faces: Int[np.ndarray, "k 3"]) -> Mesh:
        """Some of its triangles, with the vertices that they need."""
        used = np.zeros(len(self.vertices), dtype=bool)
        used[faces] = True
        number = (np.cumsum(used) - 1).astype(faces.dtype)
        normals = None if self.normals is None else self.normals[used]
        return Mesh(self.vertices[used], number[faces], self.uv[used], normals)

    def with_all_normals(self) -> Mesh:
        """Vertices of unknown normal, (0, 0, 0), get that of the triangles around them, by area; all become unit."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        around = np.zeros_like(self.vertices)
        np.add.at(around, self.faces, np.cross(b - a, c - a)[:, None])
        normals = (
            around if self.normals is None else np.where(self.normals.any(-1, keepdims=True), self.normals, around)
        )
        length = np.linalg.norm(normals, axis=-1, keepdims=True)
        # What has no direction at all, as where all triangles are without area, looks at the camera.
        towards = -self.vertices / np.linalg.norm(self.vertices, axis=-1, keepdims=True)
        return replace(self, normals=np.where(length > 0, normals / np.where(length > 0, length, 1), towards))


def grid_mesh(
    points: Float[np.ndarray, "h w 3"],
    valid: Bool[np.ndarray, "h w"],
    normals: Float[np.ndarray, "h w 3"] | None = None,
    stride: int = 1,
    degrees: float = DEGREES,
) -> Mesh:
    """Two triangles between each four neighbouring pixels, where all corners are valid and no depth edge is crossed.

    Args:
        points: camera coordinates, metres.
        normals: of the pixels; unknown ones become (0, 0, 0).
        stride: every so many pixels is a vertex.
        degrees: a side that meets the line of sight at less than this is a depth edge, see `geometry.edges`.
    """
    height, width = valid.shape
    rows, columns = np.arange(0, height, stride), np.arange(0, width, stride)
    chosen = np.ix_(rows, columns)
    own = None if normals is None else normals[chosen]
    upper, lower = whole_triangles(points[chosen], valid[chosen], degrees, own)
    number = np.arange(len(rows) * len(columns)).reshape(len(rows), len(columns))
    tl, tr, bl, br = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    faces = np.concatenate(
        [np.stack([tl, bl, tr], axis=-1)[upper], np.stack([tr, bl, br], axis=-1)[lower]],
    )
    used = np.zeros(number.size, dtype=bool)
    used[faces] = True
    renumbered = (np.cumsum(used) - 1).astype(np.int32)
    u, v = np.meshgrid((columns + 0.5) / width, (rows + 0.5) / height)
    return Mesh(
        points[chosen].reshape(-1, 3)[used],
        renumbered[faces],
        np.stack([u, v], axis=-1).reshape(-1, 2)[used].astype(np.float32),
        None if own is None else np.nan_to_num(own.reshape(-1, 3)[used]),
    )


def whole_triangles(
    points: Float[np.ndarray, "h w 3"],
    valid: Bool[np.ndarray, "h w"],
    degrees: float = DEGREES,
    normals: Float[np.ndarray, "h w 3"] | None = None,
) -> tuple[Bool[np.ndarray, "h-1 w-1"], Bool[np.ndarray, "h-1 w-1"]]:
    """Which triangles of each cell of the grid are surface: the upper left one, and the lower right one."""
    # The diagonal needs no look of its own: two whole sides leave no room for an edge between their ends.
    across, down = ~edge_steps(points, -2, degrees, normals), ~edge_steps(points, -3, degrees, normals)
    diagonal = valid[:-1, 1:] & valid[1:, :-1]
    upper = diagonal & valid[:-1, :-1] & across[:-1] & down[:, :-1]
    lower = diagonal & valid[1:, 1:] & across[1:] & down[:, 1:]
    return upper, lower


def stride_for(height: int, width: int, vertices: int) -> int:
    """The smallest stride whose grid has at most so many vertices."""
    stride = max(1, math.isqrt(height * width // vertices))
    while -(-height // stride) * -(-width // stride) > vertices:
        stride += 1
    return stride
