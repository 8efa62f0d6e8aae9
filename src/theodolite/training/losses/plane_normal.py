"""Plane normals: what lies on one plane in truth has one normal in the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.draws import generators
from theodolite.training.losses.masked import at, ratio
from theodolite.training.losses.triplets import edges, normals, points, short, straight, unit
from theodolite.types import Float, Int

LENGTH = 0.007  # metres; a triplet with a shorter side along x and one along y is too small


@dataclass(frozen=True)
class PlaneNormal:
    """1 - cosine between the normal of a triplet of one plane's points, and the mean normal of that plane's triplets.

    Which way the plane faces is left to the other losses. Source: the plane term of Metric3D v2 (2024), after LeReS
    (Yin et al. 2021). The published code takes rows for x; and it wants planes of 9000 pixels, each with as many
    triplets as any other, where here large planes have more.
    """

    share: float = 0.2  # triplets for each pixel of the picture
    most: int = 50_000  # triplets
    smallest: int = 500  # pixels of a plane; smaller ones are left out
    pooled: bool = False  # one mean over the triplets of the whole batch

    needs: ClassVar[Truth] = Truth.PLANES

    def draw(self, planes: Int[Tensor, "b 1 h w"], seeds: Int[Tensor, " b"]) -> Int[Tensor, "b n 3"]:
        """Triplets of flat indices, each on one plane; without a plane, three times the first pixel, to no effect."""
        count = max(1, min(int(self.share * planes[0].numel()), self.most))
        drawn = [
            torch.rand(count, 4, generator=g, dtype=torch.float64)[None] for g in generators(seeds, "plane normal")
        ]
        return self._on_planes(planes.flatten(1).clamp(min=0).long(), torch.cat(drawn).to(planes.device))

    def __call__(
        self,
        depth: Float[Tensor, "b 1 h w"],
        planes: Int[Tensor, "b 1 h w"],
        intrinsics: Float[Tensor, "b 4"],
        scale: Float[Tensor, " b"],
        triplets: Int[Tensor, "b n 3"],
    ) -> Float[Tensor, " b"]:
        """Each sample's mean over triplets.

        Args:
            depth: canonical.
            planes: number of the plane a pixel lies on; 0 on none.
            intrinsics: fx, fy, cx, cy, px, of the picture as the network sees it.
            scale: canonical depth / metres.
        """
        labels = at(planes, triplets)[..., 0].clamp(min=0)
        corners = points(at(depth, triplets) / scale[:, None, None], triplets, depth.shape[-1], intrinsics)
        sides = edges(tuple(c.detach() for c in corners[:2]))
        usable = (labels > 0) & ~straight(sides) & ~short(sides, LENGTH)
        found = normals(corners)
        away = (found * torch.stack([c[..., 0] for c in corners], -1)).sum(-1) > 0
        found = torch.where(away[..., None], -found, found) * usable[..., None]
        errors = (1 - (found * _plane_means(found, labels)).sum(-1)) * usable
        return ratio(errors.sum(1), usable.sum(1), self.pooled)

    def _on_planes(self, labels: Int[Tensor, "b pixels"], draw: Float[Tensor, "b n 4"]) -> Int[Tensor, "b n 3"]:
        sizes = labels.new_zeros(len(labels), int(labels.max()) + 1).scatter_add(1, labels, torch.ones_like(labels))
        large = sizes >= self.smallest
        large[:, 0] = False
        # Plane after plane, what is on none at the end, so that each is a stretch of this list.
        last = sizes.shape[1]
        pixels = torch.where(large.gather(1, labels), labels, last).sort(dim=1, stable=True).indices
        length = torch.where(large, sizes, 0)
        start, total = length.cumsum(1) - length, length.sum(1, keepdim=True)
        # A pixel that chooses the plane, then the corners on it.
        plane = labels.gather(1, pixels.gather(1, (draw[..., 0] * total).long()))[..., None]
        size, first = (x[..., None].expand(-1, -1, 3).gather(1, plane.expand(-1, -1, 3)) for x in (length, start))
        corners = first + (draw[..., 1:] * size).long()
        return pixels.gather(1, corners.flatten(1)).view_as(corners) * (total > 0)[..., None]


def _plane_means(found: Float[Tensor, "b n 3"], labels: Int[Tensor, "b n"]) -> Float[Tensor, "b n 3"]:
    """For each triplet the unit mean of its plane's normals."""
    most = int(labels.max()) + 1
    sample = torch.arange(len(labels), device=labels.device)[:, None]
    group = (sample * most + labels).flatten()
    sums = found.new_zeros(len(labels) * most, 3).index_add(0, group, found.flatten(0, 1))
    return unit(sums)[group].view_as(found)
