"""How finely and how far a scene is reconstructed, from how deep it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theodolite.apps.depth_sources import Maps
from theodolite.apps.depth_view import Grid

# Rooms: what is deeper than the first is none; their grid is the one that depth cameras are fused with.
ROOM = 6.0
_VOXEL, _FARTHEST = 0.02, 5.0
_COARSEST, _LARGEST = 0.25, 60.0
# Voxels. Less, and noise tears holes; more, and thin things vanish.
_TRUNCATION = 4
# Truncation as a share of depth. Errors of a sensor in a room do not matter; those of a network are a tenth of the
# depth, and surfaces that miss each other by more than the truncation stay apart as two instead of meeting between.
# Tried from 0 to 0.4 on a kitchen of 60 views: F-score at 5 cm 0.20 (0), 0.21 (0.1), 0.36 (0.2), 0.43 (0.3, 0.4).
_GROWTH = {"sensor": 0.0, "model": 0.3}
_FAR_GROWTH = 0.03


def choose_grid(
    looked_at: Sequence[Maps],
    depth: str = "model",
    voxel: float | None = None,
    farthest: float | None = None,
    truncation: float | None = None,
    most_megabytes: float = 2000.0,
) -> Grid:
    """The grid for a scene.

    Args:
        looked_at: some views, of any.
        depth: where it is from, "model" or "sensor".
        voxel, farthest, truncation: metres; what is None is chosen.
    Raises: ValueError, when they do not go together.
    """
    known = [maps.depth[np.isfinite(maps.depth)] for maps in looked_at]
    deep = float(np.median([np.percentile(z, 90) for z in known if len(z)])) if any(map(len, known)) else _FARTHEST
    room = deep <= ROOM
    if farthest is None:
        farthest = _FARTHEST if room else float(np.ceil(min(deep, _LARGEST)))
    if voxel is None:
        voxel = _VOXEL if farthest <= ROOM else round(min(_VOXEL * farthest / _FARTHEST, _COARSEST), 2)
    growth = max(_GROWTH[depth], 0.0 if room else _FAR_GROWTH)
    return Grid(voxel, farthest, _TRUNCATION * voxel if truncation is None else truncation, growth, most_megabytes)
