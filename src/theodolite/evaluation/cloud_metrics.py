"""Point cloud metrics: distances between two sets of points, and shares of points that have another one near."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from theodolite.extras import require
from theodolite.types import Bool, Float

THRESHOLD = 0.05  # metres
VOXEL = 0.02  # metres


@dataclass(frozen=True)
class CloudMetrics:
    """Distances in metres, shares from 0 to 1.

    Args:
        accuracy: mean distance from a predicted point to the nearest true one.
        completeness: mean distance from a true point to the nearest predicted one.
        chamfer_l1: the average of both; some papers print their sum, which is twice that.
        precision: share of predicted points strictly closer than the threshold to a true one.
        recall: share of true points strictly closer than the threshold to a predicted one.
        f_score: harmonic mean of precision and recall.
    Source: A. Knapitsch et al., Tanks and Temples, 2017, for the shares.
    """

    accuracy: float
    completeness: float
    chamfer_l1: float
    precision: float
    recall: float
    f_score: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def cloud_metrics(
    points: Float[np.ndarray, "n 3"], truth: Float[np.ndarray, "m 3"], threshold: float = THRESHOLD
) -> CloudMetrics | None:
    """Metrics of one cloud, or None where the truth has no point.

    Args:
        points: predicted, in metres. One that is not finite is a failure: near nothing, it makes accuracy and Chamfer
            distance NaN. Without any finite point distances are NaN and shares 0.
        truth: in the same coordinates; points that are not finite are left out.
        threshold: metres.
    Raises: MissingExtra.
    """
    truth = truth[_known(truth)]
    found = points[_known(points)]
    if not len(truth):
        return None
    nan = float("nan")
    if not len(found):
        return CloudMetrics(nan, nan, nan, 0.0, 0.0, 0.0)
    to_truth, to_found = _nearest(found, truth), _nearest(truth, found)
    accuracy = float(to_truth.mean()) if len(found) == len(points) else nan
    completeness = float(to_found.mean())
    precision = float(np.count_nonzero(to_truth < threshold) / len(points))
    recall = float(np.count_nonzero(to_found < threshold) / len(truth))
    f_score = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return CloudMetrics(accuracy, completeness, (accuracy + completeness) / 2, precision, recall, f_score)


def voxel_downsample(points: Float[np.ndarray, "n 3"], size: float = VOXEL) -> Float[np.ndarray, "m 3"]:
    """The mean of the points in each voxel, ordered by voxel: dense places then weigh no more than sparse ones.

    Args:
        points: metres. Those that are not finite all stay, at the end: they are to remain failures.
        size: side of a voxel, metres; a corner of one lies at the origin.
    """
    known = _known(points)
    found = points[known].astype(np.float64)
    if not len(found):
        return points[~known]
    cells = np.floor(found / size)
    order = np.lexsort(cells.T)
    cells, found = cells[order], found[order]
    first = np.flatnonzero(np.append(True, (cells[1:] != cells[:-1]).any(axis=1)))
    counts = np.diff(np.append(first, len(found)))
    means = np.add.reduceat(found, first) / counts[:, None]
    return np.concatenate([means.astype(points.dtype), points[~known]])


def _known(points: Float[np.ndarray, "n 3"]) -> Bool[np.ndarray, " n"]:
    return np.isfinite(points).all(axis=-1)


def _nearest(points: Float[np.ndarray, "n 3"], others: Float[np.ndarray, "m 3"]) -> Float[np.ndarray, " n"]:
    """Distance from each point to the nearest of the others."""
    spatial = require("scipy.spatial", "evaluate", "Comparing point clouds")
    return spatial.cKDTree(others).query(points)[0]
