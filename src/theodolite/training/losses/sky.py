"""Sky: as far as the canonical range goes, and facing the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.masked import log, masked_mean
from theodolite.training.losses.normal import cosine
from theodolite.types import Bool, Float


@dataclass(frozen=True)
class Sky:
    """Logarithm of how much nearer than `far` the sky is put; zero beyond.

    The published loss is an absolute difference in metres, `SkyMetres`; the logarithm here weighs it like the other
    depth terms.
    """

    far: float = 200.0  # canonical metres
    pooled: bool = False  # one mean over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.SKY

    def __call__(self, depth: Float[Tensor, "b 1 h w"], sky: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, " b"]:
        return masked_mean((math.log(self.far) - log(torch.where(sky, depth, self.far))).relu(), sky, self.pooled)


@dataclass(frozen=True)
class SkyMetres:
    """Absolute difference between the sky's depth and `far`, as published."""

    far: float = 200.0  # canonical metres
    pooled: bool = False  # one mean over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.SKY

    def __call__(self, depth: Float[Tensor, "b 1 h w"], sky: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, " b"]:
        return masked_mean((torch.where(sky, depth, self.far) - self.far).abs(), sky, self.pooled)


@dataclass(frozen=True)
class SkyFacing:
    """1 - cosine between the sky's normals and (0, 0, -1), the normal of a wall square to the view."""

    # Degrees from that normal, or its opposite, within which a pixel costs nothing; the published code: 2.563.
    drop_within: float = 0.0
    pooled: bool = False  # one mean over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.SKY

    def __call__(self, normals: Float[Tensor, "b 3 h w"], sky: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, " b"]:
        square = normals.new_tensor([0, 0, -1]).view(1, 3, 1, 1)
        agreement = cosine(normals, square.expand_as(normals))
        cost = 1 - agreement
        if self.drop_within:
            cost = cost * (agreement.abs() < math.cos(math.radians(self.drop_within)))
        return masked_mean(cost, sky, self.pooled)
