"""What else is measured of an image, where its truth allows: depth edges, planes, points, the model's certainty."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from theodolite.evaluation.boundary_metrics import boundary_metrics, edge_metrics
from theodolite.evaluation.cloud_metrics import cloud_metrics, voxel_downsample
from theodolite.evaluation.confidence_metrics import Certainty, depth_certainty, normal_certainty
from theodolite.evaluation.directed_metrics import directed_metrics
from theodolite.evaluation.estimate import Estimate
from theodolite.evaluation.planarity_metrics import planarity_metrics
from theodolite.evaluation.truth import Truth
from theodolite.geometry.unproject import unproject
from theodolite.types import Float

# Name -> what it is, for people; those of `measures_of` and of `certainty_of`.
ABOUT: Mapping[str, str] = {
    "boundary_f1": "F1 of the contours of predicted and true depth (Depth Pro's), 1 is best",
    "edge_accuracy": "px from predicted depth edges to marked ones (iBims-1's DBE)",
    "edge_completeness": "px from each kind of edge to the other (iBims-1's DBE)",
    "directed_correct": "share of pixels on the right side of a plane 3 m ahead (iBims-1's DDE)",
    "plane_flatness": "cm, spread of the points about the plane fitted to a flat region (iBims-1's PE)",
    "plane_orientation": "degrees between that plane and the true one (iBims-1's PE)",
    "chamfer": "m between predicted and true points, the mean of both directions",
    "f_score": "of points within 5 cm of the other cloud, voxels of 2 cm",
    "depth_ause": "area between the curves of depth error left when the least certain, or the worst, pixels are "
    "removed, 0 is best",
    "depth_aurg": "area gained on removing pixels by chance, larger is better",
    "normals_ause": "of normals, by their kappa",
    "normals_aurg": "of normals, by their kappa",
}


def measures_of(measures: tuple[str, ...], depth: Float[np.ndarray, "h w"], truth: Truth) -> dict[str, float]:
    """Those that a protocol asks for, by name; without those that this truth has nothing for.

    Args:
        measures: names in `protocols.MEASURES`.
        depth: aligned as for the headline, of the truth's size.
    Raises: MissingExtra.
    """
    found: dict[str, float] = {}
    for name in measures:
        found |= _MEASURES[name](depth, truth)
    return found


def certainty_of(
    estimate: Estimate, depth: Float[np.ndarray, "h w"], truth: Truth, metric: bool
) -> dict[str, Certainty]:
    """By "depth" and "normals": what the model's own certainty is worth, where it states one and there is a truth.

    Args:
        estimate: of the truth's size.
        depth: aligned as for the headline.
        metric: whether that left it as it was: stated errors are judged of metric depth only.
    """
    found: dict[str, Certainty | None] = {}
    if estimate.confidence is not None:
        stated = estimate.stated_error and estimate.kind == "metric" and metric
        found["depth"] = depth_certainty(estimate.confidence, depth, truth.example.depth, truth.headline, stated)
    if estimate.kappa is not None and estimate.normals is not None and truth.normals is not None:
        found["normals"] = normal_certainty(estimate.kappa, estimate.normals, truth.normals)
    return {name: each for name, each in found.items() if each is not None}


def _boundaries(depth: Float[np.ndarray, "h w"], truth: Truth) -> dict[str, float]:
    example, counts = truth.example, truth.headline
    found = {}
    if (contours := boundary_metrics(depth, example.depth, counts)) is not None:
        found["boundary_f1"] = contours.f1
    if example.edges is not None and (edges := edge_metrics(depth, example.edges, counts)) is not None:
        found |= {"edge_accuracy": edges.accuracy, "edge_completeness": edges.completeness}
    return found


def _planes(depth: Float[np.ndarray, "h w"], truth: Truth) -> dict[str, float]:
    example, counts = truth.example, truth.headline
    found = {}
    if (sides := directed_metrics(depth, example.depth, counts)) is not None:
        found["directed_correct"] = sides.correct
    planes = planarity_metrics(depth, example.depth, example.truth_camera, example.planes, counts)
    if planes is not None:
        found |= {"plane_flatness": planes.flatness, "plane_orientation": planes.orientation}
    return found


def _points(depth: Float[np.ndarray, "h w"], truth: Truth) -> dict[str, float]:
    example, counts = truth.example, truth.headline

    def cloud(metres: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "n 3"]:
        return voxel_downsample(unproject(metres.astype(np.float64), example.truth_camera)[counts])

    found = cloud_metrics(cloud(depth), cloud(example.depth))
    return {} if found is None else {"chamfer": found.chamfer_l1, "f_score": found.f_score}


_MEASURES: Mapping[str, Callable[[Float[np.ndarray, "h w"], Truth], dict[str, float]]] = {
    "boundaries": _boundaries,
    "planes": _planes,
    "points": _points,
}
