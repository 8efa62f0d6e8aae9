"""Random views of a sample: where the camera looks, the weather, lens, sensor and codec; truth goes along.

Every function takes its own random generator and changes nothing it is given.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from theodolite.datasets.sample import Sample
from theodolite.training.augment.framing import Framing, frame, prepare
from theodolite.training.augment.jitter import Jitter, expose
from theodolite.training.augment.views import hide_edges, mirror, pad, paint_outside

__all__ = ["Framing", "Jitter", "augment"]


def augment(
    sample: Sample, canvas: tuple[int, int], framing: Framing, jitter: Jitter, rng: np.random.Generator
) -> Sample:
    """One random view of a sample, of the size of the canvas.

    Args:
        canvas: rows, columns.
    """
    view = frame(prepare(sample, framing), canvas, framing, rng)
    if rng.random() < framing.flip:
        view = mirror(view)
    # Before there is padding: blur would mix it into the picture, and at test time its colour is exact.
    view = pad(replace(view, image=expose(view, jitter, rng)), canvas)
    if rng.random() < framing.border:
        view = hide_edges(view, framing.border_width, rng)
    return paint_outside(view, framing.padding)
