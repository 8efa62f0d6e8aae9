"""Joint decoder: depth and normals estimated once, then refined together.

Source: Hu et al., Metric3D v2 (2024), joint depth-normal optimisation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.detail import Detail
from theodolite.network.dpt import FusionTrunk
from theodolite.network.gru import ContextEncoder, DeltaHead, Levels, UpdateBlock
from theodolite.network.heads import BinExpectation, DepthHead, NormalHead, concentration, unit_normals
from theodolite.network.layers import Map, precise
from theodolite.network.outputs import RawMaps
from theodolite.network.upsample import FACTOR, UpsamplingMask, convex_upsample
from theodolite.network.variants import DPT
from theodolite.types import Float


@dataclass(frozen=True)
class Estimate:
    """What one refinement step hands to the next, at a quarter of the resolution.

    Args:
        state: depth state, its confidence, normal (3), its concentration.
        refined: whether a refinement step made it.
    """

    state: Map
    hidden: Levels | tuple[()]
    context: Levels | tuple[()]
    refined: bool = False


class JointDecoder(nn.Module):
    """Fusion trunk, initial heads, recurrent refinement, convex upsampling."""

    def __init__(self, spec: DPT, neck: nn.Module) -> None:
        super().__init__()
        self.depth_state = spec.depth
        width = spec.features[0]
        self.neck = neck
        self.detail = Detail(spec.detail, spec.features[0]) if spec.detail else None
        self.trunk = FusionTrunk(spec.features, width + 2)
        self.depth_head = DepthHead(width, spec.depth_head, spec.bins.count)
        self.expectation = BinExpectation(spec.bins)
        self.normal_head = NormalHead(width, spec.normal_head)
        self.context = ContextEncoder(spec.features[:3], spec.hidden)
        self.update = UpdateBlock(spec.hidden)
        self.delta = DeltaHead(spec.hidden)
        self.mask = UpsamplingMask(spec.hidden)

    def estimate(self, taps: list[Any], pixels: Float[Tensor, "b 3 h w"], refining: bool = True) -> Estimate:
        """The initial estimate, from what the encoder gives and the pixels it was given.

        Args:
            refining: False leaves out what only refinement needs.
        """
        finest, fine, middle, coarse = self.neck(taps)
        if self.detail is not None:
            finest = finest + self.detail(pixels)
        fused = self.trunk((finest, fine, middle, coarse))
        feature, confidence, raw_kappa = fused.split([fused.shape[1] - 2, 1, 1], dim=1)
        depth = self.depth_state.encode(self.expectation(self.depth_head(feature)))
        normals = unit_normals(precise(self.normal_head(feature)))
        # In float32 whatever the precision of the rest: the steps' corrections add up in it.
        state = torch.cat([depth, precise(confidence), normals, concentration(precise(raw_kappa))], dim=1)
        if not refining:
            return Estimate(state, (), ())
        # The published trunk rectifies its inputs in place before the context reads them; the finest is none of them.
        hidden, context = self.context((finest, F.relu(fine), F.relu(middle)))
        return Estimate(state, hidden, context)

    def refine(self, estimate: Estimate) -> Estimate:
        """One refinement step."""
        hidden = self.update(estimate.hidden, estimate.context, estimate.state)
        return replace(estimate, state=estimate.state + self.delta(hidden[0]), hidden=hidden, refined=True)

    def maps(self, estimate: Estimate) -> RawMaps:
        """The estimate at full resolution; one that was never refined has no mask yet and is upsampled plainly."""
        if estimate.refined and estimate.hidden:
            state = convex_upsample(estimate.state, self.mask(estimate.hidden[0]))
        else:
            state = F.interpolate(estimate.state, scale_factor=FACTOR, mode="bilinear", align_corners=True)
        depth, confidence, normals, kappa = state.split([1, 1, 3, 1], dim=1)
        return RawMaps(self.depth_state.decode(depth), unit_normals(normals), concentration(kappa), confidence)
