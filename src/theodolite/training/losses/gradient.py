"""Edges and slopes: differences of neighbouring log depths at several scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.masked import log_error, masked_mean
from theodolite.types import Bool, Float


@dataclass(frozen=True)
class GradientMatching:
    """Absolute difference between the log-depth gradients of prediction and truth; blind to the overall scale.

    Source: Li & Snavely, MegaDepth, 2018, eq. 5; here a mean over pixels at each scale, then over scales.
    """

    scales: int = 4  # strides 1, 2, 4, 8 px

    needs: ClassVar[Truth] = Truth.DEPTH | Truth.EXACT

    def __call__(
        self, depth: Float[Tensor, "b 1 h w"], truth: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"]
    ) -> Float[Tensor, " b"]:
        error = log_error(depth, truth, valid)
        total = error.new_zeros(error.shape[0])
        for scale in range(self.scales):
            e, v = error[..., :: 2**scale, :: 2**scale], valid[..., :: 2**scale, :: 2**scale]
            total = total + masked_mean((e[..., 1:] - e[..., :-1]).abs(), v[..., 1:] & v[..., :-1])
            total = total + masked_mean((e[..., 1:, :] - e[..., :-1, :]).abs(), v[..., 1:, :] & v[..., :-1, :])
        return total / self.scales
