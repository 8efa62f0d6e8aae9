"""How good a network is while it learns: on rendered scenes it has not seen, and on real frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from theodolite.evaluation.depth_metrics import aligned_metrics, depth_metrics
from theodolite.evaluation.real_frames import score_folders, summarise
from theodolite.inference.backends.base import ModelFacts
from theodolite.inference.backends.torch import TorchBackend
from theodolite.inference.predictor import Predictor
from theodolite.network import Metric3D
from theodolite.training.config import Recipe
from theodolite.training.losses.normal import angle_between
from theodolite.training.sample import Sample


@dataclass(frozen=True)
class Scores:
    """Means over one set's pictures; errors relative, deltas as shares, angles in degrees."""

    pictures: int
    abs_rel: float
    delta1: float
    abs_rel_aligned: float
    delta1_aligned: float
    normals: float | None = None


def predictor_of(net: Metric3D, recipe: Recipe) -> Predictor:
    """The network behind the pre- and post-processing that users get."""
    facts = ModelFacts(recipe.name, recipe.canonical_focal, net.multiple, recipe.canvas_pixels)
    return Predictor(TorchBackend(net, facts))


def validate(net: Metric3D, recipe: Recipe, rendered: Iterable[Sample], real: Iterable[Path]) -> dict[str, Scores]:
    """Scores of each set; the network stays in the mode it was in.

    Args:
        rendered: samples kept out of training, judged together as "rendered".
        real: folders of frames with depth, judged by set.
    """
    was_training = net.training
    predictor = predictor_of(net, recipe)
    scores = {}
    if outcomes := [_score(predictor, sample) for sample in rendered]:
        scores["rendered"] = Scores(len(outcomes), *np.nanmean(np.array(outcomes), axis=0).tolist())
    for folder in real:
        for row in summarise(list(score_folders(predictor, folder))):
            scores[row.set] = Scores(
                row.frames, row.metric.abs_rel, row.metric.delta1, row.aligned.abs_rel, row.aligned.delta1
            )
    net.train(was_training)
    return scores


def _score(predictor: Predictor, sample: Sample) -> tuple[float, float, float, float, float]:
    prediction = predictor.predict(sample.image, camera=sample.camera)
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
