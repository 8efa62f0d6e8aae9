"""A scale that changes slowly along a path, from one uncertain scale for each of many pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.apps.trajectory import Trajectory
from theodolite.extras import require
from theodolite.geometry.align import DEVIATIONS
from theodolite.types import Float

# Corners of the curve that are tried, from one scale for all.
KNOTS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
_EACH = 10  # pictures for a corner, at least
_BLOCKS = 6  # parts of the path, to judge by: neighbours err alike, so single pictures judge too kindly

_BETTER = 0.9  # of the error left out, for more corners
# Deviations of a single picture that the curve has to span. What a network errs by changes slowly with the scene as
# well: on 60 m of street whose true scale is constant, predictions drifted by two and a half.
_DISTINCT = 4.0


@dataclass(frozen=True, eq=False)
class SlowScale:
    """Metres for each unit of a path.

    Args:
        factor: for the path as a whole: the mean over its pictures, in logarithm.
        sigma: of the factor, relative, one standard deviation: by how the parts of the path differ from one another.
            What all pictures err by alike is not in it.
        spread: deviation of a single picture from the curve, relative.
        at, log_factors: corners of the curve: where, in the unit of `at` that was given, and how much.
    """

    factor: float
    sigma: float
    spread: float
    at: Float[np.ndarray, " k"]
    log_factors: Float[np.ndarray, " k"]

    @property
    def drift(self) -> float:
        """Largest factor over smallest, less one."""
        return float(np.exp(np.ptp(self.log_factors)) - 1)

    def __call__(self, at: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return np.exp(np.interp(at, self.at, self.log_factors))

    def corrected(self, path: Trajectory, at: Float[np.ndarray, " n"] | None = None) -> Trajectory:
        """The path in metres: each step between two poses times the factor there; the first place times its own.

        Args:
            at: of each pose, in the unit the curve is over; the times when absent.
        """
        at = path.times if at is None else at
        middle = self((at[1:] + at[:-1]) / 2)
        factors = self(at)
        poses = path.world_from_camera.copy()
        steps = np.diff(path.places, axis=0) * middle[:, None]
        poses[:, :3, 3] = np.concatenate([factors[:1, None] * path.places[:1], steps]).cumsum(0)
        return Trajectory(path.times, poses)


def slow_scale(at: Float[np.ndarray, " n"], log_factors: Float[np.ndarray, " n"], most: int = KNOTS[-1]) -> SlowScale:
    """The curve through the logarithms of factors that outliers hardly move, as simple as the factors allow.

    More corners are taken only where they predict parts of the path left out clearly better, and the curve spans more
    than single pictures differ by.

    Args:
        at: of each picture: time, or the number; rising.
        most: corners; 1 gives one scale for all.
    Raises: ValueError, without a single factor.
    """
    if not len(at):
        raise ValueError("A scale needs at least one picture that tells it.")
    tried = [count for count in KNOTS if count <= most and (count == 1 or count * _EACH <= len(at))]
    chosen, least = 1, np.inf
    for count in tried:
        error = _left_out(at, log_factors, count) if len(tried) > 1 else 0.0
        if error < _BETTER * least:
            chosen, least = count, error
    knots, values, away = _curve(at, log_factors, chosen)
    if np.ptp(values) < _DISTINCT * _deviation(away):
        knots, values, away = _curve(at, log_factors, 1)
    factor = float(np.exp(np.interp(at, knots, values).mean()))
    return SlowScale(factor, _sigma(away), _deviation(away), knots, values)


def _curve(at: np.ndarray, log_factors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners, their values, and what pictures are away from it."""
    knots = _knots(at, count)
    values = _fit(at, log_factors, knots)
    return knots, values, log_factors - np.interp(at, knots, values)


def _deviation(away: Float[np.ndarray, " n"]) -> float:
    return float(DEVIATIONS * np.median(np.abs(away)))


def _knots(at: Float[np.ndarray, " n"], count: int) -> Float[np.ndarray, " k"]:
    return np.array([at.mean()]) if count == 1 else np.quantile(at, np.linspace(0, 1, count))


def _fit(at: Float[np.ndarray, " n"], wanted: Float[np.ndarray, " n"], knots: Float[np.ndarray, " k"]) -> np.ndarray:
    if len(knots) == 1:
        return np.array([np.median(wanted)])
    optimize = require("scipy.optimize", "slam", "A scale that changes")
    start = np.full(len(knots), np.median(wanted))
    width = max(DEVIATIONS * float(np.median(np.abs(wanted - start[0]))), 1e-6)
    # A corner that no picture is near goes on straight: a hair of stiffness decides it.
    stiff = 1e-3 / width

    def residuals(values: np.ndarray) -> np.ndarray:
        return np.concatenate([(np.interp(at, knots, values) - wanted) / width, stiff * np.diff(values)])

    return optimize.least_squares(residuals, start, loss="soft_l1", f_scale=0.5).x


def _left_out(at: Float[np.ndarray, " n"], wanted: Float[np.ndarray, " n"], count: int) -> float:
    """Mean error for parts of the path that the curve was not fitted to, inside and at the ends."""
    part = np.minimum(np.arange(len(at)) * _BLOCKS // len(at), _BLOCKS - 1)
    errors = []
    for number in range(_BLOCKS):
        kept = part != number
        if kept.sum() < 2 or kept.all():
            continue
        knots = _knots(at, count)
        errors.append(np.abs(np.interp(at[~kept], knots, _fit(at[kept], wanted[kept], knots)) - wanted[~kept]))
    return float(np.concatenate(errors).mean()) if errors else 0.0


def _sigma(away: Float[np.ndarray, " n"]) -> float:
    """Of the mean, from means over parts of the path: the errors of neighbours go together."""
    parts = [part.mean() for part in np.array_split(away, min(_BLOCKS, len(away)))]
    if len(parts) < 2:
        return float("nan")
    return float(np.std(parts, ddof=1) / np.sqrt(len(parts)))
