"""The lowest large level surface of a photo, on which the photographer is taken to stand."""

from __future__ import annotations

import numpy as np

from theodolite.apps.polygon import thinned
from theodolite.apps.vertical import Vertical
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction
from theodolite.types import Int

# Degrees between a floor pixel's normal and up.
TILT = 20.0
# Steps of the histogram of the drop below the camera, in its logarithm; and what still belongs to a peak of it.
STEP, BELONGS = 0.05, 0.12
# A level as full as this share of the fullest one is a floor, and not a few pixels gone astray.
FULL = 0.15
FEWEST = 60


def floor_pixels(
    prediction: Prediction, vertical: Vertical
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"], float]:
    """Rows and columns of some map pixels on the floor, evenly over it, and the camera's height above it.

    The height is the prediction's, in metres, roughly.
    Raises: TheodoliteError, when no level surface below the camera is seen.
    """
    step = max(1, max(prediction.size) // 512)
    normals = prediction.normals_or_depths()
    normals, points = normals[::step, ::step], prediction.points()[::step, ::step]
    with np.errstate(invalid="ignore"):
        drop = -(points @ vertical.up)
        level = prediction.valid[::step, ::step] & (drop > 0)
        level &= normals @ vertical.up > np.cos(np.radians(TILT))
    if level.sum() < FEWEST:
        raise TheodoliteError(
            f"No ground is seen in {prediction.name}: {int(level.sum())} pixels below the camera face up, {FEWEST} are "
            "needed. Measure a known length in the picture instead (--reference-object)."
        )
    row, column = np.nonzero(level)
    log_drop = np.log(drop[level])
    bins = np.floor((log_drop - log_drop.min()) / STEP).astype(int)
    counts = np.convolve(np.bincount(bins, minlength=3), np.ones(3), mode="same")
    peaks = np.flatnonzero((counts >= FULL * counts.max()) & (counts >= np.roll(counts, 1)))
    peak = log_drop.min() + (peaks[-1] + 0.5) * STEP
    near = np.abs(log_drop - peak) < BELONGS
    peak = float(np.median(log_drop[near]))
    chosen = np.flatnonzero(np.abs(log_drop - peak) < BELONGS)
    chosen = chosen[thinned(row[chosen], column[chosen])]
    return row[chosen] * step, column[chosen] * step, float(np.exp(peak))
