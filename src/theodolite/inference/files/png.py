"""PNG files as Pillow cannot write them: 16-bit RGB, and compressed on every core.

Source: W3C, Portable Network Graphics (Third Edition). Greyscale and RGB of 8 or 16 bits, not interlaced.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np

from theodolite.errors import OutputError
from theodolite.types import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}  # channels -> the standard's number: grey, RGB
UP = 2
# Bytes that one thread compresses. Each block starts with an empty dictionary, which at this size costs nothing.
BLOCK = 1 << 19


def write(file: BinaryIO, pixels: Array, text: Mapping[str, str] | None = None, level: int = 1) -> None:
    """Write uint8 or uint16 pixels, (h, w) or (h, w, 3), with Latin-1 text.

    Args:
        level: of zlib. 1 by default: on maps, more costs several times the time for a few percent.
    """
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    depth = pixels.dtype.itemsize * 8
    file.write(SIGNATURE)
    header = struct.pack(">IIBBBBB", width, height, depth, COLOUR_TYPES[channels], 0, 0, 0)
    _write_chunk(file, b"IHDR", [header])
    for key, value in (text or {}).items():
        _write_chunk(file, b"tEXt", [key.encode("latin-1") + b"\0" + value.encode("latin-1", "replace")])
    _write_chunk(file, b"IDAT", _deflate(_filtered(pixels), level))
    _write_chunk(file, b"IEND", [])


def read(path: str | Path) -> tuple[Array, dict[str, str]]:
    """Pixels, uint8 or uint16, and the text of a greyscale or RGB file that is not interlaced.

    Raises: OutputError, when it is no such file, or damaged.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise OutputError(f"Cannot read {path}: {(error.strerror or str(error)).lower()}.") from error
    if not data.startswith(SIGNATURE):
        raise OutputError(f"{path} is not a PNG file.")
    try:
        chunks = list(_chunks(data))
        width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
        stream = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    except (struct.error, zlib.error, IndexError) as error:
        raise OutputError(f"{path} is a damaged PNG file: {error}.") from error
    channels = {number: count for count, number in COLOUR_TYPES.items()}.get(colour)
    if channels is None or depth not in (8, 16) or interlaced:
        raise OutputError(f"{path} is not a greyscale or RGB PNG of 8 or 16 bits without interlacing.")
    step = channels * depth // 8
    if len(stream) != height * (1 + width * step):
        raise OutputError(f"{path} is a damaged PNG file: {len(stream)} bytes of pixels.")
    rows = _unfiltered(np.frombuffer(stream, np.uint8).reshape(height, 1 + width * step), step)
    pixels = rows.view(">u2").astype(np.uint16) if depth == 16 else rows
    shape = (height, width, 3) if channels == 3 else (height, width)
    text = dict(body.decode("latin-1").split("\0", 1) for kind, body in chunks if kind == b"tEXt" and b"\0" in body)
    return pixels.reshape(shape), text


def _write_chunk(file: BinaryIO, kind: bytes, parts: list[bytes]) -> None:
    checksum = zlib.crc32(kind)
    file.write(struct.pack(">I", sum(map(len, parts))) + kind)
    for part in parts:
        checksum = zlib.crc32(part, checksum)
        file.write(part)
    file.write(struct.pack(">I", checksum))


def _chunks(data: bytes):
    at = len(SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += length + 12


def _filtered(pixels: Array) -> Array:
    """Rows of bytes, most significant first, each less the row above it, behind the number of that filter."""
    height = pixels.shape[0]
    rows = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _deflate(rows: Array, level: int) -> list[bytes]:
    """A zlib stream made of independently compressed blocks; zlib lets other threads run meanwhile."""
    data = memoryview(rows.reshape(-1))
    starts = range(0, len(data), BLOCK)

    def compress(start: int) -> bytes:
        encoder = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        last = start + BLOCK >= len(data)
        coded = encoder.compress(data[start : start + BLOCK])
        return coded + encoder.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        blocks = list(pool.map(compress, starts))
    return [b"\x78\x01", *blocks, struct.pack(">I", zlib.adler32(data))]


def _unfiltered(coded: Array, step: int) -> Array:
    """Rows of bytes, from rows that start with the number of the filter applied to them."""
    rows = np.zeros((coded.shape[0], coded.shape[1] - 1), dtype=np.uint8)
    above = np.zeros(rows.shape[1], dtype=np.uint8)
    for row, (kind, line) in zip(rows, ((r[0], r[1:]) for r in coded), strict=True):
        if kind == 0:
            row[:] = line
        elif kind == 1:
            row[:] = np.cumsum(line.reshape(-1, step), axis=0, dtype=np.uint8).reshape(-1)
        elif kind == UP:
            np.add(line, above, out=row)
        else:
            row[:] = _unfilter_slowly(int(kind), line.tolist(), above.tolist(), step)
        above = row
    return rows


def _unfilter_slowly(kind: int, line: list[int], above: list[int], step: int) -> list[int]:
    """Filters 3 (average) and 4 (Paeth), which other programs write; each byte needs the one before it."""
    row = [0] * step + line
    corner_row = [0] * step + above
    for i in range(step, len(row)):
        left, up, corner = row[i - step], corner_row[i], corner_row[i - step]
        if kind == 3:
            guess = (left + up) // 2
        else:
            distances = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = (left, up, corner)[distances.index(min(distances))]
        row[i] = (row[i] + guess) & 255
    return row[step:]
