"""Rotations as matrices, from and to quaternions and rotation vectors."""

from __future__ import annotations

import numpy as np

from theodolite.types import Float


def from_quaternion(quaternion: Float[np.ndarray, "*batch 4"]) -> Float[np.ndarray, "*batch 3 3"]:
    """The rotation of a quaternion w, x, y, z of any length but zero."""
    q = np.asarray(quaternion, dtype=float)
    w, x, y, z = np.moveaxis(q / np.linalg.norm(q, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def to_quaternion(rotation: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 4"]:
    """Unit w, x, y, z with w >= 0, by the largest of its four elements, so that no digits are lost at any angle.

    Source: S. W. Shepperd, Quaternion from Rotation Matrix, J. Guidance and Control 1(3), 1978.
    """
    r = np.asarray(rotation, dtype=float)
    trace = np.trace(r, axis1=-2, axis2=-1)
    diagonal = np.diagonal(r, axis1=-2, axis2=-1)
    # 4 w², 4 x², 4 y², 4 z².
    squares = np.stack([1 + trace, *(1 + 2 * diagonal[..., i] - trace for i in range(3))], axis=-1)
    # Products of elements, four times: w x, w y, w z; and x y, x z, y z.
    wx, wy, wz = (r[..., i, j] - r[..., j, i] for i, j in ((2, 1), (0, 2), (1, 0)))
    xy, xz, yz = (r[..., i, j] + r[..., j, i] for i, j in ((1, 0), (2, 0), (2, 1)))
    candidates = np.stack(
        [
            np.stack([squares[..., 0], wx, wy, wz], axis=-1),
            np.stack([wx, squares[..., 1], xy, xz], axis=-1),
            np.stack([wy, xy, squares[..., 2], yz], axis=-1),
            np.stack([wz, xz, yz, squares[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = squares.argmax(axis=-1)[..., None, None]
    q = np.take_along_axis(candidates, best, axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    return np.where(q[..., :1] < 0, -q, q)


def from_vector(vector: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """The rotation about a vector by its length, radians (Rodrigues)."""
    v = np.asarray(vector, dtype=float)
    angle = np.linalg.norm(v, axis=-1)[..., None]
    half = angle / 2
    # sin(a/2)/a goes to one half, without a quotient of zeros.
    axis = v * (np.sinc(half / np.pi) / 2)
    return from_quaternion(np.concatenate([np.cos(half), axis], axis=-1))


def angle_of(rotation: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch"]:
    """Radians, 0 to pi."""
    q = to_quaternion(rotation)
    return 2 * np.arctan2(np.linalg.norm(q[..., 1:], axis=-1), q[..., 0])
