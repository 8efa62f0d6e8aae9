"""The weighted sum of all losses for a batch, each term named for the log."""

from __future__ import annotations

from torch import Tensor

from theodolite.network.outputs import RawMaps
from theodolite.training.config import LossWeights
from theodolite.training.losses.absolute import Absolute
from theodolite.training.losses.confidence import Confidence
from theodolite.training.losses.gradient import GradientMatching
from theodolite.training.losses.normal import Angle, AngularLikelihood
from theodolite.training.losses.sequence import step_weights
from theodolite.training.losses.silog import SILog
from theodolite.training.losses.sky import Sky
from theodolite.training.sample import Batch
from theodolite.types import Bool, Float

Terms = dict[str, Tensor]


def total_loss(sequence: list[tuple[RawMaps, Batch]], weights: LossWeights, far: float) -> Terms:
    """Each weighted term, a scalar; their sum is what to minimise.

    Args:
        sequence: every estimate, first to last, with the truth at its resolution.
        far: where the sky is put, canonical metres.
    """
    total: Terms = {}
    for weight, (maps, truth) in zip(step_weights(len(sequence)), sequence, strict=True):
        for name, value in _every_estimate(_in_float32(maps), truth, weights, far).items():
            total[name] = total.get(name, 0.0) + weight * value
    last, truth = sequence[-1]
    return total | _final_estimate(_in_float32(last), truth, weights)


def _every_estimate(maps: RawMaps, truth: Batch, weights: LossWeights, far: float) -> Terms:
    depth, terms = maps.canonical_depth, {}
    if weights.depth:
        terms["depth"] = weights.depth * _mean(Absolute()(depth, truth.depth, truth.valid), truth.valid)
    if weights.confidence:
        trust = Confidence()(maps.confidence, depth, truth.depth, truth.valid)
        terms["confidence"] = weights.confidence * _mean(trust, truth.valid)
    if weights.sky:
        terms["sky"] = weights.sky * _mean(Sky(far)(depth, truth.sky), truth.sky)
    if maps.normals is not None and weights.angle:
        angle = Angle()(maps.normals, truth.normals, truth.has_normals)
        terms["angle"] = weights.angle * _mean(angle, truth.has_normals)
    if maps.normals is not None and maps.kappa is not None and weights.likelihood:
        likelihood = AngularLikelihood()(maps.normals, maps.kappa, truth.normals, truth.has_normals)
        terms["likelihood"] = weights.likelihood * _mean(likelihood, truth.has_normals)
    return terms


def _final_estimate(maps: RawMaps, truth: Batch, weights: LossWeights) -> Terms:
    terms = {}
    if weights.silog:
        terms["silog"] = weights.silog * _mean(SILog()(maps.canonical_depth, truth.depth, truth.valid), truth.valid)
    if weights.gradient:
        edges = GradientMatching()(maps.canonical_depth, truth.depth, truth.valid)
        terms["gradient"] = weights.gradient * _mean(edges, truth.valid)
    return terms


def _mean(values: Float[Tensor, " b"], mask: Bool[Tensor, "b 1 h w"]) -> Tensor:
    """Over the samples that have the truth: the others are left out, not counted as perfect."""
    known = mask.flatten(1).any(1)
    return (values * known).sum() / known.sum().clamp(min=1)


def _in_float32(maps: RawMaps) -> RawMaps:
    """Losses are differences of nearly equal numbers; bfloat16's three digits are not enough for them."""

    def wide(x: Tensor | None) -> Tensor | None:
        return None if x is None else x.float()

    return RawMaps(maps.canonical_depth.float(), wide(maps.normals), wide(maps.kappa), maps.confidence.float())
