"""Convex upsampling: each fine pixel is a learned average of nine coarse ones.

Source: Teed & Deng, RAFT (ECCV 2020), section 3.3. As published in Metric3D, the neighbours outside the map are zeros.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.layers import Map, conv1, conv3, exactly, precise
from theodolite.types import Float

FACTOR = 4


class UpsamplingMask(nn.Sequential):
    """Logits of the nine weights, for each of the 4x4 pixels that replace one."""

    def __init__(self, hidden: int) -> None:
        super().__init__(conv3(hidden, hidden), nn.ReLU(), conv1(hidden, 9 * FACTOR**2))

    def forward(self, hidden: Map) -> Float[Tensor, "b 144 h w"]:
        # The quarter balances the mask's gradient against that of the corrections.
        return 0.25 * super().forward(hidden)


def convex_upsample(x: Map, mask: Float[Tensor, "b 144 h w"]) -> Map:
    """A map four times as large.

    Args:
        mask: logits; channel 16 k + 4 i + j weighs neighbour k, row-major in its 3x3 square, for sub-pixel (i, j).
    """
    batch, channels, height, width = x.shape
    with exactly(x):
        weights = precise(mask).permute(0, 2, 3, 1).unflatten(3, (9, FACTOR**2)).softmax(3)
        padded = F.pad(precise(x), (1, 1, 1, 1)).permute(0, 2, 3, 1)
        shifts = [(row, column) for row in range(3) for column in range(3)]
        neighbours = torch.stack([padded[:, i : i + height, j : j + width] for i, j in shifts], dim=-1)
        # One small matrix product a pixel. Nine shifted products, which spare the copy of the neighbours (54 channels,
        # where the weights have 144), take twice as long, and three times as long with their gradient (measured, CPU).
        fine = neighbours.flatten(0, 2) @ weights.flatten(0, 2)
    fine = fine.view(batch, height, width, channels, FACTOR, FACTOR).permute(0, 3, 1, 4, 2, 5)
    return fine.reshape(batch, channels, FACTOR * height, FACTOR * width)
