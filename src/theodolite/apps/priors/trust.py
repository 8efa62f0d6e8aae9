"""Which pixels of a view are trusted: no sky, no edges, nothing that the network doubts or points contradict."""

from __future__ import annotations

import numpy as np

from theodolite.apps.priors.alignment import Aligned, Pairs
from theodolite.apps.priors.predictions import Maps
from theodolite.apps.priors.robust_fit import log_error
from theodolite.types import Bool

# A point contradicts where aligned depth is off by more than this, and by more than so many of the usual errors.
_OFF, _DEVIATIONS = 0.15, 4.0
# Cells along the longer side. One wrong point says little; two of three in a cell say that depth is wrong there.
_CELLS = 24
_LEAST, _SHARE = 2, 0.6


def trusted(maps: Maps, aligned: Aligned, pairs: Pairs, least_confidence: float) -> Bool[np.ndarray, "h w"]:
    """True where depth and normals may be used."""
    with np.errstate(invalid="ignore"):
        sure = maps.confidence >= least_confidence
    depth = aligned.alignment.apply(maps.depth)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(depth) & (depth > 0)
    return known & ~maps.edges & sure & ~_contradicted(maps, aligned, pairs)


def _contradicted(maps: Maps, aligned: Aligned, pairs: Pairs) -> Bool[np.ndarray, "h w"]:
    height, width = maps.depth.shape
    if aligned.by != "points" or not len(pairs):
        return np.zeros((height, width), bool)
    limit = max(_OFF, _DEVIATIONS * aligned.residual)
    wrong = np.abs(log_error(aligned.alignment, pairs.predicted, pairs.true)) > limit
    side = max(width, height) / _CELLS
    rows, columns = int(np.ceil(height / side)), int(np.ceil(width / side))
    column, row = np.clip((pairs.uv + 0.5) / side, 0, (columns - 1, rows - 1)).astype(int).T
    cell = row * columns + column
    every = np.bincount(cell, minlength=rows * columns)
    bad = np.bincount(cell, weights=wrong, minlength=rows * columns)
    cells = ((every >= _LEAST) & (bad >= _SHARE * every)).reshape(rows, columns)
    v = np.minimum((np.arange(height) / side).astype(int), rows - 1)
    u = np.minimum((np.arange(width) / side).astype(int), columns - 1)
    return cells[v[:, None], u]
