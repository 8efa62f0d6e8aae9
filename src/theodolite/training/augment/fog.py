"""Fog by the true distance, after Koschmieder's law."""

from __future__ import annotations

import math

import numpy as np

from theodolite.camera.resample import resize_bilinear
from theodolite.datasets.sample import Sample
from theodolite.geometry.depth import distance_from_depth
from theodolite.training.augment.tone import LUMA, to_levels
from theodolite.types import Bool, Float, UInt8

# Where contrast has fallen to 2 % nothing is seen any more; this is how visibility is defined.
_LAST_CONTRAST = 0.02
# Cells of sparse labels that are averaged, px, before the gaps between them are filled.
_CELL = 8


def foggy(sample: Sample, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Fog or haze that swallows what is far; the sky has its colour."""
    distance = distance_everywhere(sample)
    seen = distance[np.isfinite(distance)]
    # Relative to the scene, since fog of a given visibility would hide streets and leave rooms untouched.
    scene = float(np.quantile(seen, 0.9)) if seen.size else 1.0
    visibility = scene * math.exp(rng.uniform(math.log(1.5), math.log(6)))
    light = max(float(np.quantile(sample.image @ LUMA, 0.9)), 110.0)
    return fog(sample.image, distance, visibility, light * rng.uniform((0.95, 0.97, 0.97), (1.0, 1.0, 1.05)))


def fog(
    image: UInt8[np.ndarray, "h w 3"],
    distance: Float[np.ndarray, "h w"],
    visibility: float,
    air: Float[np.ndarray, " 3"],
) -> UInt8[np.ndarray, "h w 3"]:
    """A picture through even fog. Source: Koschmieder, 1924.

    Args:
        distance: along the ray, in the unit of `visibility`; infinite where the sky is.
        air: the fog's colour, levels of 255.
    """
    extinction = -math.log(_LAST_CONTRAST) / visibility
    passed = np.exp(np.float32(-extinction) * distance.astype(np.float32))[..., None]
    return to_levels(image * passed + air.astype(np.float32) * (1 - passed))


def distance_everywhere(sample: Sample) -> Float[np.ndarray, "h w"]:
    """Distance along the ray, guessed smoothly where there is no label; infinite where the sky is."""
    depth = sample.depth
    if sample.sparse:
        rows, columns = depth.shape
        filled = resize_bilinear(fill(_block_means(depth, _CELL)), rows, columns)
    else:
        filled = fill(depth)
    distance = distance_from_depth(filled, sample.camera)
    return np.where(sky_of(sample), np.float32(np.inf), distance)


def fill(values: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """A map without gaps: what is not known comes from the means of ever larger blocks around it; 1 if nothing is."""
    known = np.isfinite(values)
    if known.all():
        return values
    if not known.any():
        return np.ones_like(values)
    coarse = fill(_block_means(values, 2))
    return np.where(known, values, resize_bilinear(coarse, *values.shape))


def sky_of(sample: Sample) -> Bool[np.ndarray, "h w"]:
    """Where the sky is known to be."""
    return np.zeros(sample.depth.shape, bool) if sample.sky is None else sample.sky


def _block_means(values: Float[np.ndarray, "h w"], size: int) -> Float[np.ndarray, "rows columns"]:
    """Mean of what is known in each block; NaN where nothing is."""
    height, width = values.shape
    padded = np.pad(values, ((0, -height % size), (0, -width % size)), constant_values=np.nan)
    blocks = padded.reshape(padded.shape[0] // size, size, -1, size)
    known = np.isfinite(blocks)
    count = known.sum((1, 3))
    total = np.where(known, blocks, 0).sum((1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
