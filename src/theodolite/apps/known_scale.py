"""What fixes the scale of a photo other than the network: a known length in it, or the camera's height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from theodolite.apps.evidence import Evidence, Pixel, Value
from theodolite.apps.floor import floor_pixels
from theodolite.apps.planes import fit_planes, robust_weights
from theodolite.apps.vertical import Vertical, find_vertical
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

# Relative standard uncertainty of a length that was given without one.
USUAL = 0.01


class KnownScale(Protocol):
    """Adds what it rests on to the evidence, and gives the factor on all lengths as a function of the vectors."""

    def factor(self, evidence: Evidence) -> Value: ...


@dataclass(frozen=True)
class ReferenceObject:
    """A known straight length between two pixels of the photo, metres."""

    start: Pixel
    end: Pixel
    metres: float
    sigma: float | None = None

    def __post_init__(self) -> None:
        _check("A reference length", self.metres, self.sigma)

    def factor(self, evidence: Evidence) -> Value:
        ends = evidence.pointed([self.start, self.end])
        known = _known(evidence, self.metres, self.sigma)
        values = evidence.values
        if not np.linalg.norm(values[ends.start] - values[ends.start + 1]) > 0:
            raise TheodoliteError("The two ends of the reference object are one and the same point.")
        return lambda p: p[:, known, 0].sum(-1) / np.linalg.norm(p[:, ends.start] - p[:, ends.start + 1], axis=-1)


@dataclass(frozen=True)
class CameraHeight:
    """The camera's height above the ground that is seen in the photo, metres."""

    metres: float
    sigma: float | None = None
    vertical: Vertical | None = None

    def __post_init__(self) -> None:
        _check("A camera height", self.metres, self.sigma)

    def factor(self, evidence: Evidence) -> Value:
        prediction = evidence.prediction
        rows, columns, _ = floor_pixels(prediction, self.vertical or find_vertical(prediction))
        ground = evidence.seen(rows, columns)
        known = _known(evidence, self.metres, self.sigma)
        weight, _ = robust_weights(evidence.values[ground])

        def value(p: Float[np.ndarray, "b n 3"]) -> Float[np.ndarray, " b"]:
            return p[:, known, 0].sum(-1) * np.linalg.norm(fit_planes(p[:, ground], weight), axis=-1)

        return value


def scale_factor(prediction: Prediction, scale: KnownScale) -> tuple[float, float]:
    """The factor on the prediction's lengths, and its standard uncertainty."""
    evidence = Evidence(prediction)
    value = scale.factor(evidence)
    factor, causes = evidence.vectors().evaluate(value)
    return factor, float(np.sqrt(np.square(list(causes.values())).sum()))


def _known(evidence: Evidence, metres: float, sigma: float | None) -> slice:
    sigma = USUAL * metres if sigma is None else sigma
    return evidence.vector(np.array([metres, 0, 0]), "reference", np.array([[sigma, 0, 0]]))


def _check(what: str, metres: float, sigma: float | None) -> None:
    if not (np.isfinite(metres) and metres > 0):
        raise TheodoliteError(f"{what} is positive, in metres, got {metres:g}.")
    if sigma is not None and not (np.isfinite(sigma) and sigma >= 0):
        raise TheodoliteError(f"{what} has an uncertainty of zero or more metres, got {sigma:g}.")
