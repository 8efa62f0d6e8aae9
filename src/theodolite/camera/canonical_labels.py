"""The canonical camera in training: depth labels taken there and back, and labels on other pixel grids.

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
from theodolite.camera.resample import nearest_index
from theodolite.errors import CameraError, SizeMismatch
from theodolite.types import Float


@dataclass(frozen=True)
class CanonicalLabels:
    """Takes the labels of a picture to the canonical camera, and back.

    Pixels are matched by their corners, as the published networks were trained.

    Args:
        camera: of the picture.
        canonical_focal: focal length of the canonical camera, px.
        ratio: by how much the picture is resized; 1 keeps its pixels.
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
        """The label variant: the picture stays, depth is rescaled."""
        return cls(camera, canonical_focal)

    @classmethod
    def of_image(cls, camera: Camera, canonical_focal: float, ratio: float = 1.0) -> CanonicalLabels:
        """The image variant: the picture is resized to the canonical focal length, and by a further, random `ratio`."""
        return cls(camera, canonical_focal, ratio * canonical_focal / camera.focal)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the resized picture."""
        return tuple(  # type: ignore[return-value]
            max(1, math.floor(side * self.ratio + 0.5)) for side in (self.camera.height, self.camera.width)
        )

    @property
    def scale(self) -> float:
        """Canonical depth divided by metric depth."""
        return self.canonical_focal / (self.ratio * self.camera.focal)

    @property
    def canonical_camera(self) -> Camera:
        """Intrinsics that go with canonical depth: of mean focal length f_c, whatever the resize.

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

    def apply(self, depth: Float[np.ndarray, "h w"], *, sparse: bool = False) -> Float[np.ndarray, "height width"]:
        """Canonical depth on the resized grid; NaN stays NaN.

        Args:
            sparse: labels are single points, see `scatter`.
        """
        return _moved(depth, self.size, sparse) * depth.dtype.type(self.scale)

    def invert(self, depth: Float[np.ndarray, "height width"], *, sparse: bool = False) -> Float[np.ndarray, "h w"]:
        """Canonical depth in metres again, on its first pixel grid."""
        size = self.camera.height, self.camera.width
        return _moved(depth, size, sparse) / depth.dtype.type(self.scale)


def resize_labels(values: np.ndarray, height: int, width: int, *, corner: bool = False) -> np.ndarray:
    """A map ``(h, w, ...)`` on another grid, each label copied from the nearest pixel.

    Labels are never mixed: between two surfaces lies no third.

    Args:
        corner: compare pixels' top-left corners instead of their centres, as the reference does.
    """
    h, w = values.shape[:2]
    if (h, w) == (height, width):
        return values
    rows, columns = nearest_index(h, height, corner=corner), nearest_index(w, width, corner=corner)
    return values[rows].take(columns, 1)  # twice as fast as one index of both


def scatter(
    depth: Float[np.ndarray, "h w"], height: int, width: int, *, corner: bool = False
) -> Float[np.ndarray, "height width"]:
    """Sparse depth on another grid: every known pixel moves to its new place, the rest is NaN.

    Copying from the nearest pixel would lose or double most points of a LiDAR sweep. Where two meet the later one, in
    reading order, stays.

    Args:
        corner: move pixels' corners and round, as the reference does; what is rounded beyond the edge is lost. By
            default a point goes to the pixel in which its centre comes to lie.
    """
    h, w = depth.shape
    if (h, w) == (height, width):
        return depth
    from_middle, rounding = (0.0, 0.5) if corner else (0.5, 0.0)
    out = np.full((height, width), np.nan, depth.dtype)
    row, column = np.nonzero(np.isfinite(depth))
    new_row = np.floor((row + from_middle) * height / h + rounding).astype(np.intp)
    new_column = np.floor((column + from_middle) * width / w + rounding).astype(np.intp)
    inside = (new_row < height) & (new_column < width)
    out[new_row[inside], new_column[inside]] = depth[row[inside], column[inside]]
    return out


def cut(values: np.ndarray, box: tuple[int, int, int, int], outside: float) -> np.ndarray:
    """A window of a map ``(h, w, ...)``; it may reach beyond the map, where it holds `outside`.

    Args:
        box: left, top, width, height, px. `Camera.cropped` takes the same.
    """
    left, top, width, height = box
    h, w = values.shape[:2]
    if left >= w or top >= h or left + width <= 0 or top + height <= 0:
        raise SizeMismatch(f"The window at ({left}, {top}) of {width}x{height} px lies outside a map of {w}x{h} px.")
    rows, columns = slice(max(top, 0), min(top + height, h)), slice(max(left, 0), min(left + width, w))
    seen = values[rows, columns]
    if seen.shape[:2] == (height, width):
        return seen
    out = np.full((height, width, *values.shape[2:]), outside, values.dtype)
    out[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = seen
    return out


def mirror_normals(normals: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 3"]:
    """Normals of the scene seen in a mirror, left to right: they move with the picture, and x changes sign."""
    mirrored = normals[:, ::-1].copy()
    np.negative(mirrored[..., 0], out=mirrored[..., 0])
    return mirrored


def _moved(depth: Float[np.ndarray, "h w"], size: tuple[int, int], sparse: bool) -> Float[np.ndarray, "height width"]:
    return (scatter if sparse else resize_labels)(depth, *size, corner=True)
