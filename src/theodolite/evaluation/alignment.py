"""What of a depth map is forgiven before it is judged: nothing, its scale, or its scale and shift; always by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theodolite.camera.resample import nearest_index
from theodolite.evaluation.estimate import Estimate
from theodolite.geometry.align import Alignment, least_squares_line, least_squares_scale, median_scale
from theodolite.types import Bool, Float

Fit = Callable[[Float[np.ndarray, "*map"], Float[np.ndarray, "*map"], Bool[np.ndarray, "*map"]], Alignment]


@dataclass(frozen=True)
class Rule:
    """A way of aligning.

    Args:
        kind: what the result still says: "metric", "scale_invariant" or "affine_invariant".
        about: for people.
        fit: from depth, truth, and where it counts.
    """

    kind: str
    about: str
    fit: Fit


def _affine(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> Alignment:
    """Values of any sign: of an unknown shift, zero is a number like any other."""
    known = valid & np.isfinite(depth)
    return Alignment("affine_invariant", *_rising_line(depth[known], truth[known]))


def _affine_inverse(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> Alignment:
    with np.errstate(invalid="ignore"):
        known = valid & np.isfinite(depth) & (depth > 0)
    return Alignment("affine_invariant", *_rising_line(1 / depth[known], 1 / truth[known]), "inverse_depth")


def _rising_line(values: Float[np.ndarray, " n"], wanted: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Scale, which is not negative, and shift of least squared error.

    A falling line would turn the scene inside out; the best one that does not fall is then flat, and a constant is
    what a model that has near and far mixed up gets.
    """
    if values.size < 2:
        raise ValueError(f"A line needs two values, got {values.size}.")
    scale, shift = least_squares_line(values, wanted)
    return (scale, shift) if scale >= 0 else (0.0, float(np.mean(wanted, dtype=np.float64)))


# Fewer pixels than this are not aligned by, as in the release.
LEAST_PIXELS = 11

# Source of the first, third and fourth: the evaluation of Metric3D; of the last: MiDaS, and MoGe for its limit.
ALIGNMENTS: dict[str, Rule] = {
    "metric": Rule("metric", "as predicted", lambda depth, truth, valid: Alignment()),
    "median": Rule("scale_invariant", "scaled so that its median is the truth's", median_scale),
    "scale": Rule("scale_invariant", "scaled to the least squared error in metres", least_squares_scale),
    "affine": Rule("affine_invariant", "scaled and shifted to the least squared error in metres", _affine),
    "affine-inverse": Rule(
        "affine_invariant", "its inverse scaled and shifted to the least squared error in 1/m", _affine_inverse
    ),
}
# What a model's depth has to be aligned by at least. Depth of unknown shift in 1/m can be shifted there only.
_GRANTED = {
    ("metric", "depth"): tuple(ALIGNMENTS),
    ("metric", "inverse_depth"): tuple(ALIGNMENTS),
    ("scale_invariant", "depth"): ("median", "scale", "affine", "affine-inverse"),
    ("scale_invariant", "inverse_depth"): ("median", "scale", "affine", "affine-inverse"),
    ("affine_invariant", "depth"): ("affine",),
    ("affine_invariant", "inverse_depth"): ("affine-inverse",),
}


def granted(estimate: Estimate) -> tuple[str, ...]:
    """The alignments that a model's depth can be judged after."""
    return _GRANTED[estimate.kind, estimate.space]


def align(
    name: str,
    depth: Float[np.ndarray, "h w"],
    truth: Float[np.ndarray, "h w"],
    valid: Bool[np.ndarray, "h w"],
    side: int | None = None,
) -> Alignment | None:
    """The alignment of this name, found at the valid pixels; None where fewer than `LEAST_PIXELS` were predicted.

    Args:
        depth: metres or any other unit; NaN where unknown.
        side: look for it on every so many-th pixel only, so that the longer side has no more than this.
    """
    if name == "metric":
        return Alignment()
    if np.count_nonzero(valid & np.isfinite(depth)) < LEAST_PIXELS:
        return None
    try:
        return ALIGNMENTS[name].fit(*_fitted(depth, truth, valid, side))
    except ValueError:  # too few of them are positive
        return None


def align_values(
    values: Float[np.ndarray, "h w"],
    truth: Float[np.ndarray, "h w"],
    valid: Bool[np.ndarray, "h w"],
    side: int | None = None,
) -> Float[np.ndarray, "h w"] | None:
    """Depth, metres, of inverse depth with unknown scale and shift: "affine-inverse" for values of any sign.

    What comes out farther than the farthest truth, or behind the camera, is put there.
    """
    known = valid & np.isfinite(values)
    if known.sum() < LEAST_PIXELS:
        return None
    farthest = float(truth[known].max())
    seen, wanted, counts = _fitted(values, truth, known, side)
    scale, shift = _rising_line(seen[counts], 1 / wanted[counts])
    with np.errstate(invalid="ignore"):
        return 1 / np.maximum(scale * values + shift, 1 / farthest)


def _fitted(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray, side: int | None) -> tuple[np.ndarray, ...]:
    """What an alignment is found on: all of it, or a smaller copy."""
    height, width = valid.shape
    if side is None or max(height, width) <= side:
        return depth, truth, valid
    factor = side / max(height, width)
    smaller = (nearest_index(length, max(1, round(length * factor))) for length in (height, width))
    fewer = np.ix_(*smaller)
    # Of sparse truth too little may be left.
    enough = valid[fewer].sum() >= LEAST_PIXELS
    return (depth[fewer], truth[fewer], valid[fewer]) if enough else (depth, truth, valid)
