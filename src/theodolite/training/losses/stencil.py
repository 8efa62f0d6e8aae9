"""The published form of depth-normal consistency, for comparisons with the published code only.

Its normals are no least-squares fit, contrary to the papers: two cross products of a lopsided stencil, shorter than
unit length where points are close together. `consistency` is what to train with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from theodolite.datasets.sample import Truth
from theodolite.geometry.unproject import unproject
from theodolite.training.losses.consistency import most_trusted
from theodolite.training.losses.normal import cosine
from theodolite.types import Bool, Float

# Left, right, above, below: offsets as (rows, columns). The first stencil is lopsided.
STENCILS = (((0, -1), (0, 2), (-1, 0), (2, 0)), ((0, -2), (0, 2), (-2, 0), (2, 0)))
REACH = 2


@dataclass(frozen=True)
class StencilConsistency:
    """1 - cosine between the network's normals and the depth's, a mean over all pixels: those left out count as 1.

    The published total doubles it for data sets without normals.
    """

    share: float = 0.7  # of the pixels of a picture, the surest by kappa, and those by confidence
    least: float = 0.5  # confidence
    within: float = 0.999  # cosine, of either sign, beyond which a pixel counts as left out
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
        inside: Bool[Tensor, "b 1 h w"],
    ) -> Float[Tensor, " b"]:
        """Each sample's mean; arguments as those of `consistency.Consistency`."""
        depth = depth if self.depth_learns else depth.detach()
        found, defined = stencil_normals(depth / scale[:, None, None, None], intrinsics, inside)
        agreement = cosine(normals, found)
        counted = defined & (confidence > self.least) & (agreement.abs() < self.within)
        for trust in (kappa, confidence):
            # Pixels outside come last but are counted: amid wide padding, all pixels are among the surest.
            ranked = torch.where(defined, trust, -torch.inf)
            counted &= most_trusted(ranked, torch.ones_like(inside), self.share)
        return (1 - agreement * counted).mean((1, 2, 3))


def stencil_normals(
    depth: Float[Tensor, "b 1 h w"], intrinsics: Float[Tensor, "b 4"], inside: Bool[Tensor, "b 1 h w"]
) -> tuple[Float[Tensor, "b 3 h w"], Bool[Tensor, "b 1 h w"]]:
    """The published code's normals, at most of unit length, and where its whole stencil lies inside the picture."""
    points = unproject(depth[:, 0], intrinsics)
    total = torch.zeros_like(points)
    for left, right, above, below in STENCILS:
        across = _beside(points, left) - _beside(points, right)
        down = _beside(points, above) - _beside(points, below)
        total = total + _facing(_shortened(torch.linalg.cross(across, down)), points)
    defined = inside
    for offset in STENCILS[1]:
        defined = defined & _beside(inside[:, 0, ..., None], offset).movedim(-1, 1)
    return _facing(_shortened(total), points).movedim(-1, 1), defined


def _beside(points: Tensor, offset: tuple[int, int]) -> Tensor:
    """What lies at an offset from every pixel; zero outside."""
    height, width = points.shape[1:3]
    row, column = offset[0] + REACH, offset[1] + REACH
    around = functional.pad(points, (0, 0, REACH, REACH, REACH, REACH))
    return around[:, row : row + height, column : column + width]


def _shortened(vectors: Float[Tensor, "b h w 3"]) -> Float[Tensor, "b h w 3"]:
    return vectors / ((vectors.square().sum(-1, keepdim=True) + 1e-4).sqrt() + 1e-8)


def _facing(vectors: Float[Tensor, "b h w 3"], points: Float[Tensor, "b h w 3"]) -> Float[Tensor, "b h w 3"]:
    return torch.where((vectors * points).sum(-1, keepdim=True) > 0, -vectors, vectors)
