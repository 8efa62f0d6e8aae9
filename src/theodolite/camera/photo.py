"""A photo: upright pixels together with the camera that took them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.decode import MAX_PIXELS, Header, decode, read_header
from theodolite.camera.find import find_camera
from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, PhotoError, SizeMismatch
from theodolite.types import UInt8

if TYPE_CHECKING:
    from PIL.Image import Image

# A camera, with or without lens distortion, or what makes one for a picture of a given (width, height).
CameraGiven = Camera | CalibratedCamera | Callable[[int, int], "Camera | CalibratedCamera"]

# Share of the picture's side. Lenses sit within a few hundredths of the middle; a 4:3 picture turned by a quarter
# puts the point a sixth away from it.
_OFF_CENTRE = 0.1
_STRAIGHTENED = "had its lens distortion removed: maps and pixel coordinates are those of the straightened picture"


@dataclass(frozen=True)
class Photo:
    """One photograph and its camera.

    Args:
        image: RGB, upright.
        camera: of `image`, at its size.
        name: for messages and file names.
        path: where it was read from, if from a file.
        original_size: (width, height) of the upright picture before any reduction.
        notes: what is worth knowing about the file, each the end of a sentence that starts with its name.
    """

    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera
    name: str = "image"
    path: Path | None = None
    original_size: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise PhotoError(f"{self.name}: a photo is uint8 (h, w, 3), got {self.image.dtype} {self.image.shape}.")
        height, width = self.image.shape[:2]
        if (self.camera.width, self.camera.height) != (width, height):
            raise SizeMismatch(
                f"{self.name} has {width}x{height} pixels upright, but its camera describes "
                f"{self.camera.width}x{self.camera.height}. Give the camera of the upright picture at this size; "
                "camera.resized(width, height) converts."
            )
        if self.original_size is None:
            object.__setattr__(self, "original_size", (width, height))

    @classmethod
    def open(
        cls,
        source: str | os.PathLike | bytes | BinaryIO | Image | UInt8[np.ndarray, "h w *c"],
        camera: CameraGiven | None = None,
        *,
        strict: bool = False,
        assume_fov: float = 60.0,
        max_pixels: int = MAX_PIXELS,
        max_side: int | None = None,
    ) -> Photo:
        """A photo from a path, the bytes of a file, an open file, a PIL image or a uint8 array.

        Any format is decoded by content, turned upright and brought to 8-bit RGB; transparent parts become white, of
        several frames the first is taken, 16 bits are scaled to 8.

        Args:
            camera: of the upright picture at its original size, or a function of (width, height) that gives it. With
                lens distortion, the picture is resampled to that of a pinhole camera. Without one the camera comes from
                a file beside the photo, its EXIF data, or an assumption, in this order.
            strict: refuse to assume.
            assume_fov: the assumed field of view along the longer side, degrees.
            max_pixels: refuse larger pictures before decoding them.
            max_side: reduce the picture to at most this many pixels along its longer side; its camera with it.
        Raises: PhotoError, when it cannot be decoded; UnknownCamera, when `strict` and nothing tells the camera.
        """
        if max_side is not None and not max_side >= 1:
            raise PhotoError(f"A photo is reduced to a longer side of at least one pixel (max_side), got {max_side!r}.")
        path = Path(source) if isinstance(source, (str, os.PathLike)) else None
        name = path.name if path else _name(source)
        if isinstance(source, np.ndarray):
            source = _picture(source, name)
        elif not isinstance(source, (str, os.PathLike, bytes)) and not hasattr(source, "read"):
            _require_picture(source)
        decoded = decode(source, name, max_pixels=max_pixels, max_side=max_side)
        found, notes = _camera(decoded, camera, path, name, strict=strict, assume_fov=assume_fov)
        height, width = decoded.image.shape[:2]
        if (found.camera.width, found.camera.height) != (width, height):
            found = found.resized(width, height)
        image, pinhole = found.pinhole(decoded.image)
        return cls(
            image=image,
            camera=pinhole,
            name=name,
            path=path,
            original_size=decoded.original_size,
            notes=(*decoded.notes, *notes),
        )


@dataclass(frozen=True)
class CameraReport:
    """The camera of a photo that was not decoded; fields as in `Photo`, the camera at the original size."""

    lens: CalibratedCamera
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, path: Path, camera: CameraGiven | None = None, *, strict: bool = False, assume_fov: float = 60.0
    ) -> CameraReport:
        """From the photo's header. Arguments and errors as in `Photo.open`."""
        header = read_header(path, path.name)
        lens, notes = _camera(header, camera, path, path.name, strict=strict, assume_fov=assume_fov)
        return cls(lens, (*header.notes, *notes))


def _camera(
    header: Header, given: CameraGiven | None, path: Path | None, name: str, *, strict: bool, assume_fov: float
) -> tuple[CalibratedCamera, tuple[str, ...]]:
    """The camera of the picture at its original size, and what is worth telling about it."""
    width, height = header.original_size
    if given is None:
        camera, notes = find_camera(header.exif, width, height, path, name, strict=strict, assume_fov=assume_fov)
        return CalibratedCamera(camera), notes
    found = given(width, height) if callable(given) else given
    if not isinstance(found, (Camera, CalibratedCamera)):
        raise CameraError(
            f"{name}: a camera is a Camera, a CalibratedCamera or a function that makes one, got "
            f"{type(found).__name__}. Camera.from_K(K, width, height) makes one of a matrix."
        )
    lens = CalibratedCamera(found) if isinstance(found, Camera) else found
    if (lens.camera.width, lens.camera.height) != (width, height):
        raise SizeMismatch(
            f"{name} has {width}x{height} pixels upright, but the given camera describes "
            f"{lens.camera.width}x{lens.camera.height}. Give the camera of the upright picture at its original size; "
            "camera.resized(width, height) converts."
        )
    return lens, (*_off_centre(lens.camera), *(() if lens.distortion is None else (_STRAIGHTENED,)))


def _off_centre(camera: Camera) -> tuple[str, ...]:
    """A doubt about a matrix that came without its picture's size, and may be of another."""
    across, down = (camera.cx + 0.5) / camera.width - 0.5, (camera.cy + 0.5) / camera.height - 0.5
    if max(abs(across), abs(down)) <= _OFF_CENTRE:
        return ()
    return (
        f"has a camera given with its principal point at ({camera.cx:.0f}, {camera.cy:.0f}), far from the middle of "
        f"{camera.width}x{camera.height} pixels; unless it is a crop, the camera is of another size, or of the picture "
        "before it was turned upright",
    )


def _picture(array: np.ndarray, name: str) -> Image:
    """An array as a picture; decoding it costs nothing more, and treats its channels like a file's."""
    from PIL import Image

    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or channels not in (1, 2, 3, 4) or array.size == 0:
        hint = " Multiply by 255 and convert with .astype('uint8')." if array.dtype.kind == "f" else ""
        raise PhotoError(
            f"{name}: a photo given as an array is uint8 of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), "
            f"got {array.dtype} {array.shape}.{hint}"
        )
    return Image.fromarray(np.ascontiguousarray(array.squeeze(2) if channels == 1 and array.ndim == 3 else array))


def _require_picture(source: object) -> None:
    from PIL import Image

    if not isinstance(source, Image.Image):
        raise PhotoError(f"A photo is a path, bytes, a PIL image or a uint8 array, got {type(source).__name__}.")


def _name(source: object) -> str:
    """A file name where the object knows one."""
    known = getattr(source, "filename", None) or getattr(source, "name", None)
    return os.path.basename(known) if isinstance(known, str) and known else "image"
