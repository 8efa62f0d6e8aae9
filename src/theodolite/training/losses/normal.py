"""Surface-normal losses: the angle, and the likelihood of it under a learnt concentration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from theodolite.datasets.sample import Truth
from theodolite.training.losses.masked import masked_mean
from theodolite.types import Bool, Float


def angle_between(a: Float[Tensor, "b 3 h w"], b: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Radians between two fields of vectors, with a finite gradient even at 0 and pi.

    By atan2 of cross and dot product: the arc cosine's gradient is infinite at exact hits, which is why the published
    code throws away every pixel within 2.6 degrees of the truth.
    """
    # By components: linalg.cross over the channels of a map is several times slower (measured, CPU).
    ax, ay, az = a.split(1, dim=1)
    bx, by, bz = b.split(1, dim=1)
    square = (ay * bz - az * by).square() + (az * bx - ax * bz).square() + (ax * by - ay * bx).square()
    # The root's own gradient at zero is infinite; a floor far below any angle of interest keeps it finite.
    sine = square.clamp(min=1e-12).sqrt()
    return torch.atan2(sine, (a * b).sum(1, keepdim=True))


def cosine(a: Float[Tensor, "b 3 h w"], b: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Cosine between two fields of vectors of any length; 0 where one has none."""
    squares = a.square().sum(1, keepdim=True) * b.square().sum(1, keepdim=True)
    # The root's own gradient at zero is infinite, and meets the zero of the product.
    return (a * b).sum(1, keepdim=True) / torch.where(squares > 0, squares, 1).sqrt()


@dataclass(frozen=True)
class Angle:
    """Mean angle, radians."""

    pooled: bool = False  # one mean over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.NORMALS

    def __call__(
        self, normals: Float[Tensor, "b 3 h w"], truth: Float[Tensor, "b 3 h w"], valid: Bool[Tensor, "b 1 h w"]
    ) -> Float[Tensor, " b"]:
        return masked_mean(angle_between(normals, truth), valid, self.pooled)


@dataclass(frozen=True)
class AngularLikelihood:
    """Negative log-likelihood of the angle, the concentration kappa being predicted for each pixel.

    Unbounded below: negative values are normal. Source: Bae et al. 2021 (angular von Mises-Fisher), eq. 5.
    """

    # Degrees; nearer to the truth counts as so near. Rendered walls are exactly flat, and kappa would grow for ever.
    resolution: float = 1.0
    drop_within: float = 0.0  # degrees from the truth within which a pixel is left out; the published code: 2.563
    pooled: bool = False  # one mean over the batch, see `masked.ratio`

    needs: ClassVar[Truth] = Truth.NORMALS

    def __call__(
        self,
        normals: Float[Tensor, "b 3 h w"],
        kappa: Float[Tensor, "b 1 h w"],
        truth: Float[Tensor, "b 3 h w"],
        valid: Bool[Tensor, "b 1 h w"],
    ) -> Float[Tensor, " b"]:
        angle = angle_between(normals, truth)
        if self.drop_within:
            edge = math.radians(self.drop_within)
            valid = valid & (angle > edge) & (angle < math.pi - edge)
        angle = angle.clamp(min=math.radians(self.resolution))
        # softplus(-k pi) is ln(1 + exp(-k pi)) without overflow.
        loss = kappa * angle - torch.log1p(kappa.square()) + functional.softplus(-kappa * math.pi)
        return masked_mean(loss, valid, self.pooled)
