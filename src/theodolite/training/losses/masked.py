"""Values at pixels and means over them, one for each sample, safe for empty masks."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from theodolite.types import Bool, Float, Int

_SHORT = 0.05  # canonical metres; shorter than anything that is labelled


def masked_mean(
    values: Float[Tensor, "b c h w"], mask: Bool[Tensor, "b 1 h w"], pooled: bool = False
) -> Float[Tensor, " b"]:
    """Mean over the pixels of the mask; 0, with zero gradient, where the mask is empty.

    `values` has to be finite everywhere: 0 * inf is NaN, so whoever calls replaces before the logarithm, not here.

    Args:
        pooled: see `ratio`.
    """
    return ratio((values * mask).sum((1, 2, 3)), mask.sum((1, 2, 3)) * values.shape[1], pooled)


def ratio(total: Float[Tensor, " b"], count: Int[Tensor, " b"], pooled: bool = False) -> Float[Tensor, " b"]:
    """Each sample's total over its count; 0 where nothing was counted.

    Args:
        pooled: as the published code does, one mean over what the whole batch has, given to every sample. A sample's
            value then depends on its batch-mates, and one with ten times the labels weighs ten times as much.
    """
    if pooled:
        total, count = total.sum().expand_as(total), count.sum().expand_as(count)
    return total / count.clamp(min=1)


def log(depth: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The logarithm of canonical depth, below `_SHORT` its tangent: a decoder may say zero or less, and has to get away
    from there."""
    tangent = math.log(_SHORT) + (depth - _SHORT) / _SHORT
    return torch.where(depth >= _SHORT, depth.clamp(min=_SHORT).log(), tangent)


def log_error(
    depth: Float[Tensor, "b 1 h w"], truth: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """ln depth - ln truth; 0, with zero gradient, where there is no truth."""
    # Replaced before the log: masking afterwards still sends NaN through the gradient.
    return log(torch.where(valid, depth, 1)) - torch.where(valid, truth, 1).log()


def at(maps: Tensor, pixels: Int[Tensor, "b n m"]) -> Tensor:
    """A map's (b, 1, h, w) values, of any kind, at flat pixel indices: (b, n, m)."""
    return maps.flatten(1).gather(1, pixels.flatten(1)).view_as(pixels)
