"""The network: normalised pixels in, canonical depth and normals out.

Source: Hu et al., Metric3D v2 (2024), section 3. Encoders and decoders meet here and know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from theodolite.network.convnext import ConvNeXtEncoder
from theodolite.network.efficientnet import EfficientNetLiteEncoder
from theodolite.network.hourglass import HourglassDecoder
from theodolite.network.joint import JointDecoder
from theodolite.network.layers import require_multiple
from theodolite.network.neck import PyramidNeck, TokenNeck
from theodolite.network.outputs import RawMaps
from theodolite.network.variants import DPT, ConvNeXt, EfficientNetLite, Encoder, Hourglass, Variant, ViT, find
from theodolite.network.vit import ViTEncoder
from theodolite.types import Float


class Metric3D(nn.Module):
    """An encoder, and a decoder that makes an estimate and may refine it.

    Args:
        variant: the row of numbers this was built from; a checkpoint stores it.
        encoder: pixels to four taps, finest first, of the widths in its `channels`: maps of strides 4, 8, 16 and 32
            from a pyramid, `Tokens` from a transformer.
        decoder: has `estimate(taps, pixels)`, `refine(estimate)` where it can, and `maps(estimate)`.
    """

    def __init__(self, variant: Variant, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.variant = variant
        self.encoder = encoder
        self.decoder: Any = decoder

    def forward(self, pixels: Float[Tensor, "b 3 h w"], steps: int | None = None, all_steps: bool = False) -> RawMaps:
        """Canonical maps of normalised pixels.

        Args:
            pixels: (RGB - mean) / deviation; sides multiples of `multiple`, or see the encoder.
            steps: refinement steps, the variant's own number unless given; 0 upsamples the initial estimate.
            all_steps: also return the maps before (`initial`) and after every step (`steps`), for training.
        """
        steps = self._checked(steps)
        if isinstance(self.variant.decoder, DPT) and self.variant.decoder.detail:
            require_multiple(pixels, self.variant.multiple)  # its map has to lie on the transformer's
        estimate = self.decoder.estimate(self.encoder(pixels), pixels)
        trail = [self.decoder.maps(estimate)] if all_steps else []
        for _ in range(steps):
            estimate = self.decoder.refine(estimate)
            if all_steps:
                trail.append(self.decoder.maps(estimate))
        if not all_steps:
            return self.decoder.maps(estimate)
        initial, *refined = trail
        return replace(trail[-1], initial=initial, steps=tuple(refined))

    def _checked(self, steps: int | None) -> int:
        if steps is None:
            return self.variant.steps
        if steps < 0 or (steps and not self.variant.refines):
            decoder = type(self.variant.decoder).__name__
            raise ValueError(f"{steps} refinement steps were asked of a network with a {decoder} decoder")
        return steps

    @property
    def multiple(self) -> int:
        """Sides of the input that are multiples of it give an output of the same size."""
        return self.variant.multiple


def build(variant: str | Variant) -> Metric3D:
    """A network with random weights, ready to be trained.

    Raises: UnknownModel, listing the names there are.
    """
    variant = find(variant) if isinstance(variant, str) else variant
    encoder = _encoder(variant.encoder)
    match variant.decoder:
        case Hourglass():
            decoder: nn.Module = HourglassDecoder(variant.decoder, encoder.channels)
        case DPT():
            decoder = JointDecoder(variant.decoder, _neck(variant.encoder, encoder.channels, variant.decoder.features))
    return Metric3D(variant, encoder, decoder)


def skeleton(variant: str | Variant) -> Metric3D:
    """A network without storage for its weights: give them by `load_state_dict(state, assign=True)`.

    Drawing random numbers only to overwrite them would take longer than reading the file.
    """
    with torch.device("meta"):
        return build(variant)


def _encoder(spec: Encoder) -> Any:
    match spec:
        case ViT():
            return ViTEncoder(spec)
        case ConvNeXt():
            return ConvNeXtEncoder(spec)
        case EfficientNetLite():
            return EfficientNetLiteEncoder(spec)


def _neck(spec: Encoder, channels: Sequence[int], features: Sequence[int]) -> nn.Module:
    if isinstance(spec, ViT):
        return TokenNeck(spec.dim, 1 + spec.registers, features)
    return PyramidNeck(channels, features)
