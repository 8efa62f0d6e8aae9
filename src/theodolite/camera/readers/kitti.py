"""KITTI's calibration files: object and odometry (``P2: …``), raw (``P_rect_02: …``)."""

from __future__ import annotations

import re

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.readers.fields import calibrated, number
from theodolite.errors import CalibrationError

# The left colour camera, whose images most people have, then the left grey one.
_PREFERRED = ("P2", "P_rect_02", "P0", "P_rect_00")


def recognise(text: str) -> bool:
    """Whether a text is a KITTI calibration: rows with its names, or of twelve numbers each."""
    return has_names(text) or (bool(text.strip()) and all(len(line.split()) in (0, 12) for line in text.splitlines()))


def has_names(text: str) -> bool:
    """Whether rows begin as in ``P2: …``."""
    return re.search(r"^P(_rect_)?\d+:", text, re.MULTILINE) is not None


def from_text(text: str, image_size: tuple[int, int] | None, name: str | None = None) -> CalibratedCamera:
    """The camera of rectified images. `name`: a projection such as P0 or P_rect_03; the left colour camera without.

    Some copies of the odometry files have lost their names; their rows are P0, P1, ... then.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    named = lines if has_names(text) else [f"P{index}: {line}" for index, line in enumerate(lines)]
    rows = {key.strip(): values.split() for key, _, values in (line.partition(":") for line in named)}
    projections = [key for key in rows if key.startswith(("P_rect_", "P")) and key[-1:].isdigit()]
    key = name or next((key for key in (*_PREFERRED, *projections) if key in rows), None)
    if key is None or key not in projections:
        raise CalibrationError(f"has no projection {name or 'P2'}; it has {', '.join(projections) or 'none'}.")
    values = [number(word, key) for word in rows[key]]
    if len(values) != 12:
        raise CalibrationError(f"{key} has {len(values)} numbers, where a 3x4 projection has 12.")
    # The fourth column is the stereo baseline: it moves the camera, and its intrinsics not at all.
    fx, _, cx, _, _, fy, cy = values[:7]
    size_row = rows.get(f"S_rect_{key[-2:]}")
    if size_row is not None:
        width, height = (int(number(word, "S_rect")) for word in size_row[:2])
        image_size = (width, height)
    return calibrated(fx, fy, cx, cy, image_size, f"KITTI {key}")
