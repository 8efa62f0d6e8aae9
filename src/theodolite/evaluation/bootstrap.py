"""How far a mean over images could be off by the choice of images: percentile bootstrap, and paired comparison.

Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from theodolite.types import Float, Int

DRAWS = 1000
# Of the interval.
LEVEL = 0.95
_AT_ONCE = 50  # draws: their weights of ten thousand images take 4 MB
_FLIPS = 10_000


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Draws of the images, with replacement; the same draws for every statistic, and every time.

    Args:
        groups: number of each image's group, from 0.
        within: draw inside each group, so that every draw has as many images of it.
    """

    groups: Int[np.ndarray, " images"]
    within: bool = False

    @cached_property
    def _weights(self) -> Int[np.ndarray, "draws images"]:
        """How often each image is in each draw."""
        generator = np.random.default_rng(0)
        weights = np.empty((DRAWS, self.groups.size), np.uint16)
        parts = [np.flatnonzero(self.groups == each) for each in np.unique(self.groups)]
        for members in parts if self.within else [np.arange(self.groups.size)]:
            for start in range(0, DRAWS, _AT_ONCE):
                drawn = generator.multinomial(members.size, np.full(members.size, 1 / members.size), size=_AT_ONCE)
                weights[start : start + _AT_ONCE, members] = drawn
        return weights

    def interval(
        self, statistic: Callable[[Float[np.ndarray, "draws images"]], Float[np.ndarray, "draws values"]]
    ) -> tuple[Float[np.ndarray, " values"], Float[np.ndarray, " values"]]:
        """Low and high end, 95 % between them, of each value of a statistic of weighted images; NaN for one image.

        A draw whose value is NaN, as of none of the few images that have one, says nothing and is left out; but where
        the statistic of all images is NaN, so are the ends.
        """
        whole = statistic(np.ones((1, self.groups.size)))
        if self.groups.size < 2:
            return np.full(whole.shape[1], np.nan), np.full(whole.shape[1], np.nan)
        found = np.concatenate(
            [statistic(self._weights[start : start + _AT_ONCE].astype(float)) for start in range(0, DRAWS, _AT_ONCE)]
        )
        known = np.isfinite(whole[0]) & np.isfinite(found).any(axis=0)
        ends = np.full((2, whole.shape[1]), np.nan)
        tail = (1 - LEVEL) / 2
        ends[:, known] = np.nanquantile(found[:, known], [tail, 1 - tail], axis=0)
        return ends[0], ends[1]


@dataclass(frozen=True)
class Paired:
    """One measure of two models on the same images.

    Args:
        images: both have it of.
        first, second: means of each model.
        difference: second - first, with its 95 % interval `low` to `high`.
        p: chance of a difference at least as large, if which model is which were decided by a coin for each image.
        second_higher: share of the images on which the second's value is higher; ties count half.
    """

    images: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float
    second_higher: float


def paired(first: Float[np.ndarray, " images"], second: Float[np.ndarray, " images"]) -> Paired:
    """Of finite values of the same images in the same order. Raises: ValueError, for none."""
    if not first.size:
        raise ValueError("Two models can be compared on images that both have only.")
    differences = second - first
    mean = float(differences.mean())

    def weighted(weights: Float[np.ndarray, "draws images"]) -> Float[np.ndarray, "draws 1"]:
        return (weights @ differences / weights.sum(axis=1))[:, None]

    low, high = Bootstrap(np.zeros(first.size, int)).interval(weighted)
    higher = float(np.mean((differences > 0) + 0.5 * (differences == 0)))
    return Paired(
        first.size, float(first.mean()), float(second.mean()), mean, float(low[0]), float(high[0]),
        _sign_flip_p(differences), higher,
    )  # fmt: skip


def _sign_flip_p(differences: Float[np.ndarray, " images"]) -> float:
    """Two-sided. The data themselves are one of the flips, so that it is never zero."""
    observed = abs(differences.sum()) * (1 - 1e-12)  # a flip back to the data rounds otherwise
    generator = np.random.default_rng(0)
    as_large = 1
    for start in range(0, _FLIPS, _AT_ONCE):
        signs = generator.integers(0, 2, (min(_AT_ONCE, _FLIPS - start), differences.size)) * 2.0 - 1
        as_large += int(np.count_nonzero(np.abs(signs @ differences) >= observed))
    return as_large / (_FLIPS + 1)
