"""Confidence metrics: is what a model says of its own certainty worth anything, in order and in size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.evaluation.judged import judged_pixels
from theodolite.evaluation.normal_metrics import angles
from theodolite.evaluation.reliability import ANGLE_EDGES, DEPTH_EDGES, Reliability, expected_angle
from theodolite.evaluation.sparsification import Sparsification
from theodolite.types import Bool, Float


@dataclass(frozen=True, eq=False)
class Certainty:
    """Of one image, or the sum of several.

    Args:
        sparsification: whether the errors lie where the model is unsure. Every image counts alike.
        reliability: whether they are as large as the model says. Every pixel counts alike. None where it only orders.
    """

    sparsification: Sparsification
    reliability: Reliability | None = None

    def __add__(self, other: Certainty) -> Certainty:
        """Without reliability where one has none: a part would pass for the whole."""
        both = None
        if self.reliability is not None and other.reliability is not None:
            both = self.reliability + other.reliability
        return Certainty(self.sparsification + other.sparsification, both)

    def as_dict(self) -> dict[str, float]:
        """ "ause", "aurg" and, of a model that states its error, "calibration_error"."""
        found = {"ause": self.sparsification.ause, "aurg": self.sparsification.aurg}
        return found if self.reliability is None else found | {"calibration_error": self.reliability.calibration_error}

    def to_json(self) -> dict:
        reliability = None if self.reliability is None else self.reliability.to_json()
        return {"sparsification": self.sparsification.to_json(), "reliability": reliability}

    @classmethod
    def from_json(cls, data: dict) -> Certainty:
        reliability = None if data["reliability"] is None else Reliability.from_json(data["reliability"])
        return cls(Sparsification.from_json(data["sparsification"]), reliability)


def depth_certainty(
    confidence: Float[np.ndarray, "*map"],
    depth: Float[np.ndarray, "*map"],
    truth: Float[np.ndarray, "*map"],
    valid: Bool[np.ndarray, "*map"] | None = None,
    stated_error: bool = False,
) -> Certainty | None:
    """Of depth, by its relative error |d - t| / t, over the valid pixels, or None where there is no such pixel.

    Args:
        confidence: larger is surer.
        depth: predicted metres. NaN inside `valid`, of this or of `confidence`, makes every measure NaN.
        truth: metres; not a measurement where not positive or not finite.
        valid: further restricts the pixels.
        stated_error: whether 1 - confidence is the relative error that the model expects.
    Raises: SizeMismatch.
    """
    use = judged_pixels(depth, truth, valid)
    _check(confidence, use)
    if not use.any():
        return None
    sure, true = confidence[use], truth[use].astype(np.float64)
    error = np.abs(depth[use] - true) / true
    reliability = Reliability.of(1 - sure, error, DEPTH_EDGES) if stated_error else None
    return Certainty(Sparsification.of(error, sure), reliability)


def normal_certainty(
    kappa: Float[np.ndarray, "*map"],
    normals: Float[np.ndarray, "*map 3"],
    truth: Float[np.ndarray, "*map 3"],
    valid: Bool[np.ndarray, "*map"] | None = None,
) -> Certainty | None:
    """Of normals, by their angle to the truth, degrees, or None where no pixel has a true normal.

    Args:
        kappa: concentration; its expected angle is the stated error.
        normals: predicted. NaN where a true normal counts, of these or of `kappa`, makes every measure NaN.
        truth: NaN where unknown.
        valid: further restricts the pixels.
    Raises: SizeMismatch.
    """
    if normals.shape != truth.shape:
        raise SizeMismatch(f"Normals {normals.shape} and their truth {truth.shape} must have the same size.")
    use = np.isfinite(truth).all(axis=-1)
    use = use if valid is None else use & valid
    _check(kappa, use)
    if not use.any():
        return None
    error = angles(normals[use], truth[use])
    reliability = Reliability.of(expected_angle(kappa[use]), error, ANGLE_EDGES)
    return Certainty(Sparsification.of(error, kappa[use]), reliability)


def _check(certainty: Float[np.ndarray, "*map"], use: Bool[np.ndarray, "*map"]) -> None:
    if certainty.shape != use.shape:
        raise SizeMismatch(f"A certainty of shape {certainty.shape} cannot be of a truth of shape {use.shape}.")
