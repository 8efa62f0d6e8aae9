"""Resizing maps and pictures: bilinear, nearest, and OpenCV's 8-bit resize to the bit.

Maps are float and channels-first, ``(..., h, w)``, as a network returns them; pictures are uint8 and channels-last,
``(h, w, c)``. Both put pixel centres half a pixel from the edge unless a function says otherwise.
"""

from __future__ import annotations

import numpy as np

from theodolite.errors import SizeMismatch
from theodolite.types import Float, Int, UInt8

# Rows of output worked on at a time: two blocks of a 2048-px wide map and their sum stay inside a core's cache.
_BLOCK_ROWS = 32
# OpenCV's fixed point: weights have 11 bits, and the two passes drop 4 + 16 + 2 = 22 of them.
_COEF_ONE = np.float32(2048)


def resize_bilinear(
    maps: Float[np.ndarray, "*batch h w"], height: int, width: int, *, align_corners: bool = False
) -> Float[np.ndarray, "*batch height width"]:
    """Maps on another pixel grid, by plain bilinear interpolation (no anti-aliasing), in float32.

    Args:
        align_corners: the corner pixels' centres stay where they are, instead of the image's edges.
    """
    _refuse_empty(height, width)
    maps = np.asarray(maps, dtype=np.float32)
    *batch, h, w = maps.shape
    if (h, w) == (height, width):
        return maps.copy()
    flat = maps.reshape(-1, h, w)
    rows = _linear_taps(h, height, align_corners)
    columns = _linear_taps(w, width, align_corners)
    # Interpolating first along the axis that leaves less to do in the second pass saves up to half of the time.
    if h * width <= height * w:
        out = _along_rows(_along_columns(flat, columns), rows)
    else:
        out = _along_columns(_along_rows(flat, rows), columns)
    return out.reshape(*batch, height, width)


def resize_bilinear_finite(
    maps: Float[np.ndarray, "*batch h w"], height: int, width: int
) -> Float[np.ndarray, "*batch height width"]:
    """Bilinear resize of maps with NaN: known neighbours share the weight of unknown ones.

    A pixel is known where known neighbours held at least half of its weight: the known area neither grows nor shrinks.
    """
    maps = np.asarray(maps, dtype=np.float32)
    known = np.isfinite(maps)
    if known.all():
        return resize_bilinear(maps, height, width)
    weight = resize_bilinear(known.astype(np.float32), height, width)
    total = resize_bilinear(np.where(known, maps, np.float32(0)), height, width)
    # A hair below one half: a pixel exactly between a known and an unknown one counts as known.
    enough = weight > 0.499
    return np.where(enough, total / np.where(enough, weight, 1), np.float32(np.nan)).astype(np.float32, copy=False)


def resize_nearest(maps: np.ndarray, height: int, width: int, *, corner: bool = False) -> np.ndarray:
    """Maps ``(..., h, w)`` of any type on another grid, each pixel copied from the nearest one.

    Args:
        corner: compare pixels' top-left corners instead of their centres, as OpenCV's ``INTER_NEAREST`` does.
    """
    _refuse_empty(height, width)
    h, w = maps.shape[-2:]
    rows, columns = nearest_index(h, height, corner=corner), nearest_index(w, width, corner=corner)
    return maps[..., rows[:, None], columns[None, :]]


def nearest_index(length: int, new_length: int, *, corner: bool = False) -> Int[np.ndarray, " new_length"]:
    """For each position of the new axis, the index on the old one that `resize_nearest` copies."""
    # The reciprocal is OpenCV's way; dividing directly differs in the last bit, and so by a pixel here and there.
    step = 1.0 / (new_length / length) if corner else length / new_length
    index = np.floor((np.arange(new_length) + (0.0 if corner else 0.5)) * step).astype(np.intp)
    return np.minimum(index, length - 1)


def resize_picture(image: UInt8[np.ndarray, "h w 3"], width: int, height: int) -> UInt8[np.ndarray, "height width 3"]:
    """A picture on another pixel grid, with anti-aliasing when it shrinks.

    A triangle filter over the whole footprint of a pixel (Pillow's BILINEAR). Very large reductions are first
    averaged in whole blocks, which the eye and the network cannot tell apart and which is several times faster.
    """
    from PIL import Image

    _refuse_empty(height, width)
    if image.shape[:2] == (height, width):
        return image
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0))


def resize_opencv(image: UInt8[np.ndarray, "h w c"], width: int, height: int) -> UInt8[np.ndarray, "height width c"]:
    """OpenCV's 8-bit ``INTER_LINEAR`` resize, bit for bit.

    The published networks were trained and measured behind it: 2x2 taps, no anti-aliasing, weights of 11 bits. Only
    comparisons with the reference need it; `resize_picture` gives a cleaner picture.
    """
    _refuse_empty(height, width)
    h, w = image.shape[:2]
    if (h, w) == (height, width):
        return image.copy()
    if (h, w) == (2 * height, 2 * width):
        # OpenCV takes exact halving for an area average, which rounds differently.
        quads = image.astype(np.uint16)
        total = quads[::2, ::2] + quads[::2, 1::2] + quads[1::2, ::2] + quads[1::2, 1::2]
        return ((total + 2) >> 2).astype(np.uint8)
    left, right, left_weight, right_weight = _fixed_point_taps(w, width, stop_at_edge=True)
    upper, lower, upper_weight, lower_weight = _fixed_point_taps(h, height, stop_at_edge=False)
    needed, position = np.unique(np.concatenate([upper, lower]), return_inverse=True)
    rows = image[needed]
    across = np.take(rows, left, axis=1).astype(np.int32)
    across *= left_weight[:, None]
    other = np.take(rows, right, axis=1).astype(np.int32)
    other *= right_weight[:, None]
    across += other
    across >>= 4
    out = np.empty((height, width, *image.shape[2:]), np.uint8)
    above, below = position[:height], position[height:]
    for start in range(0, height, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        first = across[above[block]] * upper_weight[block, None, None]
        first >>= 16
        second = across[below[block]] * lower_weight[block, None, None]
        second >>= 16
        first += second
        first += 2
        first >>= 2
        out[block] = first
    return out


def _linear_taps(length: int, new_length: int, align_corners: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each new position: the two old indices, and the weight of the second."""
    new = np.arange(new_length, dtype=np.float64)
    if align_corners:
        position = new * ((length - 1) / (new_length - 1)) if new_length > 1 else np.zeros(1)
    else:
        position = (new + 0.5) * (length / new_length) - 0.5
    position = np.clip(position, 0, length - 1)
    first = np.minimum(np.floor(position).astype(np.intp), max(length - 2, 0))
    return first, np.minimum(first + 1, length - 1), (position - first).astype(np.float32)


def _along_columns(maps: Float[np.ndarray, "n h w"], taps: tuple) -> Float[np.ndarray, "n h width"]:
    first, second, weight = taps
    out = np.empty((*maps.shape[:2], len(first)), np.float32)
    for source, target in zip(maps, out, strict=True):
        for start in range(0, source.shape[0], _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            left = np.take(source[block], first, axis=1)
            right = np.take(source[block], second, axis=1)
            right -= left
            right *= weight
            np.add(left, right, out=target[block])
    return out


def _along_rows(maps: Float[np.ndarray, "n h w"], taps: tuple) -> Float[np.ndarray, "n height w"]:
    first, second, weight = taps
    out = np.empty((maps.shape[0], len(first), maps.shape[2]), np.float32)
    for source, target in zip(maps, out, strict=True):
        for start in range(0, len(first), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            upper = source[first[block]]
            lower = source[second[block]]
            lower -= upper
            lower *= weight[block, None]
            np.add(upper, lower, out=target[block])
    return out


def _fixed_point_taps(length: int, new_length: int, stop_at_edge: bool) -> tuple[np.ndarray, ...]:
    """The two old indices of each new position and their weights out of 2048, rounded as OpenCV rounds them.

    At the first and last pixel OpenCV moves the whole weight to one tap along a row, but merely repeats the pixel along
    a column; with rounding between the taps that is not the same.
    """
    # The reciprocal of a quotient, not the quotient the other way round: they can differ in the last bit.
    step = 1.0 / (new_length / length)
    offset = ((np.arange(new_length) + 0.5) * step - 0.5).astype(np.float32)
    index = np.floor(offset).astype(np.intp)
    offset -= index.astype(np.float32)
    if stop_at_edge:
        outside = (index < 0) | (index >= length - 1)
        offset[outside] = 0
        index = np.clip(index, 0, length - 1)
    second_weight = np.rint(offset * _COEF_ONE).astype(np.int32)
    first_weight = np.rint((np.float32(1) - offset) * _COEF_ONE).astype(np.int32)
    return np.clip(index, 0, length - 1), np.clip(index + 1, 0, length - 1), first_weight, second_weight


def _refuse_empty(height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise SizeMismatch(f"A map can be resized to at least 1x1 pixels, asked for {width}x{height}.")
