"""Picture files of every kind, decoded to upright 8-bit RGB."""

from __future__ import annotations

import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from theodolite.camera.exif import Exif
from theodolite.errors import PhotoError
from theodolite.types import UInt8

if TYPE_CHECKING:
    from PIL.Image import Image

# A 200-MP phone (16320x12240) passes; what is larger has to be allowed by the caller.
MAX_PIXELS = 200_000_000

# Pillow's switches are global: its pixel limit, and Python's warning filters. Whoever turns them holds this lock, and
# only for reading headers; pixels are decoded outside it, so threads still decode in parallel.
_PILLOW_SWITCHES = threading.Lock()
_NO_LOG = logging.NullHandler()


# Left, top, right, bottom in pixels, edges counted from the picture's corner.
_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Header:
    """What a picture file says before its pixels are decoded.

    Args:
        original_size: (width, height), upright, before any reduction.
        exif: what its EXIF block says, not yet judged.
        notes: things worth telling about the file, in words for people.
    """

    original_size: tuple[int, int]
    exif: Exif
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Decoded(Header):
    """A header with the upright pixels."""

    image: UInt8[np.ndarray, "h w 3"]


def decode(
    source: str | os.PathLike | bytes | BinaryIO | Image,
    name: str,
    *,
    max_pixels: int = MAX_PIXELS,
    max_side: int | None = None,
) -> Decoded:
    """Decode a picture by its content, whatever its name says.

    Args:
        name: how errors call the picture.
        max_pixels: a picture with more is refused from its header, before anything is decoded.
        max_side: reduce the picture so that its longer side has at most this many pixels. A JPEG is then decoded at an
            eighth, a quarter or half of its size where that is enough, which is several times faster.
    Raises: PhotoError, when it is missing, empty, damaged, too large, or no picture.
    """
    from PIL import Image as PIL_Image

    if isinstance(source, PIL_Image.Image):
        return _decode(source, name, max_pixels, max_side, ours=False)
    with _as_file(source, name) as file, _opened(file, name) as picture:
        return _decode(picture, name, max_pixels, max_side, ours=True)


def read_header(source: str | os.PathLike | bytes | BinaryIO, name: str) -> Header:
    """Size and EXIF of a picture, which is not decoded and of which only the header has to be sound."""
    with _as_file(source, name) as file, _opened(file, name) as picture, _decoding(picture, name):
        with _quiet_pillow():
            notes, exif = _about_the_file(picture, name), _read_exif(picture)
        return Header(_upright(picture.size, exif), exif, (*notes, *exif.notes))


def _decode(picture: Image, name: str, max_pixels: int, max_side: int | None, *, ours: bool) -> Decoded:
    stored = picture.size
    if min(stored) < 1:
        raise PhotoError(f"{name} is a picture without pixels ({stored[0]}x{stored[1]}).")
    if stored[0] * stored[1] > max_pixels:
        raise PhotoError(
            f"{name} has {stored[0]}x{stored[1]} pixels, more than the limit of {max_pixels / 1e6:.0f} million. "
            "Raise max_pixels if the picture is to be trusted."
        )
    with _decoding(picture, name):
        with _quiet_pillow():
            notes = _about_the_file(picture, name)
            # TIFF loses its file once the pixels are read, PNG keeps its EXIF behind them.
            exif = None if picture.format == "PNG" else _read_exif(picture)
            if picture.format == "TIFF":
                picture.load()  # which reads tags again, with warnings
        rgb, box = _pixels(picture, max_side if ours else None, notes)
        if exif is None:
            with _quiet_pillow():
                exif = _read_exif(picture)
        rgb = _reduced(rgb, box, stored, max_side)
        image = np.asarray(rgb if exif.orientation == 1 else rgb.transpose(_TURNS[exif.orientation]))
    return Decoded(_upright(stored, exif), exif, (*notes, *exif.notes), image)


def _upright(stored: tuple[int, int], exif: Exif) -> tuple[int, int]:
    return (stored[1], stored[0]) if exif.orientation >= 5 else stored


@contextmanager
def _decoding(picture: Image, name: str) -> Iterator[None]:
    """One clear error for whatever a decoder does with damaged data."""
    try:
        yield
    except PhotoError as error:
        raise PhotoError(f"{name} {error}") from error
    except MemoryError as error:
        width, height = picture.size
        raise PhotoError(f"{name} needs more memory to decode ({width}x{height} px) than there is.") from error
    except Exception as error:  # decoders fail in every way there is
        raise PhotoError(f"{name} is a damaged {picture.format or ''} picture: {_reason(error)}.") from error


@contextmanager
def _as_file(source: str | os.PathLike | bytes | BinaryIO, name: str) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif not isinstance(source, (str, os.PathLike)):
        yield source
    else:
        path = Path(source)
        try:
            size = path.stat().st_size
            if path.is_dir():
                raise PhotoError(f"{name} is a folder, not a picture. Give the pictures in it.")
            if size == 0:
                raise PhotoError(f"{name} is empty (0 bytes).")
            file = path.open("rb")
        except FileNotFoundError as error:
            raise PhotoError(f"{name} does not exist. Looked for {path}.") from error
        except (OSError, ValueError) as error:
            raise PhotoError(f"{name} cannot be read: {_reason(error)}.") from error
        with file:
            yield file


@contextmanager
def _opened(file: BinaryIO, name: str) -> Iterator[Image]:
    """The picture's header; its pixels are decoded when they are first touched."""
    from PIL import Image, UnidentifiedImageError

    try:
        head = file.read(32)
        file.seek(0)
        if not head:
            raise PhotoError(f"{name} is empty (0 bytes).")
        with _quiet_pillow():
            if head[4:8] == b"ftyp":
                _register_heif()
            picture = Image.open(file)
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoError(f"{name} is no picture that can be read here (its first bytes: {head[:12]!r}).") from error
    except Exception as error:  # a damaged header can fail in a parser anywhere
        raise PhotoError(f"{name} has a damaged header: {_reason(error)}.") from error
    with picture:
        yield picture


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Without Pillow's pixel limit (`decode` has its own) and warnings (what matters goes into the notes)."""
    from PIL import Image

    # Pillow also logs; without a handler Python would print that to stderr.
    logging.getLogger("PIL").addHandler(_NO_LOG)
    with _PILLOW_SWITCHES, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _register_heif() -> None:
    """Teach Pillow HEIC and HEIF; once is enough, and only when such a file turns up, as it loads a large library."""
    import pillow_heif

    pillow_heif.register_heif_opener()


def _read_exif(picture: Image) -> Exif:
    exif = Exif.read(picture)
    # Pillow turns TIFF by itself, and says the upright size from the start.
    return replace(exif, orientation=1) if picture.format == "TIFF" else exif


def _about_the_file(picture: Image, name: str) -> list[str]:
    notes = []
    suffix = Path(name).suffix.lower()
    # A camera's .jpg with a preview inside is an MPO to Pillow; nobody needs to be told.
    kind = "JPEG" if picture.format == "MPO" else picture.format
    if kind and _ENDINGS.get(suffix, kind) != kind:
        notes.append(f"is a {kind} file in spite of its ending {suffix}")
    # In MPO and HEIF further frames are previews and depth maps; in these formats they are more pictures.
    if picture.format in ("GIF", "WEBP", "PNG", "TIFF", "AVIF") and getattr(picture, "n_frames", 1) > 1:
        notes.append(f"has {picture.n_frames} frames, of which the first is used")  # type: ignore[attr-defined]
    return notes


def _pixels(picture: Image, max_side: int | None, notes: list[str]) -> tuple[Image, _Box]:
    """The picture as RGB, and the box in it which the whole stored picture fills."""
    box: _Box | None = None
    if max_side is not None and max(picture.size) > max_side:
        factor = max_side / max(picture.size)
        # Has an effect on JPEG only: the decoder leaves out fine detail, down to no less than this size. It rounds
        # sizes up, so the last pixels can reach beyond the picture; the box says how far the picture goes.
        drafted = picture.draft(None, (round(picture.width * factor), round(picture.height * factor)))
        box = drafted[1] if drafted else None
    picture.load()
    return _rgb(picture, notes), box or (0, 0, *picture.size)


def _reduced(rgb: Image, box: _Box, stored: tuple[int, int], max_side: int | None) -> Image:
    if max_side is None or max(stored) <= max_side:
        return rgb
    from PIL import Image

    factor = max_side / max(stored)
    width, height = (max(1, round(side * factor)) for side in stored)
    return rgb.resize((width, height), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)


def _rgb(picture: Image, notes: list[str]) -> Image:
    mode = picture.mode
    if mode.startswith("I"):
        return _from_integers(picture).convert("RGB")
    if mode == "F":
        raise PhotoError("holds floating-point values, which is no photograph. Convert it to 8 bits a channel first.")
    if mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in picture.info:
        return _on_white(picture, notes)
    if mode in ("CMYK", "LAB"):
        return _colour_managed(picture)
    return picture if mode == "RGB" else picture.convert("RGB")


def _on_white(picture: Image, notes: list[str]) -> Image:
    """Transparent pixels become white: the colour behind them was never meant to be seen, and often is black."""
    from PIL import Image

    if picture.mode == "La":
        picture = picture.convert("LA")
    rgba = picture.convert("RGBA")
    alpha = rgba.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return rgba.convert("RGB")
    notes.append("is partly transparent; it was laid on white")
    white = Image.new("RGB", rgba.size, (255, 255, 255))
    white.paste(rgba, mask=alpha)
    return white


def _colour_managed(picture: Image) -> Image:
    """CMYK by its embedded ink profile where there is one (a naive conversion is visibly too bright), LAB to sRGB."""
    from PIL import ImageCms

    inks: bytes = picture.info.get("icc_profile") or b""
    if picture.mode == "CMYK" and not inks:
        return picture.convert("RGB")
    try:
        source: Any = ImageCms.createProfile("LAB") if picture.mode == "LAB" else io.BytesIO(inks)
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # A damaged profile: colours will be a little off, the picture is still there.
        return picture.convert("RGB")
    assert converted is not None
    return converted


def _from_integers(picture: Image) -> Image:
    """16-bit grey, which Pillow keeps in several modes, brought to 8 bits; 65535 is white."""
    from PIL import Image

    values = np.asarray(picture)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise PhotoError(
            f"holds integers from {low} to {high}, which is no photograph. Convert it to 8 or 16 bits first."
        )
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0].rstrip(".")


# What file names promise. Pillow has such a list too, but would load all its forty decoders to give it.
_ENDINGS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".heic": "HEIF",
    ".avif": "AVIF",
}

# EXIF orientation -> what makes the stored picture upright, as PIL.Image.Transpose's numbers (importing PIL here would
# slow down `theodolite --help`).
_TURNS: dict[int, Any] = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
