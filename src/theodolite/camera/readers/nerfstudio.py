"""nerfstudio's and instant-ngp's ``transforms.json``.

Both put the centre of the top-left pixel at (0.5, 0.5); here it is (0, 0).
Source: docs.nerf.studio, "Data conventions".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import Distortion, Fisheye, RadialTangential
from theodolite.camera.readers.fields import calibrated, choose, number, size
from theodolite.errors import CalibrationError

_PINHOLES = ("PINHOLE", "SIMPLE_PINHOLE", "PERSPECTIVE")
_RADIAL = ("OPENCV", "SIMPLE_RADIAL", "RADIAL")


def from_json(
    content: Mapping[str, Any], image_size: tuple[int, int] | None, name: str | None = None
) -> CalibratedCamera:
    """The camera of all frames, or that of one: `name` is its path as written, or the file's name."""
    frames = content.get("frames", [])
    if not isinstance(frames, list) or not all(isinstance(frame, Mapping) for frame in frames):
        raise CalibrationError("frames is no list of objects.")
    found: dict[str, CalibratedCamera] = {}
    for index, frame in enumerate(frames):
        label = str(frame.get("file_path", index))
        if name is not None:
            # A file is often "images/0001.jpg" here and "0001.jpg" elsewhere, and Blender leaves out the ending.
            path, wanted = PurePosixPath(label), PurePosixPath(name)
            if name != label and wanted.name != path.name and wanted.stem != path.name:
                continue
            label = name
        # What a frame gives overrides what the file gives for all.
        found[label] = _camera({**content, **frame}, image_size, f"frame {label}")
    if not frames:
        return _camera(content, image_size, "the file")
    return choose(found, name)


def _camera(content: Mapping[str, Any], image_size: tuple[int, int] | None, where: str) -> CalibratedCamera:
    found = size(content, (("w", "width"), ("h", "height"))) or image_size
    if found is None:
        raise CalibrationError(f"{where} gives no image size (w, h). Say which size it belongs to (image_size).")
    if "fl_x" in content:
        fx = number(content["fl_x"], f"{where}: fl_x")
        fy = number(content.get("fl_y", fx), f"{where}: fl_y")
    elif "camera_angle_x" in content:  # Blender's scenes: full horizontal angle, radians
        angle = number(content["camera_angle_x"], f"{where}: camera_angle_x")
        if not 0 < angle < math.pi:
            raise CalibrationError(f"{where}: camera_angle_x is {angle:g}, where 0 to pi radians were expected.")
        fx = fy = found[0] / 2 / math.tan(angle / 2)
    else:
        raise CalibrationError(f"{where} gives no focal length; looked for fl_x, camera_angle_x.")
    cx = number(content.get("cx", found[0] / 2), f"{where}: cx") - 0.5
    cy = number(content.get("cy", found[1] / 2), f"{where}: cy") - 0.5
    return calibrated(fx, fy, cx, cy, found, "nerfstudio transforms", _lens(content, where))


def _lens(content: Mapping[str, Any], where: str) -> Distortion | None:
    k1, k2, k3, k4, p1, p2 = (
        number(content.get(term, 0), f"{where}: {term}") for term in ("k1", "k2", "k3", "k4", "p1", "p2")
    )
    model = str(content.get("camera_model", "OPENCV")).upper()
    if model == "OPENCV_FISHEYE":
        return Fisheye(k1, k2, k3, k4)
    if model in _PINHOLES:
        return None
    if model not in _RADIAL:
        raise CalibrationError(f"{where}: camera_model {model!r} is not supported.")
    if k4:
        raise CalibrationError(f"{where}: k4 of a non-fisheye lens is not supported.")
    return RadialTangential(k1, k2, p1, p2, k3)
