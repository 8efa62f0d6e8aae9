"""Map files that trainers read: depth in thousandths of a unit, masks, normals; each whole or absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from theodolite.inference.files import png
from theodolite.inference.files.depth_png import LARGEST, encode_depth
from theodolite.inference.files.normal_png import encode_normals
from theodolite.types import Bool, Float
from theodolite.weights.atomic import writing

# nerfstudio's own: it takes depth files times depth_unit_scale_factor, 1e-3 unless told otherwise.
STEPS = 1000.0
# Whole thousandths are fine enough for depth from here to there, in units of the poses.
PNG_NEAREST, PNG_FARTHEST = 0.5, LARGEST / STEPS


def write_depth(path: Path, depth: Float[np.ndarray, "h w"]) -> None:
    """By the ending: whole thousandths of the unit as 16-bit PNG, or the same as float32 in .npy; 0 where unknown."""
    if path.suffix == ".npy":
        write_array(path, np.nan_to_num(depth * np.float32(STEPS)).astype(np.float32))
        return
    with writing(path) as temporary, temporary.open("wb") as file:
        with np.errstate(invalid="ignore"):
            steps = encode_depth(depth, STEPS)
        png.write(file, steps, {"Software": "theodolite", "meaning": "units of the poses = value / 1000; 0 = unknown"})


def write_mask(path: Path, mask: Bool[np.ndarray, "h w"]) -> None:
    """8-bit grey PNG: white where trusted, black elsewhere."""
    with writing(path) as temporary, temporary.open("wb") as file:
        png.write(file, np.where(mask, np.uint8(255), np.uint8(0)))


def write_normals_opengl(path: Path, normals: Float[np.ndarray, "h w 3"]) -> None:
    """8-bit RGB PNG, n = value / 255 * 2 - 1, x right, y up, z towards the viewer."""
    with writing(path) as temporary, temporary.open("wb") as file:
        png.write(file, encode_normals(normals, "opengl", 8), {"normal_convention": "opengl"})


def write_grey16(path: Path, values: Float[np.ndarray, "h w"]) -> None:
    """16-bit grey PNG of values from 0 to 65535, rounded."""
    with writing(path) as temporary, temporary.open("wb") as file:
        png.write(file, np.clip(np.rint(np.nan_to_num(values)), 0, LARGEST).astype(np.uint16))


def write_array(path: Path, values: np.ndarray) -> None:
    """NumPy's own format."""
    with writing(path) as temporary, temporary.open("wb") as file:
        np.save(file, values)


def read_mask(path: Path) -> Bool[np.ndarray, "h w"] | None:
    """Where a mask picture is not black; None where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("L")) > 0
    except Exception:  # decoders fail in every way there is
        return None
