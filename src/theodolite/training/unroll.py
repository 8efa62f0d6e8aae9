"""The network as it trains: every estimate, the last at full resolution, the earlier ones where they live or upsampled.

The published recipe upsamples every estimate before it is judged. On processors that is half of a training step, nearly
all of it memory traffic, and teaches the earlier estimates nothing that a quarter of the resolution does not.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from theodolite.network import Metric3D, RawMaps
from theodolite.network.heads import concentration, unit_normals
from theodolite.network.vit import Partway
from theodolite.types import Float

Maps = tuple[Tensor, Tensor | None, Tensor | None, Tensor]  # depth, normals, kappa, confidence


class Unrolled(nn.Module):
    """All of a network's estimates in one call, first to last, as one module: what DDP, FSDP2 and torch.compile need.

    Args:
        full: upsample every estimate; else the earlier ones come at a quarter of the resolution.
        precision: of the matrix products, "bf16" or "fp32"; processors that only emulate bfloat16, at a hundredth of
            the speed, compute in float32 whatever it says.
    """

    def __init__(self, net: Metric3D, *, full: bool = False, precision: str = "fp32") -> None:
        super().__init__()
        self.net = net
        self.full = full
        self.low = precision == "bf16"

    def forward(
        self,
        pixels: Float[Tensor, "b 3 h w"],
        encoder_learns: bool = True,
        begun: Partway | list[Tensor] | None = None,
        refining: bool = True,
    ) -> list[Maps]:
        """The maps of each estimate, to be named by `as_maps`.

        Args:
            begun: what the frozen part of the encoder gives, when that is known already, see `features.py`.
            refining: False gives the estimate before refinement alone, where it lives.

        In float32: losses are differences of nearly equal numbers, for which bfloat16 has too few digits.
        """
        net = self.net
        low = self.low and (pixels.device.type != "cpu" or knows_bfloat16())
        with torch.autocast(pixels.device.type, torch.bfloat16, enabled=low):
            with torch.set_grad_enabled(encoder_learns and torch.is_grad_enabled()):
                taps: list[Any] = net.encoder(pixels) if begun is None else _finished(net.encoder, begun)
            if not net.variant.refines:
                return [_wide(net.decoder.maps(net.decoder.estimate(taps, pixels)))]
            estimate = net.decoder.estimate(taps, pixels, refining)
            if not refining:
                return [_wide(_in_place(net, estimate.state))]
            found = []
            for _ in range(net.variant.steps):
                found.append(net.decoder.maps(estimate) if self.full else _in_place(net, estimate.state))
                estimate = net.decoder.refine(estimate)
            return [_wide(maps) for maps in (*found, net.decoder.maps(estimate))]


def _finished(encoder: Any, begun: Partway | list[Tensor]) -> list[Any]:
    return encoder.finish(begun) if isinstance(begun, Partway) else begun


def knows_bfloat16() -> bool:
    """Whether the processor multiplies matrices of bfloat16 by itself."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def as_maps(outputs: list[Maps]) -> list[RawMaps]:
    """What `Unrolled` gives, named. FSDP2 looks for tensors in tuples and lists only, not in dataclasses."""
    return [RawMaps(*maps) for maps in outputs]


def _in_place(net: Metric3D, state: Tensor) -> RawMaps:
    depth, confidence, normals, kappa = state.float().split([1, 1, 3, 1], dim=1)
    return RawMaps(net.decoder.depth_state.decode(depth), unit_normals(normals), concentration(kappa), confidence)


def _wide(maps: RawMaps) -> Maps:
    normals, kappa = (None if x is None else x.float() for x in (maps.normals, maps.kappa))
    return maps.canonical_depth.float(), normals, kappa, maps.confidence.float()
