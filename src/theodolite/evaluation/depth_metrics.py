"""Depth metrics: errors and inlier shares of one image, or of the pixels of many pooled, all from the same sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, fields
from typing import TypeVar

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.geometry.align import median_scale
from theodolite.types import Bool, Float

# Ground truth at or below this is no measurement.
SMALLEST_DEPTH = 1e-6
# The published code's guard; it keeps the logarithm of a depth of exactly zero finite.
_GUARD = 1e-10
# Logarithms of 1.25, 1.25² and 1.25³. The limit is outside, and so is what single precision cannot tell from it.
_LIMITS = np.log(1.25) * np.array([1, 2, 3]) - 2e-7
# Pixels summed at a time: what is worked out of them stays in the processor's cache, which is twice as fast.
_BLOCK = 1 << 13

Metrics = TypeVar("Metrics")


@dataclass(frozen=True)
class DepthMetrics:
    """The field's depth metrics; errors in metres or ratios, deltas as shares from 0 to 1.

    Source: Eigen et al. 2014; SILog without the factor 100 of the KITTI server.
    """

    abs_rel: float
    sq_rel: float
    rmse: float
    rmse_log: float
    log10: float
    silog: float
    delta1: float
    delta2: float
    delta3: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class DepthSums:
    """What the metrics are made of, summed over pixels; sums of several images add up to those of their pixels pooled.

    Args:
        pixels: how many.
        relative, squared_relative: |d - t| / t and (d - t)² / t of depth d and truth t.
        squared: (d - t)².
        log, absolute_log, squared_log: ln d - ln t, its absolute value and its square.
        within1, within2, within3: pixels with d / t and t / d below 1.25, 1.25² and 1.25³.
    """

    pixels: float
    relative: float
    squared_relative: float
    squared: float
    log: float
    absolute_log: float
    squared_log: float
    within1: float
    within2: float
    within3: float

    @classmethod
    def of(cls, depth: Float[np.ndarray, " n"], truth: Float[np.ndarray, " n"]) -> DepthSums:
        """Of pixels whose truth is known; an unknown prediction (NaN) turns the errors' sums to NaN."""
        totals = np.zeros(len(fields(cls)))
        for start in range(0, depth.size, _BLOCK):
            totals += _sums(depth[start : start + _BLOCK], truth[start : start + _BLOCK])
        return cls(*totals.tolist())

    def __add__(self, other: DepthSums) -> DepthSums:
        return DepthSums(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def metrics(self) -> DepthMetrics:
        """Raises: ValueError, without a pixel."""
        return DepthMetrics(*depth_metrics_of_sums(np.array(astuple(self))).tolist())


def _sums(depth: Float[np.ndarray, " n"], truth: Float[np.ndarray, " n"]) -> Float[np.ndarray, "10"]:
    """The fields of `DepthSums`, in order."""
    d, t = np.abs(depth.astype(np.float64)), truth.astype(np.float64)
    error = np.abs(d - t)
    inverse = 1 / t
    relative = error * inverse
    # In single precision, of the ratio: right to 1e-7, and four times as fast.
    log_error = np.log(((d + _GUARD) * inverse).astype(np.float32)).astype(np.float64)
    absolute_log = np.abs(log_error)
    sums = (
        d.size,
        relative.sum(),
        np.dot(relative, error),
        np.dot(error, error),
        log_error.sum(),
        absolute_log.sum(),
        np.dot(log_error, log_error),
        np.count_nonzero(absolute_log < _LIMITS[0]),
        np.count_nonzero(absolute_log < _LIMITS[1]),
        np.count_nonzero(absolute_log < _LIMITS[2]),
    )
    return np.array(sums, float)


def depth_metrics_of_sums(sums: Float[np.ndarray, "*batch 10"]) -> Float[np.ndarray, "*batch 9"]:
    """The fields of `DepthMetrics` from those of `DepthSums`, for any number of them at once.

    Raises: ValueError, where there is no pixel.
    """
    pixels = sums[..., :1]
    if not (pixels > 0).all():
        raise ValueError("Metrics of no pixels are not numbers.")
    means = sums / pixels
    relative, squared_relative, squared, log, absolute_log, squared_log, *within = np.moveaxis(means[..., 1:], -1, 0)
    variance = np.maximum(squared_log - log**2, 0)
    errors = (relative, squared_relative, np.sqrt(squared), np.sqrt(squared_log), absolute_log / np.log(10))
    return np.stack([*errors, np.sqrt(variance), *within], axis=-1)


def valid_pixels(
    truth: Float[np.ndarray, "*map"], nearest: float = SMALLEST_DEPTH, farthest: float = np.inf
) -> Bool[np.ndarray, "*map"]:
    """Where the ground truth is a measurement inside the benchmark's range; out of range is left out, not clipped."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(truth) & (truth > SMALLEST_DEPTH) & (truth >= nearest) & (truth <= farthest)


def depth_metrics(
    depth: Float[np.ndarray, "*map"], truth: Float[np.ndarray, "*map"], valid: Bool[np.ndarray, "*map"] | None = None
) -> DepthMetrics | None:
    """Metrics over the valid pixels, or None where there is no such pixel.

    Args:
        depth: predicted metres; NaN inside `valid` counts as a failure, so it raises the errors to NaN.
        truth: metres; not a measurement where not positive or not finite.
        valid: further restricts the pixels.
    Raises: SizeMismatch.
    """
    if depth.shape != truth.shape:
        raise SizeMismatch(f"Prediction {depth.shape} and ground truth {truth.shape} must have the same size.")
    use = valid_pixels(truth) if valid is None else valid & valid_pixels(truth)
    return DepthSums.of(depth[use], truth[use]).metrics() if use.any() else None


def aligned_metrics(
    depth: Float[np.ndarray, "*map"], truth: Float[np.ndarray, "*map"], valid: Bool[np.ndarray, "*map"]
) -> tuple[DepthMetrics | None, float]:
    """Metrics after median scaling over the valid pixels, and the scale; NaN where nothing was predicted."""
    predicted = bool((valid & (depth > 0)).any())
    scale = median_scale(depth, truth, valid).scale if predicted else float("nan")
    return depth_metrics(depth * scale, truth, valid), scale


def mean_over_images(metrics: Iterable[DepthMetrics]) -> DepthMetrics:
    """The plain mean of each metric over images, as the method's authors aggregate."""
    return mean_of(DepthMetrics, metrics)


def mean_of(kind: type[Metrics], metrics: Iterable[Metrics]) -> Metrics:
    """The plain mean of each field. Raises: ValueError, for none."""
    each = list(metrics)
    if not each:
        raise ValueError("A mean over no images is not a number.")
    return kind(*(float(np.mean([getattr(m, f.name) for m in each])) for f in fields(kind)))  # type: ignore[arg-type]
