"""Sky: as far as the canonical range goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.training.losses.masked import Truth, masked_mean
from theodolite.types import Bool, Float


@dataclass(frozen=True)
class Sky:
    """Logarithm of how much nearer than `far` the sky is put; zero beyond.

    The published loss is an absolute difference to 200 m; the logarithm here weighs it like the other depth terms.
    """

    far: float = 200.0  # canonical metres

    needs: ClassVar[Truth] = Truth.SKY

    def __call__(self, depth: Float[Tensor, "b 1 h w"], sky: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, " b"]:
        return masked_mean((self.far / torch.where(sky, depth, self.far)).log().relu(), sky)
