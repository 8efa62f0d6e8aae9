"""What of an example counts under a protocol: the picture a model is shown, and the truth it is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from theodolite.datasets.example import Example
from theodolite.errors import DatasetError
from theodolite.evaluation.depth_metrics import valid_pixels
from theodolite.evaluation.protocols import Protocol
from theodolite.evaluation.regions import REGIONS
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.sensor_normals import sensor_normals
from theodolite.types import Bool, Float

# Normals of sensor depth are taken where at least this share of a picture has depth: depth cameras leave a third out,
# LiDAR, accumulated over many sweeps even, four fifths.
DENSE = 0.5
WINDOW = 7  # of the window in which the release takes the normals of iBims-1's depth, px


@dataclass(frozen=True)
class Truth:
    """An example, cut as its protocol says, and where it counts.

    Args:
        example: what is left of it; its depth is NaN where nothing counts in any region.
        counts: by region, True where depth counts.
        normals: true ones, whichever way the protocol has them; NaN where unknown, None without.
        dense: share of the pixels with depth in range.
    """

    example: Example
    counts: Mapping[str, Bool[np.ndarray, "h w"]]
    normals: Float[np.ndarray, "h w 3"] | None
    dense: float

    @property
    def headline(self) -> Bool[np.ndarray, "h w"]:
        """Where the protocol's first region counts."""
        return next(iter(self.counts.values()))


def prepare(example: Example, protocol: Protocol) -> Truth:
    """Raises: DatasetError, when a mask is missing or no depth counts; SizeMismatch."""
    if protocol.focal is not None:
        fx, fy, cx, cy = protocol.focal
        detail = f"focal length of {protocol.benchmark}'s {protocol.name} protocol"
        example = replace(example, camera=replace(example.camera, fx=fx, fy=fy, cx=cx, cy=cy, detail=detail))
    usable = _usable(example, protocol)
    dense = float(usable.mean())
    counts = {name: usable & REGIONS[name].inside(*usable.shape) for name in protocol.regions}
    if protocol.black_border:
        example = replace(example, image=_framed(example.image, protocol.black_border))
    if protocol.columns is not None:
        example, counts = _cut(example, counts, *protocol.columns)
    headline = counts[protocol.regions[0]]
    if not headline.any():
        near, far = protocol.range
        raise DatasetError(f"no ground truth between {near:g} and {far:g} m counts")
    somewhere = reduce(np.logical_or, counts.values())
    depth = np.where(somewhere, example.depth, np.float32(np.nan))
    example = replace(example, depth=depth)
    return Truth(example, counts, _normals(example, headline, protocol, dense), dense)


def _usable(example: Example, protocol: Protocol) -> Bool[np.ndarray, "h w"]:
    usable = valid_pixels(example.depth, *protocol.range)
    for name in protocol.masks:
        if name not in example.masks:
            raise DatasetError(f"has no mask {name!r}, which {protocol.benchmark}'s {protocol.name} protocol needs")
        usable &= example.masks[name]
    return usable


def _normals(
    example: Example, counts: Bool[np.ndarray, "h w"], protocol: Protocol, dense: float
) -> Float[np.ndarray, "h w 3"] | None:
    if protocol.normals == "distributed":
        if example.normals is None:
            return None
        # Normals count in the benchmark's region, but also where depth has a hole.
        inside = REGIONS[protocol.regions[0]].inside(*counts.shape)
        return np.where(inside[..., None], example.normals, np.float32(np.nan))
    if protocol.normals == "sensor":
        return sensor_normals(example.depth, example.truth_camera) if dense >= DENSE else None
    if protocol.normals == "window":
        found = normals_from_depth(example.depth.astype(np.float64), example.truth_camera, "plane", WINDOW)
        whole = np.zeros_like(counts)
        border = WINDOW // 2
        whole[border:-border, border:-border] = True
        return np.where((counts & whole)[..., None], found, np.nan)
    return None


def _framed(image: np.ndarray, border: int) -> np.ndarray:
    """The picture with its outermost pixels black."""
    framed = np.zeros_like(image)
    inside = slice(border, -border), slice(border, -border)
    framed[inside] = image[inside]
    return framed


def _cut(
    example: Example, counts: Mapping[str, Bool[np.ndarray, "h w"]], first: int, last: int
) -> tuple[Example, dict[str, Bool[np.ndarray, "h w"]]]:
    """Columns of a picture and a truth of one size. The principal point stays: that is how the release does it."""
    if example.depth.shape != example.image.shape[:2]:
        raise DatasetError("its truth and picture differ in size, and columns can be cut of one size only")

    def kept(values: np.ndarray) -> np.ndarray:
        return values[:, first:last]

    image = kept(example.image)
    planes = tuple(replace(plane, region=kept(plane.region)) for plane in example.planes)
    example = Example(
        image=image,
        camera=replace(example.camera, width=image.shape[1]),
        depth=kept(example.depth),
        normals=None if example.normals is None else kept(example.normals),
        masks={name: kept(mask) for name, mask in example.masks.items()},
        edges=None if example.edges is None else kept(example.edges),
        planes=planes,
    )
    return example, {name: kept(mask) for name, mask in counts.items()}
