"""Sparsification: how the error falls as the least certain pixels are removed, against the best order there is.

Source: E. Ilg et al., Uncertainty Estimates and Multi-Hypotheses Networks for Optical Flow, ECCV 2018 (AUSE); M. Poggi
et al., On the Uncertainty of Self-Supervised Monocular Depth Estimation, CVPR 2020 (AURG). Curves are in units of the
error with nothing removed. Areas reach from 0 to 95 % removed, by trapezoids, and are not divided by that width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.types import Float

# Shares of the pixels that are removed.
REMOVED = np.arange(20) / 20


@dataclass(frozen=True, eq=False)
class Sparsification:
    """Curves over `REMOVED`, summed over images; sums of several images give the mean of their areas.

    Args:
        images: how many.
        model: mean error of the pixels left when the least certain ones are removed, by that of all pixels.
        oracle: the same when those of the largest error are removed.
    """

    images: float
    model: Float[np.ndarray, " steps"]
    oracle: Float[np.ndarray, " steps"]

    @classmethod
    def of(cls, error: Float[np.ndarray, " n"], certainty: Float[np.ndarray, " n"]) -> Sparsification:
        """Of one image's pixels, at least one.

        Pixels of equal certainty are removed in equal parts: a constant certainty is one curve of ones, what random
        removal comes to. Where an error or a certainty is unknown (NaN) the curves are NaN: whatever rank such a pixel
        were given, a failure could make a curve better. Without any error, there is nothing to order: ones, too.

        Args:
            certainty: larger is surer; only its order counts.
        """
        error = error.astype(np.float64)
        if not np.isfinite(error).all() or np.isnan(certainty).any():
            unknown = np.full(REMOVED.size, np.nan)
            return cls(1.0, unknown, unknown)
        mean = error.mean()
        if mean == 0:
            return cls(1.0, np.ones(REMOVED.size), np.ones(REMOVED.size))
        order, smallest_first = np.argsort(-certainty), np.sort(error)
        model, oracle = _left(-certainty[order], error[order]), _left(smallest_first, smallest_first)
        return cls(1.0, model / mean, oracle / mean)

    @property
    def ause(self) -> float:
        """Area between the model's curve and the oracle's: 0 is the best order, larger is worse."""
        return _area(self.model - self.oracle) / self.images

    @property
    def aurg(self) -> float:
        """Area gained on random removal: 0 is worth nothing, larger is better, below 0 is misleading."""
        return _area(self.images - self.model) / self.images

    def __add__(self, other: Sparsification) -> Sparsification:
        return Sparsification(self.images + other.images, self.model + other.model, self.oracle + other.oracle)

    def to_json(self) -> dict:
        return {"images": self.images, "model": self.model.tolist(), "oracle": self.oracle.tolist()}

    @classmethod
    def from_json(cls, data: dict) -> Sparsification:
        return cls(data["images"], np.array(data["model"], float), np.array(data["oracle"], float))


def _left(doubt: Float[np.ndarray, " n"], error: Float[np.ndarray, " n"]) -> Float[np.ndarray, " steps"]:
    """Mean error of the surest pixels, for each share removed, of pixels in the order of rising doubt."""
    kept = error.size * (1 - REMOVED)
    sums = np.append(0, np.cumsum(error))
    last = doubt[np.ceil(kept).astype(int) - 1]
    # Of those as doubtful as the last pixel kept, a part is kept: it has the mean error of them all.
    start, end = np.searchsorted(doubt, last, "left"), np.searchsorted(doubt, last, "right")
    return (sums[start] + (sums[end] - sums[start]) * (kept - start) / (end - start)) / kept


def _area(curve: Float[np.ndarray, " steps"]) -> float:
    return float((curve[1:] + curve[:-1]).sum() / 2 * REMOVED[1])
