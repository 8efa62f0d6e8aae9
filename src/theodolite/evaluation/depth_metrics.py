"""Depth metrics of one image: errors and inlier shares, metric or after alignment."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.geometry.align import median_scale
from theodolite.types import Bool, Float

# Ground truth at or below this is no measurement.
SMALLEST_DEPTH = 1e-6


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
    if not use.any():
        return None
    d, t = np.abs(depth[use].astype(np.float64)), truth[use].astype(np.float64)
    error = d - t
    # The tiny addend is the published code's guard; it keeps a depth of exactly zero finite.
    log_error = np.log(d + 1e-10) - np.log(t + 1e-10)
    ratio = np.maximum(d / t, t / np.maximum(d, 1e-12))
    return DepthMetrics(
        abs_rel=float(np.mean(np.abs(error) / t)),
        sq_rel=float(np.mean(error**2 / t)),
        rmse=float(np.sqrt(np.mean(error**2))),
        rmse_log=float(np.sqrt(np.mean(log_error**2))),
        log10=float(np.mean(np.abs(log_error)) / np.log(10)),
        silog=float(np.sqrt(max(np.mean(log_error**2) - np.mean(log_error) ** 2, 0.0))),
        delta1=float(np.mean(ratio < 1.25)),
        delta2=float(np.mean(ratio < 1.25**2)),
        delta3=float(np.mean(ratio < 1.25**3)),
    )


def aligned_metrics(
    depth: Float[np.ndarray, "*map"], truth: Float[np.ndarray, "*map"], valid: Bool[np.ndarray, "*map"]
) -> tuple[DepthMetrics | None, float]:
    """Metrics after median scaling over the valid pixels, and the scale; NaN where nothing was predicted."""
    predicted = bool((valid & (depth > 0)).any())
    scale = median_scale(depth, truth, valid).scale if predicted else float("nan")
    return depth_metrics(depth * scale, truth, valid), scale


def mean_over_images(metrics: list[DepthMetrics]) -> DepthMetrics:
    """The plain mean of each metric over images, as the method's authors aggregate."""
    if not metrics:
        raise ValueError("A mean over no images is not a number.")
    return DepthMetrics(*(float(np.mean([getattr(m, f.name) for m in metrics])) for f in fields(DepthMetrics)))
