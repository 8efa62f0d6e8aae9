"""The canonical camera in training: an image and its true maps, taken there and back.

One rule: canonical depth = depth * f_c / f, with f the mean focal length of the pixels the network sees. The two
variants of the paper are two choices of pixels. The *label* variant keeps them, so that depth is rescaled; the *image*
variant resizes the image until f = f_c, so that depth stays. A random resize on top moves f once more.
Source: Yin et al., Metric3D (ICCV 2023), section 3.2. The authors' code rescales labels by f_c / fx, images by the mean
focal length; here both use the mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_nearest, resize_opencv
from theodolite.errors import CameraError, SizeMismatch
from theodolite.types import Float, UInt8


@dataclass(frozen=True)
class View:
    """An image with its camera and what is known of it; NaN depth and normals are unknown."""

    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera
    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"] | None = None

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        for name in ("image", "depth", "normals"):
            value = getattr(self, name)
            if value is not None and value.shape[:2] != size:
                raise SizeMismatch(f"The camera describes maps of {size}, but {name} is {value.shape}.")

    def flipped(self) -> View:
        """Mirrored left to right: normals turn with the picture, the principal point moves to w - 1 - cx.

        The authors' code moves it to w - cx, and cy to h - cy; both are slips.
        """
        normals = None if self.normals is None else self.normals[:, ::-1] * np.array([-1, 1, 1], self.normals.dtype)
        return View(self.image[:, ::-1], self.camera.flipped(), self.depth[:, ::-1], normals)

    def window(self, left: int, top: int, width: int, height: int) -> View:
        """A crop; where it reaches beyond the view the image is black and nothing is known."""

        def cut(values: np.ndarray, outside: float) -> np.ndarray:
            out = np.full((height, width, *values.shape[2:]), outside, values.dtype)
            h, w = values.shape[:2]
            rows, columns = slice(max(top, 0), min(top + height, h)), slice(max(left, 0), min(left + width, w))
            out[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = values[rows, columns]
            return out

        if left >= self.camera.width or top >= self.camera.height or left + width <= 0 or top + height <= 0:
            raise SizeMismatch(f"The window at ({left}, {top}) of {width}x{height} lies outside the view.")
        return View(
            image=cut(self.image, 0),
            camera=self.camera.cropped(left, top, width, height),
            depth=cut(self.depth, math.nan),
            normals=None if self.normals is None else cut(self.normals, math.nan),
        )


@dataclass(frozen=True)
class CanonicalLabels:
    """Takes a view to the canonical camera, and back.

    Args:
        camera: of the view.
        canonical_focal: focal length of the canonical camera, px.
        ratio: by how much the image is resized; 1 keeps its pixels.
    """

    camera: Camera
    canonical_focal: float
    ratio: float = 1.0

    def __post_init__(self) -> None:
        for name in ("canonical_focal", "ratio"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise CameraError(f"The canonical transform needs a positive {name}, got {value!r}.")

    @classmethod
    def of_labels(cls, camera: Camera, canonical_focal: float) -> CanonicalLabels:
        """The label variant: the image stays, depth is rescaled."""
        return cls(camera, canonical_focal)

    @classmethod
    def of_image(cls, camera: Camera, canonical_focal: float, ratio: float = 1.0) -> CanonicalLabels:
        """The image variant: the image is resized to the canonical focal length, and by a further, random `ratio`."""
        return cls(camera, canonical_focal, ratio * canonical_focal / camera.focal)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the canonical view."""
        return tuple(  # type: ignore[return-value]
            max(1, math.floor(side * self.ratio + 0.5)) for side in (self.camera.height, self.camera.width)
        )

    @property
    def scale(self) -> float:
        """Canonical depth divided by metric depth."""
        return self.canonical_focal / (self.ratio * self.camera.focal)

    @property
    def canonical_camera(self) -> Camera:
        """Intrinsics that go with the canonical view: of mean focal length f_c, whatever the resize.

        Unprojecting canonical depth with it gives metric x and y, but z times `scale`.
        """
        height, width = self.size
        old, to_canonical = self.camera, self.canonical_focal / self.camera.focal
        return replace(
            old,
            fx=old.fx * to_canonical,
            fy=old.fy * to_canonical,
            cx=(old.cx + 0.5) * self.ratio - 0.5,
            cy=(old.cy + 0.5) * self.ratio - 0.5,
            width=width,
            height=height,
        )

    def apply(self, view: View, *, sparse: bool = False) -> View:
        """The view in the canonical camera.

        Args:
            sparse: depth is from LiDAR or matched points. Each point then moves on its own; copying from the nearest
                pixel would lose or double most of them.
        """
        height, width = self.size
        resize = scatter if sparse else _nearest
        return View(
            image=resize_opencv(view.image, width, height),
            camera=self.canonical_camera,
            depth=resize(view.depth, height, width) * view.depth.dtype.type(self.scale),
            normals=None if view.normals is None else _nearest(view.normals, height, width),
        )

    def invert(self, view: View, *, sparse: bool = False) -> View:
        """The canonical view in metres again, on its first pixel grid."""
        height, width = self.camera.height, self.camera.width
        resize = scatter if sparse else _nearest
        return View(
            image=resize_opencv(view.image, width, height),
            camera=self.camera,
            depth=resize(view.depth, height, width) / view.depth.dtype.type(self.scale),
            normals=None if view.normals is None else _nearest(view.normals, height, width),
        )


def scatter(depth: Float[np.ndarray, "h w"], height: int, width: int) -> Float[np.ndarray, "height width"]:
    """Sparse depth on another grid: every known pixel moves to its new place, the rest is NaN.

    Where two meet the later one, in reading order, stays. What is rounded beyond the edge is lost.
    """
    h, w = depth.shape
    out = np.full((height, width), np.nan, depth.dtype)
    row, column = np.nonzero(np.isfinite(depth))
    new_row = np.floor(row * height / h + 0.5).astype(np.intp)
    new_column = np.floor(column * width / w + 0.5).astype(np.intp)
    inside = (new_row < height) & (new_column < width)
    out[new_row[inside], new_column[inside]] = depth[row[inside], column[inside]]
    return out


def _nearest(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Labels are never mixed. By pixel corners, as the published networks were trained."""
    planes = np.moveaxis(values, -1, 0) if values.ndim == 3 else values
    resized = resize_nearest(planes, height, width, corner=True)
    return np.ascontiguousarray(np.moveaxis(resized, 0, -1)) if values.ndim == 3 else resized
