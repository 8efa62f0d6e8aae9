"""A contact sheet of a shard: image, depth in colours and normals, side by side."""

from pathlib import Path

import numpy as np

from theodolite.synth.shards import read_shard
from theodolite.viz import colourise_depth, colourise_normals, side_by_side


def write_sheet(shard: Path, path: Path, most: int = 24) -> Path:
    """Writes a PNG of the first samples, two to a row."""
    from PIL import Image

    found = read_shard(shard)
    cells = [
        side_by_side(found.image[k], colourise_depth(found.depth[k]), colourise_normals(found.normals[k]), gap=0)
        for k in range(min(most, len(found.image)))
    ]
    if len(cells) % 2:
        cells.append(np.full_like(cells[0], 255))
    rows = [np.concatenate(cells[i : i + 2], axis=1) for i in range(0, len(cells), 2)]
    Image.fromarray(np.concatenate(rows)).save(path)
    return path
