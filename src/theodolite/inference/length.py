"""The distance between two points of a photo, with its uncertainty to first order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from theodolite.errors import TheodoliteError
from theodolite.types import Float

if TYPE_CHECKING:
    from theodolite.inference.prediction import Prediction

# How well a pixel is pointed at: half a pixel of the photo, one standard deviation.
PIXEL_SIGMA = 0.5
# Relative. Confidence is trained towards 1 - relative depth error; no network is surer than this, whatever it says.
LEAST_DEPTH_SIGMA = 0.02
# Relative. What one depth errs by on its own, apart from what the depths of a photo have in common. An assumption.
OWN_DEPTH_SIGMA = 0.02


@dataclass(frozen=True)
class Length:
    """A length in metres and its standard uncertainty, metres."""

    metres: float
    sigma: float

    def __str__(self) -> str:
        digits = decimals(self.sigma)
        return f"{self.metres:.{digits}f} ± {self.sigma:.{digits}f} m"


def decimals(sigma: float) -> int:
    """Places worth printing: centimetres, unless the uncertainty is below one, or metres."""
    return 3 if sigma < 0.01 else 2 if sigma < 1 else 1 if sigma < 10 else 0


def depth_sigma(confidence: float) -> float:
    """Relative standard uncertainty of a depth: what its confidence leaves to certainty, between 0.02 and 1."""
    if not math.isfinite(confidence):
        return 1.0
    return min(max(1 - confidence, LEAST_DEPTH_SIGMA), 1.0)


def measure(prediction: Prediction, start: tuple[float, float], end: tuple[float, float]) -> Length:
    """Straight distance between the surface points at two pixels (u, v) of the upright photo.

    Four causes of uncertainty are propagated to first order and added in squares: the focal length, which multiplies
    both depths alike and moves nothing sideways (there it cancels against the depth it scales); the depth error that
    the confidences state, taken to be common to both points, as a wrong idea of an object's size is; a small error of
    each depth on its own; and where exactly the pixels were meant to be.

    Raises: TheodoliteError, for a pixel outside the photo, or where no usable depth is known.
    """
    a, b = look_up(prediction, start), look_up(prediction, end)
    step = b.point - a.point
    metres = float(np.linalg.norm(step))
    # Two points at the same place: any direction is as good as another, and the first-order terms stay defined.
    direction = step / metres if metres > 0 else np.array([0.0, 0.0, 1.0])

    focal = prediction.camera.rel_sigma * abs(direction[2] * step[2])
    along_a, along_b = direction @ a.point, direction @ b.point  # metres that the length changes by, if a depth doubles
    common = along_b * b.depth_sigma - along_a * a.depth_sigma
    own = OWN_DEPTH_SIGMA * math.hypot(along_a, along_b)
    pixels = math.hypot(*(float(np.linalg.norm(direction[:2] * spot.pixel_sigma)) for spot in (a, b)))
    return Length(metres, math.hypot(focal, common, own, pixels))


@dataclass(frozen=True)
class Spot:
    point: Float[np.ndarray, " 3"]
    depth_sigma: float
    pixel_sigma: Float[np.ndarray, " 2"]  # metres, sideways and downwards


def look_up(prediction: Prediction, pixel: tuple[float, float]) -> Spot:
    """The surface point at a pixel of the photo. Between map pixels, inverse depth is interpolated: exact on planes."""
    width, height = prediction.photo_size
    u, v = (float(x) for x in pixel)
    if not (-0.5 <= u < width - 0.5 and -0.5 <= v < height - 0.5):
        raise TheodoliteError(
            f"Pixel ({u:g}, {v:g}) lies outside the photo, whose pixels run from (0, 0) to ({width - 1}, {height - 1})."
        )
    camera = prediction.camera
    x, y = camera.width / width, camera.height / height
    column = min(max((u + 0.5) * x - 0.5, 0), camera.width - 1)
    row = min(max((v + 0.5) * y - 0.5, 0), camera.height - 1)
    nearest = round(row), round(column)
    if not prediction.valid[nearest]:
        raise TheodoliteError(f"No usable depth is known at pixel ({u:g}, {v:g}). Choose a point beside it.")
    z = _depth_at(prediction, row, column, float(prediction.depth[nearest]))
    slopes = np.array([(column - camera.cx) / camera.fx, (row - camera.cy) / camera.fy])
    pixel_sigma = PIXEL_SIGMA * z * np.array([x / camera.fx, y / camera.fy])
    sigma = depth_sigma(float(prediction.confidence[nearest]))
    return Spot(np.array([*(slopes * z), z]), sigma, pixel_sigma)


def _depth_at(prediction: Prediction, row: float, column: float, nearest: float) -> float:
    """Depth between pixels; that of the nearest one where a depth edge or an unknown pixel is among the four."""
    top, left = int(row), int(column)
    window = np.s_[top : top + 2, left : left + 2]
    depth = prediction.depth[window].astype(float)
    # A surface that continues does not change its depth by a tenth from one pixel to the next; an edge does.
    if not prediction.valid[window].all() or depth.max() > 1.1 * depth.min():
        return nearest
    down, right = row - top, column - left
    weights = np.outer([1 - down, down], [1 - right, right])[: depth.shape[0], : depth.shape[1]]
    return float(1 / (weights / depth).sum() * weights.sum())
