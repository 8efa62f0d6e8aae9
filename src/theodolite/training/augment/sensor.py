"""What a sensor and what comes after it add to a picture: noise, lost resolution, compression."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from theodolite.training.augment.tone import to_levels
from theodolite.types import Float, UInt8

_GAMMA = 2.2  # of a display: levels go with light to the power 1 / gamma
_MID_GREY = 128
_DARK = 40  # level


def grain(image: UInt8[np.ndarray, "h w 3"], level: float, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Noise that is the same everywhere.

    Args:
        level: standard deviation, levels of 255.
    """
    # Coarse half of the time: of a picture that was enlarged, or denoised in blocks.
    return to_levels(image + np.float32(level) * _noise(image.shape, 1 + int(rng.integers(0, 2)), rng))


def shot_noise(image: UInt8[np.ndarray, "h w 3"], level: float, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Noise as photons and electronics make it, before the tone curve: stronger in shadows than in light.

    Args:
        level: standard deviation at mid grey, levels of 255.
    """
    table = np.float32(level) * _shot_profile(rng.uniform(0, 0.5))
    return to_levels(image + table[image] * _noise(image.shape, 1, rng))


def _shot_profile(read: float) -> Float[np.ndarray, "256"]:
    """Standard deviation of the noise at each level, relative to mid grey.

    Args:
        read: share of the variance at mid grey that does not come from light.
    """
    # The slope of the curve grows without bound towards black, where cameras smooth away what it would amplify.
    light = (np.arange(256).clip(_DARK) / 255) ** _GAMMA
    variance = read + (1 - read) * light / light[_MID_GREY]
    slope = light ** (1 / _GAMMA - 1)
    deviation = np.sqrt(variance) * slope
    return (deviation / deviation[_MID_GREY]).astype(np.float32)


def shrink_and_enlarge(image: UInt8[np.ndarray, "h w 3"], scale: float) -> UInt8[np.ndarray, "h w 3"]:
    """The picture as it would be had it been smaller; `scale` below 1."""
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BILINEAR
    )
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def through_jpeg(image: UInt8[np.ndarray, "h w 3"], quality: int) -> UInt8[np.ndarray, "h w 3"]:
    """The picture compressed and read back."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def _noise(shape: tuple[int, ...], size: int, rng: np.random.Generator) -> Float[np.ndarray, "h w 3"]:
    height, width, channels = shape
    cells = rng.standard_normal((-(-height // size), -(-width // size), channels), np.float32)
    return cells if size == 1 else cells.repeat(size, 0).repeat(size, 1)[:height, :width]
