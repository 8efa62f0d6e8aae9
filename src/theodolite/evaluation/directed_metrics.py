"""Directed depth error: is everything on the right side of a plane three metres ahead.

Source: T. Koch et al., Evaluation of CNN-based Single-Image Depth Estimation Methods, ECCV workshops 2018, and the
published code of iBims-1 ("DDE").
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from theodolite.evaluation.judged import judged_pixels
from theodolite.types import Bool, Float

PLANE = 3.0  # metres


@dataclass(frozen=True)
class DirectedMetrics:
    """Shares of pixels from 0 to 1: on the right side of the plane; before it instead of behind; behind it instead."""

    correct: float
    too_near: float
    too_far: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def directed_metrics(
    depth: Float[np.ndarray, "*map"],
    truth: Float[np.ndarray, "*map"],
    valid: Bool[np.ndarray, "*map"] | None = None,
    plane: float = PLANE,
) -> DirectedMetrics | None:
    """Over the valid pixels, or None where there is no such pixel.

    Args:
        depth: predicted metres; NaN inside `valid` is not correct, and makes the other two shares NaN.
        truth: metres; not a measurement where not positive or not finite.
        valid: further restricts the pixels.
        plane: metres; what lies on it is before it.
    Raises: SizeMismatch.
    """
    use = judged_pixels(depth, truth, valid)
    if not use.any():
        return None
    d, behind = depth[use], truth[use] > plane
    too_near, too_far = float((behind & (d <= plane)).mean()), float((~behind & (d > plane)).mean())
    correct = float(((d > plane) & behind).mean() + ((d <= plane) & ~behind).mean())
    unknown = float("nan") if np.isnan(d).any() else 0.0
    return DirectedMetrics(correct, too_near + unknown, too_far + unknown)
