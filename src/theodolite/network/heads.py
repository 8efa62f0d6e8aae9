"""Heads: the first estimate of depth and normals, before any refinement.

Source: Hu et al., Metric3D v2 (2024), joint depth-normal optimisation; bins as in Bhat et al., AdaBins (CVPR 2021), but
with centres that do not depend on the picture.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.layers import Map, conv1, conv3, exactly, precise
from theodolite.network.variants import Bins
from theodolite.types import Float


class BinExpectation(nn.Module):
    """The mean of a distribution over fixed depths, evenly spaced in log depth."""

    def __init__(self, bins: Bins) -> None:
        super().__init__()
        self.bins = bins

    def forward(self, logits: Float[Tensor, "b bins h w"]) -> Float[Tensor, "b 1 h w"]:
        x = precise(logits).permute(0, 2, 3, 1)
        # Made anew each time, which costs nothing: a buffer would lose digits with weights in half precision.
        log_near, log_far = math.log(self.bins.near), math.log(self.bins.far)
        logarithms = torch.linspace(log_near, log_far, self.bins.count, dtype=x.dtype, device=x.device)
        with exactly(x):
            if self.bins.geometric:
                return (x.softmax(-1) @ logarithms).exp().unsqueeze(1)
            return (x.softmax(-1) @ logarithms.exp()).unsqueeze(1)


class DepthHead(nn.Sequential):
    """Logits of the depth bins."""

    def __init__(self, inputs: int, width: int, bins: int) -> None:
        super().__init__(conv3(inputs, width), nn.ReLU(), conv1(width, bins))


class NormalHead(nn.Sequential):
    """Normals, not yet of unit length."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(
            conv3(inputs, width),
            nn.ReLU(),
            conv1(width, width),
            nn.ReLU(),
            conv1(width, width),
            nn.ReLU(),
            conv1(width, 3),
        )


def unit_normals(normals: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Unit vectors; a zero vector stays zero."""
    # Not linalg.vector_norm: over the channels of a large map it is twenty times slower (measured, CPU). The floor, far
    # below float32's resolution of a unit length, keeps the gradient of a zero vector finite.
    return normals / ((normals * normals).sum(1, keepdim=True) + 1e-20).sqrt()


def concentration(raw: Map) -> Map:
    """Kappa, above 0.01, of any real number."""
    return F.elu(raw) + 1.01
