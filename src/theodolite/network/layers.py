"""Small layers that several parts of the network share."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.errors import SizeMismatch
from theodolite.types import Float

# Widths and sizes change from layer to layer, so their names are left out; where they do not, signatures give them.
Map = Float[Tensor, "b _ _ _"]


def conv1(inputs: int, outputs: int, bias: bool = True) -> nn.Conv2d:
    """A linear map of the channels at each pixel."""
    return nn.Conv2d(inputs, outputs, 1, bias=bias)


def conv3(inputs: int, outputs: int, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size; zeros stand outside the map."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of a map, at each pixel by itself."""

    def forward(self, x: Map) -> Map:
        # Of a map in channels-last memory, both permutations are views.
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def precise(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """In float32 at least: for sums, ratios and resampling, where half precision would show in the depth."""
    return x if x.dtype == torch.float64 else x.float()


def exactly(x: Float[Tensor, "*shape"]) -> AbstractContextManager:
    """Keeps automatic casting, which takes every matrix product to half precision, from what is computed inside."""
    if torch.amp.is_autocast_available(x.device.type):
        return torch.autocast(x.device.type, enabled=False)
    return nullcontext()


def resize_to(x: Float[Tensor, "b c _ _"], target: Float[Tensor, "_ _ th tw"]) -> Float[Tensor, "b c th tw"]:
    """Bilinear, corners on corners, to the size of another map."""
    return F.interpolate(x, size=target.shape[-2:], mode="bilinear", align_corners=True)


def require_multiple(pixels: Float[Tensor, "b 3 h w"], multiple: int) -> None:
    """Refuse an input that halving would not divide evenly.

    Raises: SizeMismatch.
    """
    if torch.compiler.is_compiling():
        return  # sizes are symbols while a network is exported, and must not decide anything
    height, width = pixels.shape[-2:]
    if height % multiple or width % multiple:
        raise SizeMismatch(
            f"this network takes sides that are multiples of {multiple}; the input is {height} x {width}. "
            f"Pad or resize it to {-(-height // multiple) * multiple} x {-(-width // multiple) * multiple}"
        )
