"""Poses at the times of pictures: between two recorded close together, or that of the nearest moment."""

from __future__ import annotations

import numpy as np

from theodolite.apps.trajectory import Trajectory
from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import from_quaternion, to_quaternion
from theodolite.types import Float

# Seconds. Between poses recorded further apart, nobody knows how the camera moved; nearer than APART it hardly did.
GAP = 0.1
APART = 0.02


def poses_at(path: Trajectory, times: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 4 4"]:
    """Interpolated where the two poses around a time are at most `GAP` apart, else the nearest within `APART`.

    Returns: NaN where there is none.
    """
    after = np.clip(np.searchsorted(path.times, times), 1, max(len(path) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(path) - 1)
    start, end = path.times[before], path.times[after]
    span = end - start
    share = np.divide(times - start, span, out=np.zeros_like(span), where=span > 0)
    poses = _between(path, before, after, np.clip(share, 0, 1))
    between = (share >= 0) & (share <= 1) & (span <= GAP) & (span > 0)
    nearest = np.where(np.abs(times - start) <= np.abs(times - end), before, after)
    near = np.abs(path.times[nearest] - times) <= APART
    poses = np.where(between[:, None, None], poses, path.world_from_camera[nearest])
    return np.where((between | near)[:, None, None], poses, np.nan)


def _between(path: Trajectory, before: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Straight in place, and turning evenly about one axis."""
    a, b = (to_quaternion(path.world_from_camera[at, :3, :3]) for at in (before, after))
    cosine = (a * b).sum(-1, keepdims=True)
    b, cosine = np.where(cosine < 0, -b, b), np.minimum(np.abs(cosine), 1)
    angle = np.arccos(cosine)
    small = angle < 1e-6
    sine = np.where(small, 1, np.sin(angle))
    s = share[:, None]
    weight_a = np.where(small, 1 - s, np.sin((1 - s) * angle) / sine)
    weight_b = np.where(small, s, np.sin(s * angle) / sine)
    places = (1 - s) * path.places[before] + s * path.places[after]
    return rigid(from_quaternion(weight_a * a + weight_b * b), places)
