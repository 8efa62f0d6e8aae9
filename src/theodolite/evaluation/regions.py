"""Parts of a picture that benchmarks count: the field's crops, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from theodolite.types import Bool


@dataclass(frozen=True)
class Region:
    """A rectangle, in shares of the height and width, rounded down to pixels.

    Args:
        about: whose it is.
    """

    about: str
    top: float = 0.0
    bottom: float = 1.0
    left: float = 0.0
    right: float = 1.0

    def inside(self, height: int, width: int) -> Bool[np.ndarray, "height width"]:
        """True inside."""
        mask = np.zeros((height, width), bool)
        rows, columns = self.slices(height, width)
        mask[rows, columns] = True
        return mask

    def slices(self, height: int, width: int) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(int(self.top * height), int(self.bottom * height)), slice(
            int(self.left * width), int(self.right * width)
        )


# Source: the scripts of Eigen et al. 2014 and Garg et al. 2016, as everybody has taken them over.
REGIONS: Mapping[str, Region] = {
    "full": Region("the whole picture"),
    "garg": Region("the lower part, Garg et al. 2016", 0.40810811, 0.99189189, 0.03594771, 0.96405229),
    "eigen": Region("the middle, Eigen et al. 2014, for KITTI", 0.3324324, 0.91351351, 0.0359477, 0.96405229),
    # Rows 45 to 471 and columns 41 to 601 of 640x480; half a pixel in, so that rounding down is safe.
    "nyu": Region(
        "without the frame that projection leaves, Eigen et al. 2014, for NYUv2",
        45.5 / 480,
        471.5 / 480,
        41.5 / 640,
        601.5 / 640,
    ),
}
