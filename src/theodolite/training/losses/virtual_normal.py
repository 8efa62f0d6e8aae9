"""Virtual normals: the planes through far-apart points, which hold the shape of the whole scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.draws import generators
from theodolite.training.losses.masked import at
from theodolite.training.losses.triplets import edges, normals, points, short, straight
from theodolite.types import Bool, Float, Int

LENGTH = 0.005  # metres; a triplet with a shorter side along each axis is too small


@dataclass(frozen=True)
class VirtualNormal:
    """L1 distance of the normals of random triplets' planes, the easiest triplets left out.

    Source: Yin et al., Enforcing Geometric Constraints of Virtual Normal for Depth Prediction (2019). The published
    Metric3D code keeps the principal points of its first batch; these belong to the sample.
    """

    share: float = 0.2  # triplets for each pixel of the picture
    most: int = 50_000  # triplets
    easiest: float = 0.25  # share of the triplets left out, those with the smallest errors
    # As published: z stays canonical while x and y are metres, which stretches every scene by focal / canonical focal.
    stretched: bool = False
    pooled: bool = False  # the triplets of the whole batch sorted and averaged together

    needs: ClassVar[Truth] = Truth.DEPTH

    def draw(self, valid: Bool[Tensor, "b 1 h w"], seeds: Int[Tensor, " b"]) -> Int[Tensor, "b n 3"]:
        """Triplets of flat indices of valid pixels; without any, three times the first pixel, to no effect."""
        count = max(1, min(int(self.share * valid[0].numel()), self.most))
        # The valid pixels first, in their order, of all samples at once.
        pixels = (~valid.flatten(1)).byte().sort(dim=1, stable=True).indices
        known = valid.flatten(1).sum(1).tolist()
        drawn = torch.stack(
            [
                torch.randint(max(most, 1), (count, 3), generator=generator)
                for most, generator in zip(known, generators(seeds, "virtual normal"), strict=True)
            ]
        ).to(valid.device)
        some = torch.tensor([most > 0 for most in known], device=valid.device)[:, None, None]
        return pixels.gather(1, drawn.flatten(1)).view_as(drawn) * some

    def __call__(
        self,
        depth: Float[Tensor, "b 1 h w"],
        truth: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
        intrinsics: Float[Tensor, "b 4"],
        scale: Float[Tensor, " b"],
        triplets: Int[Tensor, "b n 3"],
    ) -> Float[Tensor, " b"]:
        """Each sample's mean.

        Args:
            depth, truth: canonical.
            intrinsics: fx, fy, cx, cy, px, of the picture as the network sees it.
            scale: canonical depth / metres.
        """
        known = at(valid, triplets)

        def corners(maps: Tensor) -> tuple[Tensor, ...]:
            canonical = torch.where(known, at(maps, triplets), 1)
            metres = canonical / scale[:, None, None]
            x, y, z = points(metres, triplets, maps.shape[-1], self._focals(intrinsics))
            return x, y, canonical if self.stretched else z

        true = corners(truth)
        sides = edges(true)
        usable = known.all(-1) & ~straight(sides) & ~short(sides, LENGTH)
        errors = (normals(corners(depth)) - normals(true)).abs().sum(-1)
        if not self.pooled:
            return hardest_mean(errors, usable, self.easiest)
        return hardest_mean(errors.flatten()[None], usable.flatten()[None], self.easiest).expand(len(depth))

    def _focals(self, intrinsics: Float[Tensor, "b 4"]) -> Float[Tensor, "b 4"]:
        # As published: one focal length for both axes.
        return intrinsics[:, [0, 0, 2, 3]] if self.stretched else intrinsics


def hardest_mean(errors: Float[Tensor, "b n"], usable: Bool[Tensor, "b n"], easiest: float) -> Float[Tensor, " b"]:
    """Mean of the usable errors without the smallest share of them; 0 where none is usable."""
    count = usable.sum(-1, keepdim=True)
    ordered = torch.where(usable, errors, torch.inf).sort(-1).values
    place = torch.arange(errors.shape[-1], device=errors.device)
    dropped = (count * easiest).long()
    kept = (place >= dropped) & (place < count)
    return torch.where(kept, ordered, 0).sum(-1) / (count - dropped)[:, 0].clamp(min=1)
