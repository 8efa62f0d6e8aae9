"""Puts solids together: sizes in metres, frames that nest, one row of numbers for each solid."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np
import torch

from theodolite.synth import terrain
from theodolite.synth.material import Material
from theodolite.synth.shapes import ARCH, BOX, ELLIPSOID, FRUSTUM, TAPER, TERRAIN, TORUS
from theodolite.types import Float, Int

# Which lights a solid can stand in the way of. A room's shell stops the sun but not the lamp that hangs inside it.
SHADOWS_NONE, SHADOWS_SUN, SHADOWS_ALL = range(3)

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Solids:
    """Arrays over the n solids of a scene; world coordinates are x right, y ahead, z up, metres.

    Args:
        kind: one of `shapes.KINDS`.
        shape: the two shape parameters of `shapes`.
        world_from_local: columns are the half axes, metres.
        shadows: one of the `SHADOWS_` values.
        material: `Material.row` of each.
    """

    kind: Int[np.ndarray, " n"]
    shape: Float[np.ndarray, "n 2"]
    centre: Float[np.ndarray, "n 3"]
    half: Float[np.ndarray, "n 3"]
    world_from_local: Float[np.ndarray, "n 3 3"]
    local_from_world: Float[np.ndarray, "n 3 3"]
    shadows: Int[np.ndarray, " n"]
    material: Float[np.ndarray, "n m"]

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def bounds(self) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
        """Corners of the upright boxes around the solids."""
        reach = np.abs(self.world_from_local).sum(2)
        return self.centre - reach, self.centre + reach


def _rotations(angles: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3 3"]:
    """Rz(yaw) Rx(pitch) Ry(roll), radians."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(angles).T, np.sin(angles).T
    return np.stack(
        [
            np.stack([cy * cr - sy * sp * sr, -sy * cp, cy * sr + sy * sp * cr], -1),
            np.stack([sy * cr + cy * sp * sr, cy * cp, sy * sr - cy * sp * cr], -1),
            np.stack([-cp * sr, sp, cp * cr], -1),
        ],
        1,
    )


@dataclass(frozen=True)
class Builder:
    """Adds solids in a frame of its own: a shift, a turn about the vertical, and the rows shared with its parent."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    rows: list[tuple] = field(default_factory=list)

    def at(self, x: float, y: float, z: float = 0.0, yaw: float = 0.0) -> "Builder":
        """A builder whose origin and heading are given in this one's frame."""
        return Builder(*self.place((x, y, z)), self.yaw + yaw, self.rows)

    @cached_property
    def _turn(self) -> tuple[float, float]:
        return math.cos(self.yaw), math.sin(self.yaw)

    def place(self, point: Point) -> Point:
        """A point of this frame in world coordinates."""
        c, s = self._turn
        return (self.x + c * point[0] - s * point[1], self.y + s * point[0] + c * point[1], self.z + point[2])

    def _add(self, kind, centre, size, material, tilt, shape, shadows) -> None:
        yaw, pitch, roll = tilt
        self.rows.append(
            (
                (kind, shadows, *self.place(centre), *size, self.yaw + yaw, pitch, roll, *shape),
                material.row,
            )
        )

    def box(self, centre: Point, size: Point, material: Material, tilt: Point = (0, 0, 0), shadows=SHADOWS_ALL) -> None:
        """`size`: full edges. `tilt`: yaw, pitch (about x), roll (about y), radians."""
        self._add(BOX, centre, size, material, tilt, (0, 0), shadows)

    def slab(self, low: Point, high: Point, material: Material, shadows=SHADOWS_ALL) -> None:
        """A box from corner to corner, skipped when it has no volume."""
        size = tuple(b - a for a, b in zip(low, high, strict=True))
        if min(size) > 0:
            centre = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
            self._add(BOX, centre, size, material, (0, 0, 0), (0, 0), shadows)

    def ball(self, centre: Point, size: Point, material: Material, tilt: Point = (0, 0, 0)) -> None:
        """An ellipsoid of full diameters `size`."""
        self._add(ELLIPSOID, centre, size, material, tilt, (0, 0), SHADOWS_ALL)

    def tube(
        self,
        foot: Point,
        radius: float,
        height: float,
        material: Material,
        top: float | None = None,
        hollow: bool = False,
        tilt: Point = (0, 0, 0),
    ) -> None:
        """A cylinder or cone standing on `foot`, of radius `top` at its upper end; `hollow` leaves that end open."""
        top = radius if top is None else top
        if hollow:  # the inside of the foot is seen, and must not lie in the plane of what it stands on
            foot, height = (foot[0], foot[1], foot[2] + 0.003), height - 0.003
        wide, narrow = max(radius, top), min(radius, top)
        turned = top > radius  # shapes only narrow upwards, so what widens stands on its head
        shape = (1 - narrow / wide, (2.0 if turned else 1.0) if hollow else 0.0)
        if tilt == (0, 0, 0):
            centre: Point = (foot[0], foot[1], foot[2] + height / 2)
        else:
            up = _rotations(np.array([tilt], dtype=float))[0][:, 2] * height / 2
            centre = (foot[0] + up[0], foot[1] + up[1], foot[2] + up[2])
        tilt = (tilt[0], tilt[1] + (math.pi if turned else 0.0), tilt[2])
        self._add(FRUSTUM, centre, (2 * wide, 2 * wide, height), material, tilt, shape, SHADOWS_ALL)

    def rod(self, start: Point, end: Point, radius: float, material: Material, taper: float = 0.0) -> None:
        """A cylinder between two points, narrowing by the fraction `taper` towards `end`."""
        dx, dy, dz = end[0] - start[0], end[1] - start[1], end[2] - start[2]
        length = math.sqrt(dx * dx + dy * dy + dz * dz)
        centre = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, (start[2] + end[2]) / 2)
        # Turn about the vertical so that the local y axis lies below the rod, then tip z towards it.
        yaw, pitch = math.atan2(-dx, dy), -math.acos(max(-1.0, min(1.0, dz / length)))
        self._add(FRUSTUM, centre, (2 * radius, 2 * radius, length), material, (yaw, pitch, 0), (taper, 0), SHADOWS_ALL)

    def wedge(
        self, centre: Point, size: Point, material: Material, narrowing: tuple[float, float], tilt: Point = (0, 0, 0)
    ) -> None:
        """A box whose top is narrower by the fractions `narrowing` along x and y; (1, 0) is a gable roof."""
        self._add(TAPER, centre, size, material, tilt, narrowing, SHADOWS_ALL)

    def torus(
        self, centre: Point, radius: float, thickness: float, material: Material, tilt: Point = (0, 0, 0)
    ) -> None:
        """A ring around its z axis; `radius` to the middle of the tube, which is `thickness` across."""
        outer = radius + thickness / 2
        share = min(thickness / 2 / outer, 0.5)  # beyond it the tube would run into itself
        size = (2 * outer, 2 * outer, thickness)
        self._add(TORUS, centre, size, material, tilt, (share, 0), SHADOWS_ALL)

    def arch(
        self,
        foot: Point,
        size: Point,
        opening: tuple[float, float],
        material: Material,
        rise: float | None = None,
        shadows=SHADOWS_ALL,
    ) -> None:
        """A wall with a round-headed opening through it along y: two piers and the part that spans them.

        Args:
            foot: middle of the base.
            size: full width, depth and height of the wall.
            opening: its width, and the height of its crown above the foot.
            rise: height of the curved part; half the width, a semicircle, by default.
        """
        wide, deep, high = size
        rise = min(opening[0] / 2 if rise is None else rise, opening[1])
        springing = opening[1] - rise
        x, y, z = foot
        pier = (wide - opening[0]) / 2
        for low in (x - wide / 2, x + opening[0] / 2):
            self.slab((low, y - deep / 2, z), (low + pier, y + deep / 2, z + springing), material, shadows)
        above = high - springing
        shape = (opening[0] / wide, 2 * rise / above)
        self._add(ARCH, (x, y, z + springing + above / 2), (wide, deep, above), material, (0, 0, 0), shape, shadows)

    def terrain(
        self, centre: Point, size: Point, material: Material, seed: float, cycles: float = 2.0, shadows=SHADOWS_SUN
    ) -> Callable[[float, float], float]:
        """Rolling ground, a sheet without sides.

        Args:
            size: full edges; heights differ by less than the last.
            seed: chooses the ground.
            cycles: of its longest waves along an edge.
        Returns: the height of the ground at (x, y) in this frame, for what stands on it.
        """
        shape = (seed % 4096, cycles)  # phases grow with the seed, and float32 has to keep their digits
        self._add(TERRAIN, centre, size, material, (0, 0, 0), shape, shadows)

        def height(x: float, y: float) -> float:
            place = [2 * (x - centre[0]) / size[0], 2 * (y - centre[1]) / size[1]]
            values = torch.tensor([*place, *shape])
            return centre[2] + size[2] / 2 * float(terrain.height(*values))

        return height

    def solids(self) -> Solids:
        """Everything added so far, in all frames."""
        numbers = np.fromiter(chain.from_iterable(row for row, _ in self.rows), np.float64).reshape(len(self.rows), -1)
        half = np.maximum(numbers[:, 5:8] / 2, 1e-5)
        rotation = _rotations(numbers[:, 8:11])
        return Solids(
            kind=numbers[:, 0].astype(np.int32),
            shape=numbers[:, 11:13].astype(np.float32),
            centre=numbers[:, 2:5].astype(np.float32),
            half=half.astype(np.float32),
            world_from_local=(rotation * half[:, None, :]).astype(np.float32),
            local_from_world=(rotation.transpose(0, 2, 1) / half[:, :, None]).astype(np.float32),
            shadows=numbers[:, 1].astype(np.int32),
            material=np.fromiter(chain.from_iterable(row for _, row in self.rows), np.float32).reshape(
                len(numbers), -1
            ),
        )
