"""The weighted sum of all losses: which term judges which estimates of which samples.

A sample declares what truth it has and a loss what it needs; where they do not match, the sample is left out of that
term, not counted as perfect. So pictures with depth alone teach normals too: through the consistency term, which needs
no truth, and through the hidden state that depth and normals share. Source: Metric3D v2 (2024), section 3.4.

As published (`published`), terms take the forms of the released code: metres in place of logarithms, one mean over the
pixels of a batch, normals that are nearly right left out, normals of depth by a stencil. What the code has by mistake
is not repeated. A sample's value then depends on its batch-mates, and gradients added over micro-batches are no longer
exactly those of the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from theodolite.datasets.sample import LabelKind, Truth
from theodolite.network.outputs import RawMaps
from theodolite.training.batch import Batch, coarse
from theodolite.training.config import LossWeights
from theodolite.training.losses.absolute import Absolute
from theodolite.training.losses.confidence import Confidence
from theodolite.training.losses.consistency import Consistency
from theodolite.training.losses.depth_range_normalized import DepthRangeNormalized
from theodolite.training.losses.gradient import GradientMatching
from theodolite.training.losses.normal import Angle, AngularLikelihood
from theodolite.training.losses.plane_normal import PlaneNormal
from theodolite.training.losses.proposal_normalized import ProposalNormalized
from theodolite.training.losses.sequence import step_weights
from theodolite.training.losses.silog import SILog
from theodolite.training.losses.sky import Sky, SkyFacing, SkyMetres
from theodolite.training.losses.stencil import StencilConsistency
from theodolite.training.losses.virtual_normal import VirtualNormal
from theodolite.types import Bool, Float

Terms = dict[str, Tensor]
# Degrees from the truth within which the released code leaves a normal out: the arc cosine is steep without end there.
_NEARLY_RIGHT = 2.563
# Structure from motion is right on the whole and wrong in patches, so that patches by themselves teach nothing.
_ROUGH = frozenset({LabelKind.SFM})


@dataclass(frozen=True)
class Term:
    """One loss in the sum.

    Args:
        needs: truth without which a sample is left out.
        value: of each sample, where maps and batch have the same resolution.
        every: judges every estimate, by the weights of the sequence; else the last alone.
        of_normals: has no meaning for a network without normals.
        without: kinds of labels that it does not learn from.
    """

    needs: Truth
    value: Callable[[RawMaps, Batch], Float[Tensor, " b"]]
    every: bool = False
    of_normals: bool = False
    without: frozenset[LabelKind] = frozenset()

    def counted(self, batch: Batch) -> Bool[Tensor, " b"]:
        """Which samples it learns from."""
        known = zip(batch.truth, batch.kinds, strict=True)
        return torch.tensor([self.needs in truth and kind not in self.without for truth, kind in known])


@dataclass(frozen=True)
class Objective:
    """What a run minimises.

    Args:
        far: where the sky is put, canonical metres.
        published: the forms of the released code, see above.
        normals: whether the network gives normals.
        depth_learns: depth learns from normals through the consistency term, not only normals from depth.
    """

    weights: LossWeights
    far: float
    published: bool = False
    normals: bool = True
    depth_learns: bool = False

    @cached_property
    def terms(self) -> dict[str, Term]:
        """Those with a weight, by the name of the weight."""
        terms = _terms(self.far, self.published, self.depth_learns)
        return {
            name: term
            for name, term in terms.items()
            if getattr(self.weights, name) and (self.normals or not term.of_normals)
        }

    def counts(self, batch: Batch) -> Float[Tensor, " terms"]:
        """How many samples each term learns from, in the order of `terms`."""
        return torch.stack([term.counted(batch).sum() for term in self.terms.values()]).float()

    def __call__(
        self, estimates: Sequence[RawMaps], batch: Batch, counts: Float[Tensor, " terms"] | None = None
    ) -> Terms:
        """Each weighted term, a scalar; their sum is what to minimise.

        Args:
            estimates: first to last; at full resolution, or where estimates live.
            counts: of the whole batch that this one is a part of, so that the parts' terms add up to the whole's.
        """
        counts = self.counts(batch) if counts is None else counts
        small = coarse(batch) if any(maps.canonical_depth.shape != batch.depth.shape for maps in estimates) else batch
        sequence = [(maps, batch if maps.canonical_depth.shape == batch.depth.shape else small) for maps in estimates]
        steps = step_weights(len(sequence))
        total: Terms = {}
        for (name, term), count in zip(self.terms.items(), counts.tolist(), strict=True):
            counted = term.counted(batch).to(batch.depth.device)
            share = counted * (getattr(self.weights, name) / max(count, 1))
            judged = list(zip(steps, sequence, strict=True))[0 if term.every else -1 :]
            total[name] = sum(
                (weight * (term.value(maps, _only(truth, counted)) * share).sum() for weight, (maps, truth) in judged),
                start=batch.depth.new_zeros(()),
            )
        return total


def _only(batch: Batch, counted: Bool[Tensor, " b"]) -> Batch:
    """The batch without the truth of samples that do not count: means over a whole batch would hold their pixels."""
    if bool(counted.all()):
        return batch
    counts = counted[:, None, None, None]
    return replace(
        batch,
        valid=batch.valid & counts,
        has_normals=batch.has_normals & counts,
        sky=batch.sky & counts,
        planes=batch.planes * counts,
    )


def _terms(far: float, published: bool, depth_learns: bool) -> dict[str, Term]:
    return {
        **_depth_terms(published),
        **_shape_terms(published),
        "sky": Term(Truth.SKY, _sky(far, published), every=True),
        **_normal_terms(published, depth_learns),
    }


def _depth_terms(published: bool) -> dict[str, Term]:
    absolute, silog = Absolute(logarithm=not published, pooled=published), SILog(pooled=published)
    confidence = Confidence(moves_depth=published, pooled=published)
    return {
        "depth": Term(absolute.needs, lambda m, t: absolute(m.canonical_depth, t.depth, t.valid), every=True),
        "silog": Term(silog.needs, lambda m, t: silog(m.canonical_depth, t.depth, t.valid)),
        "confidence": Term(
            confidence.needs, lambda m, t: confidence(m.confidence, m.canonical_depth, t.depth, t.valid), every=True
        ),
    }


def _shape_terms(published: bool) -> dict[str, Term]:
    gradient, virtual = GradientMatching(), VirtualNormal(stretched=published, pooled=published)
    proposals = ProposalNormalized(patches=20 if published else 32, pooled=published)
    ranges, planes = DepthRangeNormalized(pooled=published), PlaneNormal(pooled=published)

    def of_triplets(m: RawMaps, t: Batch) -> Tensor:
        drawn = virtual.draw(t.valid, t.seeds)
        return virtual(m.canonical_depth, t.depth, t.valid, t.intrinsics, t.scale, drawn)

    def of_proposals(m: RawMaps, t: Batch) -> Tensor:
        return proposals(m.canonical_depth, t.depth, t.valid, proposals.draw(t.valid, t.seeds))

    def of_ranges(m: RawMaps, t: Batch) -> Tensor:
        return ranges(m.canonical_depth, t.depth, t.valid, ranges.draw(t.depth, t.valid, t.seeds))

    def of_planes(m: RawMaps, t: Batch) -> Tensor:
        return planes(m.canonical_depth, t.planes, t.intrinsics, t.scale, planes.draw(t.planes, t.seeds))

    return {
        "gradient": Term(gradient.needs, lambda m, t: gradient(m.canonical_depth, t.depth, t.valid)),
        "virtual_normal": Term(virtual.needs, of_triplets),
        "proposals": Term(proposals.needs, of_proposals, without=_ROUGH),
        "ranges": Term(ranges.needs, of_ranges, without=_ROUGH),
        "planes": Term(planes.needs, of_planes),
    }


def _sky(far: float, published: bool) -> Callable[[RawMaps, Batch], Tensor]:
    if not published:
        sky = Sky(far)
        return lambda m, t: sky(m.canonical_depth, t.sky)
    metres, facing = SkyMetres(far, pooled=True), SkyFacing(_NEARLY_RIGHT, pooled=True)

    def both(m: RawMaps, t: Batch) -> Tensor:
        depth = metres(m.canonical_depth, t.sky)
        return depth if m.normals is None else depth + facing(m.normals, t.sky)

    return both


def _normal_terms(published: bool, depth_learns: bool) -> dict[str, Term]:
    angle = Angle(pooled=published)
    likelihood = (
        AngularLikelihood(resolution=0.0, drop_within=_NEARLY_RIGHT, pooled=True) if published else AngularLikelihood()
    )
    consistency: Consistency | StencilConsistency
    consistency = (StencilConsistency if published else Consistency)(depth_learns=depth_learns)

    def of_angles(m: RawMaps, t: Batch) -> Tensor:
        assert m.normals is not None
        return angle(m.normals, t.normals, t.has_normals)

    def of_likelihood(m: RawMaps, t: Batch) -> Tensor:
        assert m.normals is not None
        assert m.kappa is not None
        known = t.has_normals & t.valid if published else t.has_normals
        return likelihood(m.normals, m.kappa, t.normals, known)

    def of_agreement(m: RawMaps, t: Batch) -> Tensor:
        assert m.normals is not None
        assert m.kappa is not None
        # The published form leaves sky in: there it is one more surface.
        surface = t.inside if published else t.inside & ~t.sky
        cost = consistency(m.canonical_depth, m.normals, m.kappa, m.confidence, t.intrinsics, t.scale, surface)
        # Published by data set: twice the weight where nothing else teaches normals.
        return cost * cost.new_tensor([1 if Truth.NORMALS in truth else 2 for truth in t.truth]) if published else cost

    return {
        "angle": Term(angle.needs, of_angles, every=True, of_normals=True),
        "likelihood": Term(likelihood.needs, of_likelihood, every=True, of_normals=True),
        "consistency": Term(consistency.needs, of_agreement, of_normals=True),
    }
