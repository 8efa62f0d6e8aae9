"""How far a camera's path is from the true one: absolute, relative, by KITTI's rule, and in scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theodolite.apps.trajectory import Trajectory
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse
from theodolite.geometry.rotation import angle_of
from theodolite.geometry.similarity import Similarity, similarity_between
from theodolite.types import Float, Int

TOLERANCE = 0.01  # seconds between a pose and the true one it is compared with
ALIGNMENTS = ("none", "se3", "sim3")
# KITTI: segments of so many metres, starting at every tenth pose.
KITTI_LENGTHS = tuple(range(100, 900, 100))
KITTI_STEP = 10


@dataclass(frozen=True)
class KittiError:
    """Mean over all segments.

    Args:
        translation: t_rel, per cent of the segment's length.
        rotation: r_rel, degrees for 100 m.
        segments: how many there are; without one the errors are NaN.
    """

    translation: float
    rotation: float
    segments: int


def associated(estimate: Trajectory, truth: Trajectory, tolerance: float = TOLERANCE) -> tuple[Trajectory, Trajectory]:
    """The poses of both at the same times: for each of the shorter path, the nearest in time of the longer.

    KITTI's files have the number of the pose for a time, and so are compared pose by pose.

    Raises: DatasetError, when fewer than two agree within the tolerance.
    """
    swapped = len(estimate) > len(truth)
    short, long = (truth, estimate) if swapped else (estimate, truth)
    after = np.clip(np.searchsorted(long.times, short.times), 1, max(len(long) - 1, 1))
    after = np.minimum(after, len(long) - 1)
    before = np.maximum(after - 1, 0)
    gap_before, gap_after = (np.abs(long.times[at] - short.times) for at in (before, after))
    nearest = np.where(gap_before <= gap_after, before, after)
    near = np.minimum(gap_before, gap_after) <= tolerance
    # A time of the longer path answers one of the shorter, the first, so that times rise.
    kept = np.flatnonzero(near)
    kept = kept[np.unique(nearest[kept], return_index=True)[1]]
    if len(kept) < 2:
        raise DatasetError(
            f"Only {len(kept)} of {len(short)} poses have one of the other path within {1000 * tolerance:.0f} ms. "
            "Do both count time from the same moment?"
        )
    pair = _chosen(short, kept), _chosen(long, nearest[kept])
    return (pair[1], pair[0]) if swapped else pair


def alignment(estimate: Trajectory, truth: Trajectory, kind: str = "se3") -> Similarity:
    """What brings the estimate's places nearest to the true ones, of associated paths.

    Args:
        kind: "none", "se3" (rigid) or "sim3" (with scale).
    """
    if kind not in ALIGNMENTS:
        raise ValueError(f"Paths are aligned by {', '.join(ALIGNMENTS)}, not {kind!r}.")
    if kind == "none":
        return Similarity(1.0, np.eye(3), np.zeros(3))
    return similarity_between(estimate.places, truth.places, with_scale=kind == "sim3")


def absolute_error(estimate: Trajectory, truth: Trajectory, kind: str = "se3") -> float:
    """ATE: root mean square distance between places after alignment, metres; paths are associated.

    Source: Sturm et al., A Benchmark for the Evaluation of RGB-D SLAM Systems, IROS 2012.
    """
    moved = alignment(estimate, truth, kind).points(estimate.places)
    return float(np.sqrt(np.square(moved - truth.places).sum(1).mean()))


def relative_error(estimate: Trajectory, truth: Trajectory, step: int = 1) -> tuple[float, float]:
    """RPE: root mean square error of the motion over so many poses, from each pose, metres and degrees.

    Source: as `absolute_error`.
    """
    if not 1 <= step < len(truth):
        raise ValueError(f"A step lies between 1 and the number of poses less one, {len(truth) - 1}; got {step}.")
    starts = np.arange(len(truth) - step)
    error = _difference(estimate, truth, starts, starts + step)
    moved = np.square(error[:, :3, 3]).sum(1).mean()
    turned = np.square(np.degrees(angle_of(error[:, :3, :3]))).mean()
    return float(np.sqrt(moved)), float(np.sqrt(turned))


def kitti_error(
    estimate: Trajectory, truth: Trajectory, lengths: tuple[float, ...] = KITTI_LENGTHS, step: int = KITTI_STEP
) -> KittiError:
    """KITTI's t_rel and r_rel, of associated paths, without alignment.

    Args:
        lengths: of the segments, metres along the true path.
        step: between the poses at which segments start.
    Source: Geiger et al., Are we ready for Autonomous Driving?, CVPR 2012; evaluate_odometry of its development kit.
    """
    along = np.concatenate([[0], np.linalg.norm(np.diff(truth.places, axis=0), axis=1).cumsum()])
    starts = np.arange(0, len(truth), step)
    moved, turned = [], []
    for length in lengths:
        ends = np.searchsorted(along, along[starts] + length, side="right")
        reached = ends < len(truth)
        error = _difference(estimate, truth, starts[reached], ends[reached])
        moved.append(np.linalg.norm(error[:, :3, 3], axis=1) / length)
        turned.append(np.degrees(angle_of(error[:, :3, :3])) / length)
    all_moved, all_turned = np.concatenate(moved), np.concatenate(turned)
    if not len(all_moved):
        return KittiError(float("nan"), float("nan"), 0)
    return KittiError(float(100 * all_moved.mean()), float(100 * all_turned.mean()), len(all_moved))


def scale_error(estimate: Trajectory, truth: Trajectory) -> float:
    """By how much the estimate is too large, relative: 0.02 for 2 %. By the similarity; paths are associated."""
    return 1 / alignment(estimate, truth, "sim3").scale - 1


def _difference(
    estimate: Trajectory, truth: Trajectory, starts: Int[np.ndarray, " n"], ends: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "n 4 4"]:
    """What is left of the estimated motion when the true one is undone."""
    done, wanted = (inverse(p.world_from_camera[starts]) @ p.world_from_camera[ends] for p in (estimate, truth))
    return inverse(wanted) @ done


def _chosen(path: Trajectory, which: Int[np.ndarray, " n"]) -> Trajectory:
    return replace(path, times=path.times[which], world_from_camera=path.world_from_camera[which])
