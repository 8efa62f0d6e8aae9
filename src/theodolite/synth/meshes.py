"""Textured triangle meshes: a piece as it stands on its own, and one placed in a scene."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from theodolite.extras import require
from theodolite.synth.mesh_skin import Atlas
from theodolite.types import Bool, Float, Int

FLOOR, TABLE, NOWHERE = "floor", "table", "none"
ROLES = (FLOOR, TABLE, NOWHERE)
# Steps through cut-out leaves and lace before a ray counts as stopped.
_LAYERS = 8


@dataclass(frozen=True, eq=False)
class Piece:
    """n triangles in metres, z up, standing on z = 0 with the middle of their box on the z axis.

    Args:
        role: where it is placed, one of `ROLES`.
        corners, normals, uv: of the three corners of each triangle; the normals are for shading alone.
        skin: number in the atlas, of each triangle.
        cut_out: whether some skin is clear in places.
    """

    name: str
    role: str
    corners: Float[np.ndarray, "n 3 3"]
    normals: Float[np.ndarray, "n 3 3"]
    uv: Float[np.ndarray, "n 3 2"]
    skin: Int[np.ndarray, " n"]
    atlas: Atlas
    cut_out: bool = False

    def __len__(self) -> int:
        return len(self.corners)

    @cached_property
    def size(self) -> Float[np.ndarray, "3"]:
        """Width, depth and height, metres."""
        flat = self.corners.reshape(-1, 3)
        return flat.max(0) - flat.min(0)

    @cached_property
    def radius(self) -> float:
        """Of the ball about the middle of the box."""
        return float(np.linalg.norm(self.size)) / 2

    @cached_property
    def planes(self) -> Float[np.ndarray, "n 3"]:
        """Normals of the triangles, as long as twice their areas."""
        return np.cross(self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0])

    @cached_property
    def density(self) -> Float[np.ndarray, " n"]:
        """Widths of the picture that a metre of each triangle spans."""
        a, b = self.uv[:, 1] - self.uv[:, 0], self.uv[:, 2] - self.uv[:, 0]
        spanned = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
        return np.sqrt(spanned / np.maximum(np.linalg.norm(self.planes, axis=1), 1e-12))

    @cached_property
    def embree(self) -> Any:
        """Embree's tree of the triangles; built at the first ray, which takes 3 s for a million of them."""
        why = "Placing triangle meshes"
        scene = require("embreex.rtcore_scene", "train", why).EmbreeScene()
        require("embreex.mesh_construction", "train", why).TriangleMesh(scene, self.corners.astype(np.float32))
        return scene

    def first(
        self, start: Float[np.ndarray, "n 3"], direction: Float[np.ndarray, "n 3"], reach: Float[np.ndarray, " n"]
    ) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, "n 2"]]:
        """The first triangles that rays meet within `reach`.

        Returns: triangle (-1 for none), t (infinite there), and the shares of the triangle's second and third corner.
        """
        triangle = np.full(len(start), -1)
        t, shares = np.full(len(start), np.inf), np.zeros((len(start), 2))
        walked, rays = np.zeros(len(start)), np.arange(len(start))
        for _ in range(_LAYERS):
            begin = (start[rays] + walked[rays, None] * direction[rays]).astype(np.float32)
            left = (reach[rays] - walked[rays]).astype(np.float32)
            found = self.embree.run(begin, direction[rays].astype(np.float32), left, output=True)
            hit = found["primID"] >= 0
            met, rays = found["primID"][hit], rays[hit]
            if len(rays) == 0:
                break
            triangle[rays], shares[rays] = met, np.stack([found["u"][hit], found["v"][hit]], 1)
            # Embree counts in float32 from where the ray began; the plane gives t to all digits.
            plane = self.planes[met].astype(np.float64)
            along = (plane * direction[rays]).sum(1)
            exact = (plane * (self.corners[met, 0] - start[rays])).sum(1) / np.where(along == 0, 1, along)
            rough = walked[rays] + found["tfar"][hit]
            t[rays] = np.where(np.abs(exact - rough) < 1e-3 * rough + 1e-5, exact, rough)
            if not self.cut_out:
                break
            clear = self.colour(met, shares[rays], np.zeros(len(met)))[:, 3] < 0.5
            rays = rays[clear]
            walked[rays] = t[rays] * (1 + 1e-5) + 1e-5
            triangle[rays], t[rays] = -1, np.inf
            if len(rays) == 0:
                break
        return triangle, t, shares

    def stops(
        self, start: Float[np.ndarray, "n 3"], direction: Float[np.ndarray, "n 3"], reach: Float[np.ndarray, " n"]
    ) -> Bool[np.ndarray, " n"]:
        """Whether rays meet any triangle within `reach`."""
        if self.cut_out:
            return self.first(start, direction, reach)[0] >= 0
        rays = (values.astype(np.float32) for values in (start, direction, reach))
        return self.embree.run(*rays, query="OCCLUDED") >= 0

    def colour(
        self, triangle: Int[np.ndarray, " n"], shares: Float[np.ndarray, "n 2"], footprint: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n 4"]:
        """sRGB and opacity at points of triangles; `footprint` is the side of an image pixel there, metres."""
        uv = _mixed(self.uv[triangle], shares)
        return self.atlas.look_up(self.skin[triangle], uv, footprint * self.density[triangle])

    def smooth_normal(
        self, triangle: Int[np.ndarray, " n"], shares: Float[np.ndarray, "n 2"]
    ) -> Float[np.ndarray, "n 3"]:
        """Normals blended between the corners, not unit, on the side of the triangle's own normal."""
        return _mixed(self.normals[triangle], shares)


def _mixed(corners: Float[np.ndarray, "n 3 k"], shares: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n k"]:
    second, third = shares[:, :1], shares[:, 1:]
    return corners[:, 0] * (1 - second - third) + corners[:, 1] * second + corners[:, 2] * third


@dataclass(frozen=True, eq=False)
class Placed:
    """A piece in a scene: where the middle of its foot is, world coordinates, and how far it is turned, radians."""

    piece: Piece
    position: tuple[float, float, float]
    yaw: float = 0.0

    @cached_property
    def world_from_local(self) -> Float[np.ndarray, "3 3"]:
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])

    @property
    def middle(self) -> Float[np.ndarray, "3"]:
        return np.add(self.position, (0, 0, self.piece.size[2] / 2))

    @property
    def top(self) -> float:
        return self.position[2] + float(self.piece.size[2])

    @cached_property
    def footprint(self) -> Float[np.ndarray, "4 2"]:
        """Corners of the turned box on the ground, in order."""
        w, d = self.piece.size[:2] / 2
        return np.array([(-w, -d), (w, -d), (w, d), (-w, d)]) @ self.world_from_local[:2, :2].T + self.position[:2]

    def first(
        self, start: Float[np.ndarray, "n 3"], direction: Float[np.ndarray, "n 3"], reach: Float[np.ndarray, " n"]
    ) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, "n 2"]]:
        """As `Piece.first`, for rays in world coordinates."""
        return self.piece.first(*self._into(start, direction), reach)

    def stops(
        self, start: Float[np.ndarray, "n 3"], direction: Float[np.ndarray, "n 3"], reach: Float[np.ndarray, " n"]
    ) -> Bool[np.ndarray, " n"]:
        """As `Piece.stops`, for rays in world coordinates."""
        return self.piece.stops(*self._into(start, direction), reach)

    def _into(
        self, start: Float[np.ndarray, "n 3"], direction: Float[np.ndarray, "n 3"]
    ) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
        """World to local."""
        return (start - self.position) @ self.world_from_local, direction @ self.world_from_local


def near(
    meshes: Sequence[Placed],
    start: Float[np.ndarray, "n 3"],
    direction: Float[np.ndarray, "n 3"],
    reach: Float[np.ndarray, " n"],
) -> Iterator[tuple[int, Placed, Bool[np.ndarray, " n"]]]:
    """Each mesh with its number, and whether rays come near it before their end; all others miss it."""
    start, direction, reach = (values.astype(np.float32) for values in (start, direction, reach))
    # |m - s - a d|^2 in terms of products that serve all meshes, which costs a third of vectors for each.
    begin, from_origin = np.einsum("ij,ij->i", start, direction), np.einsum("ij,ij->i", start, start)
    speed = np.maximum(np.einsum("ij,ij->i", direction, direction), 1e-20)
    for number, mesh in enumerate(meshes):
        middle = mesh.middle.astype(np.float32)
        along = direction @ middle - begin
        nearest = np.clip(along / speed, 0, reach)
        away = from_origin - 2 * (start @ middle) + middle @ middle + nearest * (nearest * speed - 2 * along)
        # Squares of tens of metres are good to a square millimetre or a hundred in float32.
        yield number, mesh, away <= (mesh.piece.radius + 0.01) ** 2 + 1e-6 * from_origin
