"""Hierarchical depth normalisation: shape inside random ranges of depth, whatever the range's scale and shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.draws import generators
from theodolite.training.losses.normalised import mean_of_groups, normalised_errors
from theodolite.types import Bool, Float, Int

# Where a range starts at the latest, and what it spans at least, as shares of the picture's own range of depth.
LATEST, NARROWEST = 0.75, 0.1


@dataclass(frozen=True)
class DepthRangeNormalized:
    """Absolute error of median- and deviation-normalised depth among pixels of like depth.

    Source: Zhang et al., Hierarchical Normalization for Robust Monocular Depth Estimation (2022), in the depth domain.
    The published Metric3D code adds metres to shares when it draws, so that most ranges never end; these do.
    """

    ranges: int = 10
    least: int = 50  # pixels known, without which a range is left out
    side: int = 128  # rows and columns looked at, evenly spaced where the picture has more
    pooled: bool = False  # one mean over the pixels of all ranges of the batch

    needs: ClassVar[Truth] = Truth.DEPTH

    def draw(
        self, truth: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"], seeds: Int[Tensor, " b"]
    ) -> Float[Tensor, "b ranges 2"]:
        """Nearest and farthest depth of each range, both inclusive, in the unit of `truth`."""
        shares = torch.stack([torch.rand(self.ranges, 2, generator=g) for g in generators(seeds, "depth range")])
        low, high = shares.to(truth).unbind(-1)
        low = low * LATEST
        high = low + NARROWEST + high * (1 - low - NARROWEST)
        near = torch.where(valid, truth, torch.inf).amin((2, 3))
        far = torch.where(valid, truth, -torch.inf).amax((2, 3))
        return torch.stack([near.lerp(far, low), near.lerp(far, high)], -1)

    def __call__(
        self,
        depth: Float[Tensor, "b 1 h w"],
        truth: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
        ranges: Float[Tensor, "b ranges 2"],
    ) -> Float[Tensor, " b"]:
        depth, truth, valid = (self._thinned(maps).flatten(2) for maps in (depth, truth, valid))
        mask = valid & (truth >= ranges[..., :1]) & (truth <= ranges[..., 1:])
        sums, counts = normalised_errors(depth.expand(mask.shape), truth.expand(mask.shape), mask)
        return mean_of_groups(sums, counts, self.least, self.pooled)

    def _thinned(self, maps: Tensor) -> Tensor:
        down, across = (-(-size // self.side) for size in maps.shape[-2:])
        return maps[..., ::down, ::across]
