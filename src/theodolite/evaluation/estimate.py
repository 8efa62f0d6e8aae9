"""What a model says of one picture: any model, with as much as it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.types import Float, UInt8

# What depth means, from most to least: metres; metres times an unknown factor; that factor and an unknown shift, too.
KINDS = ("metric", "scale_invariant", "affine_invariant")
SPACES = ("depth", "inverse_depth")


class EstimateError(TheodoliteError):
    """What a model returned cannot be judged."""


@dataclass(frozen=True)
class Estimate:
    """Depth and normals that a model sees in a picture; maps of any one size that shows what the picture shows.

    Args:
        depth: along z, in what `kind` and `space` say; NaN where unknown. Infinity, and inverse depth of 0, are known:
            as far as can be.
        normals: of any length, camera coordinates, facing the camera; NaN where unknown.
        confidence: larger is surer.
        kappa: concentration of the normals' distribution.
        kind: of `KINDS`: how much of the depth is known.
        space: of `SPACES`: what the numbers of `depth` are, depth or its inverse.
        stated_error: whether 1 - confidence is the relative error that the model expects, as ours do.
        camera: that the model was told, where it is known and may be another than the example's.
    Raises: EstimateError, when shapes or words are not these.
    """

    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"] | None = None
    confidence: Float[np.ndarray, "h w"] | None = None
    kappa: Float[np.ndarray, "h w"] | None = None
    kind: str = "metric"
    space: str = "depth"
    stated_error: bool = False
    camera: Camera | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise EstimateError(f"An estimate's kind is one of {', '.join(KINDS)}, got {self.kind!r}.")
        if self.space not in SPACES:
            raise EstimateError(f"An estimate's space is one of {', '.join(SPACES)}, got {self.space!r}.")
        for name in ("depth", "normals", "confidence", "kappa"):
            if (values := getattr(self, name)) is not None:
                object.__setattr__(self, name, _numbers(name, values))
        if np.ndim(self.depth) != 2 or not np.size(self.depth):
            raise EstimateError(f"An estimate's depth has shape (h, w), got {np.shape(self.depth)}.")
        for name, channels in (("normals", (3,)), ("confidence", ()), ("kappa", ())):
            values = getattr(self, name)
            expected = np.shape(self.depth) + channels
            if values is not None and np.shape(values) != expected:
                raise EstimateError(f"An estimate's {name} has shape {expected}, got {np.shape(values)}.")

    @classmethod
    def of(cls, returned: Any) -> Estimate:
        """What a callable may return: an `Estimate`, a map of metric depth, or a mapping with the fields by name.

        Raises: EstimateError, for anything else.
        """
        if isinstance(returned, Estimate):
            return returned
        if isinstance(returned, Mapping):
            unknown = set(returned) - set(cls.__dataclass_fields__)
            if unknown or "depth" not in returned:
                known, found = ", ".join(cls.__dataclass_fields__), ", ".join(map(str, returned))
                raise EstimateError(f"A mapping of {known} is needed, got {found}.")
            return cls(**returned)
        if isinstance(returned, np.ndarray) and returned.dtype.kind == "f":
            return cls(returned)
        raise EstimateError(f"An Estimate, a float array or a mapping is needed, got {type(returned).__name__}.")


def _numbers(name: str, values: Any) -> np.ndarray:
    """A float array of whatever can be one, a tensor of the processor's too."""
    try:
        found = np.asarray(values)
        return found if found.dtype.kind == "f" else found.astype(np.float32)
    except Exception as error:  # tensors refuse in ways of their own
        raise EstimateError(f"An estimate's {name} is an array of numbers, got {type(values).__name__}.") from error


# A model, as anybody can write one: of an RGB picture and its camera, what `Estimate.of` takes.
Model = Callable[[UInt8[np.ndarray, "h w 3"], Camera], Any]
