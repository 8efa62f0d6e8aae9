"""Takes flicker out of depth within the picture: every pixel leans towards what the picture before said of its place.

The camera's motion tells where the picture before saw a pixel's surface and which depth it has to have here. Where the
two agree nearly, and look alike, they are of one surface, and the pixel takes most of what was said before, which in
turn rests on the pictures before it. Where they do not, as behind an edge or on what moves by itself, it stays.
"""

from __future__ import annotations

import numpy as np

from theodolite.apps.feature_tracks import WHY
from theodolite.camera.pinhole import Camera
from theodolite.extras import require
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project, unproject
from theodolite.types import Float, UInt8

# Measured with tools/measure_video.py: a weight of 0.6 leaves half as much flicker again; _NEAR = 0.2 and _ALIKE = 25
# make gradients of depth worse; a mean over 7 px costs a little flicker and keeps gradients as they were.
_WEIGHT = 0.8
_NEAR = 0.1  # in logarithm, beyond which two depths are of two surfaces
_ALIKE = 50  # of 255, mean over the colours
_BROAD = 7  # px


class Steadier:
    """Takes one map after the other, all of one scale; holds the last."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self._before: tuple[Float[np.ndarray, "h w"], UInt8[np.ndarray, "h w 3"]] | None = None

    def take(
        self,
        depth: Float[np.ndarray, "h w"],
        image: UInt8[np.ndarray, "h w 3"],
        here_from_before: Float[np.ndarray, "4 4"] | None,
    ) -> Float[np.ndarray, "h w"]:
        """The steadier map.

        Args:
            here_from_before: the camera's motion, in metres of the maps; None where it is not known.
        """
        if self._before is not None and here_from_before is not None:
            depth = self._steadied(depth, image, here_from_before)
        self._before = depth, image
        return depth

    def _steadied(
        self, depth: Float[np.ndarray, "h w"], image: UInt8[np.ndarray, "h w 3"], motion: Float[np.ndarray, "4 4"]
    ) -> Float[np.ndarray, "h w"]:
        cv2 = require("cv2", "video", WHY)
        assert self._before is not None
        there = transform_points(inverse(motion).astype(np.float32), unproject(depth, self.camera))
        # Unknown pixels come from nowhere.
        uv = np.nan_to_num(project(there, self.camera), nan=-10).astype(np.float32)
        outside = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": np.nan}
        said = cv2.remap(self._before[0], uv[..., 0], uv[..., 1], cv2.INTER_LINEAR, **outside)
        colours = cv2.remap(self._before[1], uv[..., 0], uv[..., 1], cv2.INTER_LINEAR)
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.log(said / there[..., 2])
            off = np.abs(colours.astype(np.int16) - image).mean(-1)
            weight = np.where(off < _ALIKE, _WEIGHT * (1 - (change / _NEAR) ** 2), 0)
            lean = np.nan_to_num(np.maximum(weight, 0) * change)
        # Flicker is broad; where pixels lean and where they do not would else be printed into the surface.
        return depth * np.exp(cv2.blur(lean.astype(np.float32), (_BROAD, _BROAD)))
