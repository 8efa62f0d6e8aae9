"""Depth without scale and shift: what the losses over patches and over depth ranges share."""

from __future__ import annotations

import torch
from torch import Tensor

from theodolite.training.losses.masked import ratio
from theodolite.types import Bool, Float, Int

# Canonical metres; keeps a group of one single depth from dividing by zero.
FLOOR = 1e-6


def normalised_errors(
    depth: Float[Tensor, "b groups n"], truth: Float[Tensor, "b groups n"], mask: Bool[Tensor, "b groups n"]
) -> tuple[Float[Tensor, "b groups"], Int[Tensor, "b groups"]]:
    """Sum of absolute errors in each group, and how many pixels it has, once prediction and truth are both less their
    median and over their mean absolute deviation from it.
    """
    count = mask.sum(-1)
    errors = (_normalised(depth, mask, count) - _normalised(truth, mask, count)).abs()
    return (errors * mask).sum(-1), count


def mean_of_groups(
    sums: Float[Tensor, "b groups"], counts: Int[Tensor, "b groups"], least: int, pooled: bool
) -> Float[Tensor, " b"]:
    """Mean of the means of groups that have at least `least` pixels; pooled, one mean over the pixels of all groups."""
    counted = counts >= least
    if pooled:
        return ratio((sums * counted).sum(1), (counts * counted).sum(1), pooled=True)
    return ratio((sums / counts.clamp(min=1) * counted).sum(1), counted.sum(1))


def _normalised(values: Tensor, mask: Tensor, count: Tensor) -> Tensor:
    # The lower median, and held fixed: its gradient would sit on a single pixel.
    median = torch.where(mask, values.detach(), torch.nan).nanmedian(-1, keepdim=True).values.nan_to_num()
    values = torch.where(mask, values - median, 0)
    return values / (values.abs().sum(-1, keepdim=True) / count.clamp(min=1)[..., None] + FLOOR)
