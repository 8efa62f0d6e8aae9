"""Neck: what an encoder gives, as the four maps a decoder starts from.

Source: for tokens, Ranftl et al., Vision Transformers for Dense Prediction (ICCV 2021), section 3, "reassemble". A
pyramid already consists of maps, and needs their widths changed only.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.layers import Map, conv1
from theodolite.network.vit import Tokens
from theodolite.types import Float

# Finest first.
Maps = tuple[Map, Map, Map, Map]


class PyramidNeck(nn.Module):
    """A 1x1 projection of each map of a pyramid."""

    def __init__(self, channels: Sequence[int], features: Sequence[int]) -> None:
        super().__init__()
        self.projections = nn.ModuleList(conv1(c, f) for c, f in zip(channels, features, strict=True))

    def forward(self, taps: list[Map]) -> Maps:
        finest, fine, middle, coarse = (project(tap) for project, tap in zip(self.projections, taps, strict=True))
        return finest, fine, middle, coarse


class TokenNeck(nn.Module):
    """Maps of 1/4 (3.5 times the patch grid), 1/7 (twice) and, two of them, 1/14 of the resolution."""

    def __init__(self, dim: int, special: int, features: Sequence[int]) -> None:
        super().__init__()
        finest, fine, middle, coarse = features
        self.readouts = nn.ModuleList(Readout(dim, special) for _ in features)
        self.to_finest = conv1(dim, finest)
        self.to_fine = nn.ConvTranspose2d(dim, fine, 2, stride=2)
        # The published models keep the encoder's width here, and have no such layers.
        self.to_middle = nn.Identity() if middle == dim else conv1(dim, middle)
        self.to_coarse = nn.Identity() if coarse == dim else conv1(dim, coarse)

    def forward(self, taps: list[Tokens]) -> Maps:
        finest, fine, middle, coarse = (readout(tap) for readout, tap in zip(self.readouts, taps, strict=True))
        # The projection first: nearest-neighbour copies of a pixel project alike.
        finest = F.interpolate(self.to_finest(finest), scale_factor=3.5, mode="nearest")
        return finest, self.to_fine(fine), self.to_middle(middle), self.to_coarse(coarse)


class Readout(nn.Module):
    """Patch tokens informed by the class and register tokens, as a map."""

    def __init__(self, dim: int, special: int) -> None:
        super().__init__()
        self.patches = nn.Linear(dim, dim)
        self.special = nn.Linear(special * dim, dim, bias=False)

    def forward(self, tokens: Tokens) -> Float[Tensor, "b c h w"]:
        summary = self.special(tokens.special.flatten(1))[:, None, None]
        return F.gelu(self.patches(tokens.patches) + summary).permute(0, 3, 1, 2)
