"""Means over usable pixels, one value for each sample, safe for empty masks."""

from __future__ import annotations

from enum import Flag, auto

from torch import Tensor

from theodolite.types import Bool, Float


class Truth(Flag):
    """What a loss needs to know about a sample."""

    DEPTH = auto()
    NORMALS = auto()
    SKY = auto()


def masked_mean(values: Float[Tensor, "b c h w"], mask: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, " b"]:
    """Mean over the pixels of the mask; 0, with zero gradient, where the mask is empty.

    `values` has to be finite everywhere: 0 * inf is NaN, so whoever calls replaces before the logarithm, not here.
    """
    count = mask.sum((1, 2, 3)) * values.shape[1]
    return (values * mask).sum((1, 2, 3)) / count.clamp(min=1)
