"""A contact sheet of a shard: image, depth and planes in colours, and normals, side by side."""

from pathlib import Path

import numpy as np

from theodolite.synth.shards import read_shard
from theodolite.types import Int, UInt8
from theodolite.viz import colourise_depth, colourise_normals, side_by_side


def colourise_planes(planes: Int[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """A colour for each plane, neighbours in number far apart in hue; black on none."""
    hue = planes[..., None] * 0.618034 + np.array([0, 1 / 3, 2 / 3])
    colour = 140 + 90 * np.cos(2 * np.pi * hue) - 30 * (planes[..., None] % 2)
    return np.where(planes[..., None] > 0, colour, 0).astype(np.uint8)


def write_sheet(shard: Path, path: Path, most: int = 24) -> Path:
    """Writes a PNG of the first samples, two to a row."""
    from PIL import Image

    found = read_shard(shard)
    cells = [
        side_by_side(
            found.image[k],
            colourise_depth(found.depth[k]),
            colourise_normals(found.normals[k]),
            colourise_planes(found.planes[k]),
            gap=0,
        )
        for k in range(min(most, len(found.image)))
    ]
    if len(cells) % 2:
        cells.append(np.full_like(cells[0], 255))
    rows = [np.concatenate(cells[i : i + 2], axis=1) for i in range(0, len(cells), 2)]
    Image.fromarray(np.concatenate(rows)).save(path)
    return path
