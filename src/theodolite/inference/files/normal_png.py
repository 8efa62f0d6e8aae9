"""Normals as PNG, 8 or 16 bits a channel, in the axes of OpenCV, OpenGL or DirectX."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from theodolite.errors import OutputError
from theodolite.inference.files import png
from theodolite.inference.files.options import NORMAL_CONVENTIONS, SaveOptions
from theodolite.inference.prediction import Prediction
from theodolite.types import Array, Float

# Signs that turn x right, y down, z forward into each convention's axes. The same signs turn them back.
SIGNS = {
    "opencv": (1, 1, 1),  # x right, y down, z forward: a wall facing the camera has little blue
    "opengl": (1, -1, -1),  # x right, y up, z towards the viewer: green where a surface looks up
    "directx": (1, 1, -1),  # x right, y down, z towards the viewer: green where a surface looks down
}
assert tuple(SIGNS) == NORMAL_CONVENTIONS


def encode_normals(normals: Float[np.ndarray, "h w 3"], convention: str, bits: int) -> Array:
    """(n + 1) / 2 of the full range, rounded; (0, 0, 0), which is no direction, where unknown."""
    half = np.float32((2**bits - 1) / 2)
    known = np.isfinite(normals).all(axis=-1)
    values = normals * (np.array(SIGNS[convention], dtype=np.float32) * half) + (half + np.float32(0.5))
    values = np.clip(np.where(known[..., None], values, 0), 0, 2**bits - 1)
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def write_normal_png(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    _write(prediction, options, file, 8)


def write_normal_png16(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    _write(prediction, options, file, 16)


def read_normal_png(path: str | Path, convention: str | None = None) -> Float[np.ndarray, "h w 3"]:
    """Unit normals in OpenCV axes, NaN where the file has (0, 0, 0).

    Args:
        convention: for files that do not state theirs in their PNG text; `opencv` when neither does.
    Raises: OutputError, when the file cannot be read or is no RGB picture.
    """
    values, text = png.read(path)
    if values.ndim != 3:
        raise OutputError(f"{path} is not an RGB PNG, so it holds no normals.")
    convention = convention or text.get("normal_convention", "opencv")
    if convention not in SIGNS:
        raise OutputError(f"Normals are read as {', '.join(SIGNS)}; {path} is {convention!r}.")
    half = np.float32(np.iinfo(values.dtype).max / 2)
    normals = (values.astype(np.float32) / half - 1) * np.array(SIGNS[convention], dtype=np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.where(values.any(axis=-1)[..., None], normals, np.float32(np.nan))


def _write(prediction: Prediction, options: SaveOptions, file: BinaryIO, bits: int) -> None:
    normals = prediction.normals
    # A depth-only network has none of its own; those of its depth are the next best, and the text says so.
    source = "network"
    if normals is None:
        normals, source = prediction.normals_from_depth(), "depth"
    text = {
        "Software": "theodolite",
        "normal_convention": options.normal_convention,
        "normal_source": source,
        "meaning": f"n = value / {2**bits - 1} * 2 - 1; (0, 0, 0) = unknown",
    }
    png.write(file, encode_normals(normals, options.normal_convention, bits), text)
