"""Rigid motions as 4x4 matrices: world_from_camera takes points of the camera into the world."""

from __future__ import annotations

import array_api_compat

from theodolite.geometry.grid import namespace
from theodolite.types import Array, Float


def rigid(rotation: Float[Array, "*batch 3 3"], translation: Float[Array, "*batch 3"]) -> Float[Array, "*batch 4 4"]:
    """The motion that rotates, then moves."""
    xp = namespace(rotation, translation)
    top = xp.concat([rotation, translation[..., None]], axis=-1)
    last = xp.asarray([0, 0, 0, 1], dtype=rotation.dtype, device=array_api_compat.device(rotation))
    return xp.concat([top, xp.broadcast_to(last, (*top.shape[:-2], 1, 4))], axis=-2)


def inverse(motion: Float[Array, "*batch 4 4"]) -> Float[Array, "*batch 4 4"]:
    """The motion back: camera_from_world of world_from_camera. Exact for rotations, unlike a general inverse."""
    xp = namespace(motion)
    back = xp.matrix_transpose(motion[..., :3, :3])
    return rigid(back, -(back @ motion[..., :3, 3:])[..., 0])


def transform_points(motion: Float[Array, "4 4"], points: Float[Array, "*any 3"]) -> Float[Array, "*any 3"]:
    """points_world of world_from_camera and points_camera. NaN stays NaN."""
    return transform_normals(motion, points) + motion[:3, 3]


def transform_normals(motion: Float[Array, "4 4"], normals: Float[Array, "*any 3"]) -> Float[Array, "*any 3"]:
    """Directions, which turn but do not move."""
    return normals @ namespace(motion).matrix_transpose(motion[:3, :3])


def is_rigid(motion: Float[Array, "4 4"], tolerance: float = 1e-5) -> bool:
    """Whether a matrix rotates and moves only: no scale, shear or mirror image."""
    xp = namespace(motion)
    turn = motion[:3, :3]
    residue = xp.matrix_transpose(turn) @ turn - xp.eye(3, dtype=motion.dtype, device=array_api_compat.device(motion))
    last = motion[3, :] - xp.asarray([0, 0, 0, 1], dtype=motion.dtype, device=array_api_compat.device(motion))
    handed = xp.sum(turn[:, 0] * xp.linalg.cross(turn[:, 1], turn[:, 2]))
    return bool(xp.max(xp.abs(residue)) < tolerance) and bool(xp.max(xp.abs(last)) < tolerance) and bool(handed > 0)
