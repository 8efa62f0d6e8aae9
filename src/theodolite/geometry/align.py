"""Scale, or scale and shift, that bring a depth map onto the truth; the result says which freedom was used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.geometry.depth import inverse_depth
from theodolite.geometry.grid import namespace
from theodolite.types import Array, Bool, Float

SPACES = ("depth", "inverse_depth")
ROBUST_ROUNDS = 30
BLOCK = 1 << 14  # pixels at a time stay in the processor's cache
# Huber's bend in standard deviations, 95 % efficient on Gaussian errors; and what turns a median into a deviation.
HUBER = 1.345
DEVIATIONS = 1.4826


@dataclass(frozen=True)
class Alignment:
    """An alignment to ground truth.

    Args:
        kind: "metric" (nothing changed), "scale_invariant" or "affine_invariant".
        scale, shift: aligned = scale · value + shift; the shift in metres, or 1/m.
        space: which value: "depth" or "inverse_depth".
    """

    kind: str = "metric"
    scale: float = 1.0
    shift: float = 0.0
    space: str = "depth"

    def apply(self, depth: Float[Array, "*any"], farthest: float = float("inf")) -> Float[Array, "*any"]:
        """Aligned depth, metres. An inverse depth pushed to zero or below is the farthest there is."""
        if self.space == "depth":
            return self.scale * depth + self.shift
        xp = namespace(depth)
        aligned = self.scale * inverse_depth(depth) + self.shift
        near = aligned > 1 / farthest
        far = xp.where(aligned == aligned, xp.full_like(depth, farthest), depth)
        return xp.where(near, 1 / xp.where(near, aligned, xp.ones_like(aligned)), far)


def median_scale(depth: Array, truth: Array, valid: Bool[Array, "h w"] | None = None) -> Alignment:
    """The scale that makes the medians equal."""
    xp, depth, truth = _known(depth, truth, valid, least=1)
    return Alignment("scale_invariant", _median(xp, truth) / _median(xp, depth))


def least_squares_scale(depth: Array, truth: Array, valid: Bool[Array, "h w"] | None = None) -> Alignment:
    """The scale of least squared error in metres."""
    xp, depth, truth = _usable(depth, truth, valid, least=1)
    return Alignment("scale_invariant", float(xp.sum(depth * truth) / xp.sum(depth * depth)))


def robust_scale(depth: Array, truth: Array, valid: Bool[Array, "h w"] | None = None) -> Alignment:
    """The scale of least absolute error: the median of truth/depth, each pixel counting as much as its depth."""
    xp, depth, truth = _usable(depth, truth, valid, least=1)
    ratio = truth / depth
    order = xp.argsort(ratio)
    share = xp.cumulative_sum(depth[order])
    return Alignment("scale_invariant", float(ratio[order][int(xp.sum(xp.astype(share < share[-1] / 2, xp.int64)))]))


def least_squares_affine(
    depth: Array, truth: Array, valid: Bool[Array, "h w"] | None = None, space: str = "depth"
) -> Alignment:
    """Scale and shift of least squared error, in metres or (space "inverse_depth") in 1/m."""
    if space == "depth":
        _, values, wanted = _known(depth, truth, valid, least=2)
    else:
        _, values, wanted = _in_space(depth, truth, valid, space)
    return Alignment("affine_invariant", *least_squares_line(values, wanted), space)


def least_squares_line(values: Float[Array, " n"], wanted: Float[Array, " n"]) -> tuple[float, float]:
    """Scale and shift that bring known values of any sign nearest to those wanted, in least squares."""
    xp = namespace(values, wanted)
    count = values.shape[0]
    # About a value of each, so that far from zero no digits are lost; in parts, so that no large array is made.
    pivots = float(values[0]), float(wanted[0])
    x = y = xx = xy = 0.0
    for start in range(0, count, BLOCK):
        u, v = (
            xp.astype(each[start : start + BLOCK], xp.float64) - pivot
            for each, pivot in zip((values, wanted), pivots, strict=True)
        )
        x, y = x + float(xp.sum(u)), y + float(xp.sum(v))
        xx, xy = xx + float(xp.sum(u * u)), xy + float(xp.sum(u * v))
    spread = xx - x * x / count
    # A constant map has no slope to find; leaving it at 1 makes the shift alone do what can be done.
    scale = (xy - x * y / count) / spread if spread > 1e-12 * max(xx, 1e-300) else 1.0
    return scale, pivots[1] + y / count - scale * (pivots[0] + x / count)


def robust_affine(
    depth: Array, truth: Array, valid: Bool[Array, "h w"] | None = None, space: str = "depth"
) -> Alignment:
    """Scale and shift that outliers hardly move: Huber's estimate, by reweighted least squares."""
    xp, values, wanted = _in_space(depth, truth, valid, space)
    weights = xp.ones_like(values)
    for _ in range(ROBUST_ROUNDS):
        scale, shift = _line(xp, values, wanted, weights)
        error = xp.abs(scale * values + shift - wanted)
        bend = HUBER * DEVIATIONS * _median(xp, error)
        if bend <= 1e-12 * float(xp.max(xp.abs(wanted))):
            break  # at least half the pixels fit exactly
        weights = bend / xp.maximum(error, xp.full_like(error, bend))
    return Alignment("affine_invariant", scale, shift, space)


def _usable(depth: Array, truth: Array, valid: Array | None, least: int):
    """Known positive values of both, in double precision."""
    xp, depth, truth = _known(depth, truth, valid, least)
    return xp, xp.astype(depth, xp.float64), xp.astype(truth, xp.float64)


def _known(depth: Array, truth: Array, valid: Array | None, least: int):
    """Known positive values of both, as they are."""
    xp = namespace(depth, truth)
    known = xp.isfinite(depth) & xp.isfinite(truth) & (depth > 0) & (truth > 0)
    known = known if valid is None else known & valid
    depth, truth = depth[known], truth[known]
    if depth.shape[0] < least:
        raise ValueError(f"Aligning needs {least} or more pixels known in both maps, got {depth.shape[0]}.")
    return xp, depth, truth


def _in_space(depth: Array, truth: Array, valid: Array | None, space: str):
    if space not in SPACES:
        raise ValueError(f"Depth is aligned in {' or '.join(SPACES)}, not in {space!r}.")
    xp, depth, truth = _usable(depth, truth, valid, least=2)
    return (xp, depth, truth) if space == "depth" else (xp, 1 / depth, 1 / truth)


def _line(xp, values: Array, wanted: Array, weights: Array) -> tuple[float, float]:
    total = xp.sum(weights)
    middle, height = xp.sum(weights * values) / total, xp.sum(weights * wanted) / total
    spread = float(xp.sum(weights * (values - middle) ** 2))
    # A constant map has no slope to find; leaving it at 1 makes the shift alone do what can be done.
    scale = float(xp.sum(weights * (values - middle) * (wanted - height))) / spread if spread > 0 else 1.0
    return scale, float(height) - scale * float(middle)


def _median(xp, values: Array) -> float:
    """The lower median, as the reference evaluation takes it."""
    middle = (values.shape[0] - 1) // 2
    if isinstance(values, np.ndarray):  # the array API has no partition, which is ten times as fast
        return float(np.partition(values, middle)[middle])
    return float(xp.sort(values)[middle])
