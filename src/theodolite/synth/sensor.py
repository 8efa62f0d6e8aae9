"""From light to a photograph: depth of field, lens blur, vignetting, exposure, white balance, tone curve and noise."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from theodolite.synth.compiled import compiled
from theodolite.synth.scene import Sensor

_SMALLEST = 16  # px; smaller images are not blurred: kernels would reach over their borders
# Parts of the lens that are looked through; more leave less grain in wide discs.
_TAPS = 40
_WIDEST = 0.025  # image widths, radius of the blur disc; beyond it a near edge is smeared over what it cannot hide


def _blurred(images: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur of (scenes, 3, h, w), px; a deviation below a quarter of a pixel is none."""
    sigma = torch.where(sigma > 0.25, sigma, 1e-3)
    reach = max(1, math.ceil(2.5 * float(sigma.max())))
    at = torch.arange(-reach, reach + 1, device=images.device)
    kernel = torch.exp(-0.5 * (at / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
    # Each channel of each scene is a group of its own, with its scene's kernel.
    flat = torch.nn.functional.pad(images.flatten(0, 1)[None], (reach,) * 4, mode="reflect")
    flat = torch.nn.functional.conv2d(flat, kernel[:, None, None, :], groups=len(kernel))
    return torch.nn.functional.conv2d(flat, kernel[:, None, :, None], groups=len(kernel))[0].view_as(images)


def outlines(solid: Tensor) -> Tensor:
    """Pixels next to another solid: (scenes, h, w) numbers to booleans."""
    edge = torch.zeros_like(solid, dtype=torch.bool)
    down, across = solid[:, 1:] != solid[:, :-1], solid[:, :, 1:] != solid[:, :, :-1]
    edge[:, 1:] |= down
    edge[:, :-1] |= down
    edge[:, :, 1:] |= across
    edge[:, :, :-1] |= across
    return edge


def _tap(
    sums: tuple[Tensor, Tensor], light: Tensor, inverse: Tensor, radius: Tensor, step: Tensor, area: Tensor
) -> tuple[Tensor, Tensor]:
    """Adds what the pixels at `step` spread onto each pixel: (scenes, 3) of rows, columns and their distance, px."""
    h, w = inverse.shape[1:]
    y = torch.arange(h, device=light.device)[:, None] + step[:, 0, None, None].long()
    x = torch.arange(w, device=light.device) + step[:, 1, None, None].long()
    place = (y.clamp(0, h - 1) * w + x.clamp(0, w - 1)).flatten(1)
    behind, other = (image.flatten(1).gather(1, place).view_as(image) for image in (inverse, radius))
    colour = light.flatten(2).gather(2, place[:, None].expand(-1, 3, -1)).view_as(light)
    # What lies behind is hidden by what is in focus before it: it spreads no further than the pixel's own disc.
    disc = torch.where(behind > 1.02 * inverse, other, torch.minimum(other, radius))
    share = (disc - step[:, 2, None, None] + 1).clamp(0, 1) * area[:, None, None] / (disc * disc + 0.5)
    return sums[0] + share[:, None] * colour, sums[1] + share


def _defocused(light: Tensor, inverse: Tensor, radius: Tensor) -> Tensor:
    """Each point spread over its disc, near ones over far ones; (scenes, 3, h, w).

    Args:
        inverse: 1 / depth, 1/m, 0 in the sky.
        radius: px.
    """
    most = radius.amax((1, 2))
    share = 1 / (radius * radius + 0.5)
    sums = (light * share[:, None], share)
    for k in range(_TAPS):  # a spiral that covers the disc evenly
        reach, turn = most * math.sqrt((k + 0.5) / _TAPS), 2.399963 * k
        step = torch.stack([(reach * math.sin(turn)).round(), (reach * math.cos(turn)).round(), reach], 1)
        sums = compiled(_tap)(sums, light, inverse, radius, step, math.pi * most * most / _TAPS)
    return sums[0] / sums[1][:, None]


def _depth_of_field(light: Tensor, depth: Tensor, focal: Tensor, sensors: Sequence[Sensor]) -> Tensor:
    at = [k for k, sensor in enumerate(sensors) if sensor.aperture > 0]
    if not at or min(depth.shape[-2:]) <= _SMALLEST:
        return light
    where = torch.tensor(at, device=light.device)
    aperture = torch.tensor([sensors[k].aperture for k in at], device=light.device)
    sharp = torch.tensor([1 / sensors[k].focus for k in at], device=light.device)
    inverse = torch.where(depth[where].isfinite(), 1 / depth[where], 0.0)
    radius = (aperture * focal[where] / 2)[:, None, None] * (inverse - sharp[:, None, None]).abs()
    radius = radius.clamp(max=_WIDEST * depth.shape[-1])
    return light.index_copy(0, where, _defocused(light[where], inverse, radius))


def _exposed(light: Tensor, exposure: Tensor, balance: Tensor, vignette: Tensor) -> Tensor:
    h, w = light.shape[-2:]
    y = torch.linspace(-1, 1, h, device=light.device)[:, None] * h / w
    x = torch.linspace(-1, 1, w, device=light.device)
    light = light * (1 - vignette[:, None, None, None] * (x * x + y * y) / (1 + (h / w) ** 2))
    # The log-average is what meters use: a lamp in the picture must not turn the room black.
    gain = exposure / light.mean(1).clamp(min=1e-6).log().mean((1, 2)).exp()
    linear = light * (balance * gain[:, None])[:, :, None, None]
    # Shoulder: highlights bend towards white instead of clipping all at once.
    return linear * (1 + linear / 4) / (1 + linear)


def _developed(linear: Tensor, contrast: Tensor, grain: Tensor) -> Tensor:
    encoded = linear.clamp(min=0).sqrt()
    encoded = (encoded / 0.5).clamp(min=1e-4) ** contrast[:, None, None, None] * 0.5
    encoded = encoded + grain * (0.4 + encoded.sqrt())
    return (encoded * 255).round().clamp(0, 255).to(torch.uint8)


def photograph(light: Tensor, depth: Tensor, edge: Tensor, focal: Tensor, sensors: Sequence[Sensor]) -> Tensor:
    """The images that cameras make of linear light.

    Args:
        light: (scenes, 3, h, w), any scale, one ray a pixel.
        depth: (scenes, h, w), metres along z; NaN in the sky.
        edge: (scenes, h, w), from `outlines`; real pixels are areas, so there the staircase of rays is smoothed.
        focal: (scenes,), px.
    Returns: (scenes, 3, h, w) uint8.
    """
    device, (h, w) = light.device, light.shape[-2:]

    def column(name: str) -> Tensor:
        return torch.tensor([getattr(sensor, name) for sensor in sensors], device=device, dtype=torch.float32)

    light = _depth_of_field(light, depth, focal, sensors)
    large = min(h, w) > _SMALLEST
    if large:
        light = _blurred(light, column("blur") * w / 1000)
    linear = compiled(_exposed)(light, column("exposure"), column("balance"), column("vignette"))
    if large:
        linear = torch.where(edge[:, None], _blurred(linear, torch.full_like(focal, 0.55)), linear)
    return compiled(_developed)(linear, column("contrast"), _grain(sensors, (3, h, w), device))


def _grain(sensors: Sequence[Sensor], shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Noise of each sensor's deviation and seed, drawn where it is used."""
    grain = torch.empty((len(sensors), *shape), device=device)
    for noise, sensor in zip(grain, sensors, strict=True):
        generator = torch.Generator(device).manual_seed(hash(sensor.seed) & 0x7FFFFFFF)
        noise.normal_(generator=generator).mul_(sensor.noise)
    return grain
