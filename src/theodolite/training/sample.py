"""What training passes around: one sample with exact or measured truth, and a batch of them as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from theodolite.camera.canonical import MEAN, STD
from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch
from theodolite.types import Bool, Float, UInt8


@dataclass(frozen=True)
class Sample:
    """A picture, its camera, and what is known about it.

    Args:
        depth: metres along z; NaN where unknown, sky included.
        normals: unit, camera coordinates, facing the camera; NaN where unknown; None when nothing is known.
        sky: True where the sky is seen; None when nothing is known.
    """

    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera
    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"] | None = None
    sky: Bool[np.ndarray, "h w"] | None = None

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        for name in ("image", "depth", "normals", "sky"):
            array = getattr(self, name)
            if array is not None and array.shape[:2] != size:
                raise SizeMismatch(
                    f"A sample's {name} has {array.shape[1]}x{array.shape[0]} px, its camera {size[1]}x{size[0]}."
                )


@dataclass(frozen=True)
class Batch:
    """Samples of one size as network and losses take them; truth is finite everywhere, masks say where it holds."""

    pixels: Float[Tensor, "b 3 h w"]  # normalised RGB
    depth: Float[Tensor, "b 1 h w"]  # canonical metres, 1 where not valid
    valid: Bool[Tensor, "b 1 h w"]
    normals: Float[Tensor, "b 3 h w"]  # (0, 0, -1) where unknown
    has_normals: Bool[Tensor, "b 1 h w"]
    sky: Bool[Tensor, "b 1 h w"]


def collate(samples: list[Sample], canonical_focal: float, near: float, far: float) -> Batch:
    """Samples of one size as a batch, labels in the canonical camera.

    Args:
        near, far: canonical metres; labels outside are left out, since the network cannot express them.
    """
    scales = [np.float32(canonical_focal / sample.camera.focal) for sample in samples]
    depth = np.stack([(sample.depth * scale)[None] for sample, scale in zip(samples, scales, strict=True)])
    valid = (depth >= near) & (depth <= far)  # false for NaN
    normals = np.stack([np.moveaxis(_normals_or_nan(sample), -1, 0) for sample in samples])
    has_normals = np.isfinite(normals).all(1, keepdims=True)
    facing = np.array([0, 0, -1], np.float32).reshape(3, 1, 1)
    sky = np.stack([_sky_or_none(sample)[None] for sample in samples])
    arrays = (
        normalise(np.stack([sample.image for sample in samples])),
        np.where(valid, depth, np.float32(1)),
        valid,
        np.where(has_normals, normals, facing),
        has_normals,
        sky,
    )
    # NumPy until here: batches are made in a thread of their own, where PyTorch would start a second team of workers.
    return Batch(*(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))


def normalise(images: UInt8[np.ndarray, "b h w 3"]) -> Float[np.ndarray, "b 3 h w"]:
    """RGB levels as every network of this package takes them."""
    return np.moveaxis((images.astype(np.float32) - MEAN) / STD, -1, 1)


def _normals_or_nan(sample: Sample) -> Float[np.ndarray, "h w 3"]:
    return np.full(sample.image.shape, np.nan, np.float32) if sample.normals is None else sample.normals


def _sky_or_none(sample: Sample) -> Bool[np.ndarray, "h w"]:
    return np.zeros(sample.image.shape[:2], bool) if sample.sky is None else sample.sky
