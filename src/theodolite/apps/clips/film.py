"""The pictures of a video file, upright, with the times they are shown at; sound is passed over.

By PyAV (FFmpeg): OpenCV tells no time stamps of films whose rate varies, as those of phones do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.frames import FPS, Frame, Opening
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.extras import require
from theodolite.types import UInt8

WHY = "Reading and writing films"
# Transfer curves of high dynamic range, by their numbers in ITU-T H.273: PQ and HLG.
_HDR = {16: "PQ", 18: "HLG"}
# A film that ends this share of its stated length early is cut off; some containers state a little too much.
_EARLY = 0.02


@dataclass(frozen=True, eq=False)
class Film:
    """A video file: every so many of its pictures."""

    file: Path
    every: int = 1
    opening: Opening = field(default_factory=Opening)

    def __len__(self) -> int:
        """As the file states, or by its length and rate; 0 where it says neither."""
        with self._open() as (container, stream):
            return -(-_stated(container, stream)[0] // self.every)

    def read(self, start: int = 0) -> Iterator[Frame | TheodoliteError]:
        with self._open() as (container, stream):
            (stated, seconds), rate = _stated(container, stream), _rate(stream)
            number, time, first, broken = 0, -1 / rate, None, False
            for decoded in _decoded(container, stream):
                if decoded is None:
                    broken = True
                    break
                first = decoded.time if first is None else first
                at = time + 1 / rate if decoded.time is None or first is None else float(decoded.time - first)
                time = at if at > time else time + 1 / rate  # a damaged time stamp
                if number % self.every == 0 and number // self.every >= start:
                    yield self._frame(number, time, decoded, stream)
                number += 1
        if number == 0:
            raise DatasetError(f"{self.file} holds no picture that can be decoded.")
        if broken or number < (1 - _EARLY) * stated - 1 or time < (1 - _EARLY) * seconds - 1.5 / rate:
            whole = f" of {stated}" if stated > number else ""
            yield DatasetError(f"{self.file} breaks off after {number}{whole} pictures ({time:.2f} s).")

    def _frame(self, number: int, time: float, decoded: Any, stream: Any) -> Frame:
        photo = self.opening.photo(_upright(decoded, stream))
        hdr = _HDR.get(int(stream.codec_context.color_trc))
        notes = photo.notes
        if hdr:
            notes += (f"is of high dynamic range ({hdr}), taken as it is: its colours look flat, and depth may suffer",)
        return Frame(number // self.every, time, f"{number:06d}", photo.image, photo.camera, notes)

    @contextmanager
    def _open(self) -> Iterator[tuple[Any, Any]]:
        av = require("av", "video", WHY)
        try:
            container = av.open(str(self.file))
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DatasetError(
                f"{self.file} cannot be read as a video ({reason}). Of a film cut off while it was recorded, the table "
                "of contents may be missing, which only a repair program puts right."
            ) from error
        with container:
            if not container.streams.video:
                raise DatasetError(f"{self.file} holds no pictures, only sound or data.")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Pictures in the order they are shown; None, and the end, where the file cannot be read on."""
    av = require("av", "video", WHY)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:
            yield from _flushed(stream)
            yield None
            return
        try:
            # The last packet of a file cut off is half a picture, which decoders fill with grey.
            if not packet.is_corrupt:
                yield from (frame for frame in packet.decode() if not frame.is_corrupt)
        except av.FFmpegError:
            continue  # one damaged picture; those after it may be whole


def _flushed(stream: Any) -> Iterator[Any]:
    """What the decoder still holds."""
    av = require("av", "video", WHY)
    try:
        yield from stream.codec_context.decode(None)
    except (av.FFmpegError, EOFError):
        return


def _stated(container: Any, stream: Any) -> tuple[int, float]:
    """Number of pictures and seconds, as the container says; 0 where it does not."""
    clock = stream.metadata.get("DURATION", "").split(":")  # of Matroska, 00:00:02.5
    if stream.duration:
        seconds = float(stream.duration * stream.time_base)
    elif len(clock) == 3:
        seconds = sum(float(part) * unit for part, unit in zip(clock, (3600, 60, 1), strict=True))
    elif container.duration and len(container.streams) == 1:  # sound may be longer
        seconds = container.duration / 1e6
    else:
        seconds = 0.0
    return int(stream.frames or round(seconds * _rate(stream))), seconds


def _rate(stream: Any) -> float:
    rate = float(stream.average_rate or stream.guessed_rate or FPS)
    return rate if 0 < rate < 1e4 else FPS


def _upright(decoded: Any, stream: Any) -> UInt8[np.ndarray, "h w 3"]:
    """8-bit RGB with square pixels, turned as the film says it has to be shown."""
    shape = stream.codec_context.sample_aspect_ratio or 1
    width = decoded.width if abs(shape - 1) < 1e-3 or shape <= 0 else round(decoded.width * shape)
    image = decoded.to_ndarray(format="rgb24", width=width, height=decoded.height)
    return np.ascontiguousarray(np.rot90(image, round(decoded.rotation / 90) % 4))
