"""Depth-normal consistency: the network's normals against those of the surface its depth describes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from theodolite.datasets.sample import Truth
from theodolite.geometry.edges import depth_edges
from theodolite.geometry.normals import plane_normals
from theodolite.training.losses.masked import masked_mean
from theodolite.types import Bool, Float


@dataclass(frozen=True)
class Consistency:
    """1 - cosine between normals and the least-squares planes of the depth, where the network is sure of both.

    It needs no truth: any picture will do. Source: Hu et al., Metric3D v2 (2024). The published code has another
    form, see `stencil`.
    """

    share: float = 0.7  # of the pixels of a picture, the surest by kappa, and those by confidence
    least: float = 0.5  # confidence
    # Every so many pixels, across and down: networks put together their maps from coarser ones, and fits are dear.
    step: int = 2
    window: int = 3  # such pixels, the side of the square that a plane is fitted to
    # Normals follow the depth; the depth does not follow the normals, which know less about it at first.
    depth_learns: bool = False

    needs: ClassVar[Truth] = Truth(0)

    def __call__(
        self,
        depth: Float[Tensor, "b 1 h w"],
        normals: Float[Tensor, "b 3 h w"],
        kappa: Float[Tensor, "b 1 h w"],
        confidence: Float[Tensor, "b 1 h w"],
        intrinsics: Float[Tensor, "b 4"],
        scale: Float[Tensor, " b"],
        surface: Bool[Tensor, "b 1 h w"],
    ) -> Float[Tensor, " b"]:
        """Each sample's mean over the pixels chosen.

        Args:
            depth: canonical.
            intrinsics: fx, fy, cx, cy, px, of the picture as the network sees it.
            scale: canonical depth / metres.
            surface: False in padding, and where sky is known to be.
        """
        step = self.step
        depth, normals, kappa, confidence, surface = (
            maps[..., ::step, ::step] for maps in (depth, normals, kappa, confidence, surface)
        )
        intrinsics = intrinsics / step  # the first pixel stays, and its centre is (0, 0)
        with nullcontext() if self.depth_learns else torch.no_grad():
            metres = torch.where(surface, depth / scale[:, None, None, None], torch.nan)[:, 0]
            planes = plane_normals(metres, intrinsics, self.window).movedim(-1, 1)
        with torch.no_grad():
            chosen = surface & planes.isfinite().all(1, keepdim=True)
            # A plane through both sides of a depth edge belongs to neither.
            chosen &= ~_widened(depth_edges(metres, intrinsics)[:, None], self.window)
            chosen &= most_trusted(kappa, surface, self.share) & most_trusted(confidence, surface, self.share)
            chosen &= confidence > self.least
        agreement = (normals * torch.where(chosen, planes, 0)).sum(1, keepdim=True)
        return masked_mean(1 - agreement, chosen)


def most_trusted(
    values: Float[Tensor, "b 1 h w"], among: Bool[Tensor, "b 1 h w"], share: float
) -> Bool[Tensor, "b 1 h w"]:
    """True at the share of each picture's pixels that has the largest values; ties stay in."""
    chosen = torch.zeros_like(among)
    for i, (picture, mask) in enumerate(zip(values, among, strict=True)):
        candidates = picture[mask]
        dropped = int((1 - share) * len(candidates))
        if dropped < len(candidates):
            chosen[i] = mask & (picture >= candidates.kthvalue(dropped + 1).values)
    return chosen


def _widened(mask: Bool[Tensor, "b 1 h w"], window: int) -> Bool[Tensor, "b 1 h w"]:
    return functional.max_pool2d(mask.float(), window, stride=1, padding=window // 2) > 0
