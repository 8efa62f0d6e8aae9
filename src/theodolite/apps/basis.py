"""What measurements of one photo have in common: the scale, the vertical and the error model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from theodolite.apps.error_model import ErrorModel
from theodolite.apps.evidence import Evidence, Pixel, Value
from theodolite.apps.known_scale import CameraHeight, KnownScale
from theodolite.apps.quantity import Quantity
from theodolite.apps.vertical import Vertical, find_vertical
from theodolite.inference.prediction import Prediction
from theodolite.types import Float


@dataclass(frozen=True, eq=False)
class Basis:
    """How to measure.

    Args:
        scale: what fixes the scale in the network's place; None believes the network.
        vertical: up; None finds it in the picture.
        errors: what is assumed to be wrong, and by how much.
    """

    scale: KnownScale | None = None
    vertical: Vertical | None = None
    errors: ErrorModel = field(default_factory=ErrorModel)

    def __post_init__(self) -> None:
        """A camera's height is measured along the same vertical."""
        if self.vertical is not None and isinstance(self.scale, CameraHeight) and self.scale.vertical is None:
            object.__setattr__(self, "scale", replace(self.scale, vertical=self.vertical))

    def upright(self, prediction: Prediction) -> Vertical:
        return self.vertical or find_vertical(prediction)


@dataclass(frozen=True)
class Wanted:
    """A quantity to work out: its name, its unit, the function, and what power of the scale it goes with."""

    name: str
    unit: str
    value: Value
    power: int


def worked_out(evidence: Evidence, basis: Basis, wanted: Sequence[Wanted]) -> tuple[Quantity, ...]:
    """The quantities, with what fixes the scale among the evidence."""
    factor = basis.scale.factor(evidence) if basis.scale and any(each.power for each in wanted) else None

    def scaled(each: Wanted) -> Value:
        if factor is None or each.power == 0:
            return each.value
        return lambda p: each.value(p) * factor(p) ** each.power

    vectors = evidence.vectors()
    return tuple(Quantity.of(each.name, each.unit, vectors, scaled(each)) for each in wanted)


def add_vertical(evidence: Evidence, vertical: Vertical) -> slice:
    return evidence.vector(vertical.up, "vertical", vertical.tilts)


def projected(prediction: Prediction, points: Float[np.ndarray, "n 3"]) -> list[Pixel]:
    """Where points are seen, in pixels of the photo."""
    camera = prediction.camera
    depth = np.maximum(points[:, 2], 1e-6)
    places = np.stack([points[:, 0] / depth * camera.fx + camera.cx, points[:, 1] / depth * camera.fy + camera.cy], -1)
    pixels = (places + 0.5) * prediction.photo_size / np.array(prediction.size) - 0.5
    return [(float(u), float(v)) for u, v in pixels]
