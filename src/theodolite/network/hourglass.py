"""Hourglass decoder: depth from bins and a residual, no normals, no refinement.

Source: the published ConvNeXt models of Yin et al., Metric3D (ICCV 2023); fusion as in Godard et al., Monodepth2 (ICCV
2019), and an hourglass as in Newell et al., Stacked Hourglass Networks (ECCV 2016).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.heads import BinExpectation
from theodolite.network.layers import Map, conv1, conv3
from theodolite.network.outputs import RawMaps
from theodolite.network.variants import Hourglass
from theodolite.types import Float


class DepthEstimate(NamedTuple):
    """Canonical metres, at full resolution, and how sure the network is of them."""

    depth: Float[Tensor, "b 1 h w"]
    confidence: Float[Tensor, "b 1 h w"]


class HourglassDecoder(nn.Module):
    """Fusion of the pyramid, an hourglass, depth from bins, and its residual at full resolution."""

    def __init__(self, spec: Hourglass, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.fusion = PyramidFusion(spec.fusion, channels)
        self.hourglass = HourglassBody(spec.fusion[0], spec.widths)
        self.out = conv1(spec.widths[0], spec.features + 1)
        self.depth_head = nn.Sequential(
            conv3(spec.features, spec.bins.count),
            nn.BatchNorm2d(spec.bins.count),
            nn.ReLU(),
            conv1(spec.bins.count, spec.bins.count),
        )
        self.expectation = BinExpectation(spec.bins)
        self.residual = ResidualHead(spec.features + 3)

    def estimate(self, taps: list[Map], _: Float[Tensor, "b 3 h w"] | None = None) -> DepthEstimate:
        """Depth and confidence, from the maps of a pyramid; the pixels say no more than they do."""
        x = self.out(self.hourglass(self.fusion(taps)))
        feature, confidence = x[:, :-1], x[:, -1:]
        depth = self.expectation(self.depth_head(feature))
        residual = self.residual(torch.cat([depth, _coordinates(depth), feature], dim=1))
        return DepthEstimate(_enlarge(depth, 4) + 0.1 * residual, _enlarge(confidence, 4))

    def maps(self, estimate: DepthEstimate) -> RawMaps:
        return RawMaps(estimate.depth, None, None, estimate.confidence)


class PyramidFusion(nn.Module):
    """The map of stride 4, with what the coarser ones know."""

    def __init__(self, fusion: tuple[int, int, int], channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        fine, middle, coarse = fusion
        c1, c2, c3, c4 = channels
        self.coarse = Join(conv1(c4, coarse), conv1(coarse + c3, coarse))
        self.middle = Join(reflected_conv3(coarse, middle), reflected_conv3(middle + c2, middle))
        self.fine = Join(reflected_conv3(middle, fine), reflected_conv3(fine + c1, fine))

    def forward(self, taps: list[Map]) -> Map:
        f1, f2, f3, f4 = taps
        return self.fine(self.middle(self.coarse(f4, f3), f2), f1)


class Join(nn.Module):
    """A map, narrowed and doubled in size, joined with the next finer one."""

    def __init__(self, narrow: nn.Conv2d, join: nn.Conv2d) -> None:
        super().__init__()
        self.narrow = narrow
        self.join = join
        self.mix = conv1(join.out_channels, join.out_channels)

    def forward(self, x: Map, finer: Map) -> Map:
        x = _enlarge(F.elu(self.narrow(x)), 2)
        x = F.elu(self.join(torch.cat([x, finer], dim=1)))
        return F.elu(self.mix(x))


class HourglassBody(nn.Module):
    """Down to an eighth of the size and back, adding on the way up what was passed on the way down."""

    def __init__(self, inputs: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.entry = ConvNormReLU(inputs, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(ConvNormReLU(wide, narrow, stride=2), ConvNormReLU(narrow, narrow)) for wide, narrow in pairs
        )
        self.up = nn.ModuleList(Doubling(narrow, wide) for wide, narrow in pairs)

    def forward(self, x: Map) -> Map:
        passed = [self.entry(x)]
        for down in self.down:
            passed.append(down(passed[-1]))
        x = passed.pop()
        for up in reversed(self.up):
            x = passed.pop() + up(x)
        return x


class ConvNormReLU(nn.Module):
    """A 3x3 convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Map) -> Map:
        return F.relu(self.norm(self.conv(x)))


class Doubling(nn.Module):
    """A transposed convolution to twice the size, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Map) -> Map:
        return F.relu(self.norm(self.conv(x)))


class ResidualHead(nn.Module):
    """Correction of the depth, at four times the size."""

    def __init__(self, inputs: int, width: int = 16) -> None:
        super().__init__()
        self.entry = conv3(inputs, width)
        self.norm = nn.BatchNorm2d(width)
        self.coarse = conv3(width, width)
        self.fine = conv3(width, width)
        self.out = conv1(width, 1)

    def forward(self, x: Map) -> Map:
        x = self.coarse(F.relu(self.norm(self.entry(x))))
        return self.out(F.relu(self.fine(_enlarge(x, 4))))


def reflected_conv3(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size; the map is mirrored at its border."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect")


def _enlarge(x: Map, factor: int) -> Map:
    return F.interpolate(x, scale_factor=factor, mode="nearest")


def _coordinates(x: Map) -> Float[Tensor, "b 2 h w"]:
    """Column and row of each pixel, in this order."""
    batch, _, height, width = x.shape
    columns = torch.arange(width, dtype=x.dtype, device=x.device).expand(batch, 1, height, width)
    rows = torch.arange(height, dtype=x.dtype, device=x.device)[:, None].expand(batch, 1, height, width)
    return torch.cat([columns, rows], dim=1)
