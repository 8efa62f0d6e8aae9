"""ConvNeXt encoder: four stages of depthwise 7x7 blocks, at strides 4, 8, 16, 32.

Source: Liu et al., A ConvNet for the 2020s (CVPR 2022), section 2. As in the published Metric3D models, the stages'
outputs are taken raw, without a norm.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.layers import ChannelNorm, Map, require_multiple
from theodolite.network.variants import ConvNeXt
from theodolite.types import Float

_EPS = 1e-6


class ConvNeXtEncoder(nn.Module):
    """The four maps of a pyramid, finest first."""

    strides = (4, 8, 16, 32)

    def __init__(self, spec: ConvNeXt) -> None:
        super().__init__()
        self.channels = spec.widths
        self.multiple = spec.multiple
        self.downsample = nn.ModuleList([_stem(spec.widths[0])])
        self.downsample.extend(_halving(a, b) for a, b in pairwise(spec.widths))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(depth)))
            for width, depth in zip(spec.widths, spec.depths, strict=True)
        )
        self.apply(_initialise)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> list[Map]:
        require_multiple(pixels, self.multiple)
        x = pixels.contiguous(memory_format=torch.channels_last)
        taps = []
        for downsample, stage in zip(self.downsample, self.stages, strict=True):
            x = stage(downsample(x))
            taps.append(x)
        return taps


class Block(nn.Module):
    """Depthwise convolution, then a feed-forward network at each pixel, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=_EPS)
        self.expand = nn.Linear(width, 4 * width)
        self.project = nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.full((width,), 1e-6))

    def forward(self, x: Map) -> Map:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.gamma * self.project(F.gelu(self.expand(y)))
        return x + y.permute(0, 3, 1, 2)


def _stem(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, width, 4, stride=4), ChannelNorm(width, eps=_EPS))


def _halving(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(ChannelNorm(inputs, eps=_EPS), nn.Conv2d(inputs, outputs, 2, stride=2))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
