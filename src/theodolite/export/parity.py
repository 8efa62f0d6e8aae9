"""How far an exported file's maps are from those of the network it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from theodolite.extras import require

if TYPE_CHECKING:
    from torch import nn

# Rows and columns in strides: square, lying, standing, and small.
SIZES = ((6, 6), (6, 8), (9, 5), (2, 3))


@dataclass(frozen=True)
class Deviation:
    """Largest differences over all sizes; depth relative, the others as they are."""

    canonical_depth: float
    normals: float
    kappa: float
    confidence: float
    sizes: tuple[tuple[int, int], ...]  # rows, columns, px


def compare_onnx(path: Path, module: nn.Module, stride: int, sizes: Sequence[tuple[int, int]] = SIZES) -> Deviation:
    """Run a file and the module that `write_onnx` gave on the same random pictures.

    Args:
        sizes: rows and columns, in strides.
    """
    torch = require("torch", "torch", "Comparing an ONNX file with its network")
    onnxruntime = require("onnxruntime", "torch", "Running an ONNX file")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    largest = dict.fromkeys(("canonical_depth", "normals", "kappa", "confidence"), 0.0)
    pixel_sizes = tuple((rows * stride, columns * stride) for rows, columns in sizes)
    for seed, size in enumerate(pixel_sizes):
        pixels = np.random.default_rng(seed).standard_normal((1, 3, *size), np.float32)
        with torch.inference_mode():
            wanted = [map_.numpy() for map_ in module(torch.from_numpy(pixels))]
        for name, found, truth in zip(names, session.run(None, {"pixels": pixels}), wanted, strict=True):
            difference = np.abs(found - truth)
            if name == "canonical_depth":
                difference = difference / truth
            largest[name] = float(np.maximum(largest[name], difference.max()))  # keeps a NaN, unlike max
    return Deviation(**largest, sizes=pixel_sizes)
