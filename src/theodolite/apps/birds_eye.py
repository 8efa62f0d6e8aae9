"""A bird's-eye view: points of a vehicle's surroundings seen from above, coloured by their height above the ground."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.types import Bool, Float, Int, UInt8
from theodolite.viz import spectral
from theodolite.weights.atomic import writing

BACKGROUND, GRID, SWEEP = (255, 255, 255), (215, 215, 215), (0, 0, 0)
# Metres above the ground at which the colours end.
LOWEST, HIGHEST = -0.3, 3.0


@dataclass(frozen=True)
class Field:
    """What the picture shows, in the body's axes (x forward, y left): forward is up, left is left.

    Args:
        ahead: nearest and farthest x, metres.
        aside: largest y to either side, metres.
        step: metres a pixel.
    """

    ahead: tuple[float, float] = (0.0, 60.0)
    aside: float = 20.0
    step: float = 0.1

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture, px."""
        return round((self.ahead[1] - self.ahead[0]) / self.step), round(2 * self.aside / self.step)

    def cells(self, points: Float[np.ndarray, "n 3"]) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
        """Row and column of points; outside the picture for those the field does not hold."""
        row = np.floor((self.ahead[1] - points[:, 0]) / self.step)
        column = np.floor((self.aside - points[:, 1]) / self.step)
        return row.astype(int), column.astype(int)


def birds_eye(
    points: Float[np.ndarray, "n c"],
    ground: float,
    sweep: Float[np.ndarray, "m c"] | None = None,
    field: Field | None = None,
) -> UInt8[np.ndarray, "h w 3"]:
    """A picture of points; violet is the ground, red what stands 3 m above it; a sweep's points in black over it.

    Args:
        points, sweep: in the body's axes, metres; columns after z do not matter.
        ground: its z below the body's origin.
    """
    field = field or Field()
    picture = np.full((*field.size, 3), BACKGROUND, np.uint8)
    picture[_rings(field)] = GRID
    # Of the points on a cell the highest is painted last.
    points = points[np.argsort(points[:, 2], kind="stable")]
    row, column, inside = _inside(field, points)
    share = np.clip((points[inside, 2] - ground - LOWEST) / (HIGHEST - LOWEST), 0, 1)
    table = spectral()
    picture[row, column] = table[np.rint(share * (len(table) - 1)).astype(int)]
    if sweep is not None:
        row, column, _ = _inside(field, sweep[sweep[:, 2] > ground + 0.2])
        picture[row, column] = SWEEP
    return picture


def write_picture(path: str | Path, picture: UInt8[np.ndarray, "h w 3"]) -> None:
    """A PNG. Raises: OutputError."""
    from PIL import Image

    with writing(Path(path)) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")


def _inside(field: Field, points: Float[np.ndarray, "n c"]) -> tuple[np.ndarray, np.ndarray, Bool[np.ndarray, " n"]]:
    row, column = field.cells(points[:, :3])
    height, width = field.size
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return row[inside], column[inside], inside


def _rings(field: Field) -> Bool[np.ndarray, "h w"]:
    """Circles every ten metres around the body's origin."""
    height, width = field.size
    x = field.ahead[1] - (np.arange(height)[:, None] + 0.5) * field.step
    y = field.aside - (np.arange(width)[None] + 0.5) * field.step
    distance = np.hypot(x, y)
    return (np.abs(distance - 10 * np.rint(distance / 10)) < field.step) & (distance > 5)
