"""What measuring gives: quantities with their standard uncertainty, and where in the photo they were taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from theodolite.apps.evidence import Pixel, Value, Vectors
from theodolite.inference.length import decimals


@dataclass(frozen=True)
class Quantity:
    """A number with its standard uncertainty.

    Args:
        name: what it is of the thing measured: "distance", "area", "slope".
        unit: "m", "m²" or "°".
        causes: what each cause contributes to sigma, largest first; their squares add up.
    """

    name: str
    value: float
    sigma: float
    unit: str
    causes: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, unit: str, vectors: Vectors, value: Value) -> Quantity:
        found, causes = vectors.evaluate(value)
        return cls(name, found, math.hypot(*causes.values()), unit, causes)

    def __str__(self) -> str:
        if self.unit == "°":
            digits = 1 if self.sigma < 3 else 0
            return f"{self.value:.{digits}f} ± {self.sigma:.{digits}f}°"
        digits = decimals(self.sigma)
        return f"{self.value:.{digits}f} ± {self.sigma:.{digits}f} {self.unit}"


@dataclass(frozen=True)
class Measurement:
    """One thing measured in a photo.

    Args:
        kind: "distance", "height", "angle", "region" or "box".
        pixels: of the photo, as they were asked for.
        lines: to draw, from pixel to pixel.
        notes: what is worth knowing about this result, one sentence each.
    """

    kind: str
    pixels: tuple[Pixel, ...]
    quantities: tuple[Quantity, ...]
    lines: tuple[tuple[Pixel, Pixel], ...] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Quantity:
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        raise KeyError(f"This {self.kind} has {', '.join(q.name for q in self.quantities)}, no {name}.")

    @property
    def value(self) -> float:
        """Of the first quantity."""
        return self.quantities[0].value

    @property
    def sigma(self) -> float:
        """Of the first quantity."""
        return self.quantities[0].sigma

    def facts(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "kind": self.kind,
            "pixels": [list(pixel) for pixel in self.pixels],
            "quantities": {
                q.name: {"value": q.value, "sigma": q.sigma, "unit": q.unit, "causes": dict(q.causes)}
                for q in self.quantities
            },
            "notes": list(self.notes),
        }
