"""Scale-invariant logarithmic depth error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.masked import log_error, masked_mean
from theodolite.types import Bool, Float


@dataclass(frozen=True)
class SILog:
    """Squared log error, forgiven a share of what one factor for the whole picture explains.

    No square root and no factor of ten, as in the Metric3D papers. Source: Eigen et al. 2014, eq. 4.
    """

    focus: float = 0.5  # 0: plain squared log error; 1: blind to the overall scale
    pooled: bool = False  # means over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.DEPTH | Truth.METRIC

    def __call__(
        self, depth: Float[Tensor, "b 1 h w"], truth: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"]
    ) -> Float[Tensor, " b"]:
        error = log_error(depth, truth, valid)
        square, mean = masked_mean(error.square(), valid, self.pooled), masked_mean(error, valid, self.pooled)
        return square - self.focus * mean.square()
