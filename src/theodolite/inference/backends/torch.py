"""PyTorch: published checkpoints, any device, float32 or bfloat16."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from theodolite.errors import TheodoliteError
from theodolite.extras import require
from theodolite.inference.backends.base import ModelFacts
from theodolite.network.outputs import RawMaps
from theodolite.types import Float

if TYPE_CHECKING:
    from torch import nn

DTYPES = ("float32", "bfloat16", "float16")


class TorchBackend:
    """A `torch.nn.Module` that returns `RawMaps`.

    Args:
        network: in evaluation mode after this.
        facts: of the model.
        device: any torch device; default: the CPU.
        dtype: precision of the matrix products, under autocast; the weights stay as they are.
        steps: refinement steps; None: the variant's own number.
    Raises: TheodoliteError, for a device or dtype that is not there.
    """

    def __init__(
        self,
        network: nn.Module,
        facts: ModelFacts,
        device: str | None = None,
        dtype: str | None = None,
        steps: int | None = None,
    ) -> None:
        self._torch = require("torch", "torch", "The PyTorch backend")
        self.facts = facts
        self._dtype = dtype or "float32"
        if self._dtype not in DTYPES:
            raise TheodoliteError(f"dtype is one of {', '.join(DTYPES)}, got {dtype!r}.")
        self._device = self._resolve_device(device)
        self._steps = steps
        self.network = network.eval().to(self._device)

    @property
    def runtime(self) -> str:
        return f"torch {self._torch.__version__} {self._device} {self._dtype}"

    def run(self, pixels: Float[np.ndarray, "b 3 h w"]) -> RawMaps:
        torch = self._torch
        precision: contextlib.AbstractContextManager = contextlib.nullcontext()
        if self._dtype != "float32":
            precision = torch.autocast(self._device.type, dtype=getattr(torch, self._dtype))
        with torch.inference_mode(), precision:
            raw = self.network(torch.from_numpy(pixels).to(self._device), steps=self._steps)
        numpy = [
            None if value is None else value.float().cpu().numpy()
            for value in (raw.canonical_depth, raw.normals, raw.kappa, raw.confidence)
        ]
        return RawMaps(*numpy)  # type: ignore[arg-type]

    def _resolve_device(self, device: str | None):
        torch = self._torch
        try:
            resolved = torch.device(device or "cpu")
            torch.empty(0, device=resolved)
        except (RuntimeError, AssertionError) as error:
            raise TheodoliteError(f"PyTorch cannot use device {device!r}: {str(error).splitlines()[0]}") from error
        return resolved
