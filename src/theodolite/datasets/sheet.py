"""A contact sheet of samples: image, depth in colours and normals, with name and median depth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.camera.resample import nearest_index, resize_picture
from theodolite.datasets.sample import Sample
from theodolite.types import UInt8
from theodolite.viz import UNKNOWN, colourise_depth, colourise_normals, depth_range, points_drawn, take_points

PANEL = (200, 272)  # height and width a picture is fitted into, px
LINE = 16  # height of a caption, px
GAP = 6
MOST = 24  # samples on a sheet
COLUMNS = 2
# A point has to cover about this many pixels of the sheet to be seen at all.
_POINT = 3
_DARKENED = 0.35


class Sheet:
    """Samples, two side by side, made small as they come; nothing large is kept."""

    def __init__(self) -> None:
        self._cells: list[_Cell] = []

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, name: str, sample: Sample) -> None:
        """One more cell; those beyond `MOST` are dropped."""
        if len(self._cells) < MOST:
            self._cells.append(_Cell.of(name, sample))

    def picture(self) -> UInt8[np.ndarray, "h w 3"]:
        """The sheet, without a column of normals where no sample has any; one white cell when it is empty."""
        panels = 3 if any(cell.normals is not None for cell in self._cells) else 2
        columns = min(COLUMNS, max(1, len(self._cells)))
        rows = [self._cells[start : start + columns] for start in range(0, len(self._cells), columns)]
        return np.concatenate([_row(cells, columns, panels) for cells in rows or [[]]])

    def write(self, path: Path) -> Path:
        """As PNG. Raises: OutputError."""
        from theodolite.inference.files import png
        from theodolite.weights.atomic import writing

        with writing(path) as temporary, temporary.open("wb") as file:
            png.write(file, self.picture())
        return path


@dataclass(frozen=True)
class _Cell:
    """One sample, small, and what to say about it."""

    words: str
    image: UInt8[np.ndarray, "h w 3"]
    depth: UInt8[np.ndarray, "h w 3"]
    normals: UInt8[np.ndarray, "h w 3"] | None

    @classmethod
    def of(cls, name: str, sample: Sample) -> _Cell:
        height, width = sample.depth.shape
        factor = min(PANEL[0] / height, PANEL[1] / width)
        h, w = max(1, round(height * factor)), max(1, round(width * factor))
        image = resize_picture(sample.image, w, h)
        return cls(_words(name, sample), image, _depth_panel(sample, image), _normals_panel(sample, h, w))

    def panels(self, count: int) -> list[UInt8[np.ndarray, "h w 3"]]:
        unknown = np.full_like(self.image, UNKNOWN[0])
        return [self.image, self.depth, unknown if self.normals is None else self.normals][:count]


def _row(cells: list[_Cell], columns: int, panels: int) -> UInt8[np.ndarray, "h w 3"]:
    """Cells side by side, as high as the highest of them."""
    height = max((cell.image.shape[0] for cell in cells), default=PANEL[0])
    width = panels * PANEL[1] + GAP
    row = np.full((LINE + height + GAP, columns * width, 3), 255, np.uint8)
    for column, cell in enumerate(cells):
        left = column * width
        row[:LINE, left : left + panels * PANEL[1]] = _caption(cell.words, panels * PANEL[1])
        for number, panel in enumerate(cell.panels(panels)):
            h, w = panel.shape[:2]
            row[LINE : LINE + h, left + number * PANEL[1] :][:, :w] = panel
    return row


def _depth_panel(sample: Sample, image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """Colours; where nothing is known the picture, darkened, so that one sees what the points lie on."""
    h, w = image.shape[:2]
    places = points_drawn(sample.depth, h, w)
    if (places >= 0).mean() < 0.5:
        places = points_drawn(sample.depth, h, w, _POINT)
    small = take_points(sample.depth, places)
    # The range is that of the whole map: drawing favours near points.
    near, far = depth_range(sample.depth) or (1.0, 2.0)
    colours = colourise_depth(small, near, far)
    dark = (image * _DARKENED).astype(np.uint8)
    return np.where(np.isfinite(small)[..., None], colours, dark)


def _normals_panel(sample: Sample, height: int, width: int) -> UInt8[np.ndarray, "height width 3"] | None:
    if sample.normals is None:
        return None
    rows, columns = (nearest_index(old, new) for old, new in zip(sample.depth.shape, (height, width), strict=True))
    return colourise_normals(sample.normals[rows][:, columns])


def _words(name: str, sample: Sample) -> str:
    known = np.isfinite(sample.depth)
    if not known.any():
        return f"{name}   no depth"
    unit = " m" if sample.kind.metric else ""
    return f"{name}   {np.median(sample.depth[known]):.3g}{unit}   {known.mean():.1%}   {sample.kind.value}"


def _caption(text: str, width: int) -> UInt8[np.ndarray, "line width 3"]:
    from PIL import Image, ImageDraw

    strip = Image.new("RGB", (width, LINE), "white")
    # Pillow's own small letters know no others than these.
    shown = text.encode("latin-1", "replace").decode("latin-1")
    ImageDraw.Draw(strip).text((2, 1), shown, fill="black")
    return np.asarray(strip)
