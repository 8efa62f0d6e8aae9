"""A bare calibration matrix: text, .npy, .npz or JSON; or fx, fy, cx, cy."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.readers.fields import calibrated, first, number, numbers, size
from theodolite.errors import CalibrationError

_MATRIX_NAMES = ("K", "camera_matrix", "intrinsic_matrix", "intrinsics", "intrinsic", "cam_in")


def from_text(text: str, image_size: tuple[int, int] | None) -> CalibratedCamera:
    """Nine numbers of a matrix, row by row, or the four fx fy cx cy; divided by spaces, commas or brackets."""
    without_comments = re.sub(r"#.*", "", text)
    values = [number(word, "the matrix") for word in re.split(r"[\s,;\[\]()]+", without_comments) if word]
    return from_values(values, image_size)


def from_npy(data: bytes, image_size: tuple[int, int] | None) -> CalibratedCamera:
    """A .npy with the matrix, or an .npz with it under K. Pickled content is refused: it could run code."""
    try:
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        array = loaded if isinstance(loaded, np.ndarray) else first(loaded, _MATRIX_NAMES, "matrix")
        values = np.asarray(array, dtype=float)
    except CalibrationError:
        raise
    except Exception as error:  # zip, header and dtype errors of many kinds
        raise CalibrationError(f"is no NumPy file with a plain matrix ({str(error).splitlines()[0]}).") from error
    return from_values([number(value, "K") for value in values.ravel().tolist()], image_size)


def from_json(content: Any, image_size: tuple[int, int] | None) -> CalibratedCamera:
    """A 3x3 list, an object with such a list under K, or one with fx, fy, cx, cy; width and height beside them."""
    if not isinstance(content, Mapping):
        return from_values(numbers(content, "the matrix"), image_size)
    found = size(content, (("width", "w", "image_width"), ("height", "h", "image_height"))) or image_size
    if "fx" in content or "fl_x" in content:
        fx = number(first(content, ("fx", "fl_x"), "focal length"), "fx")
        fy = number(content.get("fy", content.get("fl_y", fx)), "fy")
        middle = ((found[0] - 1) / 2, (found[1] - 1) / 2) if found else (0.0, 0.0)
        cx, cy = (number(content.get(name, default), name) for name, default in zip(("cx", "cy"), middle, strict=True))
        return calibrated(fx, fy, cx, cy, found, "calibration matrix")
    return from_values(numbers(first(content, _MATRIX_NAMES, "calibration matrix"), "K"), found)


def from_values(values: list[float], image_size: tuple[int, int] | None) -> CalibratedCamera:
    """Nine numbers of a matrix, or four: fx, fy, cx, cy."""
    if len(values) == 4:
        fx, fy, cx, cy = values
        return calibrated(fx, fy, cx, cy, image_size, "calibration matrix")
    if len(values) == 16:  # a homogeneous 4x4, as some scanners write
        values = [values[4 * row + column] for row in range(3) for column in range(3)]
    if len(values) != 9:
        raise CalibrationError(
            f"has {len(values)} numbers, where a 3x3 calibration matrix (9) or fx fy cx cy (4) was expected."
        )
    fx, skew, cx, below, fy, cy, *last = values
    if below != 0 or last != [0, 0, 1] or abs(skew) > 1e-3 * abs(fx):
        raise CalibrationError("is no calibration matrix: expected rows fx 0 cx, 0 fy cy, 0 0 1.")
    return calibrated(fx, fy, cx, cy, image_size, "calibration matrix")
