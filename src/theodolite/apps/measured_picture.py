"""A photo with what was measured in it: lines and numbers that can be read on any background."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from theodolite.apps.evidence import Pixel
from theodolite.apps.quantity import Measurement
from theodolite.inference.prediction import Prediction
from theodolite.types import UInt8
from theodolite.weights.atomic import writing

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

# Smaller pictures are enlarged to this longer side, px, so that numbers have room.
SIDE = 1000
# Light colours: lines have a black seam, labels stand on a dark ground.
COLOURS = ((255, 221, 87), (120, 220, 255), (255, 150, 130), (160, 235, 140), (235, 170, 255))
_SEAM, _GROUND = (0, 0, 0), (20, 20, 20)

_Box = tuple[float, float, float, float]


def measured_picture(prediction: Prediction, measurements: Sequence[Measurement]) -> UInt8[np.ndarray, "h w 3"]:
    """The prediction's picture with the measurements drawn into it."""
    from PIL import Image, ImageDraw

    picture = Image.fromarray(prediction.image)
    factor = max(1.0, SIDE / max(picture.size))
    if factor > 1:
        picture = picture.resize((round(picture.width * factor), round(picture.height * factor)))
    draw = ImageDraw.Draw(picture)
    scale = picture.width / prediction.photo_size[0], picture.height / prediction.photo_size[1]
    size = max(picture.size)

    def placed(pixel: Pixel) -> Pixel:
        return (pixel[0] + 0.5) * scale[0], (pixel[1] + 0.5) * scale[1]

    thin = max(2, round(size / 500))
    for number, measurement in enumerate(measurements):
        colour = COLOURS[number % len(COLOURS)]
        lines = [(placed(a), placed(b)) for a, b in measurement.lines]
        for wide, paint in ((thin + 2 * max(1, thin // 2), _SEAM), (thin, colour)):
            for line in lines:
                draw.line(line, fill=paint, width=wide)
            for pixel in measurement.pixels:
                _spot(draw, placed(pixel), 1.5 * wide, paint)
    taken: list[_Box] = []
    for number, measurement in enumerate(measurements):
        ends = [placed(pixel) for pixel in measurement.pixels]
        middle = tuple(float(x) for x in np.mean(ends, axis=0))
        text = "\n".join(_words(measurement)).replace("m²", "sq m")  # the font that Pillow brings has no ²
        taken.append(_label(draw, text, middle, COLOURS[number % len(COLOURS)], picture.size, taken))  # type: ignore[arg-type]
    return np.asarray(picture)


def write_measured(path: str | Path, prediction: Prediction, measurements: Sequence[Measurement]) -> None:
    """The picture as PNG, or JPEG by its ending. Raises: OutputError."""
    from PIL import Image

    picture = Image.fromarray(measured_picture(prediction, measurements))
    with writing(Path(path)) as temporary:
        if Path(path).suffix.lower() in (".jpg", ".jpeg"):
            picture.save(temporary, format="JPEG", quality=90)
        else:
            picture.save(temporary, format="PNG")


def _words(measurement: Measurement) -> list[str]:
    if len(measurement.quantities) == 1:
        return [str(measurement.quantities[0])]
    return [f"{quantity.name} {quantity}" for quantity in measurement.quantities]


def _spot(draw: ImageDraw, centre: Pixel, radius: float, colour: tuple[int, int, int]) -> None:
    u, v = centre
    draw.ellipse((u - radius, v - radius, u + radius, v + radius), fill=colour)


def _label(
    draw: ImageDraw, text: str, at: Pixel, colour: tuple[int, int, int], size: tuple[int, int], taken: Sequence[_Box]
) -> _Box:
    """Text near a place, inside the picture and beside other labels. Returns: where it came to stand."""
    from PIL import ImageFont

    font: Any = ImageFont.load_default(max(14, round(max(size) / 50)))
    left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=font)
    pad = font.size / 3
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    u = min(max(at[0] - width / 2, 0), max(size[0] - width, 0))
    wanted = at[1] - height - 1.5 * font.size
    steps = sorted(np.arange(0, size[1] - height, height / 2), key=lambda v: abs(v - wanted)) or [0.0]
    boxes = [(u, float(v), u + width, float(v) + height) for v in steps]
    box = next((box for box in boxes if not any(_overlap(box, other) for other in taken)), boxes[0])
    draw.rounded_rectangle(box, radius=pad, fill=_GROUND, outline=colour, width=max(1, round(pad / 5)))
    draw.multiline_text((box[0] + pad - left, box[1] + pad - top), text, fill=(255, 255, 255), font=font)
    return box


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
