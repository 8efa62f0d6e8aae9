"""Pictures for people: photo, depth and normals side by side, and depth alone."""

from __future__ import annotations

from typing import BinaryIO

from theodolite import viz
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction
from theodolite.types import Array

# Longer side of one panel, px: three of them fill a wide screen.
PANEL = 1024


def write_preview(prediction: Prediction, options: SaveOptions, panels: BinaryIO, depth_alone: BinaryIO) -> None:
    """Two JPEGs: the panels, and depth at full size in the same colours."""
    found = viz.depth_range(prediction.depth, prediction.valid) or (1.0, 2.0)
    near, far = options.near or found[0], options.far or found[1]
    # One end may be fixed and the other taken from a map that lies beyond it.
    near, far = min(near, far), max(near, far)
    depth = viz.colourise_depth(prediction.depth, near, far)
    normals = prediction.normals_or_depths("cross")
    pictures = (prediction.image, depth, viz.colourise_normals(normals))
    _write_jpeg(viz.side_by_side(*(viz.shrunk(picture, PANEL, reducing_gap=2.0) for picture in pictures)), panels)
    _write_jpeg(depth, depth_alone)


def _write_jpeg(picture: Array, file: BinaryIO) -> None:
    from PIL import Image

    Image.fromarray(picture).save(file, "JPEG", quality=90)
