"""Planes through points, as m·p = 1: the fit that makes relative errors of depth least, for stacks of points at once.

m is the plane's normal over its distance, and m·p is a point's depth over that of the plane along its ray; so the fit
is linear, and near and far points count alike, as they should where depth errs by a share of itself.
"""

from __future__ import annotations

import numpy as np

from theodolite.errors import TheodoliteError
from theodolite.geometry.align import DEVIATIONS, HUBER
from theodolite.types import Float

ROUNDS = 15
# Weight at a share of the spread that rounding cannot reach.
_EXACT = 1e-9
# Share of their distance that points stray from a line by if they are on one, in single precision.
_LINE = 1e-6


def fit_planes(points: Float[np.ndarray, "b n 3"], weight: Float[np.ndarray, " n"]) -> Float[np.ndarray, "b 3"]:
    """m of each stack's plane of weighted least squares; points on one line show none, see `robust_weights`."""
    left = np.swapaxes(points * weight[:, None], 1, 2)
    return np.linalg.solve(left @ points, left.sum(-1)[..., None])[..., 0]


def robust_weights(points: Float[np.ndarray, "n 3"]) -> tuple[Float[np.ndarray, " n"], float]:
    """Huber's weights about the points' plane, and the robust spread of their depths about it, relative.

    Raises: TheodoliteError, for points on one line.
    """
    sizes = np.linalg.svd(points, compute_uv=False)
    if sizes[-1] < _LINE * sizes[0]:
        raise TheodoliteError("The pixels lie on one line, so they show no plane; take in more of it.")
    weight, spread = np.ones(len(points)), 0.0
    for _ in range(ROUNDS):
        off = np.abs(points @ fit_planes(points[None], weight)[0] - 1)
        spread = float(DEVIATIONS * np.median(off))
        if spread < _EXACT:
            break
        weight = np.minimum(1, HUBER * spread / np.maximum(off, _EXACT))
    return weight, spread


def facing(planes: Float[np.ndarray, "b 3"]) -> Float[np.ndarray, "b 3"]:
    """The planes' unit normals, towards the camera."""
    return -planes / np.linalg.norm(planes, axis=-1, keepdims=True)


def angles(first: Float[np.ndarray, "b 3"], second: Float[np.ndarray, "b 3"]) -> Float[np.ndarray, " b"]:
    """Degrees between vectors, 0 to 180; exact near both ends too."""
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.degrees(np.arctan2(sine, (first * second).sum(-1)))
