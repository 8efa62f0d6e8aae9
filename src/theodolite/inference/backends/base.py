"""The interface of a runtime: normalised pixels in, canonical maps out, both NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from theodolite.network.outputs import RawMaps
from theodolite.types import Float


@dataclass(frozen=True)
class ModelFacts:
    """What the predictor has to know about a model, whoever runs it.

    Args:
        name: release name, or the file's.
        canonical_focal: focal length of the camera the network believes in, px.
        multiple: sides of the network's input are multiples of it, px.
        canvas_pixels: the input area it works best at, px.
        reference_canvas: (height, width) of the published pre-processing; None for our own models.
        licence: of the weights.
        far: largest canonical depth the network can express, metres; None where there is no bound.
    """

    name: str
    canonical_focal: float
    multiple: int
    canvas_pixels: int
    reference_canvas: tuple[int, int] | None = None
    licence: str = ""
    far: float | None = None


class Backend(Protocol):
    """A loaded network. `run` is deterministic and keeps no state between calls."""

    @property
    def facts(self) -> ModelFacts: ...

    @property
    def runtime(self) -> str:
        """Runtime, version, device and precision, for provenance."""
        ...

    def run(self, pixels: Float[np.ndarray, "b 3 h w"]) -> RawMaps:
        """Maps of a batch of normalised images, as float32 NumPy arrays."""
        ...
