"""Scores of a model on folders of real RGB-D frames, one picture at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from theodolite.datasets.frames import Frame, find_frame_folders, read_frames
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.evaluation.depth_metrics import aligned_metrics, depth_metrics, valid_pixels
from theodolite.evaluation.normal_metrics import normal_metrics
from theodolite.evaluation.scores import FrameFailure, FrameNormals, FrameScore
from theodolite.evaluation.scores import summarise as summarise  # for whoever scores folders and wants the means
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.sensor_normals import sensor_normals
from theodolite.types import Float

if TYPE_CHECKING:
    from theodolite.inference.prediction import Prediction
    from theodolite.inference.predictor import Predictor

# Metres between which ground truth counts, unless told otherwise: below, depth cameras have no measurement.
RANGE = (0.1, 80.0)
# Normals are judged where at least this share of a frame's pixels has depth: depth cameras leave a third of them out,
# LiDAR, accumulated over many sweeps even, four fifths.
DENSE = 0.5


@dataclass(frozen=True)
class ListedFrame:
    """A frame with depth, and the set it belongs to."""

    set: str
    frame: Frame


def score_folders(
    predictor: Predictor, root: Path, depth_range: tuple[float, float] = RANGE
) -> Iterator[FrameScore | FrameFailure]:
    """Score the depth of every frame that has some, in folders with a `frames.json`: `root`, or its folders.

    Raises: DatasetError, when there is no such folder, or a listing cannot be read.
    """
    return score_frames(predictor, list_frames(root), depth_range)


def list_frames(root: Path) -> list[ListedFrame]:
    """Every frame with depth, in folders with a `frames.json`: `root`, or its folders, whose names are the sets'.

    Raises: DatasetError, when there is no such folder, or a listing cannot be read.
    """
    return [
        ListedFrame(folder.resolve().name, frame) for folder in frame_folders(root) for frame in read_frames(folder)
    ]


def frame_folders(root: Path) -> list[Path]:
    """Those with a `frames.json`: `root`, or its folders.

    Raises: DatasetError, when there is none.
    """
    folders = find_frame_folders(root)
    if not folders:
        raise DatasetError(f"{root}: no frames.json there, nor in a folder below it.")
    return folders


def score_frames(
    predictor: Predictor,
    frames: Iterable[ListedFrame],
    depth_range: tuple[float, float] = RANGE,
    with_normals: bool = False,
) -> Iterator[FrameScore | FrameFailure]:
    """An outcome for each frame, in order.

    Args:
        depth_range: metres between which ground truth counts.
        with_normals: judge normals, too, where ground truth is dense.
    """
    for listed in frames:
        try:
            prediction, truth = predict_frame(predictor, listed.frame, depth_range)
        except TheodoliteError as error:
            yield FrameFailure(listed.set, listed.frame.name, str(error))
            continue
        yield _score(listed, prediction, truth, with_normals)


def predict_frame(
    predictor: Predictor, frame: Frame, depth_range: tuple[float, float]
) -> tuple[Prediction, Float[np.ndarray, "h w"]]:
    """A frame's prediction, and its depth as measured, metres, NaN where unknown or out of range.

    Raises: TheodoliteError, when a file cannot be used, their sizes differ, or no depth is in range.
    """
    truth = frame.read_depth()
    height, width = truth.shape
    prediction = predictor.predict(frame.rgb, camera=frame.camera(width, height))
    if prediction.depth.shape != truth.shape:
        raise DatasetError(f"{frame.rgb}: depth of {truth.shape} for a picture of {prediction.depth.shape}.")
    valid = valid_pixels(truth, *depth_range)
    if not valid.any():
        raise DatasetError(f"no ground truth between {depth_range[0]:g} and {depth_range[1]:g} m")
    return prediction, np.where(valid, truth, np.float32(np.nan))


def _score(
    listed: ListedFrame, prediction: Prediction, truth: Float[np.ndarray, "h w"], with_normals: bool
) -> FrameScore:
    valid = np.isfinite(truth)
    metric = depth_metrics(prediction.depth, truth, valid)
    aligned, scale = aligned_metrics(prediction.depth, truth, valid)
    constant = depth_metrics(np.full_like(truth, np.median(truth[valid])), truth, valid)
    assert metric is not None
    assert aligned is not None
    assert constant is not None
    camera, pixels, dense = prediction.camera, int(valid.sum()), float(valid.mean())
    normals = _normals(prediction, truth) if with_normals and dense >= DENSE else None
    name = listed.frame.name
    return FrameScore(listed.set, name, camera.focal, pixels, metric, aligned, constant, scale, camera, dense, normals)


def _normals(prediction: Prediction, truth: Float[np.ndarray, "h w"]) -> FrameNormals:
    measured = sensor_normals(truth, prediction.camera)
    # In single precision, a window in which depth runs far along the line of sight looks like a line, without a plane.
    own_surface = normals_from_depth(prediction.depth.astype(np.float64), prediction.camera)
    return FrameNormals(
        int(np.isfinite(measured[..., 0]).sum()),
        None if prediction.normals is None else normal_metrics(prediction.normals, measured),
        normal_metrics(own_surface, measured),
    )
