"""Confidence of a depth map: how close to the truth the network believes it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.masked import masked_mean
from theodolite.types import Bool, Float


@dataclass(frozen=True)
class Confidence:
    """Absolute error of the confidence against 1 - relative depth error, where that is positive.

    The published code lets the depth learn from this term too. Here the target is held fixed unless asked otherwise:
    a depth that can raise its own target has a second, unwanted way to lower the loss.
    """

    moves_depth: bool = False
    pooled: bool = False  # one mean over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.DEPTH | Truth.METRIC

    def __call__(
        self,
        confidence: Float[Tensor, "b 1 h w"],
        depth: Float[Tensor, "b 1 h w"],
        truth: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
    ) -> Float[Tensor, " b"]:
        depth = depth if self.moves_depth else depth.detach()
        error = (torch.where(valid, depth - truth, 0)).abs() / torch.where(valid, truth, 1)
        return masked_mean((confidence - (1 - error)).abs(), valid & (error < 1), self.pooled)
