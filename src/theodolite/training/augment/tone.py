"""Colours and light levels of a picture."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from theodolite.types import Float, UInt8

# Share of each primary in what the eye takes for brightness (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def curve(
    image: UInt8[np.ndarray, "h w 3"], gain: Float[np.ndarray, " 3"], contrast: float, gamma: float
) -> UInt8[np.ndarray, "h w 3"]:
    """Levels of each colour times its gain, stretched about their common mean, and raised to a power."""
    picture = Image.fromarray(image)
    levels = gain[:, None] * np.arange(256)
    mean = float((levels * np.reshape(picture.histogram(), (3, 256))).sum() / image.size)
    stretched = ((levels - mean) * contrast + mean).clip(0, 255)
    return np.asarray(picture.point(to_levels(255 * (stretched / 255) ** gamma).ravel().tolist()))


def recolour(image: UInt8[np.ndarray, "h w 3"], saturation: float, hue: float) -> UInt8[np.ndarray, "h w 3"]:
    """The picture with its colourfulness scaled and its hues turned; greys stay as they are.

    Args:
        hue: share of the circle.
    """
    turn = 2 * math.pi * hue
    grey = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    # Rodrigues' rotation about (1, 1, 1), its part across the axis scaled.
    matrix = grey + saturation * (math.cos(turn) * (np.eye(3) - grey) + math.sin(turn) * cross)
    turned = image.reshape(-1, 3).astype(np.float32) @ matrix.T.astype(np.float32)
    return to_levels(turned).reshape(image.shape)


def fade(image: UInt8[np.ndarray, "h w 3"], share: float) -> UInt8[np.ndarray, "h w 3"]:
    """The picture mixed with its grey version."""
    grey = (image @ LUMA)[..., None]
    return to_levels(grey * np.float32(share) + image * np.float32(1 - share))


def to_levels(values: np.ndarray) -> np.ndarray:
    """Rounded to the 256 levels of a picture."""
    values = np.rint(values)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)
