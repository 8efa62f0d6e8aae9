"""What lens and motion do to edges.

Every blur takes one amount: how far it spreads a point, as a standard deviation in px (of a streak along its direction,
of a zoom at the corners). So one range fits them all, and none is stronger than another.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

from theodolite.types import Float, UInt8

# A point spread evenly over a length has a standard deviation of length / sqrt(12); over a disc, of radius / 2.
_LENGTH, _DISC = math.sqrt(12), 2.0
_ZOOM_STEPS = 7


def soft(image: UInt8[np.ndarray, "h w 3"], spread: float, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """A Gaussian: a mild lens, or a picture enlarged."""
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(spread)))


def box(image: UInt8[np.ndarray, "h w 3"], spread: float, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Averages of squares."""
    radius = max(spread * _LENGTH - 1, 0) / 2  # Pillow's radius leaves out the pixel itself
    return np.asarray(Image.fromarray(image).filter(ImageFilter.BoxBlur(radius)))


def defocus(image: UInt8[np.ndarray, "h w 3"], spread: float, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """A disc: an open lens focused elsewhere."""
    radius = spread * _DISC
    reach = math.ceil(radius)
    at = np.arange(-reach, reach + 1)
    # A pixel counts by how far it lies within the rim, which keeps small discs round.
    return _convolve(image, (radius + 0.5 - np.hypot(at, at[:, None])).clip(0, 1))


def motion(image: UInt8[np.ndarray, "h w 3"], spread: float, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """A streak in a random direction: a camera that moved."""
    half, angle = spread * _LENGTH / 2, rng.uniform(0, math.pi)
    reach = math.ceil(half)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    steps = np.linspace(-half, half, 8 * reach + 1)
    np.add.at(kernel, tuple(np.rint(steps * f + reach).astype(int) for f in (math.sin(angle), math.cos(angle))), 1.0)
    return _convolve(image, kernel)


def zoom(image: UInt8[np.ndarray, "h w 3"], spread: float, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Streaks away from the middle: a camera that moved forwards."""
    height, width = image.shape[:2]
    reach = spread * _LENGTH / math.hypot(height, width)  # how far the corner moves, share of its distance
    edge = math.ceil(reach * max(height, width)) + 1
    picture = Image.fromarray(np.pad(image, ((edge, edge), (edge, edge), (0, 0)), "edge"))
    total = np.zeros(image.shape, np.float32)
    # As far out as in, so that on average nothing moves against the labels.
    for step in np.linspace(-reach, reach, _ZOOM_STEPS):
        x, y = (edge - step * side / 2 for side in (width, height))
        seen = (x, y, 2 * edge + width - x, 2 * edge + height - y)
        total += np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR, box=seen))
    return np.rint(total / _ZOOM_STEPS).astype(np.uint8)


BLURS = (soft, box, defocus, motion, zoom)


def _convolve(image: UInt8[np.ndarray, "h w 3"], kernel: Float[np.ndarray, "k k"]) -> UInt8[np.ndarray, "h w 3"]:
    """By shifted copies: fast for the few pixels of a small kernel, and the same on every machine."""
    height, width = image.shape[:2]
    reach = kernel.shape[0] // 2
    around = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), "edge").astype(np.float32)
    total, part = np.zeros(image.shape, np.float32), np.empty(image.shape, np.float32)
    for row, column in np.argwhere(kernel > 0):
        weight = np.float32(kernel[row, column] / kernel.sum())
        np.multiply(around[row : row + height, column : column + width], weight, out=part)
        total += part
    return np.rint(total).astype(np.uint8)
