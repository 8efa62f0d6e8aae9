"""Pictures and EXIF blocks, true and lying, made on the spot."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MAKE, MODEL, ORIENTATION = 0x010F, 0x0110, 0x0112
FOCAL, FOCAL_35MM, ZOOM = 0x920A, 0xA405, 0xA404
PLANE_X, PLANE_Y, PLANE_UNIT = 0xA20E, 0xA20F, 0xA210
PIXELS_X, PIXELS_Y = 0xA002, 0xA003

_ASCII, _SHORT, _LONG, _RATIONAL, _SIGNED_RATIONAL = 2, 3, 4, 5, 10
_OUTER = (MAKE, MODEL, ORIENTATION)

# A value of a tag: text, an integer (SHORT or LONG), a (numerator, denominator), or (type, count, bytes) as it stands.
Value = str | int | tuple


def exif_block(tags: dict[int, Value]) -> bytes:
    """An EXIF block, little-endian, that holds these tags and checks nothing."""
    outer = {tag: value for tag, value in tags.items() if tag in _OUTER}
    inner = {tag: value for tag, value in tags.items() if tag not in _OUTER}
    size = 8 + 2 + 12 * (len(outer) + 1) + 4
    first, extra = _directory({**outer, 0x8769: 0}, size)
    inner_at = size + len(extra)
    first, extra = _directory({**outer, 0x8769: (_LONG, 1, struct.pack("<I", inner_at))}, size)
    second, second_extra = _directory(inner, inner_at + 2 + 12 * len(inner) + 4)
    return b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + first + extra + second + second_extra


def _directory(tags: dict[int, Value], data_at: int) -> tuple[bytes, bytes]:
    entries, extra = struct.pack("<H", len(tags)), b""
    for tag, value in sorted(tags.items()):
        kind, count, data = _encoded(value)
        if len(data) > 4:
            where = struct.pack("<I", data_at + len(extra))
            extra += data + b"\0" * (len(data) % 2)
        else:
            where = data.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + where
    return entries + struct.pack("<I", 0), extra


def _encoded(value: Value) -> tuple[int, int, bytes]:
    if isinstance(value, str):
        data = value.encode() + b"\0"
        return _ASCII, len(data), data
    if isinstance(value, int):
        return (_SHORT, 1, struct.pack("<H", value)) if value < 65536 else (_LONG, 1, struct.pack("<I", value))
    if len(value) == 2:
        signed = min(value) < 0
        return (_SIGNED_RATIONAL if signed else _RATIONAL), 1, struct.pack("<ii" if signed else "<II", *value)
    return value


@pytest.fixture
def jpeg(tmp_path: Path) -> Callable[..., Path]:
    """Write a JPEG of a size with EXIF tags."""

    def write(size: tuple[int, int] = (400, 300), tags: dict[int, Value] | None = None, name: str = "desk.jpg") -> Path:
        path = tmp_path / name
        Image.new("RGB", size, (120, 130, 140)).save(path, exif=exif_block(tags) if tags else b"")
        return path

    return write


@pytest.fixture
def noise() -> np.ndarray:
    """A picture no two pixels of which are alike to the eye."""
    return np.random.default_rng(7).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
