"""Small grey pictures of views with even contrast, to compare surfaces seen from several places."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from theodolite.apps.view_readers.opening import open_photo
from theodolite.apps.views import View
from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.geometry.grid import padded
from theodolite.types import Float, UInt8

SIDE = 320  # px along the longer side
_WINDOW = 4  # px to each side, of the mean and deviation that are taken out
_NOISE = 4.0  # grey levels; a deviation below is no texture
_KEPT = 64  # pictures in memory


@dataclass(frozen=True, eq=False)
class SmallPicture:
    """A picture less its local mean, in local deviations, and its camera."""

    values: Float[np.ndarray, "h w"]
    camera: Camera

    @classmethod
    def of(cls, image: UInt8[np.ndarray, "h w 3"], camera: Camera) -> SmallPicture:
        from PIL import Image

        factor = min(1.0, SIDE / max(camera.width, camera.height))
        width, height = (max(1, round(side * factor)) for side in (camera.width, camera.height))
        grey = Image.fromarray(image).convert("L").resize((width, height), Image.Resampling.BOX)
        values = np.asarray(grey).astype(np.float32)
        mean, square = _mean(values), _mean(values * values)
        deviation = np.sqrt(np.maximum(square - mean * mean, 0))
        return cls((values - mean) / (deviation + _NOISE), camera.resized(width, height))

    def at(self, uv: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"]:
        """Between four pixels; NaN outside."""
        height, width = self.values.shape
        with np.errstate(invalid="ignore"):
            inside = (uv >= 0).all(-1) & (uv[:, 0] <= width - 1) & (uv[:, 1] <= height - 1)
        u, v = np.where(inside[:, None], uv, 0).T
        left, top = np.minimum(u.astype(np.int64), width - 2), np.minimum(v.astype(np.int64), height - 2)
        across, down = u - left, v - top
        values = self.values
        upper = values[top, left] * (1 - across) + values[top, left + 1] * across
        lower = values[top + 1, left] * (1 - across) + values[top + 1, left + 1] * across
        return np.where(inside, upper * (1 - down) + lower * down, np.nan)


class SmallPictures:
    """Of many views, opened when asked for; the last few stay in memory. None where a picture cannot be opened."""

    def __init__(self, views: tuple[View, ...]) -> None:
        self._views = views
        self._known: OrderedDict[int, SmallPicture | None] = OrderedDict()

    def __getitem__(self, number: int) -> SmallPicture | None:
        if number in self._known:
            self._known.move_to_end(number)
            return self._known[number]
        try:
            photo = open_photo(self._views[number], max_side=SIDE)
            self._known[number] = SmallPicture.of(photo.image, photo.camera)
        except TheodoliteError:  # whoever needs the view itself will tell
            self._known[number] = None
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return self._known[number]


def _mean(values: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Over a square window; at the border over what there is of it."""
    side = 2 * _WINDOW + 1

    def total(of: np.ndarray) -> np.ndarray:
        sums = padded(of.astype(np.float64), _WINDOW).cumsum(0).cumsum(1)
        sums = np.pad(sums, ((1, 0), (1, 0)))
        return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]

    return (total(values) / total(np.ones_like(values))).astype(np.float32)
