"""Depth of a view with all that fusing needs: predicted by a network, or as a sensor measured it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theodolite.apps.depth_view import DepthView
from theodolite.apps.view_readers.opening import measured_depth, open_photo
from theodolite.apps.views import View
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.edges import depth_edges
from theodolite.geometry.normals import normals_from_depth
from theodolite.inference.predictor import Predictor
from theodolite.types import Float, UInt8

# Longer side, px, of the pictures and maps that are fused. Voxels are larger than what more pixels would show.
MAX_SIDE = 640
# The least that confidence can make a pixel count, beside 1.
_DOUBTED = 0.05


@dataclass(frozen=True, eq=False)
class Maps:
    """Of one view; all of a size.

    Args:
        depth: metres along z; NaN where unknown, beyond range, or on both sides of a depth edge.
        normals: camera coordinates; NaN where unknown.
        weight: 0 to 1.
    """

    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"]
    weight: Float[np.ndarray, "h w"]
    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera

    def placed(self, world_from_camera: Float[np.ndarray, "4 4"], factor: float = 1.0) -> DepthView:
        """In the world, with depth times a factor."""
        depth = self.depth if factor == 1 else self.depth * np.float32(factor)
        return DepthView(depth, self.normals, self.weight, self.image, self.camera, world_from_camera)


DepthSource = Callable[[View], Maps]


def predicted(predictor: Predictor, max_side: int = MAX_SIDE) -> DepthSource:
    """What a network says, weighted by its confidence."""

    def of(view: View) -> Maps:
        photo = open_photo(view, max_side)
        prediction = predictor.predict(photo.image, photo.camera)
        depth = np.where(prediction.valid, prediction.depth, np.float32(np.nan))
        weight = np.clip(np.nan_to_num(prediction.confidence), _DOUBTED, 1)
        return _without_edges(depth, prediction.normals, weight, photo.image, prediction.camera)

    return of


def measured(view: View, max_side: int = MAX_SIDE) -> Maps:
    """What a sensor measured. Raises: DatasetError, when the view has no measured depth."""
    photo = open_photo(view, max_side)
    depth = measured_depth(view, photo.camera)
    if depth is None:
        raise DatasetError(f"{view.name} has no measured depth.")
    return _without_edges(depth, None, np.ones(depth.shape, np.float32), photo.image, photo.camera)


def _without_edges(
    depth: Float[np.ndarray, "h w"],
    normals: Float[np.ndarray, "h w 3"] | None,
    weight: Float[np.ndarray, "h w"],
    image: UInt8[np.ndarray, "h w 3"],
    camera: Camera,
) -> Maps:
    # At an edge depth is often neither of both sides', and a surface would be drawn from one to the other.
    depth = np.where(depth_edges(depth, camera), np.float32(np.nan), depth)
    if normals is None:
        normals = normals_from_depth(depth, camera)
    return Maps(depth, normals, weight.astype(np.float32), image, camera)
