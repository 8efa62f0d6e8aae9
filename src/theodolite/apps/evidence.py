"""Vectors that a measurement rests on, and how each independent cause of error would move all of them together.

A measurement is a function of the vectors: surface points, viewing rays, normals, a length known beforehand. Its value
is worked out once with the vectors as they are, and twice for each cause, with all vectors moved by plus and minus one
standard deviation of it; half the difference is what that cause contributes. Causes shared by several vectors (a wrong
focal length, a wrong scale) so cancel where they do in truth, without a formula for each kind of measurement.

Source: JCGM 100:2008 (GUM), 5.1.2 and note 2 there: combined uncertainty with differences in place of derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.apps.error_model import ErrorModel
from theodolite.apps.surface_slope import pointing_moves
from theodolite.inference.length import depth_sigma, look_up
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

# Relative: a depth error of all of itself would put a surface at the camera, where nothing can be worked out.
MOST_STATED = 0.9
# (u, v) of the upright photo.
Pixel = tuple[float, float]
# From vectors, a stack of which is evaluated at once, to one number each.
Value = Callable[[Float[np.ndarray, "b n 3"]], Float[np.ndarray, " b"]]


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors and their possible errors.

    Args:
        values: (n, 3).
        moves: of every vector, by one standard deviation of each cause.
        causes: what each is called; several may have one name.
    """

    values: Float[np.ndarray, "n 3"]
    moves: Float[np.ndarray, "k n 3"]
    causes: tuple[str, ...]

    def evaluate(self, value: Value) -> tuple[float, Mapping[str, float]]:
        """The value, and what each cause contributes to its standard uncertainty, by name, largest first."""
        stack = np.concatenate([self.values[None], self.values + self.moves, self.values - self.moves])
        results = value(stack)
        count = len(self.causes)
        halves = (results[1 : count + 1] - results[count + 1 :]) / 2
        found: dict[str, float] = {}
        for name, half in zip(self.causes, halves.tolist(), strict=True):
            found[name] = math.hypot(found.get(name, 0.0), half)
        return float(results[0]), dict(sorted(found.items(), key=lambda item: -item[1]))


class Evidence:
    """Collects the vectors of one measurement; each method returns the places of what it added."""

    def __init__(self, prediction: Prediction, errors: ErrorModel | None = None) -> None:
        self.prediction, self.errors = prediction, errors or ErrorModel()
        self._values: list[np.ndarray] = []
        self._moves: list[tuple[str, slice, np.ndarray]] = []  # of independent causes
        self._depths: list[tuple[slice, np.ndarray, np.ndarray]] = []  # with stated errors, and pixels of the maps
        self._focal: list[tuple[slice, np.ndarray]] = []

    def pointed(self, pixels: Sequence[Pixel]) -> slice:
        """Surface points at pixels of the photo that somebody chose. Raises: TheodoliteError, as `look_up`."""
        spots = [look_up(self.prediction, pixel) for pixel in pixels]
        points = np.array([spot.point for spot in spots])
        places = on_maps(self.prediction, pixels)
        where = self._surface(points, np.array([spot.depth_sigma for spot in spots]), places)
        for index, (point, place) in enumerate(zip(points, places, strict=True)):
            moves = pointing_moves(self.prediction, point, place, self.errors.pixels)
            self._moves.append(("pointing", slice(where.start + index, where.start + index + 1), moves[:, None]))
        return where

    def seen(self, rows: np.ndarray, columns: np.ndarray) -> slice:
        """Surface points at pixels of the maps, of known depth, that nobody pointed at."""
        prediction, camera = self.prediction, self.prediction.camera
        depth = prediction.depth[rows, columns].astype(float)
        slopes = np.stack([(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy], -1)
        points = np.concatenate([slopes * depth[:, None], depth[:, None]], axis=-1)
        stated = np.array([depth_sigma(float(c)) for c in prediction.confidence[rows, columns]])
        return self._surface(points, stated, np.stack([columns, rows], -1).astype(float))

    def rays(self, pixels: Sequence[Pixel]) -> slice:
        """The viewing rays of pixels that somebody chose, as their points at z = 1."""
        camera, places = self.prediction.camera, on_maps(self.prediction, pixels)
        slopes = (places - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
        where = self._add(np.concatenate([slopes, np.ones((len(slopes), 1))], axis=-1))
        self._focal.append((where, np.ones(len(slopes))))
        steps = self.errors.pixels * np.array(per_photo_pixel(self.prediction))
        moves = np.concatenate([np.diag(steps), np.zeros((2, 1))], axis=-1)
        for index in range(where.start, where.stop):
            self._moves.append(("pointing", slice(index, index + 1), moves[:, None]))
        return where

    def vector(self, value: Float[np.ndarray, " 3"], cause: str, moves: Float[np.ndarray, "j 3"]) -> slice:
        """A vector known otherwise, with its own independent errors."""
        where = self._add(np.asarray(value, dtype=float)[None])
        self._moves.append((cause, where, np.asarray(moves, dtype=float)[:, None]))
        return where

    @property
    def values(self) -> Float[np.ndarray, "n 3"]:
        """What was added so far, as it is."""
        return np.concatenate(self._values)

    def vectors(self) -> Vectors:
        """All that was added, with its errors."""
        values = self.values
        moves: list[np.ndarray] = []
        causes: list[str] = []

        def add(name: str, parts: Sequence[tuple[slice, np.ndarray]], count: int) -> None:
            whole = np.zeros((count, *values.shape))
            for where, part in parts:
                whole[:, where] = part
            moves.append(whole)
            causes.extend([name] * count)

        straight = [(where, along[:, None] * (0, 0, self.prediction.camera.rel_sigma)) for where, along in self._focal]
        add("focal length", [(where, part[None]) for where, part in straight], 1)
        for name, parts in self._depth_errors(values):
            add(name, parts, len(parts[0][1]))
        for name, where, part in self._moves:
            add(name, [(where, part)], len(part))
        return Vectors(values, np.concatenate(moves), tuple(causes))

    def _depth_errors(self, values: np.ndarray) -> list[tuple[str, list[tuple[slice, np.ndarray]]]]:
        """Of all points on surfaces together: shared, drifting, and each one's own."""
        if not self._depths:
            return []
        index = np.concatenate([np.arange(where.start, where.stop) for where, _, _ in self._depths])
        stated = np.minimum(np.concatenate([stated for _, stated, _ in self._depths]), MOST_STATED)
        places = np.concatenate([places for _, _, places in self._depths])
        points = values[index]
        # A place may be looked up twice, as the reference and as what is measured; its errors are the same ones.
        which = np.unique(places, axis=0, return_inverse=True)[1].ravel()
        patterns = self.errors.drifting(places / max(self.prediction.size))
        every = slice(0, len(values))
        found = []
        for name, relative in (
            ("scale", self.errors.shared * stated[None]),
            ("drift", patterns * stated),
            ("depth noise", self.errors.own * (which == np.arange(which.max() + 1)[:, None])),
        ):
            whole = np.zeros((len(relative), len(values), 3))
            whole[:, index] = relative[..., None] * points
            found.append((name, [(every, whole)]))
        return found

    def _surface(self, points: np.ndarray, stated: np.ndarray, places: np.ndarray) -> slice:
        where = self._add(points)
        self._depths.append((where, stated, places))
        self._focal.append((where, points[:, 2]))
        return where

    def _add(self, values: np.ndarray) -> slice:
        start = sum(len(part) for part in self._values)
        self._values.append(values)
        return slice(start, start + len(values))


def on_maps(prediction: Prediction, pixels: Sequence[Pixel]) -> Float[np.ndarray, "n 2"]:
    """Pixels of the photo as (column, row) of the maps."""
    scale = np.array(prediction.size) / prediction.photo_size
    return (np.asarray(pixels, dtype=float).reshape(-1, 2) + 0.5) * scale - 0.5


def per_photo_pixel(prediction: Prediction) -> tuple[float, float]:
    """How far a pixel of the photo moves a viewing ray at z = 1."""
    (width, height), camera = prediction.photo_size, prediction.camera
    return camera.width / width / camera.fx, camera.height / height / camera.fy
