"""Scale, or scale and shift, from pairs of depths of which a large part may be wrong.

Relative errors are what counts, in every space: triangulated depth is as uncertain as it is far. A start that half the
pairs agree on, found without looking at the other half, is refined by Tukey's biweight, which gives wrong pairs no say.
"""

from __future__ import annotations

import numpy as np

from theodolite.geometry.align import DEVIATIONS, Alignment
from theodolite.types import Bool, Float

_ROUNDS = 20
_TUKEY = 4.685  # deviations; 95 % efficient on Gaussian errors
_TRIALS = 300
_LEAST_DEVIATION = 1e-6  # relative; exact pairs have none
_FAR = 3.0  # deviations; beyond, a pair is an outlier


def log_error(
    alignment: Alignment, predicted: Float[np.ndarray, " n"], true: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Logarithm of aligned over true depth; infinite where alignment leaves no positive depth."""
    aligned = alignment.apply(predicted)
    good = np.isfinite(aligned) & (aligned > 0)
    return np.where(good, np.log(np.where(good, aligned, 1) / true), np.inf)


def fit_scale(predicted: Float[np.ndarray, " n"], true: Float[np.ndarray, " n"]) -> Alignment:
    """One factor on depth. Needs one pair."""
    ratio = np.sort(np.log(true / predicted))
    half = (len(ratio) + 1) // 2
    widths = ratio[half - 1 :] - ratio[: len(ratio) - half + 1]
    first = int(np.argmin(widths))
    middle = float(np.median(ratio[first : first + half]))
    for _ in range(_ROUNDS):
        weights = _weights(ratio - middle)
        step = float((weights * ratio).sum() / weights.sum()) - middle
        middle += step
        if abs(step) < 1e-9:
            break
    return Alignment("scale_invariant", float(np.exp(middle)))


def fit_affine(predicted: Float[np.ndarray, " n"], true: Float[np.ndarray, " n"], space: str) -> Alignment | None:
    """Factor and shift on depth, or on inverse depth; None where no growing line with positive depths fits.

    Args:
        space: "depth" or "inverse_depth".
    """
    x, y = (predicted, true) if space == "depth" else (1 / predicted, 1 / true)
    best = _start(x, y)
    if best is None:
        return None
    slope, shift = best
    for _ in range(_ROUNDS):
        weights = _weights((slope * x + shift) / y - 1)
        found = _weighted_line(x, y, weights / (y * y))
        if found is None:
            return None
        change = abs(found[0] - slope) / abs(slope)
        slope, shift = found
        if change < 1e-9:
            break
    alignment = Alignment("affine_invariant", slope, shift, space)
    return alignment if slope > 0 else None


def inliers(error: Float[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Errors within three deviations of none, the deviation being that of the better half."""
    return np.abs(error) <= _FAR * _deviation(error)


def _deviation(error: np.ndarray) -> float:
    return max(DEVIATIONS * float(np.median(np.abs(error))), _LEAST_DEVIATION)


def _weights(error: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    far = np.abs(error) / (_TUKEY * _deviation(error))
    return np.where(far < 1, (1 - np.minimum(far, 1) ** 2) ** 2, 0)


def _start(x: np.ndarray, y: np.ndarray) -> tuple[float, float] | None:
    """The line through two pairs that leaves the smallest median relative error."""
    generator = np.random.default_rng(len(x))
    first, second = generator.integers(0, len(x), (2, _TRIALS))
    apart = np.abs(x[first] - x[second]) > 1e-6 * np.abs(x).max()
    first, second = first[apart], second[apart]
    slopes = (y[first] - y[second]) / (x[first] - x[second])
    shifts = y[first] - slopes * x[first]
    growing = slopes > 0
    if not growing.any():
        return None
    slopes, shifts = slopes[growing], shifts[growing]
    every = max(1, len(x) // 500)  # enough to judge by
    error = np.abs((slopes[:, None] * x[None, ::every] + shifts[:, None]) / y[None, ::every] - 1)
    best = int(np.argmin(np.median(error, axis=1)))
    return float(slopes[best]), float(shifts[best])


def _weighted_line(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[float, float] | None:
    total = weights.sum()
    if total <= 0:
        return None
    middle, height = (weights * x).sum() / total, (weights * y).sum() / total
    spread = (weights * (x - middle) ** 2).sum()
    if spread <= 0:
        return None
    slope = float((weights * (x - middle) * (y - height)).sum() / spread)
    return slope, float(height - slope * middle)
