"""Reliability: the error that a model states of its pixels beside the error found, in bins that add up over images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.types import Float

# Where bins begin; the last is open. Of relative depth errors, and of angles in degrees.
DEPTH_EDGES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
ANGLE_EDGES = (0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0, 20.0, 25.0, 30.0, 40.0, 60.0)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Sums over the pixels of each bin of stated error; NaN where one of them is unknown.

    Args:
        edges: where each bin begins.
        pixels: how many.
        stated, found: sums of the error that the model expects, and of the error it has.
    """

    edges: tuple[float, ...]
    pixels: Float[np.ndarray, " bins"]
    stated: Float[np.ndarray, " bins"]
    found: Float[np.ndarray, " bins"]

    @classmethod
    def of(
        cls, stated: Float[np.ndarray, " n"], found: Float[np.ndarray, " n"], edges: tuple[float, ...]
    ) -> Reliability:
        """Of one image's pixels. A stated error below the first edge counts as that: there is none below 0."""
        stated = np.maximum(stated.astype(np.float64), edges[0])
        # An unknown statement sorts last, into the open bin, and makes that bin's sum NaN.
        place = np.searchsorted(edges[1:], stated, side="right")
        sums = (np.bincount(place, weights, len(edges)) for weights in (np.ones_like(stated), stated, found))
        return cls(edges, *sums)

    @property
    def calibration_error(self) -> float:
        """Mean over pixels of how far their bin's mean errors, stated and found, are apart; NaN without a pixel.

        Source: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017, for errors in place of accuracy.
        """
        pixels = float(self.pixels.sum())
        return float(np.abs(self.stated - self.found).sum() / pixels) if pixels else float("nan")

    def rows(self) -> list[ReliabilityRow]:
        """A row for each bin that has pixels."""
        bins = zip(self.edges, self.pixels, self.stated, self.found, strict=True)
        return [
            ReliabilityRow(start, int(count), float(stated / count), float(found / count))
            for start, count, stated, found in bins
            if count
        ]

    def __add__(self, other: Reliability) -> Reliability:
        """Raises: SizeMismatch, for other bins."""
        if self.edges != other.edges:
            raise SizeMismatch(f"Bins that begin at {self.edges} cannot be added to such at {other.edges}.")
        return Reliability(self.edges, self.pixels + other.pixels, self.stated + other.stated, self.found + other.found)

    def to_json(self) -> dict:
        sums = {name: getattr(self, name).tolist() for name in ("pixels", "stated", "found")}
        return {"edges": list(self.edges)} | sums

    @classmethod
    def from_json(cls, data: dict) -> Reliability:
        return cls(tuple(data["edges"]), *(np.array(data[name], float) for name in ("pixels", "stated", "found")))


@dataclass(frozen=True)
class ReliabilityRow:
    """One bin: where it begins, and means of its pixels."""

    start: float
    pixels: int
    stated: float
    found: float


def expected_angle(kappa: Float[np.ndarray, "*map"]) -> Float[np.ndarray, "*map"]:
    """Degrees by which a normal of that concentration is off in the mean; of one below 0 as of 0, which is 90.

    The mean of the angular von Mises-Fisher distribution, whose density over the sphere falls as exp(-kappa · angle).
    Source: G. Bae et al., Estimating and Exploiting the Aleatoric Uncertainty in Surface Normal Estimation, ICCV 2021.
    """
    concentration = np.clip(kappa.astype(np.float64), 0, 1e9)
    falling = np.exp(-concentration * np.pi)
    return np.degrees(2 * concentration / (concentration**2 + 1) + np.pi * falling / (1 + falling))
