"""The 16-bit depth PNG: whole steps of a stated part of a metre, 0 where unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import numpy as np

from theodolite.errors import OutputError
from theodolite.inference.files import png
from theodolite.inference.files.facts import facts, write_json
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction
from theodolite.types import Array, Float

# Steps per metre, finest first: TUM's and Replica's, millimetres, KITTI's, and coarser ones for far views.
SCALES = (5000.0, 1000.0, 256.0, 100.0, 10.0, 1.0)
LARGEST = 65535


def fitting_scale(farthest: float) -> float:
    """The finest of the customary scales that still reaches a depth, metres."""
    return next((scale for scale in SCALES if farthest * scale <= LARGEST), SCALES[-1])


def encode_depth(depth: Float[np.ndarray, "h w"], scale: float) -> Array:
    """uint16 steps; 0 where depth is unknown, or too far for the scale."""
    steps = depth * np.float32(scale) + np.float32(0.5)
    reached = (steps >= 0.5) & (steps < LARGEST + 1)
    # Very near is still known, so it may not round to the 0 that means unknown.
    return np.where(reached, np.maximum(np.where(reached, steps, 0), 1), 0).astype(np.uint16)


def write_depth_png(prediction: Prediction, options: SaveOptions, file: BinaryIO, beside: BinaryIO) -> None:
    """The picture, its scale also in its PNG text; and the JSON file beside it."""
    depth = prediction.depth
    known = depth > 0
    farthest = float(depth[known].max()) if known.any() else 0.0
    scale = options.depth_scale or fitting_scale(farthest)
    steps = encode_depth(depth, scale)
    lost = int(np.count_nonzero(known & (steps == 0)))
    meaning = "metres along z = value / depth_scale; 0 = unknown"
    text = {"Software": "theodolite", "depth_scale": f"{scale:g}", "unit": "metre", "meaning": meaning}
    text["camera"] = json.dumps({name: getattr(prediction.camera, name) for name in ("fx", "fy", "cx", "cy")})
    png.write(file, steps, text)
    about = {"depth_scale": scale, "unit": "metre", "meaning": meaning, "unknown": 0, "beyond_range": lost}
    write_json(about | {key: facts(prediction)[key] for key in ("name", "model", "camera", "warnings")}, beside)


def read_depth_png(path: str | Path, scale: float | None = None) -> Float[np.ndarray, "h w"]:
    """Depth in metres, NaN where the file has 0.

    Args:
        scale: steps per metre, for files that do not state theirs: in their PNG text, or in the JSON beside them.
    Raises: OutputError, when the file cannot be read, or its scale is unknown.
    """
    steps, text = png.read(path)
    if steps.ndim != 2 or steps.dtype != np.uint16:
        raise OutputError(f"{path} is not a 16-bit greyscale PNG, so it holds no depth.")
    scale = scale or _stated_scale(Path(path), text)
    depth = steps.astype(np.float32) / np.float32(scale)
    return np.where(steps == 0, np.float32(np.nan), depth)


def _stated_scale(path: Path, text: dict[str, str]) -> float:
    beside = path.with_suffix(".json")
    try:
        if "depth_scale" in text:
            scale = float(text["depth_scale"])
        else:
            scale = float(json.loads(beside.read_text(encoding="utf-8"))["depth_scale"])
    except (OSError, ValueError, KeyError, TypeError):
        scale = 0.0
    if not 0 < scale < np.inf:
        raise OutputError(f"{path} does not state its scale, nor does {beside.name}. Give the steps per metre.")
    return scale
