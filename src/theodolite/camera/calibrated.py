"""A calibrated camera: intrinsics together with the lens's distortion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theodolite.camera.distortion import Distortion, to_pinhole
from theodolite.camera.pinhole import Camera
from theodolite.errors import CalibrationError
from theodolite.types import UInt8


@dataclass(frozen=True)
class CalibratedCamera:
    """What a calibration file tells; `distortion` is None for a pinhole, or an image that was rectified."""

    camera: Camera
    distortion: Distortion | None = None

    def resized(self, width: int, height: int) -> CalibratedCamera:
        """For the same image on another pixel grid. Distortion acts on directions, so it stays."""
        return replace(self, camera=self.camera.resized(width, height))

    def for_size(self, width: int, height: int) -> CalibratedCamera:
        """For an image of this size, which may be a resized copy of the calibrated one but no crop.

        Raises: CalibrationError, when the shapes differ.
        """
        old = self.camera
        if (old.width, old.height) == (width, height):
            return self
        # One pixel of rounding on either side.
        if abs(old.width * height - old.height * width) > max(width, height, old.width, old.height):
            raise CalibrationError(
                f"The calibration is for {old.width}x{old.height} pixels, the upright image has {width}x{height}: "
                "another shape, so it was cropped or turned. Calibrate at its size, or give --focal-px."
            )
        return self.resized(width, height)

    def pinhole(self, image: UInt8[np.ndarray, "h w 3"]) -> tuple[UInt8[np.ndarray, "h w 3"], Camera]:
        """The image without distortion, and its camera."""
        return (image, self.camera) if self.distortion is None else to_pinhole(image, self.camera, self.distortion)
