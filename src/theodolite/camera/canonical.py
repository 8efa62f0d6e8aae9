"""The canonical camera: a photo's way into the network, and the network's maps back into metres.

A network that has seen one focal length only can tell metres. So every picture is taken for one by a canonical camera
of focal length f_c, and depth differs by a factor: with f the focal length at the size the network sees,

    canonical depth = depth * f_c / f

Source: Yin et al., Metric3D (ICCV 2023), section 3.2. The authors' code takes fx in places and the mean of fx and fy in
others; here it is always the mean, `Camera.focal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from theodolite.camera.canvas import Canvas, Placement
from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_bilinear, resize_nearest, resize_opencv, resize_picture
from theodolite.errors import CameraError, SizeMismatch
from theodolite.types import Array, Float, UInt8

# ImageNet's statistics, RGB, 0-255: every network here was trained behind this normalisation.
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
# The mean rounded to 8 bits, because the reference pads before it normalises; so padding is not exactly zero.
PAD_COLOUR = (124, 116, 104)
# The reference's test script discards metric depth from here on.
_REFERENCE_FAR = 300.0


class Raw(Protocol):
    """What `invert` reads of a network's output; `network.outputs.RawMaps` is one."""

    canonical_depth: Float[Array, "b 1 h w"]
    normals: Float[Array, "b 3 h w"] | None
    kappa: Float[Array, "b 1 h w"] | None
    confidence: Float[Array, "b 1 h w"]


@dataclass(frozen=True)
class MetricMaps:
    """Maps of one photo.

    Args:
        depth: metres along z; NaN where unknown.
        normals: unit, OpenCV axes, facing the camera.
        kappa: concentration of the normals.
        confidence: of the depth, as the network gave it.
        camera: of these maps' pixel grid.
    """

    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"] | None
    kappa: Float[np.ndarray, "h w"] | None
    confidence: Float[np.ndarray, "h w"]
    camera: Camera


@dataclass(frozen=True)
class CanonicalTransform:
    """Takes a photo to the network's input, and the network's maps back to the photo, in metres.

    Args:
        photo_camera: of the photo, at its size.
        canonical_focal: focal length the network believes in, px.
        canvas: the network's input frame.
    """

    photo_camera: Camera
    canonical_focal: float
    canvas: Canvas

    def __post_init__(self) -> None:
        if not (np.isfinite(self.canonical_focal) and self.canonical_focal > 0):
            raise CameraError(f"A canonical focal length is positive, in pixels, got {self.canonical_focal!r}.")

    @classmethod
    def fit(cls, camera: Camera, canonical_focal: float, canvas: Canvas | tuple[int, int]) -> CanonicalTransform:
        """For a photo with this camera. `canvas` may be a plain (h, w)."""
        return cls(camera, float(canonical_focal), canvas if isinstance(canvas, Canvas) else Canvas(*canvas))

    @cached_property
    def placement(self) -> Placement:
        return self.canvas.place(self.photo_camera.height, self.photo_camera.width)

    @cached_property
    def camera(self) -> Camera:
        """Camera of the resized picture, without padding."""
        place = self.placement
        resized = self.photo_camera.resized(place.width, place.height)
        if not self.canvas.reference:
            return resized
        # The reference multiplies by the real-valued factor, not by the ratio of the rounded sizes.
        old, factor = self.photo_camera, place.scale
        return Camera(
            old.fx * factor,
            old.fy * factor,
            (old.cx + 0.5) * factor - 0.5,
            (old.cy + 0.5) * factor - 0.5,
            place.width,
            place.height,
            old.source,
            old.rel_sigma,
            old.detail,
        )

    @cached_property
    def canvas_camera(self) -> Camera:
        """Camera of the whole canvas, padding included."""
        place = self.placement
        return self.camera.padded(place.left, place.top, place.right, place.bottom)

    @property
    def scale(self) -> float:
        """Canonical depth divided by metric depth."""
        return self.canonical_focal / self.camera.focal

    def apply(self, image: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "1 3 H W"]:
        """The photo as the network takes it: resized, padded with the mean colour, normalised.

        Raises: SizeMismatch, when the image is not of the camera's size.
        """
        picture = self.apply_8bit(image)
        pixels = np.empty((1, 3, self.canvas.height, self.canvas.width), np.float32)
        levels = np.arange(256, dtype=np.float32)
        for channel in range(3):
            # 256 values are normalised once and looked up, which is exact and faster than arithmetic on every pixel.
            table = (levels - MEAN[channel]) / STD[channel]
            np.take(table, picture[..., channel], out=pixels[0, channel])
        return pixels

    def apply_8bit(self, image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "H W 3"]:
        """The photo resized and padded, not yet normalised: what the network sees, to look at."""
        wanted = (self.photo_camera.height, self.photo_camera.width, 3)
        if image.shape != wanted or image.dtype != np.uint8:
            raise SizeMismatch(
                f"The camera describes a uint8 image of shape {wanted}, got {image.dtype} of shape {image.shape}."
            )
        place = self.placement
        resize = resize_opencv if self.canvas.reference else resize_picture
        framed = np.empty((self.canvas.height, self.canvas.width, 3), np.uint8)
        framed[:] = PAD_COLOUR
        inner = resize(image, place.width, place.height)
        framed[place.top : place.top + place.height, place.left : place.left + place.width] = inner
        return framed

    def invert(self, raw: Raw, *, index: int = 0, size: tuple[int, int] | None = None) -> MetricMaps:
        """The network's maps as maps of the photo, in metres.

        Args:
            index: which image of the batch.
            size: (h, w) of the result; the photo's own by default. Its camera goes with it.
        """
        height, width = size or (self.photo_camera.height, self.photo_camera.width)
        return MetricMaps(
            depth=self.invert_depth(raw.canonical_depth[index, 0], (height, width)),
            normals=None if raw.normals is None else self.invert_normals(raw.normals[index], (height, width)),
            kappa=None if raw.kappa is None else self.invert_map(raw.kappa[index, 0], (height, width)),
            confidence=self.invert_map(raw.confidence[index, 0], (height, width)),
            camera=self.photo_camera.resized(width, height),
        )

    def invert_depth(
        self, canonical_depth: Float[Array, "H W"], size: tuple[int, int] | None = None
    ) -> Float[np.ndarray, "h w"]:
        """Metres along z. NaN where the network gave nothing positive and finite."""
        depth = self.invert_map(canonical_depth, size)
        # After the resize, like the reference: rounding then agrees with it to the last digits.
        depth *= np.float32(1 / self.scale)
        far = _REFERENCE_FAR if self.canvas.reference else np.inf
        depth[~((depth > 0) & (depth < far))] = np.nan
        return depth

    def invert_normals(
        self, normals: Float[Array, "3 H W"], size: tuple[int, int] | None = None
    ) -> Float[np.ndarray, "h w 3"]:
        """Unit normals. Directions do not change with the canonical camera, only the pixel grid does.

        The reference canvas keeps corners in place here, though not for depth; that is how its authors measured. They
        leave interpolated normals shorter than one, up to 30 % at creases; ours are unit everywhere.
        """
        height, width = size or (self.photo_camera.height, self.photo_camera.width)
        inner = self._unpadded(normals)
        planes = resize_bilinear(inner, height, width, align_corners=self.canvas.reference)
        length = np.sqrt(np.einsum("chw,chw->hw", planes, planes))
        if (length < 1e-6).any():  # opposite neighbours cancel: take one of them
            cancelled = length < 1e-6
            planes[:, cancelled] = resize_nearest(inner, height, width)[:, cancelled]
            length[cancelled] = 1
        out = np.empty((height, width, 3), np.float32)
        for channel in range(3):
            np.divide(planes[channel], length, out=out[..., channel])
        return out

    def invert_map(
        self, values: Float[Array, "*channels H W"], size: tuple[int, int] | None = None
    ) -> Float[np.ndarray, "*channels h w"]:
        """Any map without a unit, such as a confidence, on the photo's pixel grid."""
        height, width = size or (self.photo_camera.height, self.photo_camera.width)
        return resize_bilinear(self._unpadded(values), height, width)

    def _unpadded(self, values: Float[Array, "*channels H W"]) -> Float[np.ndarray, "*channels h w"]:
        array, place = np.asarray(values, dtype=np.float32), self.placement
        if array.shape[-2:] != (self.canvas.height, self.canvas.width):
            raise SizeMismatch(
                f"Maps of the canvas are {self.canvas.height}x{self.canvas.width}, got shape {array.shape}."
            )
        return array[..., place.top : place.top + place.height, place.left : place.left + place.width]
