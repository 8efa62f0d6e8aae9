"""EfficientNet-Lite encoder: inverted residual blocks without squeeze-and-excitation, four maps out.

Source: Tan & Le, EfficientNet, 2019, table 1, and the "Lite" changes of its authors (2020): no squeeze-and-excitation,
ReLU6, stem and head not scaled with the width. Departs from it in two places: the classifier's head is left out,
since the decoder reads maps; and the pixel normalisation of those weights is undone inside (see `renormalised`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.layers import Map, require_multiple
from theodolite.network.variants import EfficientNetLite
from theodolite.types import Float

# What every model of this package is fed: (x - MEAN) / STD, for RGB levels 0..255.
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
# What the Lite weights were trained on: (x - 127) / 128.
LITE_MEAN, LITE_STD = 127.0, 128.0

# Kernel, stride of the first block and expansion of each stage: the same for every member of the family.
STAGES = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))
# Stages, counted from 0, whose output is the last at strides 4, 8, 16 and 32.
TAPS = (1, 2, 4, 6)


class ConvNorm(nn.Module):
    """Convolution without bias, batch normalisation, ReLU6 when asked for.

    Pads as TensorFlow's "same" does for even sizes: with stride 2 one pixel less before than after. Symmetric padding
    would shift what the published weights see by half a pixel in each of five places.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        self.relu = relu
        total = kernel - stride if stride > 1 else kernel - 1
        self.padding = (total // 2, total - total // 2)

    def forward(self, x: Map) -> Map:
        before, after = self.padding
        if before == after:
            x = F.conv2d(x, self.conv.weight, self.conv.bias, self.conv.stride, before, 1, self.conv.groups)
        else:
            x = self.conv(F.pad(x, (before, after, before, after)))
        x = self.norm(x)
        return F.relu6(x) if self.relu else x


class InvertedResidual(nn.Module):
    """Widen with 1x1, filter each channel, narrow with 1x1; added to the input when the shape allows."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self.expand = ConvNorm(inputs, wide, 1) if expansion > 1 else nn.Identity()
        self.filter = ConvNorm(wide, wide, kernel, stride, groups=wide)
        self.project = ConvNorm(wide, outputs, 1, relu=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Map) -> Map:
        y = self.project(self.filter(self.expand(x)))
        return x + y if self.residual else y


class EfficientNetLiteEncoder(nn.Module):
    """The four maps of a pyramid, finest first; sides of the picture are multiples of 32."""

    strides = (4, 8, 16, 32)

    def __init__(self, spec: EfficientNetLite) -> None:
        super().__init__()
        self.channels = tuple(spec.widths[stage] for stage in TAPS)
        self.multiple = spec.multiple
        self.stem = ConvNorm(3, spec.stem, 3, 2)
        self.stages = nn.ModuleList()
        width = spec.stem
        for (kernel, stride, expansion), depth, outputs in zip(STAGES, spec.depths, spec.widths, strict=True):
            strides = [stride] + [1] * (depth - 1)
            blocks = [
                InvertedResidual(width if i == 0 else outputs, outputs, kernel, s, expansion)
                for i, s in enumerate(strides)
            ]
            self.stages.append(nn.Sequential(*blocks))
            width = outputs

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> list[Map]:
        require_multiple(pixels, self.multiple)
        x = self.stem(renormalised(pixels.contiguous(memory_format=torch.channels_last)))
        taps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in TAPS:
                taps.append(x)
        return taps


def renormalised(pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Pixels as the Lite weights know them, from pixels as every model of this package is fed.

    Not folded into the stem: its zero padding means grey 127 in the range of the weights, and would mean the mean
    colour after folding. Two cheap operations keep the borders exact and the published weights as they are.
    """
    scale = torch.tensor(STD, dtype=pixels.dtype, device=pixels.device).view(3, 1, 1) / LITE_STD
    shift = (torch.tensor(MEAN, dtype=pixels.dtype, device=pixels.device).view(3, 1, 1) - LITE_MEAN) / LITE_STD
    return pixels * scale + shift
