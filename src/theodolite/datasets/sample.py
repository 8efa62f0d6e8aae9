"""One sample: a picture, its camera, and what is known about it; it declares what truth it holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch
from theodolite.types import Bool, Float, Int, UInt8


class Truth(Flag):
    """What is known of a sample, and what a loss needs to know."""

    DEPTH = auto()  # at some pixels, up to a factor of the sample
    METRIC = auto()  # that depth is in metres
    EXACT = auto()  # depth at every surface, with its edges where the picture's are: rendered labels
    NORMALS = auto()
    SKY = auto()
    PLANES = auto()


class LabelKind(Enum):
    """How depth was got, which decides what it may teach. Source: Metric3D v2, the data types of its training code."""

    LIDAR = "lidar"  # a projected sweep: sparse, metric
    SENSOR = "sensor"  # depth cameras and scans: dense, metric, ragged at edges
    STEREO = "stereo"  # matched pairs: dense, metric, noisy far away
    SYNTHETIC = "synthetic"  # rendered: dense, metric, exact
    SFM = "sfm"  # structure from motion: sparse or semi-dense, its scale not to be trusted
    RELATIVE = "relative"  # dense, of unknown scale

    @property
    def metric(self) -> bool:
        return self not in (LabelKind.SFM, LabelKind.RELATIVE)

    @property
    def sparse(self) -> bool:
        """Whether labels are single points, which move one by one when the picture is resized."""
        return self in (LabelKind.LIDAR, LabelKind.SFM)


@dataclass(frozen=True)
class Sample:
    """A picture, its camera, and what is known about it.

    Args:
        depth: metres along z (any unit where `kind` is not metric); NaN where unknown, sky included.
        normals: unit, camera coordinates, facing the camera; NaN where unknown; None when nothing is known.
        sky: True where the sky is seen; None when nothing is known.
        planes: number of the plane a pixel lies on, from 1; 0 on none; None when nothing is known.
        inside: True where there is picture, False in padding; None when there is picture everywhere.
        kind: how depth was got.
        sparse: whether depth is single points; by default, what is usual for the kind.
        domain: the data set it is from, for shares and reports.
    """

    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera
    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"] | None = None
    sky: Bool[np.ndarray, "h w"] | None = None
    planes: Int[np.ndarray, "h w"] | None = None
    inside: Bool[np.ndarray, "h w"] | None = None
    kind: LabelKind = LabelKind.SENSOR
    sparse: bool | None = None
    domain: str = ""

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        for name in ("image", "depth", "normals", "sky", "planes", "inside"):
            array = getattr(self, name)
            if array is not None and array.shape[:2] != size:
                raise SizeMismatch(
                    f"A sample's {name} has {array.shape[1]}x{array.shape[0]} px, its camera {size[1]}x{size[0]}."
                )
        if self.sparse is None:
            object.__setattr__(self, "sparse", self.kind.sparse)

    @property
    def truth(self) -> Truth:
        """What there is to learn from; read off the maps, so it cannot promise what they lack."""
        found = Truth(0)
        if np.isfinite(self.depth).any():
            found |= Truth.DEPTH
            if self.kind.metric:
                found |= Truth.METRIC
            if self.kind is LabelKind.SYNTHETIC:
                found |= Truth.EXACT
        if self.normals is not None and np.isfinite(self.normals).any():
            found |= Truth.NORMALS
        if self.sky is not None and self.sky.any():
            found |= Truth.SKY
        if self.planes is not None and (self.planes > 0).any():
            found |= Truth.PLANES
        return found
