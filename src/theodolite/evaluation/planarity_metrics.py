"""Planarity metrics: are walls, tables and floors flat, and do they lean as they do in truth.

Source: T. Koch et al., Evaluation of CNN-based Single-Image Depth Estimation Methods, ECCV workshops 2018, and the
published code of iBims-1 ("PE"). As in that code, depth is scaled to the truth's median on each plane, so that flatness
is in true centimetres; the plane is the one of least squared distances; regions are used to their borders; those of
less than a twentieth of the picture are left out. It departs from that code in three points: pixels are counted from 0,
as the camera has them; unknown depth is a failure, not left out; an image's planes are averaged first, where the code
pools the planes of all images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.example import Plane
from theodolite.evaluation.depth_metrics import mean_of
from theodolite.evaluation.judged import judged_pixels
from theodolite.evaluation.normal_metrics import angles
from theodolite.geometry.unproject import unproject
from theodolite.types import Bool, Float

# Share of the picture below which a region is too small to tell a plane by.
LEAST = 0.05


@dataclass(frozen=True)
class PlanarityMetrics:
    """Errors on planes.

    Args:
        flatness: standard deviation of the points from the plane fitted to them, centimetres.
        orientation: angle from that plane to the true one, degrees, up to 90.
    """

    flatness: float
    orientation: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def planarity_metrics(
    depth: Float[np.ndarray, "h w"],
    truth: Float[np.ndarray, "h w"],
    camera: Camera,
    planes: Sequence[Plane],
    valid: Bool[np.ndarray, "h w"] | None = None,
) -> PlanarityMetrics | None:
    """Mean over the planes that are large enough, or None where there is no such plane.

    Args:
        depth: predicted, of any scale; NaN on a plane makes the errors NaN.
        truth: metres; not a measurement where not positive or not finite.
        camera: of the size of both.
        valid: further restricts the pixels; what is left of a region decides whether it is large enough.
    Raises: SizeMismatch.
    """
    judged = judged_pixels(depth, truth, valid)
    points = unproject(depth.astype(np.float64), camera)
    regions = [(plane, plane.region & judged) for plane in planes]
    errors = [
        _errors(points[region], float(np.median(truth[region])), plane)
        for plane, region in regions
        if region.mean() >= LEAST
    ]
    return mean_of(PlanarityMetrics, errors) if errors else None


def _errors(points: Float[np.ndarray, "n 3"], true_median: float, plane: Plane) -> PlanarityMetrics:
    """Of one plane's points, which are up to scale."""
    if not np.isfinite(points).all() or (median := float(np.median(points[:, 2]))) <= 0:
        return PlanarityMetrics(float("nan"), float("nan"))
    centred = (points - points.mean(axis=0)) * (true_median / median)
    normal = np.linalg.eigh(centred.T @ centred).eigenvectors[:, 0]
    angle = float(angles(normal, np.array(plane.normal)))
    return PlanarityMetrics(float((centred @ normal).std() * 100), min(angle, 180 - angle))
