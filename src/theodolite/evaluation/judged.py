"""Which pixels of one image a prediction is judged by."""

from __future__ import annotations

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.evaluation.depth_metrics import valid_pixels
from theodolite.types import Bool, Float


def judged_pixels(
    depth: Float[np.ndarray, "*map"], truth: Float[np.ndarray, "*map"], valid: Bool[np.ndarray, "*map"] | None = None
) -> Bool[np.ndarray, "*map"]:
    """Where the true depth is a measurement, and `valid` allows it; whatever was predicted there.

    Raises: SizeMismatch.
    """
    if depth.shape != truth.shape:
        raise SizeMismatch(f"Prediction {depth.shape} and ground truth {truth.shape} must have the same size.")
    use = valid_pixels(truth)
    return use if valid is None else use & valid
