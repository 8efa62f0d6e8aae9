"""Straight line segments of a picture: neighbouring edge pixels of one orientation, and the line through them.

Source: J. B. Burns, A. R. Hanson, E. M. Riseman, Extracting Straight Lines, PAMI 8(4), 1986: orientations are sorted
into two overlapping sets of bins, and each pixel goes with the longer of its two lines, so that none is cut at the
border of a bin. It departs from that in keeping only ridges of the gradient, and in fitting a line to their places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_picture
from theodolite.types import Bool, Float, Int, UInt8

# Pictures are reduced to this longer side, px: finer lines are texture.
SIDE = 800
# Weaker edges than this, in levels of 255 a pixel, are noise.
WEAKEST = 4.0
# Shorter lines than this share of the picture's diagonal tell no direction.
SHORTEST = 0.03
# Lines whose pixels stray farther from them than this, root mean square in px, are curves.
STRAIGHT = 0.7
BINS = 8
# Lines along the border and this close to it, as a share of the side, belong to a frame around the picture.
FRAME = 0.03


@dataclass(frozen=True, eq=False)
class Segments:
    """Line segments, in pixels of `camera`'s grid.

    Args:
        middle: (u, v).
        direction: unit; its sign means nothing.
        length: px.
        camera: of the picture they were found in, reduced; only its size and principal point matter here.
    """

    middle: Float[np.ndarray, "n 2"]
    direction: Float[np.ndarray, "n 2"]
    length: Float[np.ndarray, " n"]
    camera: Camera

    def __len__(self) -> int:
        return len(self.length)

    def taken(self, which: Bool[np.ndarray, " n"] | Int[np.ndarray, " m"]) -> Segments:
        return Segments(self.middle[which], self.direction[which], self.length[which], self.camera)


def find_segments(image: UInt8[np.ndarray, "h w 3"], camera: Camera, most: int = 400) -> Segments:
    """The longest straight lines of a picture, at most `most`."""
    factor = min(1.0, SIDE / max(camera.width, camera.height))
    width, height = (max(3, round(side * factor)) for side in (camera.width, camera.height))
    if factor < 1:
        image, camera = resize_picture(image, width, height), camera.resized(width, height)
    row, column, angle, strength = _ridges(_smoothed(image @ np.array([0.299, 0.587, 0.114])))
    ids = _groups(row, column, angle, (camera.height, camera.width))
    found = _lines(column, row, strength, ids)
    middle, direction, length, stray = found
    good = (length >= SHORTEST * np.hypot(camera.width, camera.height)) & (stray <= STRAIGHT)
    good &= ~_framing(middle, direction, camera)
    order = np.flatnonzero(good)
    order = order[np.argsort(-length[order], kind="stable")][:most]
    return Segments(middle[order], direction[order], length[order], camera)


def _framing(
    middle: Float[np.ndarray, "n 2"], direction: Float[np.ndarray, "n 2"], camera: Camera
) -> Bool[np.ndarray, " n"]:
    size = np.array([camera.width, camera.height])
    near = np.minimum(middle, size - 1 - middle) < FRAME * size
    # A line along one axis can only follow the border that it is near to along the other.
    return (near & (np.abs(direction) < 0.05)).any(axis=1)


def _smoothed(grey: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Blurred by the five binomial weights, both ways."""
    for axis in (0, 1):
        wide = np.pad(grey, [(2, 2) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        size = grey.shape[axis]
        parts = [np.take(wide, np.arange(k, k + size), axis=axis) for k in range(5)]
        grey = (parts[0] + 4 * parts[1] + 6 * parts[2] + 4 * parts[3] + parts[4]) / 16
    return grey


def _ridges(grey: Float[np.ndarray, "h w"]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row, column, angle of the gradient and its strength, at pixels where it is strongest along itself."""
    down, across = np.gradient(grey)
    strength = np.hypot(across, down)
    inner = strength[1:-1, 1:-1]
    # Whichever of the four lines through a pixel lies nearest to the gradient.
    octant = np.rint(np.arctan2(down, across)[1:-1, 1:-1] / (np.pi / 4)).astype(int) % 4
    ridge = np.zeros(inner.shape, dtype=bool)
    height, width = grey.shape
    for number, (dv, du) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = strength[1 + dv : height - 1 + dv, 1 + du : width - 1 + du]
        behind = strength[1 - dv : height - 1 - dv, 1 - du : width - 1 - du]
        ridge |= (octant == number) & (inner >= ahead) & (inner > behind)
    row, column = np.nonzero(ridge & (inner > WEAKEST))
    row, column = row + 1, column + 1
    return row, column, np.arctan2(down[row, column], across[row, column]), strength[row, column]


def _groups(row: np.ndarray, column: np.ndarray, angle: np.ndarray, size: tuple[int, int]) -> Int[np.ndarray, " n"]:
    """The number of the line each edge pixel goes with: of two, by bins half a bin apart, the one of more pixels."""
    at = angle / (2 * np.pi) * BINS
    best, most = np.arange(len(row)), np.zeros(len(row), dtype=int)
    for offset in (0.0, 0.5):
        ids = _connected(row, column, np.floor(at + offset).astype(int) % BINS, size)
        count = np.bincount(ids, minlength=2 * len(row))[ids]
        best, most = np.where(count > most, ids + int(2 * offset) * len(row), best), np.maximum(count, most)
    return best


def _connected(row: np.ndarray, column: np.ndarray, bins: np.ndarray, size: tuple[int, int]) -> Int[np.ndarray, " n"]:
    """Of each pixel the least number in its group of neighbours of one bin."""
    place = np.full((size[0] + 2, size[1] + 2), -1)
    place[row + 1, column + 1] = np.arange(len(row))
    pairs = []
    for dv, du in ((0, 1), (1, -1), (1, 0), (1, 1)):
        beside = place[row + 1 + dv, column + 1 + du]
        (first,) = np.nonzero(beside >= 0)
        same = bins[first] == bins[beside[first]]
        pairs.append(np.stack([first[same], beside[first][same]]))
    a, b = np.concatenate(pairs, axis=1)
    label = np.arange(len(row))
    while True:
        least = np.minimum(label[a], label[b])
        new = label.copy()
        # Both ends' roots learn of the smaller one, then every pixel of its root's root.
        for end in (a, b):
            np.minimum.at(new, label[end], least)
            np.minimum.at(new, end, least)
        new = new[new]
        if (new == label).all():
            return label
        label = new


def _lines(
    u: np.ndarray, v: np.ndarray, weight: np.ndarray, ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Middle, direction, length and stray of the line through each group of pixels."""
    _, group = np.unique(ids, return_inverse=True)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weight * values) / total

    total = np.bincount(group, weight)
    x, y = mean(u), mean(v)
    du, dv = u - x[group], v - y[group]
    uu, uv, vv = mean(du * du), mean(du * dv), mean(dv * dv)
    spread = np.hypot((uu - vv) / 2, uv)
    large, small = (uu + vv) / 2 + spread, (uu + vv) / 2 - spread
    angle = np.arctan2(2 * uv, uu - vv) / 2
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    # An even row of pixels has the length of root twelve deviations.
    return np.stack([x, y], axis=-1), direction, np.sqrt(12 * large), np.sqrt(np.maximum(small, 0))
