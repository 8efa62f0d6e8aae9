"""Where the surface goes from a pixel: how far a hand-set pixel moves the point that it points at."""

from __future__ import annotations

import numpy as np

from theodolite.inference.prediction import Prediction
from theodolite.types import Float

# Half the window, px of the maps, over which the slope is taken.
REACH = 3
# Depth that differs by more than this share from the middle's is another surface's.
SAME = 0.1


def pointing_moves(
    prediction: Prediction, point: Float[np.ndarray, " 3"], place: Float[np.ndarray, " 2"], pixels: float
) -> Float[np.ndarray, "2 3"]:
    """What a step of so many pixels of the photo, to the right and down, does to the point, along its surface.

    Args:
        place: (column, row) of the maps.
    """
    scale = np.array(prediction.size) / prediction.photo_size * pixels
    focal = np.array([prediction.camera.fx, prediction.camera.fy])
    x, y, z = point
    # On a plane inverse depth is linear in the pixel: dz = -z² dq.
    fall = -z * z * inverse_slope(prediction, place)
    moves = np.zeros((2, 3))
    for axis in range(2):
        moves[axis] = scale[axis] * fall[axis] * np.array([x, y, z]) / z
        moves[axis, axis] += scale[axis] * z / focal[axis]
    return moves


def inverse_slope(prediction: Prediction, place: Float[np.ndarray, " 2"]) -> Float[np.ndarray, " 2"]:
    """Change of inverse depth from one map pixel to the next, right and down; zero where no surface is around."""
    column, row = np.rint(place).astype(int)
    rows = np.arange(max(row - REACH, 0), min(row + REACH + 1, prediction.camera.height))
    columns = np.arange(max(column - REACH, 0), min(column + REACH + 1, prediction.camera.width))
    depth = prediction.depth[np.ix_(rows, columns)].astype(float)
    middle = float(prediction.depth[row, column])
    with np.errstate(invalid="ignore"):
        same = prediction.valid[np.ix_(rows, columns)] & (np.abs(depth / middle - 1) < SAME)
    v, u = np.nonzero(same)
    if len(np.unique(u)) < 2 or len(np.unique(v)) < 2:
        return np.zeros(2)
    design = np.stack([u, v, np.ones(len(u))], axis=-1).astype(float)
    return np.linalg.lstsq(design, 1 / depth[same], rcond=None)[0][:2]
