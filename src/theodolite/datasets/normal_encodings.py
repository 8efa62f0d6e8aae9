"""How normals are written in a file, and how they become unit vectors of a camera that looks along z.

Source: the label files that the Metric3D v2 training sets come with; OmniData, Matterport3D, Hypersim, DIODE, FrameNet
(ScanNet), GeoNet (NYU).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets import arrays
from theodolite.errors import DatasetError
from theodolite.types import Float

# Shorter than this, a stored vector means "nothing known": files write it as zero or mid-grey.
_SHORTEST = 0.5
# Median length error of normals that are normals; 8 bits a channel cost about 0.004.
_OFF_UNIT = 0.1
# Of true normals, smooth shading and 8 bits turn a few percent away from the camera; a wrong sign turns many.
_MOST_AWAY = 0.2


@dataclass(frozen=True)
class NormalConvention:
    """Stored numbers -> vectors in OpenCV axes.

    Args:
        signs: of the stored x, y, z.
        files: 1 with three channels, or 3 with one each.
        middle: stored whole number that means 0; by default half of the largest. Floats are taken as they are.
        black_unknown: (0, 0, 0), which would be a vector of length 1.7, is nothing known.
        either_way: stored vectors may point into the surface; they are turned to face the camera.
    """

    signs: tuple[int, int, int]
    files: int = 1
    middle: float | None = None
    black_unknown: bool = True
    either_way: bool = False

    def read(self, paths: Sequence[Path], camera: Camera) -> Float[np.ndarray, "h w 3"]:
        """Unit vectors that face the camera; NaN where unknown.

        Args:
            camera: of the image at any size; it is brought to the label's.
        Raises: DatasetError, without the name of the file, when these cannot be normals in this convention.
        """
        stored = self._stored(paths)
        vectors = self._vectors(stored)
        length = np.linalg.norm(vectors, axis=-1)
        with np.errstate(invalid="ignore"):
            known = np.isfinite(length) & (length >= _SHORTEST)
        if self.black_unknown:
            known &= stored.any(axis=-1)
        if not known.any():
            raise DatasetError("holds no known normal")
        typical = float(np.median(length[known]))
        if abs(typical - 1) > _OFF_UNIT:
            raise DatasetError(f"holds vectors of length {typical:.2f} where normals of length 1 are needed")
        normals = np.where(known[..., None], vectors / np.where(known, length, 1)[..., None], np.float32(np.nan))
        return self._facing(normals.astype(np.float32), camera)

    def _stored(self, paths: Sequence[Path]) -> np.ndarray:
        if len(paths) != self.files:
            raise DatasetError(f"{self.files} file(s) of normals are needed, got {len(paths)}")
        found = [arrays.read_by_ending(path) for path in paths]
        if self.files > 1:
            if len({array.shape for array in found}) > 1 or found[0].ndim != 2:
                raise DatasetError(f"three maps of one size are needed, found {[array.shape for array in found]}")
            return np.stack(found, axis=-1)
        stored = found[0]
        if stored.ndim == 3 and stored.shape[0] == 3 and stored.shape[2] != 3:
            stored = np.moveaxis(stored, 0, -1)
        if stored.ndim == 3 and stored.shape[2] == 4 and stored.dtype.kind == "u":
            stored = stored[..., :3]  # an alpha channel says nothing of direction
        if stored.ndim != 3 or stored.shape[2] != 3 or stored.size == 0 or stored.dtype.kind not in "iuf":
            raise DatasetError(f"three channels of numbers are needed, found {stored.dtype} of shape {stored.shape}")
        return stored

    def _vectors(self, stored: np.ndarray) -> Float[np.ndarray, "h w 3"]:
        if stored.dtype.kind == "f":
            return stored.astype(np.float32) * np.array(self.signs, np.float32)
        # Pillow gives 16-bit grey as 32-bit integers in some modes; no label is deeper than 16 bits.
        half = self.middle or (127.5 if stored.dtype.itemsize == 1 else 32767.5)
        return (stored.astype(np.float32) / np.float32(half) - 1) * np.array(self.signs, np.float32)

    def _facing(self, normals: Float[np.ndarray, "h w 3"], camera: Camera) -> Float[np.ndarray, "h w 3"]:
        height, width = normals.shape[:2]
        own = camera.resized(width, height)
        x = ((np.arange(width, dtype=np.float32) - own.cx) / own.fx)[None, :]
        y = ((np.arange(height, dtype=np.float32) - own.cy) / own.fy)[:, None]
        with np.errstate(invalid="ignore"):
            away = normals[..., 0] * x + normals[..., 1] * y + normals[..., 2] > 0
        if self.either_way:
            return np.where(away[..., None], -normals, normals)
        share = away.sum() / np.isfinite(normals[..., 0]).sum()
        if share > _MOST_AWAY:
            raise DatasetError(f"{share:.0%} of its normals face away from the camera; is the normal_convention right?")
        # No camera sees a surface from behind.
        return np.where(away[..., None], np.float32(np.nan), normals)


CONVENTIONS = {
    # As `theodolite predict` writes them; 8 or 16 bits, or floats. x right, y down, z forward.
    "opencv": NormalConvention((1, 1, 1)),
    "opengl": NormalConvention((1, -1, -1)),
    "directx": NormalConvention((1, 1, -1)),
    # Taskonomy, Replica, HM3D as rendered for OmniData; mid-grey is unknown.
    "omnidata": NormalConvention((1, 1, 1), black_unknown=False),
    "matterport": NormalConvention((1, -1, -1), files=3, middle=32768),
    "hypersim": NormalConvention((1, -1, -1), either_way=True),
    # The release of Metric3D v2 turns these to face the camera, so not all of them do.
    "diode": NormalConvention((1, -1, -1), either_way=True),
    # ScanNet; comes with a mask of where its orientation is known, which goes into normal_mask.
    "framenet": NormalConvention((1, 1, 1), black_unknown=False),
    # NYU; stored left, up, towards the camera.
    "geonet": NormalConvention((-1, -1, -1)),
}
