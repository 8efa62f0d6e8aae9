"""From light to a photograph: lens blur, vignetting, exposure, white balance, tone curve and noise."""

import math

import torch
from torch import Tensor

from theodolite.synth.scene import Sensor


def _blurred(image: Tensor, sigma: float) -> Tensor:
    reach = max(1, math.ceil(2.5 * sigma))
    at = torch.arange(-reach, reach + 1, device=image.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    padded = torch.nn.functional.pad(image[None], (reach,) * 4, mode="reflect")[0]
    h, w = image.shape[-2:]
    rows = torch.zeros_like(padded[:, :, :w])
    total = torch.zeros_like(image)
    for i, share in enumerate(kernel.tolist()):
        rows += share * padded[:, :, i : i + w]
    for i, share in enumerate(kernel.tolist()):
        total += share * rows[:, i : i + h]
    return total


def outlines(solid: Tensor) -> Tensor:
    """Pixels next to another solid: (h, w) numbers to (h, w) booleans."""
    edge = torch.zeros_like(solid, dtype=torch.bool)
    down, across = solid[1:] != solid[:-1], solid[:, 1:] != solid[:, :-1]
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    return edge


def photograph(light: Tensor, edge: Tensor, sensor: Sensor) -> Tensor:
    """The image a camera makes of linear light.

    Args:
        light: (3, h, w), any scale, one ray a pixel.
        edge: (h, w), from `outlines`; real pixels are areas, so there the staircase of single rays is smoothed.
    Returns: (3, h, w) uint8.
    """
    h, w = light.shape[-2:]
    sigma = sensor.blur * w / 1000
    if sigma > 0.25 and min(h, w) > 16:
        light = _blurred(light, sigma)
    y = torch.linspace(-1, 1, h, device=light.device)[:, None] * h / w
    x = torch.linspace(-1, 1, w, device=light.device)
    light = light * (1 - sensor.vignette * (x * x + y * y) / (1 + (h / w) ** 2))
    # The log-average is what meters use: a lamp in the picture must not turn the room black.
    luminance = light.mean(0).clamp(min=1e-6)
    gain = sensor.exposure / luminance.log().mean().exp()
    gains = torch.tensor(sensor.balance, device=light.device)[:, None, None] * gain
    linear = light * gains
    # Shoulder: highlights bend towards white instead of clipping all at once.
    linear = linear * (1 + linear / 4) / (1 + linear)
    linear = torch.where(edge, _blurred(linear, 0.55), linear) if min(h, w) > 16 else linear
    encoded = linear.clamp(min=0).sqrt()
    encoded = (encoded / 0.5).clamp(min=1e-4) ** sensor.contrast * 0.5
    generator = torch.Generator().manual_seed(hash(sensor.seed) & 0x7FFFFFFF)
    noise = torch.randn((3, h, w), generator=generator).to(light.device)
    encoded = encoded + noise * sensor.noise * (0.4 + encoded.sqrt())
    return (encoded * 255).round().clamp(0, 255).to(torch.uint8)
