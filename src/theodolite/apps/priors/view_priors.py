"""The priors of one view in the unit of the poses, on the pixels of its picture or on those of its maps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from theodolite.apps.priors.alignment import Aligned
from theodolite.apps.priors.picture_maps import PictureGrid, picture_grid
from theodolite.apps.priors.predictions import Maps
from theodolite.apps.views import View
from theodolite.types import Bool, Float


@dataclass(frozen=True, eq=False)
class ViewPriors:
    """One view, ready to be written.

    Args:
        name: of its files, without ending: the picture's below the folder of all pictures.
        trusted: on the maps' pixels.
    """

    number: int
    name: PurePath
    view: View
    maps: Maps
    aligned: Aligned
    trusted: Bool[np.ndarray, "h w"]

    @property
    def depth(self) -> Float[np.ndarray, "h w"]:
        """On the maps' pixels; NaN where unknown."""
        return _positive(self.aligned.alignment.apply(self.maps.depth))

    @property
    def grid(self) -> PictureGrid:
        return picture_grid(self.view.camera, self.maps.camera)

    def picture_depth(self) -> Float[np.ndarray, "h w"]:
        """On the picture's pixels; NaN where unknown."""
        return _positive(self.aligned.alignment.apply(self.grid.depth(self.maps)))

    def picture_trusted(self) -> Bool[np.ndarray, "h w"]:
        """On the picture's pixels."""
        return self.grid.mask(self.trusted)


def _positive(depth: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    with np.errstate(invalid="ignore"):
        return np.where((depth > 0) & np.isfinite(depth), depth, np.nan).astype(np.float32)
