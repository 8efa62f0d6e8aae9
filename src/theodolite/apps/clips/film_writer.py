"""Writes pictures as an MP4 that browsers play: H.264 where the encoder is there, with the times they are shown at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.clips.film import WHY
from theodolite.errors import OutputError
from theodolite.extras import require
from theodolite.types import UInt8
from theodolite.weights.atomic import replacing

# Best first; the last plays in players, but not in browsers.
ENCODERS = ("libx264", "libopenh264", "h264_videotoolbox", "mpeg4")
_BT709 = 1  # in ITU-T H.273; of the range: the limited one
_TICKS = 90_000  # a second: divides by all usual rates
_QUALITY = {"crf": "20", "preset": "medium"}  # of x264
_BITS = 4.0  # a pixel and second, for encoders without constant quality


@contextmanager
def film_writer(path: Path, rate: float) -> Iterator[Callable[[UInt8[np.ndarray, "h w 3"], float], None]]:
    """A function that appends a picture, shown from a time on, in seconds; the file appears when the block ends well.

    Pictures have the size of the first; an odd side loses its last row or column, as H.264 has even ones.

    Args:
        rate: pictures a second, about: it tells the encoder how many bits to spend, and how long the last one is shown.
    Raises: OutputError.
    """
    av = require("av", "video", WHY)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The moov atom first: browsers begin to play before they have all of it.
        options = {"movflags": "faststart"}
        with (
            replacing(path) as temporary,
            av.open(str(temporary), "w", format="mp4", options=options) as container,
        ):
            sheet = _Sheet(container, rate)
            yield sheet.append
            sheet.finish()
    except (OSError, av.FFmpegError) as error:
        raise OutputError(f"{path} could not be written: {error.strerror or error}.") from error


class _Sheet:
    def __init__(self, container: Any, rate: float) -> None:
        self.container, self.rate = container, rate
        self.stream: Any = None
        self.ticks = -1

    def append(self, picture: UInt8[np.ndarray, "h w 3"], time: float) -> None:
        av = require("av", "video", WHY)
        if self.stream is None:
            self.stream = _stream(self.container, self.rate, picture)
        height, width = self.stream.height, self.stream.width
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        self.ticks = max(round(time * _TICKS), self.ticks + 1)
        frame.pts, frame.time_base = self.ticks, Fraction(1, _TICKS)
        frame.duration = round(_TICKS / self.rate)
        self.container.mux(self.stream.encode(frame))

    def finish(self) -> None:
        if self.stream is not None:
            self.container.mux(self.stream.encode(None))


def encoder() -> str:
    """The best there is."""
    av = require("av", "video", WHY)
    for name in ENCODERS:
        try:
            av.codec.Codec(name, "w")
        except ValueError:  # also what PyAV raises for an unknown one
            continue
        return name
    raise OutputError(f"This PyAV brings no encoder for MP4 ({', '.join(ENCODERS)}). Run: pip install --upgrade av")


def _stream(container: Any, rate: float, picture: UInt8[np.ndarray, "h w 3"]) -> Any:
    name = encoder()
    stream = container.add_stream(name, rate=Fraction(rate).limit_denominator(1001))
    height, width = picture.shape[:2]
    stream.width, stream.height, stream.pix_fmt = width - width % 2, height - height % 2, "yuv420p"
    stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
    coded = stream.codec_context  # said, as players guess colours by the size otherwise
    coded.colorspace = coded.color_primaries = coded.color_trc = coded.color_range = _BT709
    if name == "libx264":
        stream.options = _QUALITY
    else:
        stream.bit_rate = int(_BITS * width * height)
    return stream
