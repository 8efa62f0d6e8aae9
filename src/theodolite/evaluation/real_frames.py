"""Scores of a model on folders of real RGB-D frames, one picture at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from theodolite.datasets.frames import Frame, find_frame_folders, read_frames
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.evaluation.depth_metrics import (
    DepthMetrics,
    aligned_metrics,
    depth_metrics,
    mean_over_images,
    valid_pixels,
)

if TYPE_CHECKING:
    from theodolite.inference.predictor import Predictor

# Metres between which ground truth counts, unless told otherwise: below, depth cameras have no measurement.
RANGE = (0.1, 80.0)


@dataclass(frozen=True)
class FrameScore:
    """One frame.

    Args:
        focal: of the picture, px.
        pixels: with ground truth.
        metric: as predicted.
        aligned: after median scaling by `scale`.
        constant: of the ground truth's own median everywhere, which `aligned` has to beat to be worth anything.
    """

    set: str
    frame: str
    focal: float
    pixels: int
    metric: DepthMetrics
    aligned: DepthMetrics
    constant: DepthMetrics
    scale: float


@dataclass(frozen=True)
class FrameFailure:
    """A frame that could not be scored, and why; it is counted, never skipped in silence."""

    set: str
    frame: str
    reason: str


@dataclass(frozen=True)
class SetSummary:
    """Plain means over a set's scored frames."""

    set: str
    frames: int
    failures: int
    metric: DepthMetrics
    aligned: DepthMetrics
    constant: DepthMetrics
    median_scale: float


def score_folders(
    predictor: Predictor, root: Path, depth_range: tuple[float, float] = RANGE
) -> Iterator[FrameScore | FrameFailure]:
    """Score every frame with depth, in folders with a `frames.json`: `root`, or its folders.

    Raises: DatasetError, when there is no such folder, or a listing cannot be read.
    """
    for folder in frame_folders(root):
        for frame in read_frames(folder):
            yield _score(predictor, folder.resolve().name, frame, depth_range)


def frame_folders(root: Path) -> list[Path]:
    """Those with a `frames.json`: `root`, or its folders.

    Raises: DatasetError, when there is none.
    """
    folders = find_frame_folders(root)
    if not folders:
        raise DatasetError(f"{root}: no frames.json there, nor in a folder below it.")
    return folders


def _score(
    predictor: Predictor, set_name: str, frame: Frame, depth_range: tuple[float, float]
) -> FrameScore | FrameFailure:
    try:
        truth = frame.read_depth()
        height, width = truth.shape
        prediction = predictor.predict(frame.rgb, camera=frame.camera(width, height))
        if prediction.depth.shape != truth.shape:
            raise DatasetError(f"{frame.rgb}: depth of {truth.shape} for a picture of {prediction.depth.shape}.")
    except TheodoliteError as error:
        return FrameFailure(set_name, frame.name, str(error))
    valid = valid_pixels(truth, *depth_range)
    metric = depth_metrics(prediction.depth, truth, valid)
    if metric is None:
        return FrameFailure(
            set_name, frame.name, f"no ground truth between {depth_range[0]:g} and {depth_range[1]:g} m"
        )
    aligned, scale = aligned_metrics(prediction.depth, truth, valid)
    constant = depth_metrics(np.full_like(truth, np.median(truth[valid])), truth, valid)
    assert aligned is not None
    assert constant is not None
    return FrameScore(set_name, frame.name, prediction.camera.focal, int(valid.sum()), metric, aligned, constant, scale)


def summarise(outcomes: list[FrameScore | FrameFailure]) -> list[SetSummary]:
    """A row for each set, in order of appearance, without sets of which no frame could be scored."""
    summaries = []
    for name in dict.fromkeys(outcome.set for outcome in outcomes):
        scores = [o for o in outcomes if isinstance(o, FrameScore) and o.set == name]
        failures = [o for o in outcomes if isinstance(o, FrameFailure) and o.set == name]
        if scores:
            summaries.append(
                SetSummary(
                    name,
                    len(scores),
                    len(failures),
                    mean_over_images([score.metric for score in scores]),
                    mean_over_images([score.aligned for score in scores]),
                    mean_over_images([score.constant for score in scores]),
                    float(np.median([score.scale for score in scores])),
                )
            )
    return summaries
