"""Windows, mirror images and padding of a sample: each map goes along, and so does the camera."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from theodolite.camera.canonical_labels import cut, mirror_normals, resize_labels, scatter
from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_picture
from theodolite.datasets.sample import Sample
from theodolite.types import Bool, UInt8

# What a map says where there is no picture.
_UNKNOWN = {"depth": math.nan, "normals": math.nan, "sky": False, "planes": 0, "inside": False}


def window(sample: Sample, box: tuple[int, int, int, int], size: tuple[int, int]) -> Sample:
    """A window of the sample, resized.

    Args:
        box: left, top, width, height, px; within the picture.
        size: rows, columns of the result.
    """
    rows, columns = size

    def change(name: str, values: np.ndarray) -> np.ndarray:
        resize = scatter if name == "depth" and sample.sparse else resize_labels
        return resize(cut(values, box, _UNKNOWN[name]), rows, columns)

    image = resize_picture(cut(sample.image, box, 0), columns, rows)
    return _changed(sample, image, sample.camera.cropped(*box).resized(columns, rows), change)


def mirror(sample: Sample) -> Sample:
    """The sample seen in a mirror, left to right."""

    def change(name: str, values: np.ndarray) -> np.ndarray:
        return mirror_normals(values) if name == "normals" else values[:, ::-1]

    return _changed(sample, np.ascontiguousarray(sample.image[:, ::-1]), sample.camera.flipped(), change)


def pad(sample: Sample, canvas: tuple[int, int]) -> Sample:
    """The sample in the middle of a canvas (rows, columns) at least as large; an odd pixel goes bottom or right."""
    height, width = sample.image.shape[:2]
    rows, columns = canvas
    if (height, width) == (rows, columns):
        return sample
    box = (-((columns - width) // 2), -((rows - height) // 2), columns, rows)
    known = sample if sample.inside is not None else replace(sample, inside=np.ones((height, width), bool))
    image = cut(known.image, box, 0)
    return _changed(known, image, known.camera.cropped(*box), lambda name, values: cut(values, box, _UNKNOWN[name]))


def hide_edges(sample: Sample, largest: float, rng: np.random.Generator) -> Sample:
    """The sample with edges that count as padding, and no truth there; `paint_outside` makes them look so.

    Args:
        largest: width of an edge, share of the side.
    """
    rows, columns = sample.image.shape[:2]
    top, bottom = rng.integers(0, int(largest * rows) + 1, 2)
    left, right = rng.integers(0, int(largest * columns) + 1, 2)
    seen = np.zeros((rows, columns), bool)
    seen[top : rows - bottom, left : columns - right] = True
    return _only_where(seen, sample)


def hide_rim(sample: Sample, width: int) -> Sample:
    """The sample with so many pixels of each edge that count as padding."""
    seen = np.zeros(sample.image.shape[:2], bool)
    seen[width:-width, width:-width] = True
    return _only_where(seen, sample)


def labels_within(sample: Sample, part: tuple[float, float, float, float]) -> Sample:
    """The sample with truth between the first and last row and column only; the picture stays.

    Args:
        part: first row, last row, first column, last column, as shares of the sides; cut to whole pixels.
    """
    rows, columns = sample.image.shape[:2]
    seen = np.zeros((rows, columns), bool)
    seen[int(part[0] * rows) : int(part[1] * rows), int(part[2] * columns) : int(part[3] * columns)] = True
    return replace(_only_where(seen, sample), inside=sample.inside)


def paint_outside(sample: Sample, colour: tuple[int, int, int]) -> Sample:
    """The sample in one colour where there is no picture."""
    if sample.inside is None:
        return sample
    return replace(sample, image=_where(sample.inside, sample.image, np.array(colour, np.uint8)))


def _only_where(seen: Bool[np.ndarray, "h w"], sample: Sample) -> Sample:
    known = sample if sample.inside is not None else replace(sample, inside=np.ones_like(seen))
    return _changed(
        known,
        known.image,
        known.camera,
        lambda name, values: _where(seen, values, np.array(_UNKNOWN[name], values.dtype)),
    )


def _where(holds: Bool[np.ndarray, "h w"], values: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.where(holds.reshape(holds.shape + (1,) * (values.ndim - 2)), values, otherwise)


def _changed(
    sample: Sample,
    image: UInt8[np.ndarray, "rows columns 3"],
    camera: Camera,
    change: Callable[[str, np.ndarray], np.ndarray],
) -> Sample:
    """The sample with another picture and camera, and each map it has changed."""
    maps = {name: getattr(sample, name) for name in _UNKNOWN}
    changed: dict[str, Any] = {name: change(name, values) for name, values in maps.items() if values is not None}
    return replace(sample, image=image, camera=camera, **changed)
