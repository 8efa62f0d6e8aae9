"""Where a model stands in the axes of another program: which axis is up, and whether it was turned upright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.geometry.axes import UP_AXES, WORDS, upright
from theodolite.geometry.levelling import up_of
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction
from theodolite.types import Float


@dataclass(frozen=True, eq=False)
class Placing:
    """From camera axes to those of a file.

    Args:
        motion: a turn; the camera stays the origin.
        words: the axes, and what up is, for people.
    """

    motion: Float[np.ndarray, "4 4"]
    words: str


def placing(prediction: Prediction, options: SaveOptions, axes: str) -> Placing:
    """Into the axes of that name in `geometry.axes`, upright where that is asked for and the normals tell."""
    words = WORDS[axes]
    if not options.level:
        return Placing(UP_AXES[axes], f"{words}, up is the camera's own")
    normals = prediction.normals_or_depths()
    up = up_of(normals, prediction.valid)
    if up is None:
        return Placing(UP_AXES[axes], f"{words}, up is the camera's own: the normals tell no other")
    return Placing(UP_AXES[axes] @ upright(up), f"{words}, turned upright by the normals of floors and walls")
