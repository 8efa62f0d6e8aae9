"""Weather and hard light: fog, rain, snow, clouds, glare, shadow, dusk.

Labels stay as they are: the network is to learn that the scene is still there. Only the fog follows a law; the rest is
drawn, at sizes relative to the picture's height.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from theodolite.datasets.sample import Sample
from theodolite.training.augment.fog import foggy, sky_of
from theodolite.training.augment.sensor import shot_noise
from theodolite.training.augment.tone import LUMA, to_levels
from theodolite.types import Float, UInt8

# Where labels reach further than this, m, the scene is taken to be outdoors.
_OUTDOORS = 30.0
_SKY_SEEN = 0.01  # share of the picture; less is a window, or a gap


def weather(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """The sample's picture in weather that suits it: rain and snow fall outdoors only."""
    kinds = UNDER_SKY if sky_of(sample).mean() > _SKY_SEEN else OUTDOORS if _reaches_far(sample) else INDOORS
    return kinds[int(rng.integers(len(kinds)))](sample, rng)


def rain(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Slanted streaks before a dimmer picture."""
    height, width = sample.image.shape[:2]
    length, slant = rng.uniform(0.04, 0.1) * height, rng.uniform(-0.35, 0.35)
    thick = max(1, round(height / 350))
    count = int(rng.uniform(0.02, 0.06) * height * width / (length * thick))

    def streak(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
        reach = length * rng.uniform(0.5, 1.5)
        draw.line((x, y, x + slant * reach, y + reach), fill=int(rng.integers(40, 150)), width=thick)

    layer = _drawn(height, width, count, streak, rng).filter(ImageFilter.GaussianBlur(0.4 * thick))
    return _over(to_levels(sample.image * np.float32(rng.uniform(0.7, 0.95))), layer, (205, 210, 215))


def snowfall(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Flakes: many small ones, and a few near the lens, out of focus."""
    image = sample.image
    height, width = image.shape[:2]
    fall = rng.uniform(-1, 1), rng.uniform(0.5, 2)  # how much longer flakes look for their motion
    for largest, covered, soft in ((0.003, 0.012, 0.5), (0.007, 0.012, 1.0), (0.02, 0.012, 4.0)):
        radius = max(0.6, largest * height)
        count = int(rng.uniform(0.3, 1) * covered * height * width / (math.pi * radius**2))

        def flake(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float = radius) -> None:
            size = radius * rng.uniform(0.5, 1)
            draw.line(
                (x, y, x + fall[0] * size, y + fall[1] * size), int(rng.integers(120, 240)), max(1, round(2 * size))
            )

        layer = _drawn(height, width, count, flake, rng)
        image = _over(image, layer.filter(ImageFilter.GaussianBlur(soft * height / 400)), (245, 247, 250))
    return image


def snow_cover(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Snow on what faces upwards where normals are known; else, as published, dark things made bright."""
    image = sample.image
    height, width = image.shape[:2]
    patchy = soft_noise(height, width, 6, rng)
    if sample.normals is not None:
        upwards = np.nan_to_num(-sample.normals[..., 1], nan=-1)
        cover = _step(upwards + 0.4 * (patchy - 0.5), 0.6, 0.9)
        shade = (image @ LUMA)[..., None]
        snow = (150 + 0.4 * shade) * np.array([0.98, 1.0, 1.04], np.float32)
        return to_levels(image + np.float32(rng.uniform(0.6, 0.95)) * cover[..., None] * (snow - image))
    darkness = 1 - _step(image @ LUMA, rng.uniform(50, 70), rng.uniform(120, 150))
    gain = 1 + np.float32(rng.uniform(0.2, 1)) * darkness
    return to_levels(image * gain[..., None])


def clouds(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Clouds in the sky, and a duller light below."""
    height, width = sample.image.shape[:2]
    cover = _step(soft_noise(height, width, 4, rng), 0.35, 0.75)[..., None] * np.float32(rng.uniform(0.5, 0.95))
    grey = np.float32(rng.uniform(150, 240)) * np.array([1.0, 1.0, 1.03], np.float32)
    over = sample.image + cover * (grey - sample.image)
    below = sample.image * (1 - np.float32(0.3) * cover.mean())
    return to_levels(np.where(sky_of(sample)[..., None], over, below))


def glare(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """A sun in the sky, or else a lamp near the upper edge, and the veil that it throws over the rest."""
    height, width = sample.image.shape[:2]
    sky = np.flatnonzero(sky_of(sample))
    if sky.size:
        v, u = divmod(int(sky[rng.integers(sky.size)]), width)
    else:
        u, v = rng.uniform(-0.1, 1.1) * width, rng.uniform(-0.2, 0.3) * height
    away = np.hypot(np.arange(width) - u, (np.arange(height) - v)[:, None]) / math.hypot(height, width)
    halo = rng.uniform(0.8, 2) * np.exp(-away / rng.uniform(0.03, 0.1)) + rng.uniform(0.05, 0.25) * np.exp(-2 * away)
    shone = halo.clip(0, 1).astype(np.float32)[..., None] * np.array([1.0, 0.97, 0.9], np.float32)
    return to_levels(255 - (255 - sample.image.astype(np.float32)) * (1 - shone))


def shadow(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Patches of shade with soft edges, a little blue."""
    height, width = sample.image.shape[:2]
    shape = soft_noise(height, width, int(rng.integers(2, 6)), rng)
    edge, softness = rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.4)
    shade = (_step(shape, edge, edge + softness) * ~sky_of(sample))[..., None]
    left = rng.uniform(0.35, 0.75) * np.array([0.96, 1.0, 1.06], np.float32)
    return to_levels(sample.image * (1 - shade * (1 - left.astype(np.float32))))


def dusk(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Little light, cold or warm, and the noise that comes with it."""
    light = math.exp(rng.uniform(math.log(0.08), math.log(0.35)))
    warmth = rng.uniform(-0.12, 0.12)
    gain = light ** (1 / 2.2) * np.array([1 + warmth, 1, 1 - warmth])
    dark = to_levels(sample.image * gain.astype(np.float32))
    return shot_noise(dark, rng.uniform(2, 8), rng)


Kind = Callable[[Sample, np.random.Generator], np.ndarray]
INDOORS: tuple[Kind, ...] = (foggy, glare, shadow, dusk)
OUTDOORS: tuple[Kind, ...] = (*INDOORS, rain, snowfall, snow_cover)
UNDER_SKY: tuple[Kind, ...] = (*OUTDOORS, clouds)


def soft_noise(height: int, width: int, cells: int, rng: np.random.Generator) -> Float[np.ndarray, "h w"]:
    """Soft blotches between 0 and 1, of four sizes.

    Args:
        cells: of the largest blotches, how many go across the picture.
    """
    total = np.zeros((height, width), np.float32)
    for octave in range(4):
        across = cells << octave
        down = max(2, round(across * height / width))
        layer = Image.fromarray(rng.random((down, across), np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        total += np.asarray(layer) / 2**octave
    low, high = np.quantile(total[::4, ::4], (0.01, 0.99))
    return ((total - low) / max(high - low, 1e-6)).clip(0, 1)


def _reaches_far(sample: Sample) -> bool:
    return sample.kind.metric and bool((sample.depth > _OUTDOORS).any())


def _step(values: np.ndarray, low: float, high: float) -> Float[np.ndarray, "h w"]:
    """From 0 at low to 1 at high, smoothly."""
    share = ((values - low) / (high - low)).clip(0, 1).astype(np.float32)
    return share * share * (3 - 2 * share)


def _drawn(
    height: int,
    width: int,
    count: int,
    draw_one: Callable[[ImageDraw.ImageDraw, float, float], None],
    rng: np.random.Generator,
) -> Image.Image:
    """How much of each pixel is covered, 0..255, by things drawn at random places."""
    layer = Image.new("L", (width, height))
    draw = ImageDraw.Draw(layer)
    for x, y in rng.uniform((-0.1 * width, -0.1 * height), (width, height), (count, 2)):
        draw_one(draw, float(x), float(y))
    return layer


def _over(
    image: UInt8[np.ndarray, "h w 3"], layer: Image.Image, colour: tuple[int, int, int]
) -> UInt8[np.ndarray, "h w 3"]:
    return np.asarray(Image.composite(Image.new("RGB", layer.size, colour), Image.fromarray(image), layer))
