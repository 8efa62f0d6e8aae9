"""How much depth flickers: what two pictures in a row say of the same still points, beyond what the motion explains."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from theodolite.apps.clips.still_points import Comparison


@dataclass(frozen=True)
class Flicker:
    """Of a clip, relative: 0.01 is one percent of depth from one picture to the next.

    Args:
        scale: by which all depth changes: median over the pictures of the step's size.
        scale_worst: likewise, what one picture in ten exceeds.
        shape: by which points change against each other: median over the pictures of the spread about the step.
        pairs: pictures that were compared with the one before.
    """

    scale: float
    scale_worst: float
    shape: float
    pairs: int


@dataclass
class FlickerMeter:
    """Collects comparisons of pictures in a row."""

    steps: list[float] = field(default_factory=list)
    spreads: list[float] = field(default_factory=list)

    def add(self, compared: Comparison | None) -> None:
        if compared is not None:
            self.steps.append(abs(compared.step))
            self.spreads.append(compared.spread)

    def read(self) -> Flicker | None:
        """None where no two pictures could be compared."""
        if not self.steps:
            return None
        steps = np.array(self.steps)
        return Flicker(
            float(np.median(steps)), float(np.percentile(steps, 90)), float(np.median(self.spreads)), len(steps)
        )
