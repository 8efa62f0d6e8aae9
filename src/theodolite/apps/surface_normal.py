"""The normal of the surface at a place in the photo, as evidence: the network's, or of a plane fitted to the depth."""

from __future__ import annotations

import numpy as np

from theodolite.apps.evidence import Evidence, Pixel, Value, on_maps
from theodolite.apps.planes import facing, fit_planes, robust_weights
from theodolite.apps.polygon import FEWEST, thinned
from theodolite.apps.vertical import across
from theodolite.errors import TheodoliteError
from theodolite.inference.length import look_up
from theodolite.inference.prediction import Prediction
from theodolite.types import Bool, Float

# Half the patch that is looked at, as a share of the picture's longer side, and px of the maps at least.
REACH, REACH_PX = 0.012, 3
# Depth that differs by more from the middle's lies on another surface, for each pixel away from it; degrees likewise.
STEP, TURN = 0.03, 30.0
# Pixels a plane is fitted to: more, closer together, say nothing new.
_MOST = 60


def add_normal(evidence: Evidence, pixel: Pixel) -> tuple[Value, Float[np.ndarray, " 3"]]:
    """The unit normal, facing the camera, as a function of the vectors (b, 3), and as it is.

    Raises: TheodoliteError, where no usable depth is known, or too little of one surface is around.
    """
    prediction = evidence.prediction
    look_up(prediction, pixel)  # refuses what is outside or unknown
    rows, columns = _patch(prediction, pixel)
    if prediction.normals is None:
        chosen = thinned(rows, columns, _MOST)
        where = evidence.seen(rows[chosen], columns[chosen])
        weight, _ = robust_weights(evidence.values[where])
        normal = facing(fit_planes(evidence.values[None, where], weight))[0]
        return (lambda p: facing(fit_planes(p[:, where], weight))), normal
    normals = prediction.normals[rows, columns].astype(float)
    mean = normals.mean(axis=0)
    normal = mean / np.linalg.norm(mean)
    kappa = None if prediction.kappa is None else float(np.median(prediction.kappa[rows, columns]))
    where = evidence.vector(normal, "normals", evidence.errors.tilt(kappa) * across(normal))
    return (lambda p: p[:, where].sum(1)), normal


def _patch(prediction: Prediction, pixel: Pixel) -> tuple[np.ndarray, np.ndarray]:
    """Map pixels around a place, on the same surface as far as depth and normals tell."""
    column, row = np.rint(on_maps(prediction, [pixel])[0]).astype(int)
    width, height = prediction.size
    column, row = min(max(column, 0), width - 1), min(max(row, 0), height - 1)
    reach = max(REACH_PX, round(REACH * max(width, height)))
    rows = np.arange(max(row - reach, 0), min(row + reach + 1, height))
    columns = np.arange(max(column - reach, 0), min(column + reach + 1, width))
    window = np.ix_(rows, columns)
    same: Bool[np.ndarray, "r c"] = prediction.valid[window]
    away = np.maximum(np.abs(rows - row)[:, None], np.abs(columns - column)[None])
    with np.errstate(invalid="ignore"):
        same = same & (np.abs(prediction.depth[window] / prediction.depth[row, column] - 1) <= STEP * (away + 1))
        if prediction.normals is not None:
            turn = prediction.normals[window] @ prediction.normals[row, column]
            same &= turn > np.cos(np.radians(TURN))
    found = np.nonzero(same)
    if len(found[0]) < FEWEST:
        u, v = pixel
        raise TheodoliteError(
            f"Too little of one surface is seen around pixel ({u:g}, {v:g}) to tell which way it faces."
        )
    return rows[found[0]], columns[found[1]]
