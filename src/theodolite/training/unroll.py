"""The network's estimates during training: the last at full resolution, the earlier ones where they live.

The published recipe upsamples every estimate before it is judged. On processors that is half of a training step, nearly
all of it memory traffic, and teaches the earlier estimates nothing that a quarter of the resolution does not.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from theodolite.network import Metric3D, RawMaps
from theodolite.network.heads import concentration, unit_normals
from theodolite.network.upsample import FACTOR
from theodolite.training.sample import Batch
from theodolite.types import Float


def unroll(net: Metric3D, pixels: Float[Tensor, "b 3 h w"], *, encoder_learns: bool) -> tuple[RawMaps, list[RawMaps]]:
    """The final maps, and those of every estimate before, coarse by `FACTOR`, first to last."""
    with torch.set_grad_enabled(encoder_learns and torch.is_grad_enabled()):
        taps = net.encoder(pixels)
    estimate = net.decoder.estimate(taps)
    earlier = []
    for _ in range(net.variant.steps):
        earlier.append(_in_place(net, estimate.state))
        estimate = net.decoder.refine(estimate)
    return net.decoder.maps(estimate), earlier


def coarse(batch: Batch) -> Batch:
    """The truth where the earlier estimates live: of each cell the pixel next to its middle."""

    def pick(x: Tensor) -> Tensor:
        return x[..., FACTOR // 2 :: FACTOR, FACTOR // 2 :: FACTOR]

    return replace(
        batch,
        pixels=pick(batch.pixels),
        depth=pick(batch.depth),
        valid=pick(batch.valid),
        normals=pick(batch.normals),
        has_normals=pick(batch.has_normals),
        sky=pick(batch.sky),
    )


def _in_place(net: Metric3D, state: Tensor) -> RawMaps:
    depth, confidence, normals, kappa = state.float().split([1, 1, 3, 1], dim=1)
    return RawMaps(net.decoder.depth_state.decode(depth), unit_normals(normals), concentration(kappa), confidence)
