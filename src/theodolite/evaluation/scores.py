"""What is known of a model on frames: scores of single ones, and their means over sets, cameras and all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.evaluation import normal_metrics
from theodolite.evaluation.depth_metrics import DepthMetrics, mean_over_images
from theodolite.evaluation.normal_metrics import NormalMetrics


@dataclass(frozen=True)
class FrameNormals:
    """Normals of one frame, judged by those of the sensor's depth.

    Args:
        pixels: where the sensor's depth has a normal.
        network: the network's own normals; None from a depth-only network, or with too few pixels to judge by.
        from_depth: those of the predicted depth, by `geometry.normals` as it is by default; None likewise.
    """

    pixels: int
    network: NormalMetrics | None
    from_depth: NormalMetrics | None


@dataclass(frozen=True)
class FrameScore:
    """One frame.

    Args:
        focal: of the picture, px.
        pixels: with ground truth.
        metric: as predicted.
        aligned: after median scaling by `scale`.
        constant: of the ground truth's own median everywhere, which `aligned` has to beat to be worth anything.
        camera: of the picture.
        dense: share of all pixels with ground truth.
        normals: None where they were not asked for, or ground truth is too sparse for them.
    """

    set: str
    frame: str
    focal: float
    pixels: int
    metric: DepthMetrics
    aligned: DepthMetrics
    constant: DepthMetrics
    scale: float
    camera: Camera
    dense: float
    normals: FrameNormals | None = None


@dataclass(frozen=True)
class FrameFailure:
    """A frame that could not be scored, and why; it is counted, never skipped in silence."""

    set: str
    frame: str
    reason: str


@dataclass(frozen=True)
class Means:
    """Plain means over frames, each counting alike.

    Args:
        frames: scored.
        median_scale: median over the frames of the scale that aligns each.
        normal_frames: those of them whose normals are in the two means below, which are None without any.
    """

    frames: int
    metric: DepthMetrics
    aligned: DepthMetrics
    constant: DepthMetrics
    median_scale: float
    normal_frames: int
    normals: NormalMetrics | None
    normals_from_depth: NormalMetrics | None


@dataclass(frozen=True, kw_only=True)
class SetSummary(Means):
    """Means over a set's scored frames, and how many could not be scored."""

    set: str
    failures: int


@dataclass(frozen=True, kw_only=True)
class CameraSummary(Means):
    """Means over a set's scored frames of one camera; a frame that could not be scored is of no known camera."""

    set: str
    camera: str


@dataclass(frozen=True, kw_only=True)
class Overall(Means):
    """Means over sets of their means, each set counting alike however many frames it has."""

    sets: int


def summarise(outcomes: Sequence[FrameScore | FrameFailure]) -> list[SetSummary]:
    """A row for each set, in order of appearance, without sets of which no frame could be scored."""
    summaries = []
    for name in set_names(outcomes):
        scores = [o for o in outcomes if isinstance(o, FrameScore) and o.set == name]
        failures = sum(isinstance(o, FrameFailure) and o.set == name for o in outcomes)
        if scores:
            summaries.append(SetSummary(**_means(scores), set=name, failures=failures))
    return summaries


def summarise_cameras(outcomes: Sequence[FrameScore | FrameFailure]) -> list[CameraSummary]:
    """A row for each camera of each set, in order of appearance; intrinsics and picture size tell cameras apart."""
    summaries = []
    for name in set_names(outcomes):
        scores = [o for o in outcomes if isinstance(o, FrameScore) and o.set == name]
        for camera, words in camera_names(score.camera for score in scores).items():
            own = [score for score in scores if _identity(score.camera) == camera]
            summaries.append(CameraSummary(**_means(own), set=name, camera=words))
    return summaries


def overall(sets: Sequence[SetSummary]) -> Overall | None:
    """None without a set."""
    if not sets:
        return None
    return Overall(
        frames=sum(row.frames for row in sets),
        metric=mean_over_images([row.metric for row in sets]),
        aligned=mean_over_images([row.aligned for row in sets]),
        constant=mean_over_images([row.constant for row in sets]),
        median_scale=float(np.median([row.median_scale for row in sets])),
        normal_frames=sum(row.normal_frames for row in sets),
        normals=_mean_normals(row.normals for row in sets),
        normals_from_depth=_mean_normals(row.normals_from_depth for row in sets),
        sets=len(sets),
    )


def set_names(outcomes: Iterable[FrameScore | FrameFailure]) -> list[str]:
    """In order of appearance, those too of which no frame could be scored."""
    return list(dict.fromkeys(outcome.set for outcome in outcomes))


_Identity = tuple[float, ...]


def camera_names(cameras: Iterable[Camera]) -> dict[_Identity, str]:
    """Each camera's focal length in px and picture size, in as many words as tell it from the others."""
    known = {_identity(camera): camera for camera in cameras}
    wordings = (
        lambda c: f"f {c.focal:.0f} px, {c.width}x{c.height}",
        lambda c: f"f {c.focal:.1f} px, {c.width}x{c.height}",
        lambda c: f"f {c.focal:.1f} px, {c.width}x{c.height}, centre {c.cx:.1f}, {c.cy:.1f}",
        lambda c: f"f {c.fx!r}, {c.fy!r} px, {c.width}x{c.height}, centre {c.cx!r}, {c.cy!r}",
    )
    for wording in wordings:
        names = {identity: wording(camera) for identity, camera in known.items()}
        if len(set(names.values())) == len(names):
            break
    return names


def _identity(camera: Camera) -> _Identity:
    return camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height


def _means(scores: Sequence[FrameScore]) -> dict:
    judged = [
        score.normals for score in scores if score.normals and (score.normals.network or score.normals.from_depth)
    ]
    return {
        "frames": len(scores),
        "metric": mean_over_images([score.metric for score in scores]),
        "aligned": mean_over_images([score.aligned for score in scores]),
        "constant": mean_over_images([score.constant for score in scores]),
        "median_scale": float(np.median([score.scale for score in scores])),
        "normal_frames": len(judged),
        "normals": _mean_normals(normals.network for normals in judged),
        "normals_from_depth": _mean_normals(normals.from_depth for normals in judged),
    }


def _mean_normals(metrics: Iterable[NormalMetrics | None]) -> NormalMetrics | None:
    known = [metric for metric in metrics if metric is not None]
    return normal_metrics.mean_over_images(known) if known else None
