"""How a clip looks: its range of colours, and its pictures, depth and normals side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theodolite import viz
from theodolite.inference.prediction import Prediction
from theodolite.types import Float, UInt8

PANEL = 640  # px, longer side of one panel
# Of the nearest and farthest depths of all pictures: a few that show something nearer or farther do not set the range.
_SHARE = 10


def clip_range(
    ranges: Sequence[tuple[float, float] | None], log_factors: Float[np.ndarray, " n"]
) -> tuple[float, float]:
    """Nearest and farthest depth worth a colour in the whole clip, metres.

    Args:
        ranges: of each picture, as it was predicted; None where nothing is known.
        log_factors: by which each is scaled.
    """
    known = np.array([np.log(own) + factor for own, factor in zip(ranges, log_factors, strict=True) if own is not None])
    if not len(known):
        return 1.0, 2.0
    near, far = np.percentile(known[:, 0], _SHARE), np.percentile(known[:, 1], 100 - _SHARE)
    return float(np.exp(near)), float(np.exp(max(near, far)))


def panels(prediction: Prediction, near: float, far: float) -> UInt8[np.ndarray, "h w 3"]:
    """Picture, depth and normals; below one another where the picture is wide."""
    normals = prediction.normals_or_depths("cross")
    depth = viz.colourise_depth(prediction.depth, near, far)
    pictures = [viz.shrunk(picture, PANEL) for picture in (prediction.image, depth, viz.colourise_normals(normals))]
    height, width = pictures[0].shape[:2]
    if width < 2 * height:
        return viz.side_by_side(*pictures)
    # Turned, so that the rows become columns and back.
    return viz.side_by_side(*(picture.swapaxes(0, 1) for picture in pictures)).swapaxes(0, 1)
