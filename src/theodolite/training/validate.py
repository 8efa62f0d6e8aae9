"""How good a network is while it learns: on rendered scenes it has not seen, and on real frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from theodolite.datasets.frames import need_frame_folders, read_frames
from theodolite.datasets.readers import list_examples
from theodolite.datasets.sample import Sample
from theodolite.errors import DatasetError
from theodolite.evaluation.depth_metrics import aligned_metrics, depth_metrics, mean_over_images
from theodolite.evaluation.judging import Judge
from theodolite.evaluation.models import OfPredictor
from theodolite.evaluation.protocols import find_protocol
from theodolite.evaluation.runner import outcomes_of
from theodolite.evaluation.scores import ImageFailure, Outcome
from theodolite.inference.backends.base import ModelFacts
from theodolite.inference.backends.torch import TorchBackend
from theodolite.inference.prediction import Prediction
from theodolite.inference.predictor import Predictor
from theodolite.network import Metric3D
from theodolite.training.config import Recipe
from theodolite.training.losses.normal import angle_between
from theodolite.types import Float, UInt8
from theodolite.viz import colourise_depth, colourise_normals, side_by_side

_PICTURES = 4  # held-out samples that are shown, not only scored
_PROTOCOL = replace(find_protocol("frames"), alignments=("metric", "median"), normals="")


@dataclass(frozen=True)
class Scores:
    """Means over one set's pictures; errors relative, deltas as shares, angles in degrees; NaN without pictures.

    Args:
        failures: real frames that could not be scored, which are no part of `pictures`.
    """

    pictures: int
    abs_rel: float
    delta1: float
    abs_rel_aligned: float
    delta1_aligned: float
    normals: float | None = None
    failures: int = 0


@dataclass(frozen=True)
class Validation:
    """Scores of each set, and some pictures: image, depth, normals, and the truth of both.

    Args:
        failures: a line for each real frame that could not be scored.
    """

    scores: dict[str, Scores]
    pictures: dict[str, UInt8[np.ndarray, "h w 3"]]
    failures: tuple[str, ...] = ()


def predictor_of(net: Metric3D, recipe: Recipe) -> Predictor:
    """The network behind the pre- and post-processing that users get."""
    device = next(net.parameters()).device
    facts = ModelFacts(recipe.name, recipe.canonical_focal, net.multiple, recipe.canvas_pixels)
    return Predictor(TorchBackend(net, facts, device=str(device)))


def validate(net: Metric3D, recipe: Recipe, rendered: Iterable[Sample], real: Iterable[Path]) -> Validation:
    """Judge a network as users would meet it.

    Args:
        rendered: samples kept out of training, judged together as "rendered".
        real: folders of frames with depth, judged by set.
    """
    predictor = predictor_of(net, recipe)
    scores, pictures, outcomes, failures = {}, {}, [], []
    for number, sample in enumerate(rendered):
        prediction = predictor.predict(sample.image, camera=sample.camera)
        outcomes.append(_score(prediction, sample))
        if number < _PICTURES:
            pictures[f"held-out/{number}"] = _picture(prediction, sample)
    if outcomes:
        scores["rendered"] = _means(np.array(outcomes))
    for folder in real:
        found = list(outcomes_of(Judge(_PROTOCOL), OfPredictor(predictor), list_examples("frames", folder)))
        failures += [f"{o.name}: {o.reason}" for o in found if isinstance(o, ImageFailure)]
        scores |= _of_frames(found)
    return Validation(scores, pictures, tuple(failures))


def require_frames(real: Iterable[Path]) -> None:
    """Raises: DatasetError, when a folder of real frames holds none, or a listing cannot be read."""
    for folder in real:
        if not sum(len(read_frames(listing)) for listing in need_frame_folders(folder)):
            raise DatasetError(f"{folder}: no frame listed there has depth to be judged by.")


def _of_frames(outcomes: Sequence[Outcome]) -> dict[str, Scores]:
    """Of each set; one of which no frame could be scored stays, without numbers."""
    of_set: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        of_set.setdefault(outcome.group, []).append(outcome)
    return {name: _of_set(own) for name, own in of_set.items()}


def _of_set(outcomes: Sequence[Outcome]) -> Scores:
    scored = [outcome.depth["full"] for outcome in outcomes if not isinstance(outcome, ImageFailure)]
    lost = len(outcomes) - len(scored)
    if not scored:
        return Scores(0, np.nan, np.nan, np.nan, np.nan, failures=lost)
    metric, aligned = (mean_over_images(each[name].metrics() for each in scored) for name in _PROTOCOL.alignments)
    return Scores(len(scored), metric.abs_rel, metric.delta1, aligned.abs_rel, aligned.delta1, failures=lost)


def _means(outcomes: Float[np.ndarray, "pictures measures"]) -> Scores:
    """Of each measure, over the pictures that have it."""
    known = [values[~np.isnan(values)] for values in outcomes.T]
    error, share, error_aligned, share_aligned, angle = (float(v.mean()) if len(v) else np.nan for v in known)
    normals = None if np.isnan(angle) else angle
    return Scores(len(outcomes), error, share, error_aligned, share_aligned, normals)


def _score(prediction: Prediction, sample: Sample) -> tuple[float, float, float, float, float]:
    known = np.isfinite(sample.depth)
    metric = depth_metrics(prediction.depth, sample.depth, known)
    if metric is None:
        return (np.nan,) * 5
    aligned, _ = aligned_metrics(prediction.depth, sample.depth, known)
    assert aligned is not None
    return metric.abs_rel, metric.delta1, aligned.abs_rel, aligned.delta1, _mean_angle(prediction.normals, sample)


def _mean_angle(normals: np.ndarray | None, sample: Sample) -> float:
    if normals is None or sample.normals is None:
        return np.nan
    ours, truth = (torch.from_numpy(np.moveaxis(n, -1, 0)[None].copy()) for n in (normals, sample.normals))
    return float(torch.rad2deg(angle_between(ours, truth)).nanmean())


def _picture(prediction: Prediction, sample: Sample) -> UInt8[np.ndarray, "h w 3"]:
    panels = [sample.image, colourise_depth(prediction.depth), colourise_depth(sample.depth)]
    panels += [colourise_normals(n) for n in (prediction.normals, sample.normals) if n is not None]
    return side_by_side(*panels, gap=0)
