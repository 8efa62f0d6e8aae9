"""Colours for maps: depth in Spectral on inverse depth, normals as RGB, errors; sparse points; panels side by side."""

from __future__ import annotations

import numpy as np

from theodolite.camera.resample import nearest_index
from theodolite.errors import SizeMismatch
from theodolite.types import Bool, Float, Int, UInt8

# The 11-class Spectral scheme, red to violet. Colours by Cynthia Brewer, ColorBrewer (Apache-2.0, see NOTICE).
SPECTRAL = (
    (158, 1, 66),
    (213, 62, 79),
    (244, 109, 67),
    (253, 174, 97),
    (254, 224, 139),
    (255, 255, 191),
    (230, 245, 152),
    (171, 221, 164),
    (102, 194, 165),
    (50, 136, 189),
    (94, 79, 162),
)
# The 7-class RdBu scheme, blue to red; of the same source.
RED_BLUE = (
    (33, 102, 172),
    (103, 169, 207),
    (209, 229, 240),
    (247, 247, 247),
    (253, 219, 199),
    (239, 138, 98),
    (178, 24, 43),
)
UNKNOWN = (128, 128, 128)
TABLE_SIZE = 1024


def spectral(size: int = TABLE_SIZE) -> UInt8[np.ndarray, "size 3"]:
    """The Spectral scheme as a table: far (violet) first, near (red) last."""
    return _between(SPECTRAL[::-1], size)


def _between(colours: tuple[tuple[int, int, int], ...], size: int) -> UInt8[np.ndarray, "size 3"]:
    """A table that passes evenly through some colours."""
    anchors = np.array(colours, dtype=float)
    at = np.linspace(0, len(anchors) - 1, size)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, i]) for i in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


def depth_range(
    depth: Float[np.ndarray, "h w"], valid: Bool[np.ndarray, "h w"] | None = None
) -> tuple[float, float] | None:
    """Nearest and farthest depth worth a colour, metres: the 2nd and 98th percentile; None without a known pixel."""
    # Every third pixel both ways is plenty for a percentile, and nine times as fast to sort.
    step = 3 if depth.size > 200_000 else 1
    sample = depth[::step, ::step]
    usable = np.isfinite(sample) & (sample > 0)
    if valid is not None:
        usable &= valid[::step, ::step]
    if not usable.any():
        return None
    near, far = np.percentile(sample[usable], (2, 98))
    return float(near), float(far)


def colourise_depth(
    depth: Float[np.ndarray, "h w"], near: float | None = None, far: float | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Spectral colours over inverse depth: near red, far violet, unknown neutral grey.

    Args:
        depth: metres; NaN, and anything not positive, is unknown.
        near, far: the ends of the colour scale, metres, for instance one range for a whole video. Taken from
            the map when absent. Depth beyond an end has that end's colour.
    """
    found = depth_range(depth) or (1.0, 2.0)
    near, far = near or found[0], far or found[1]
    if not 0 < near <= far:
        raise ValueError(f"A colour range needs 0 < near <= far, got {near:g} to {far:g} m.")
    usable = depth > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        position = (1 / depth - 1 / far) * ((TABLE_SIZE - 1) / max(1 / near - 1 / far, 1e-9))
    entry = np.where(usable, np.clip(position, 0, TABLE_SIZE - 1), TABLE_SIZE).astype(np.uint16)
    table = np.concatenate([spectral(), np.array([UNKNOWN], dtype=np.uint8)])
    return np.take(table, entry, axis=0)


def colourise_normals(normals: Float[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """The customary picture of normals: red right, green up, blue towards the camera; unknown neutral grey."""
    signs = np.array([127.5, -127.5, -127.5], dtype=np.float32)
    colours = normals * signs + np.float32(128)  # 127.5 and the half that rounds
    known = np.isfinite(normals).all(axis=-1)
    return np.where(known[..., None], np.clip(np.nan_to_num(colours), 0, 255), UNKNOWN[0]).astype(np.uint8)


def colourise_error(
    depth: Float[np.ndarray, "h w"], truth: Float[np.ndarray, "h w"], farthest: float = 1.5
) -> UInt8[np.ndarray, "h w 3"]:
    """How far off a depth map is: too near blue, right white, too far red, unknown in either map neutral grey.

    Args:
        depth, truth: metres; NaN, and anything not positive, is unknown.
        farthest: the ratio of the two at which the colours end: this many times too far, or too near.
    """
    usable = (depth > 0) & (truth > 0)
    ratio = np.where(usable, depth, 1) / np.where(usable, truth, 1)
    position = (np.log(ratio) / np.log(farthest) + 1) * ((TABLE_SIZE - 1) / 2)
    entry = np.where(usable, np.clip(np.round(position), 0, TABLE_SIZE - 1), TABLE_SIZE).astype(np.uint16)
    table = np.concatenate([_between(RED_BLUE, TABLE_SIZE), np.array([UNKNOWN], dtype=np.uint8)])
    return np.take(table, entry, axis=0)


def points_drawn(
    depth: Float[np.ndarray, "h w"], height: int, width: int, size: int = 1
) -> Int[np.ndarray, "height width"]:
    """Which point of a depth map is seen at each pixel of a smaller picture, so that none is lost between its samples.

    Args:
        depth: metres; NaN where there is no point.
        size: side of the square of pixels a point covers, odd. Near points cover far ones.
    Returns: places in the flattened map, -1 where there is no point; see `take_points`. Of a picture higher than the
        map, those of the nearest pixels.
    """
    h, w = depth.shape
    if height > h:
        places = np.arange(h * w).reshape(h, w)[nearest_index(h, height)][:, nearest_index(w, width)]
        return np.where(np.isfinite(depth).ravel()[places], places, -1)
    row, column = np.nonzero(np.isfinite(depth))
    far_to_near = np.argsort(-depth[row, column], kind="stable")
    row, column = row[far_to_near], column[far_to_near]
    reach = np.arange(size) - size // 2
    # Of values written to one place the last one stays: all the squares of far points come before any of near ones.
    drawn_row = row[:, None, None] * height // h + reach[:, None]
    drawn_column = column[:, None, None] * width // w + reach
    inside = (drawn_row >= 0) & (drawn_row < height) & (drawn_column >= 0) & (drawn_column < width)
    drawn_row, drawn_column, inside = np.broadcast_arrays(drawn_row, drawn_column, inside)
    places = np.broadcast_to((row * w + column)[:, None, None], inside.shape)
    found = np.full((height, width), -1)
    found[drawn_row[inside], drawn_column[inside]] = places[inside]
    return found


def take_points(
    values: Float[np.ndarray, "h w *last"], places: Int[np.ndarray, "height width"]
) -> Float[np.ndarray, "height width *last"]:
    """A map's values at the places that `points_drawn` found; NaN where there is no point."""
    flat = values.reshape(-1, *values.shape[2:])
    missing = (places < 0).reshape(*places.shape, *(1,) * (values.ndim - 2))
    return np.where(missing, np.asarray(np.nan, values.dtype), flat[places])


def side_by_side(*panels: UInt8[np.ndarray, "h _ 3"], gap: int = 8) -> UInt8[np.ndarray, "h _ 3"]:
    """Pictures of one height in a row, with white gaps, px.

    Raises: SizeMismatch, when the heights differ.
    """
    heights = {panel.shape[0] for panel in panels}
    if len(heights) > 1:
        raise SizeMismatch(f"Panels side by side need one height, got {sorted(heights)} px.")
    white = np.full((heights.pop(), gap, 3), 255, dtype=np.uint8)
    pieces = [piece for panel in panels for piece in (panel, white)]
    return np.concatenate(pieces[:-1], axis=1)


def shrunk(
    picture: UInt8[np.ndarray, "h w 3"], side: int, reducing_gap: float | None = None
) -> UInt8[np.ndarray, "_ _ 3"]:
    """A picture whose longer side is at most so many px, each pixel the mean of those it stands for.

    Args:
        reducing_gap: of Pillow: faster for large pictures, and nearly the same.
    """
    from PIL import Image

    height, width = picture.shape[:2]
    ratio = side / max(height, width)
    if ratio >= 1:
        return picture
    size = max(round(width * ratio), 1), max(round(height * ratio), 1)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX, reducing_gap=reducing_gap))
