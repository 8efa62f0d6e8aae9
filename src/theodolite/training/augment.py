"""Random views of a sample: windows, mirror images, light and sensor; the camera goes along.

Every function takes its own random generator and changes nothing it is given.
"""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from theodolite.camera.canonical import PAD_COLOUR
from theodolite.camera.resample import nearest_index
from theodolite.training.config import Framing, Jitter
from theodolite.training.sample import Sample
from theodolite.types import Float, UInt8


def augment(
    sample: Sample, canvas: tuple[int, int], framing: Framing, light: Jitter, rng: np.random.Generator
) -> Sample:
    """One random view of a sample, of the size of the canvas."""
    view = window(sample, canvas, _random_window(sample, canvas, framing, rng))
    if rng.random() < framing.flip:
        view = mirror(view)
    view = replace(view, image=jitter(view.image, light, rng))
    if rng.random() < framing.border:
        view = hide_edges(view, framing.border_width, rng)
    return view


def window(sample: Sample, canvas: tuple[int, int], box: tuple[int, int, int, int]) -> Sample:
    """A window of the sample, resized to the canvas.

    Args:
        canvas: rows, columns.
        box: left, top, width, height, px of the sample.
    """
    left, top, width, height = box
    rows, columns = canvas
    picture = Image.fromarray(sample.image).resize(
        (columns, rows), Image.Resampling.BILINEAR, box=(left, top, left + width, top + height)
    )
    # Labels are copied from the nearest pixel, never mixed: between two surfaces lies no third.
    v = top + nearest_index(height, rows)[:, None]
    u = left + nearest_index(width, columns)[None, :]
    return Sample(
        image=np.asarray(picture),
        camera=sample.camera.cropped(left, top, width, height).resized(columns, rows),
        depth=sample.depth[v, u],
        normals=None if sample.normals is None else sample.normals[v, u],
        sky=None if sample.sky is None else sample.sky[v, u],
    )


def mirror(sample: Sample) -> Sample:
    """The sample seen in a mirror, left to right."""
    normals = None if sample.normals is None else sample.normals[:, ::-1] * np.array([-1, 1, 1], np.float32)
    return Sample(
        image=np.ascontiguousarray(sample.image[:, ::-1]),
        camera=sample.camera.flipped(),
        depth=sample.depth[:, ::-1],
        normals=normals,
        sky=None if sample.sky is None else sample.sky[:, ::-1],
    )


def hide_edges(sample: Sample, largest: float, rng: np.random.Generator) -> Sample:
    """The sample with padding in place of its edges, and no truth there."""
    rows, columns = sample.image.shape[:2]
    top, bottom = rng.integers(0, int(largest * rows) + 1, 2)
    left, right = rng.integers(0, int(largest * columns) + 1, 2)
    seen = np.zeros((rows, columns), bool)
    seen[top : rows - bottom, left : columns - right] = True
    return replace(
        sample,
        image=np.where(seen[..., None], sample.image, np.array(PAD_COLOUR, np.uint8)),
        depth=np.where(seen, sample.depth, np.float32(np.nan)),
        normals=None if sample.normals is None else np.where(seen[..., None], sample.normals, np.float32(np.nan)),
        sky=None if sample.sky is None else sample.sky & seen,
    )


def jitter(image: UInt8[np.ndarray, "h w 3"], light: Jitter, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """The picture under other light, through another lens, from another sensor and codec, in that order."""
    x = image.astype(np.float32)
    if rng.random() < light.tone:
        x = _tone(x, light, rng)
    if rng.random() < light.grey:
        x = np.repeat(x @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
    if rng.random() < light.blur:
        radius = rng.uniform(0.2, light.blur_radius)
        x = np.asarray(Image.fromarray(_levels(x)).filter(ImageFilter.GaussianBlur(radius)), np.float32)
    if rng.random() < light.noise:
        # Coarse grain half of the time: noise of a sensor whose picture was enlarged, or denoised in blocks.
        grain = 1 + rng.integers(0, 2)
        shape = (-(-x.shape[0] // grain), -(-x.shape[1] // grain), 3)
        noise = rng.standard_normal(shape, np.float32).repeat(grain, 0).repeat(grain, 1)[: x.shape[0], : x.shape[1]]
        x = x + np.float32(rng.uniform(0, light.noise_level)) * noise
    out = _levels(x)
    if rng.random() < light.jpeg:
        out = _through_jpeg(out, int(rng.integers(light.jpeg_quality[0], light.jpeg_quality[1] + 1)))
    return out


def _random_window(
    sample: Sample, canvas: tuple[int, int], framing: Framing, rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """Left, top, width, height of a window of the canvas' shape."""
    rows, columns = canvas
    height, width = sample.image.shape[:2]
    largest = min(width / columns, height / rows)
    # Even in the logarithm, so that halving and doubling the focal length are as likely.
    size = largest * np.exp(rng.uniform(np.log(framing.zoom), 0))
    w, h = max(round(size * columns), 1), max(round(size * rows), 1)
    w, h = min(w, width), min(h, height)
    return int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1)), w, h


def _tone(x: Float[np.ndarray, "h w 3"], light: Jitter, rng: np.random.Generator) -> Float[np.ndarray, "h w 3"]:
    def around_one(amount: float, size: int | None = None) -> np.ndarray:
        return np.asarray(rng.uniform(1 - amount, 1 + amount, size), np.float32)

    x = x * around_one(light.brightness) * around_one(light.balance, 3)
    mean = x.mean(dtype=np.float64).astype(np.float32)
    x = (x - mean) * around_one(light.contrast) + mean
    x = x @ _colour_matrix(float(around_one(light.saturation)), rng.uniform(-light.hue, light.hue))
    gamma = np.exp(rng.uniform(-np.log(light.gamma), np.log(light.gamma)))
    return np.float32(255) * (x.clip(0, 255) / np.float32(255)) ** np.float32(gamma)


def _colour_matrix(saturation: float, hue: float) -> Float[np.ndarray, "3 3"]:
    """Right factor that scales colourfulness and turns hues about the grey axis; greys stay as they are."""
    turn = 2 * np.pi * hue
    axis = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    # Rodrigues' rotation about (1, 1, 1), its part across the axis scaled.
    rotation = axis + saturation * (np.cos(turn) * (np.eye(3) - axis) + np.sin(turn) * cross)
    return rotation.T.astype(np.float32)


def _levels(x: Float[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    return np.rint(x.clip(0, 255)).astype(np.uint8)


def _through_jpeg(image: UInt8[np.ndarray, "h w 3"], quality: int) -> UInt8[np.ndarray, "h w 3"]:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
