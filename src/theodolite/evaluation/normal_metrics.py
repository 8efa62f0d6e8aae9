"""Normal metrics of one image: the angle to the truth, and shares of pixels within the field's limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.types import Bool, Float

# Below this many pixels the released evaluation skips an image.
LEAST_PIXELS = 10


@dataclass(frozen=True)
class NormalMetrics:
    """Angles in degrees; shares from 0 to 1 of pixels strictly closer than 11.25, 22.5 and 30 degrees.

    Source: D. Fouhey et al., Data-Driven 3D Primitives for Single Image Understanding, ICCV 2013.
    """

    mean: float
    median: float
    within_11_25: float
    within_22_5: float
    within_30: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def angles(normals: Float[np.ndarray, "*map 3"], truth: Float[np.ndarray, "*map 3"]) -> Float[np.ndarray, "*map"]:
    """Degrees between two fields of vectors of any length; NaN where either is unknown."""
    a, b = normals.astype(np.float64), truth.astype(np.float64)
    # By the arc tangent: the arc cosine has no digits left near zero.
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1)))


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
    if normals.shape != truth.shape:
        raise SizeMismatch(f"Normals {normals.shape} and their truth {truth.shape} must have the same size.")
    use = np.isfinite(truth).all(axis=-1)
    use = use if valid is None else use & valid
    if use.sum() < LEAST_PIXELS:
        return None
    angle = angles(normals[use], truth[use])
    return NormalMetrics(
        mean=float(np.mean(angle)),
        median=float(np.median(angle)),
        within_11_25=float(np.mean(angle < 11.25)),
        within_22_5=float(np.mean(angle < 22.5)),
        within_30=float(np.mean(angle < 30)),
    )


def mean_over_images(metrics: list[NormalMetrics]) -> NormalMetrics:
    """The plain mean of each metric over images, as for depth; most papers on normals pool all pixels instead."""
    if not metrics:
        raise ValueError("A mean over no images is not a number.")
    return NormalMetrics(*(float(np.mean([getattr(m, f.name) for m in metrics])) for f in fields(NormalMetrics)))
