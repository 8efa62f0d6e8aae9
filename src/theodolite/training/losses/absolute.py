"""Absolute depth error, in metres or in the logarithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.masked import log_error, masked_mean
from theodolite.types import Bool, Float


@dataclass(frozen=True)
class Absolute:
    """Mean absolute error of canonical depth.

    The published recipes use metres, where far pixels outweigh near ones by a hundred; a small network spends itself
    on them. The logarithm weighs relative errors alike, and is the default.
    """

    logarithm: bool = True
    pooled: bool = False  # one mean over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.DEPTH | Truth.METRIC

    def __call__(
        self, depth: Float[Tensor, "b 1 h w"], truth: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"]
    ) -> Float[Tensor, " b"]:
        if self.logarithm:
            error = log_error(depth, truth, valid)
        else:
            error = torch.where(valid, depth - truth, 0)
        return masked_mean(error.abs(), valid, self.pooled)
