"""Point clouds: points with what is known of each, and the axes of viewers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.geometry.pose import transform_normals, transform_points
from theodolite.types import Bool, Float, UInt8

# From camera axes (x right, y down, z forward) to those of viewers and glTF (x right, y up, z backward).
VIEWER_FROM_CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Known points, metres, with unit normals, RGB colours and confidence where there are any.

    Raises: SizeMismatch, when there are not as many of these as points.
    """

    points: Float[np.ndarray, "n 3"]
    normals: Float[np.ndarray, "n 3"] | None = None
    colours: UInt8[np.ndarray, "n 3"] | None = None
    confidence: Float[np.ndarray, " n"] | None = None

    def __post_init__(self) -> None:
        for name, rest in (("points", (3,)), ("normals", (3,)), ("colours", (3,)), ("confidence", ())):
            values = getattr(self, name)
            if values is not None and values.shape != (len(self.points), *rest):
                raise SizeMismatch(f"{len(self.points)} points need {name} of that number, got shape {values.shape}.")

    @classmethod
    def from_maps(
        cls,
        points: Float[np.ndarray, "h w 3"],
        valid: Bool[np.ndarray, "h w"],
        normals: Float[np.ndarray, "h w 3"] | None = None,
        image: UInt8[np.ndarray, "h w 3"] | None = None,
        confidence: Float[np.ndarray, "h w"] | None = None,
    ) -> PointCloud:
        """The points of valid pixels, row by row. A valid pixel of unknown normal gets the normal (0, 0, 0)."""
        chosen = None if normals is None else np.nan_to_num(normals[valid])
        colours = None if image is None else image[valid]
        return cls(points[valid], chosen, colours, None if confidence is None else confidence[valid])

    def __len__(self) -> int:
        return len(self.points)

    def transformed(self, motion: Float[np.ndarray, "4 4"]) -> PointCloud:
        """The cloud moved rigidly, for instance by world_from_camera."""
        motion = motion.astype(self.points.dtype)
        normals = None if self.normals is None else transform_normals(motion, self.normals)
        return replace(self, points=transform_points(motion, self.points), normals=normals)

    def in_viewer_axes(self) -> PointCloud:
        """From camera axes to x right, y up, z backward."""
        return self.transformed(VIEWER_FROM_CAMERA)
