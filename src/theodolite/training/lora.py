"""Low-rank updates: frozen matrices that learn through a product of two thin ones, merged when training is over.

Source: Hu et al., LoRA (ICLR 2022). Here for convolutions too, whose kernels are matrices of outputs by the rest.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from theodolite.types import Float


class LowRank(nn.Module):
    """A weight plus the product of two thin matrices, the product zero at first.

    Args:
        weight: that stays as it is.
        rank: at most the matrix's own.
    """

    def __init__(self, weight: Float[Tensor, "out ..."], rank: int) -> None:
        super().__init__()
        rows, columns = weight.shape[0], weight[0].numel()
        rank = min(rank, rows, columns)
        self.narrow = nn.Parameter(torch.empty(rank, columns, dtype=weight.dtype, device=weight.device))
        self.widen = nn.Parameter(torch.zeros(rows, rank, dtype=weight.dtype, device=weight.device))
        nn.init.kaiming_uniform_(self.narrow, a=5**0.5)

    def forward(self, weight: Float[Tensor, "out ..."]) -> Float[Tensor, "out ..."]:
        return weight + (self.widen @ self.narrow).view_as(weight)


def add_low_rank(module: nn.Module, rank: int) -> int:
    """Freeze a module and let its linear and convolution weights learn by low-rank updates.

    Depthwise convolutions stay as they are: their kernels are vectors, and have no rank to spare.
    Returns: how many weights got one.
    """
    module.requires_grad_(False)
    found = [
        part
        for part in module.modules()
        if isinstance(part, nn.Linear) or (isinstance(part, nn.Conv2d) and part.groups == 1)
    ]
    for part in found:
        parametrize.register_parametrization(part, "weight", LowRank(part.weight, rank))
    return len(found)


def merge_low_rank(module: nn.Module) -> None:
    """Put every update into its weight: the module computes the same, with its own names again."""
    for part in module.modules():
        if parametrize.is_parametrized(part, "weight"):
            parametrize.remove_parametrizations(part, "weight", leave_parametrized=True)
