"""What somebody asked to measure, in words of a command line; carried out on a prediction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from theodolite.apps.basis import Basis
from theodolite.apps.evidence import Pixel
from theodolite.apps.metrology import angle, box, distance, height, region
from theodolite.apps.quantity import Measurement
from theodolite.apps.vertical import Vertical, level_camera
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction


@dataclass(frozen=True)
class Request:
    """One thing to measure: its kind and its pixels of the photo."""

    kind: str
    pixels: tuple[Pixel, ...]

    def carried_out(self, prediction: Prediction, basis: Basis) -> Measurement:
        """Raises: TheodoliteError."""
        pairs: dict[str, Callable[..., Measurement]] = {"distance": distance, "height": height, "angle": angle}
        if self.kind in pairs:
            return pairs[self.kind](prediction, *self.pixels, basis)
        return {"region": region, "box": box}[self.kind](prediction, self.pixels, basis)


def parse_pair(text: str, what: str) -> tuple[Pixel, Pixel]:
    """Two pixels out of "u,v,u,v". Raises: ValueError, in words."""
    first, second = parse_pixels(text, what, 2, 2)
    return first, second


def parse_pixels(text: str, what: str, fewest: int = 1, most: int | None = None) -> tuple[Pixel, ...]:
    """Pixels out of "u,v,u,v,...". Raises: ValueError, in words."""
    words = text.replace(";", ",").replace(" ", ",").split(",")
    try:
        numbers = [float(word) for word in words if word]
    except ValueError:
        raise ValueError(f"{what} takes pixels as numbers U,V, got {text!r}.") from None
    count = len(numbers) / 2
    if count % 1 or count < fewest or count > (most or count) or not all(map(math.isfinite, numbers)):
        wanted = {1: "a pixel U,V", 2: "two pixels U,V U,V"}.get(fewest, f"{fewest} or more pixels U,V,U,V,...")
        raise ValueError(f"{what} takes {wanted}, got {text!r}.")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def parse_vertical(text: str) -> Vertical | None:
    """Up out of "auto" (None), "level", or "x,y,z" in camera coordinates. Raises: ValueError, in words."""
    if text == "auto":
        return None
    if text == "level":
        return level_camera()
    try:
        return Vertical.given([float(word) for word in text.split(",")])  # type: ignore[arg-type]
    except ValueError:
        raise ValueError(f"The vertical is auto, level or up as x,y,z (x right, y down), got {text!r}.") from None


def is_saved(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def carry_out(
    prediction: Prediction, requests: Sequence[Request], basis: Basis
) -> tuple[list[Measurement], list[TheodoliteError]]:
    """All that can be measured, and why the rest cannot. The vertical is looked for once."""
    if basis.vertical is None and any(request.kind in ("height", "region", "box") for request in requests):
        basis = Basis(basis.scale, basis.upright(prediction), basis.errors)
    done, failed = [], []
    for request in requests:
        try:
            done.append(request.carried_out(prediction, basis))
        except TheodoliteError as error:
            failed.append(error)
    return done, failed
