"""Samples of one size as tensors, with labels in the canonical camera: what network and losses take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from theodolite.camera.canonical import MEAN, STD
from theodolite.datasets.sample import LabelKind, Sample, Truth
from theodolite.network.upsample import FACTOR
from theodolite.types import Bool, Float, Int, UInt8


@dataclass(frozen=True)
class Batch:
    """Truth is finite everywhere; masks say where it holds.

    Args:
        pixels: normalised RGB.
        depth: canonical metres, 1 where not valid; of kinds without a unit, that which puts their median mid-range.
        normals: unit, camera coordinates; (0, 0, -1) where unknown.
        planes: number of the plane a pixel lies on, 0 on none.
        inside: where there is picture, not padding.
        intrinsics: fx, fy, cx, cy of `pixels`, px.
        scale: canonical metres / metres, of estimates too, whatever the unit of the labels.
        seeds: of each sample's random draws.
        truth: what each sample has, after cropping.
        kinds: how each sample's depth was got.
        rejected: one line for each sample that could not be used and was replaced.
        views: of each sample of a recipe with fixed views, the number of its set, and of its view among that set's.
    """

    pixels: Float[Tensor, "b 3 h w"]
    depth: Float[Tensor, "b 1 h w"]
    valid: Bool[Tensor, "b 1 h w"]
    normals: Float[Tensor, "b 3 h w"]
    has_normals: Bool[Tensor, "b 1 h w"]
    sky: Bool[Tensor, "b 1 h w"]
    planes: Int[Tensor, "b 1 h w"]
    inside: Bool[Tensor, "b 1 h w"]
    intrinsics: Float[Tensor, "b 4"]
    scale: Float[Tensor, " b"]
    seeds: Int[Tensor, " b"]
    truth: tuple[Truth, ...]
    kinds: tuple[LabelKind, ...]
    rejected: tuple[str, ...] = ()
    views: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.pixels)

    def to(self, device: torch.device | str) -> Batch:
        """The batch on a device; `seeds` stay where random numbers are drawn, on the CPU."""
        moved = {name: value.to(device, non_blocking=True) for name, value in self._tensors() if name != "seeds"}
        return replace(self, **moved)  # type: ignore[arg-type]  # the tensors only

    def pin_memory(self) -> Batch:
        """The batch in page-locked memory; PyTorch's loader calls this when it is to."""
        pinned = {name: value.pin_memory() for name, value in self._tensors()}
        return replace(self, **pinned)  # type: ignore[arg-type]  # the tensors only

    def _tensors(self) -> list[tuple[str, Tensor]]:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [(name, value) for name, value in values if isinstance(value, Tensor)]


def collate(
    samples: Sequence[Sample],
    canonical_focal: float | None,
    near: float,
    far: float,
    seeds: Sequence[int] | None = None,
) -> Batch:
    """Samples of one size as a batch, labels in the canonical camera.

    Args:
        canonical_focal: px; None leaves depth in metres, whatever the camera: the transform left out, for comparison.
        near, far: canonical metres; labels outside are left out, since the network cannot express them. Depth without
            a unit is first multiplied so that its median is their geometric mean: what learns from it is blind to that.
        seeds: of the samples' random draws; zeros when not given.
    """
    scale = np.array([1.0 if canonical_focal is None else canonical_focal / s.camera.focal for s in samples])
    labels = [_canonical(s, k, math.sqrt(near * far)) for s, k in zip(samples, scale, strict=True)]
    depth = np.stack(labels)[:, None]
    valid = (depth >= near) & (depth <= far)  # false for NaN
    normals = np.moveaxis(np.stack([_or(s.normals, s.image.shape, np.nan, np.float32) for s in samples]), -1, 1)
    has_normals = np.isfinite(normals).all(1, keepdims=True)
    facing = np.array([0, 0, -1], np.float32).reshape(3, 1, 1)

    def maps(name: str, otherwise: Any, dtype: type) -> np.ndarray:
        return np.stack([_or(getattr(s, name), s.image.shape[:2], otherwise, dtype) for s in samples])[:, None]

    # A measured point beside the skyline may lie in a pixel whose nearest label is sky: a pixel is one or the other.
    sky, planes = maps("sky", False, bool) & ~valid, maps("planes", 0, np.int32)
    arrays = {
        "pixels": normalise(np.stack([s.image for s in samples])),
        "depth": np.where(valid, depth, np.float32(1)),
        "valid": valid,
        "normals": np.where(has_normals, normals, facing),
        "has_normals": has_normals,
        "sky": sky,
        "planes": planes,
        "inside": maps("inside", True, bool),
        "intrinsics": np.array([(c.fx, c.fy, c.cx, c.cy) for c in (s.camera for s in samples)], np.float32),
        "scale": scale.astype(np.float32),
        "seeds": np.array(seeds if seeds is not None else [0] * len(samples), np.int64),
    }
    # NumPy until here: batches are made in processes of their own, where PyTorch would start a second team of workers.
    tensors: dict[str, Any] = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    return Batch(
        **tensors,
        truth=tuple(map(_remaining_truth, samples, valid, has_normals, sky, planes)),
        kinds=tuple(s.kind for s in samples),
    )


def _canonical(sample: Sample, scale: float, middle: float) -> Float[np.ndarray, "h w"]:
    """Canonical depth; where the unit is unknown, in one of which the median is `middle`."""
    if sample.kind.metric:
        return sample.depth * np.float32(scale)
    known = sample.depth[np.isfinite(sample.depth) & (sample.depth > 0)]
    return sample.depth * np.float32(middle / np.median(known)) if len(known) else sample.depth


def normalise(images: UInt8[np.ndarray, "b h w 3"]) -> Float[np.ndarray, "b 3 h w"]:
    """RGB levels as every network of this package takes them."""
    return np.moveaxis((images.astype(np.float32) - MEAN) / STD, -1, 1)


def coarse(batch: Batch) -> Batch:
    """The truth where estimates live before they are upsampled: of each cell of `FACTOR` px, the pixel in its middle.

    Where that has no depth, the nearest one of the cell that has: of single points few lie in the middle. A cell whose
    middle is sky has none, whatever the skyline leaves of its other pixels.
    """
    middle = FACTOR // 2

    def pick(x: Tensor) -> Tensor:
        return x[..., middle::FACTOR, middle::FACTOR]

    near = sorted(
        ((v, u) for v in range(FACTOR) for u in range(FACTOR)),
        key=lambda p: (p[0] - middle) ** 2 + (p[1] - middle) ** 2,
    )
    depth, valid = pick(batch.depth), pick(batch.valid)
    if not bool(valid.all()):
        for v, u in near[1:]:
            there = batch.valid[..., v::FACTOR, u::FACTOR]
            depth = torch.where(valid, depth, batch.depth[..., v::FACTOR, u::FACTOR])
            valid = valid | there
    sky = pick(batch.sky)
    valid = valid & ~sky
    fx, fy, cx, cy = batch.intrinsics.unbind(1)
    return replace(
        batch,
        pixels=pick(batch.pixels),
        depth=torch.where(valid, depth, 1),
        valid=valid,
        normals=pick(batch.normals),
        has_normals=pick(batch.has_normals),
        sky=sky,
        planes=pick(batch.planes),
        inside=pick(batch.inside),
        intrinsics=torch.stack([fx / FACTOR, fy / FACTOR, (cx - middle) / FACTOR, (cy - middle) / FACTOR], 1),
    )


def _or(values: np.ndarray | None, shape: tuple[int, ...], otherwise: Any, dtype: type) -> np.ndarray:
    return np.full(shape, otherwise, dtype) if values is None else values.astype(dtype, copy=False)


def _remaining_truth(
    sample: Sample, valid: np.ndarray, has_normals: np.ndarray, sky: np.ndarray, planes: np.ndarray
) -> Truth:
    """What is left of a sample's truth once range and crop have had their say."""
    depth = Truth.DEPTH | Truth.METRIC | Truth.EXACT
    missing = Truth(0)
    for flag, mask in ((depth, valid), (Truth.NORMALS, has_normals), (Truth.SKY, sky), (Truth.PLANES, planes > 0)):
        if not mask.any():
            missing |= flag
    return sample.truth & ~missing
