"""Normal metrics: the angle to the truth, and shares of pixels within the field's limits, of one image or pooled."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.evaluation.depth_metrics import mean_of
from theodolite.types import Bool, Float, Int

# Below this many pixels the released evaluation skips an image.
LEAST_PIXELS = 10
# Degrees; a pixel strictly closer than that is within.
LIMITS = (5.0, 7.5, 11.25, 22.5, 30.0)
# Width of the bins by which the median of many images' pixels is found: it is right to half a bin.
BIN = 0.01
_BINS = round(180 / BIN)


@dataclass(frozen=True)
class NormalMetrics:
    """Angles in degrees; shares from 0 to 1 of pixels strictly closer than 5, 7.5, 11.25, 22.5 and 30 degrees.

    Source: D. Fouhey et al., Data-Driven 3D Primitives for Single Image Understanding, ICCV 2013.
    """

    mean: float
    median: float
    rmse: float
    within_5: float
    within_7_5: float
    within_11_25: float
    within_22_5: float
    within_30: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class NormalSums:
    """What the metrics are made of, summed over pixels; sums of several images add up to those of their pixels pooled.

    Args:
        pixels: how many.
        angle, squared: of the angles, degrees, and of their squares; NaN where a prediction is unknown.
        within: pixels closer than each of `LIMITS`.
        median: of one image, exact: the lower of two middle angles; None of several.
        histogram: pixels by angle, in bins of `BIN` degrees. Those without prediction are in none.
    """

    pixels: float
    angle: float
    squared: float
    within: tuple[float, ...]
    median: float | None
    histogram: Int[np.ndarray, " bins"]

    @classmethod
    def of(cls, degrees: Float[np.ndarray, " n"]) -> NormalSums:
        """Of the angles of one image's pixels; NaN where the prediction is unknown."""
        known = degrees[np.isfinite(degrees)]
        unknown = known.size < degrees.size
        places = np.minimum(known / BIN, _BINS - 1).astype(np.int64)
        return cls(
            pixels=float(degrees.size),
            angle=float(degrees.sum()),
            squared=float(np.dot(degrees, degrees)),
            within=tuple(float(np.count_nonzero(known < limit)) for limit in LIMITS),
            median=float("nan") if unknown or not known.size else lower_median(known),
            histogram=np.bincount(places, minlength=_BINS),
        )

    def __add__(self, other: NormalSums) -> NormalSums:
        return NormalSums(
            self.pixels + other.pixels,
            self.angle + other.angle,
            self.squared + other.squared,
            tuple(mine + its for mine, its in zip(self.within, other.within, strict=True)),
            None,
            self.histogram + other.histogram,
        )

    def metrics(self) -> NormalMetrics:
        """Raises: ValueError, without a pixel."""
        if not self.pixels:
            raise ValueError("Metrics of no pixels are not numbers.")
        shares = (count / self.pixels for count in self.within)
        median = self._middle_of_bins() if self.median is None else self.median
        return NormalMetrics(self.angle / self.pixels, median, float(np.sqrt(self.squared / self.pixels)), *shares)

    def _middle_of_bins(self) -> float:
        """The lower median, as if the angles in a bin were spread evenly over it; NaN with an unknown prediction."""
        if not np.isfinite(self.angle):
            return float("nan")
        below = np.cumsum(self.histogram)
        rank = (self.pixels - 1) // 2  # from 0
        place = int(np.searchsorted(below, rank, side="right"))
        before = below[place] - self.histogram[place]
        return float((place + (rank - before + 0.5) / self.histogram[place]) * BIN)

    def to_json(self) -> dict:
        packed = base64.b64encode(zlib.compress(self.histogram.astype("<u4").tobytes(), 6)).decode()
        return {name: value for name, value in vars(self).items() if name != "histogram"} | {"histogram": packed}

    @classmethod
    def from_json(cls, data: dict) -> NormalSums:
        histogram = np.frombuffer(zlib.decompress(base64.b64decode(data["histogram"])), "<u4").astype(np.int64)
        return cls(**data | {"within": tuple(data["within"]), "histogram": histogram})


def lower_median(values: Float[np.ndarray, " n"]) -> float:
    """The middle value, and of two the lower one, as the reference evaluation takes it."""
    middle = (values.size - 1) // 2
    return float(np.partition(values, middle)[middle])


def angles(normals: Float[np.ndarray, "*map 3"], truth: Float[np.ndarray, "*map 3"]) -> Float[np.ndarray, "*map"]:
    """Degrees between two fields of vectors of any length; NaN where either is unknown."""
    a, b = (np.moveaxis(vectors.astype(np.float64), -1, 0) for vectors in (normals, truth))
    across = sum((a[i] * b[j] - a[j] * b[i]) ** 2 for i, j in ((1, 2), (2, 0), (0, 1)))
    along = (a * b).sum(axis=0)
    # By the arc tangent: the arc cosine has no digits left near zero. A vector of no length has no direction.
    angle = np.degrees(np.arctan2(np.sqrt(across), along))
    return np.where((across == 0) & (along == 0), np.nan, angle)


def normal_sums(
    normals: Float[np.ndarray, "*map 3"],
    truth: Float[np.ndarray, "*map 3"],
    valid: Bool[np.ndarray, "*map"] | None = None,
) -> NormalSums | None:
    """Sums over the pixels whose truth is known, or None where there is none. Arguments as of `normal_metrics`."""
    if normals.shape != truth.shape:
        raise SizeMismatch(f"Normals {normals.shape} and their truth {truth.shape} must have the same size.")
    use = np.isfinite(truth).all(axis=-1)
    use = use if valid is None else use & valid
    return NormalSums.of(angles(normals[use], truth[use])) if use.any() else None


def normal_metrics(
    normals: Float[np.ndarray, "*map 3"],
    truth: Float[np.ndarray, "*map 3"],
    valid: Bool[np.ndarray, "*map"] | None = None,
) -> NormalMetrics | None:
    """Metrics over the pixels whose truth is known, or None where there are fewer than `LEAST_PIXELS`.

    Args:
        normals: predicted; NaN at a pixel that counts is a failure: outside every limit, and mean and median are NaN.
        truth: NaN where unknown.
        valid: further restricts the pixels.
    Raises: SizeMismatch.
    """
    sums = normal_sums(normals, truth, valid)
    return None if sums is None or sums.pixels < LEAST_PIXELS else sums.metrics()


def mean_over_images(metrics: Iterable[NormalMetrics]) -> NormalMetrics:
    """The plain mean of each metric over images, as for depth; most papers on normals pool all pixels instead."""
    return mean_of(NormalMetrics, metrics)
