"""What is assumed to be wrong with predicted depth, pixels and normals when something is measured.

Of a depth z at a pixel, with s = 1 - confidence (at least 0.02, see `inference.length.depth_sigma`):

    ln z is off by  s · (shared + drift(u, v)) + own        shared, drift: standard normal; own: sigma OWN, relative
                    + focal                                  the camera's rel_sigma; of z alone, x and y stay

`shared` is one number for a picture; `drift` wanders across it, with the correlation exp(-d² / 2 GRAIN²) between pixels
d apart, in longer sides of the picture; `own` is independent at each pixel. Hand-set pixels are off by `PIXEL_SIGMA`.
A normal is off in both directions across it by 1.65 / kappa: under the density exp(-kappa · angle) that kappa stands
for, the angle between two normals is then within one standard deviation in 70 %, and within two in 94 % of all cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from theodolite.inference.length import PIXEL_SIGMA
from theodolite.types import Float

# Drift below this share of its variance is left out.
_NEGLIGIBLE = 1e-4


@dataclass(frozen=True)
class ErrorModel:
    """Standard deviations.

    Args:
        shared, drift: in units of the depth error that the confidence states.
        own: of each depth, relative.
        grain: over which drift is alike, as a share of the picture's longer side. Of the embedded model's depth against
            that of sensors, half a picture's error is shared, and the rest grows over 0.1 to 0.3 of it; see
            docs/measuring.md.
        pixels: of a hand-set pixel in each direction, px of the photo.
        least_tilt: of a normal, degrees, whatever kappa says.
    """

    shared: float = 1.0
    drift: float = 1.0
    own: float = 0.01
    grain: float = 0.15
    pixels: float = PIXEL_SIGMA
    least_tilt: float = 1.0

    def tilt(self, kappa: float | None) -> float:
        """Of a normal in each direction across it, radians; without a kappa as of kappa 10."""
        told = 1.65 / (10.0 if kappa is None or not kappa > 0 else kappa)
        return min(max(told, math.radians(self.least_tilt)), 1.0)

    def drifting(self, places: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "k n"]:
        """Independent patterns, one standard deviation of each, that together make up the drift at some places.

        Args:
            places: in longer sides of the picture.
        """
        # Cholesky's factor with pivots: the kernel is smooth, so a few dozen columns of it hold all but nothing.
        left = np.ones(len(places))
        patterns: list[np.ndarray] = []
        while len(patterns) < len(places) and left.max() > _NEGLIGIBLE:
            pivot = int(left.argmax())
            apart = np.square(places - places[pivot]).sum(-1)
            column = np.exp(-apart / (2 * self.grain**2))
            column -= sum((pattern[pivot] * pattern for pattern in patterns), np.zeros(len(places)))
            patterns.append(column / np.sqrt(left[pivot]))
            left = np.maximum(left - patterns[-1] ** 2, 0)
        return self.drift * np.array(patterns)
