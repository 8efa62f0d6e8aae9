"""Dense prediction trunk: four maps, coarsest first, fused into one.

Source: Ranftl et al., Vision Transformers for Dense Prediction (ICCV 2021), section 3. Departs from it in two places,
because the published Metric3D weights were trained so: the residual units carry the rectified input on their skip, not
the input, and the finest map takes no part in the fusion.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from theodolite.network.layers import Map, conv1, conv3, resize_to


class ResidualUnit(nn.Module):
    """Two convolutions over a rectified map, added to that rectified map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = conv3(width, width)
        self.conv2 = conv3(width, width)

    def forward(self, x: Map) -> Map:
        rectified = F.relu(x)
        return rectified + self.conv2(F.relu(self.conv1(rectified)))


class Fusion(nn.Module):
    """Adds a finer map to what came from the coarser ones, and changes the width."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.branch = ResidualUnit(width)
        self.trunk = ResidualUnit(width)
        self.out = conv1(width, outputs)

    def forward(self, x: Map, finer: Map) -> Map:
        # A 1x1 convolution and a bilinear resize commute: convolving first touches fewer pixels.
        return self.out(self.trunk(x + self.branch(finer)))


class FusionTrunk(nn.Module):
    """The feature map of the finest level, from the three coarser maps."""

    def __init__(self, features: tuple[int, int, int, int], outputs: int) -> None:
        super().__init__()
        _, fine, middle, coarse = features
        self.trunk = ResidualUnit(coarse)
        self.out = conv1(coarse, middle)
        self.fusions = nn.ModuleList([Fusion(middle, fine), Fusion(fine, outputs)])

    def forward(self, maps: tuple[Map, Map, Map, Map]) -> Map:
        finest, fine, middle, coarse = maps
        x = resize_to(self.out(self.trunk(coarse)), middle)
        x = resize_to(self.fusions[0](x, middle), fine)
        return resize_to(self.fusions[1](x, fine), finest)
