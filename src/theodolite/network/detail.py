"""What a picture shows finer than a transformer's patches: edges and thin things, as a map at a quarter of its size."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.layers import ChannelNorm, Map, conv3
from theodolite.types import Float


class Detail(nn.Module):
    """Three convolutions over the pixels, the first two of stride 2, and one that brings them to the wanted width.

    The last starts near zero: a new decoder first learns from what the encoder knows.
    """

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.halve = nn.Conv2d(3, width // 2, 3, stride=2, padding=1)
        self.quarter = nn.Conv2d(width // 2, width, 3, stride=2, padding=1)
        self.norm = ChannelNorm(width)
        self.mix = conv3(width, width)
        self.out = conv3(width, outputs)
        nn.init.normal_(self.out.weight, std=1e-3)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Map:
        x = F.relu(self.norm(self.quarter(F.relu(self.halve(pixels)))))
        return self.out(F.relu(x + self.mix(x)))
