"""Boundary metrics: are depth edges where they are in truth, by the contours of depth itself, and by marked edges.

Sources: A. Bochkovskii et al., Depth Pro, 2024, and its published code (F1 of contours); T. Koch et al., Evaluation of
CNN-based Single-Image Depth Estimation Methods, ECCV workshops 2018, and the published code of iBims-1 (depth boundary
errors). Where code and paper differ, the code counts: the numbers that others print come from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.evaluation.judged import judged_pixels
from theodolite.extras import require
from theodolite.types import Bool, Float

# Ratios of neighbouring depths above which there is a contour; each F1 weighs as much as its ratio.
RATIOS = np.linspace(1.05, 1.25, 10)
# px from a marked edge: within that, a predicted edge is compared with it; nothing is farther off than that.
FARTHEST = 10.0
# Of Canny's filter, for depth from 0 to 1: width of the smoothing, px, and both thresholds.
SIGMA, LOW, HIGH = 2**0.5, 0.15, 0.3
# Depths beyond these are taken for these: infinitely far is far, and no ratio has to be divided by zero.
_NEAREST, _INFINITE = 1e-6, 1e12


@dataclass(frozen=True)
class BoundaryMetrics:
    """Shares from 0 to 1, larger is better; no scale of the depth changes them."""

    f1: float
    precision: float
    recall: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class EdgeMetrics:
    """Distances in pixels, from 0 to 10: of predicted edges from marked ones, and of both from each other."""

    accuracy: float
    completeness: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def boundary_metrics(
    depth: Float[np.ndarray, "h w"], truth: Float[np.ndarray, "h w"], valid: Bool[np.ndarray, "h w"] | None = None
) -> BoundaryMetrics | None:
    """How well contours agree, to the pixel; None where the truth has no contour.

    A contour lies between neighbours one of which is farther by more than a ratio. Precision and recall are averaged
    over the four directions (farther to the right, left, below, above), then F1 over `RATIOS`. A direction in which
    there is no contour counts as 0, as it does in the original: 1 is reached only by a truth with contours of all four.

    This extends the original, which asks for complete depth. Pairs of neighbours whose truth is unknown are left out,
    so a contour predicted there is no mistake. A pair whose prediction is unknown is one: a contour where there is
    none, in every direction and of every ratio.

    Args:
        depth: predicted, of any scale; NaN where unknown.
        truth: not a measurement where not positive or not finite.
        valid: further restricts the pixels.
    Raises: SizeMismatch.
    """
    known = np.where(judged_pixels(depth, truth, valid), truth, np.nan)
    counts = np.stack([_counts(p, t) for p, t in zip(_steps(depth), _steps(known), strict=True)])
    hits, predicted, true = np.moveaxis(counts, 1, 0)
    if not true.any():
        return None
    precision = (hits / np.maximum(predicted, 1)).mean(axis=0)
    recall = (hits / np.maximum(true, 1)).mean(axis=0)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    return BoundaryMetrics(*(float(np.average(each, weights=RATIOS)) for each in (f1, precision, recall)))


def _steps(depth: Float[np.ndarray, "h w"]) -> Iterator[Float[np.ndarray, "_ _"]]:
    """Ratios of neighbouring depths in each of the four directions."""
    bounded = np.clip(depth.astype(np.float64), _NEAREST, _INFINITE)
    for a, b in ((bounded[:, :-1], bounded[:, 1:]), (bounded[:-1], bounded[1:])):
        yield b / a
        yield a / b


def _counts(steps: Float[np.ndarray, "h w"], truth: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "3 ratios"]:
    """Contours found, predicted and true in one direction, by ratio."""
    # All but a few pairs are no contour of any ratio, and need no look at ten.
    some = (truth > RATIOS[0]) | (~(steps <= RATIOS[0]) & np.isfinite(truth))
    steps, truth = steps[some][:, None], truth[some][:, None]
    is_true = truth > RATIOS
    found = is_true & (steps > RATIOS)
    return np.stack([each.sum(axis=0) for each in (found, ~(steps <= RATIOS), is_true)]).astype(float)


def edge_metrics(
    depth: Float[np.ndarray, "h w"], edges: Bool[np.ndarray, "h w"], valid: Bool[np.ndarray, "h w"] | None = None
) -> EdgeMetrics | None:
    """Depth boundary errors, "DBE", of iBims-1; None where no edge is marked.

    Accuracy is the mean distance of predicted edges, as far as they lie less than `FARTHEST` from a marked one.
    Completeness is the mean distance to the nearest of the other kind, cut off there, over all edges, predicted ones
    and marked ones: that is what the published code computes. Without a predicted edge near a marked one, both are 10.

    Args:
        depth: predicted, of any scale. Unknown (NaN) inside `valid`, it makes both errors NaN; what is known counts
            everywhere, as in the original.
        edges: True at marked depth edges.
        valid: where unknown depth is a failure; everywhere, without.
    Raises: SizeMismatch; MissingExtra.
    """
    if depth.shape != edges.shape:
        raise SizeMismatch(f"Prediction {depth.shape} and marked edges {edges.shape} must have the same size.")
    if not edges.any():
        return None
    unknown = ~np.isfinite(depth)
    if (unknown if valid is None else unknown & valid).any() or unknown.all():
        return EdgeMetrics(float("nan"), float("nan"))
    predicted = canny_edges(depth)
    from_marked = _distances(edges)
    near = predicted & (from_marked < FARTHEST)
    if not near.any():
        return EdgeMetrics(FARTHEST, FARTHEST)
    each_way = np.concatenate([from_marked[predicted], _distances(predicted)[edges]])
    return EdgeMetrics(float(from_marked[near].mean()), float(np.minimum(each_way, FARTHEST).mean()))


def canny_edges(depth: Float[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Edges of a depth map brought to 0 to 1, as iBims-1 finds them; none at unknown pixels (NaN) or beside them."""
    feature = require("skimage.feature", "evaluate", "Finding depth edges")
    known = np.isfinite(depth)
    near, far = depth[known].min(), depth[known].max()
    if near == far:
        return np.zeros(depth.shape, bool)
    unit = (np.where(known, depth, near).astype(np.float32) - near) / (far - near)
    return feature.canny(unit, SIGMA, LOW, HIGH, mask=None if known.all() else known)


def _distances(edges: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Pixels from each pixel to the nearest edge."""
    return require("scipy.ndimage", "evaluate", "Measuring depth edges").distance_transform_edt(~edges)
