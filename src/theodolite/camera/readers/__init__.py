"""Calibration files of other programs, recognised by their content.

A 3x3 matrix (text, .npy, JSON), COLMAP, OpenCV YAML and XML, ROS camera_info, nerfstudio transforms, KITTI.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.readers import colmap, kitti, matrix, nerfstudio, opencv
from theodolite.camera.readers.fields import reading
from theodolite.errors import CalibrationError

# The largest honest file is a transforms.json with some ten thousand frames.
_MAX_BYTES = 100_000_000


def read_camera(
    path: str | Path, image_size: tuple[int, int] | None = None, *, name: str | None = None
) -> CalibratedCamera:
    """The camera in a calibration file.

    Args:
        path: of the file, or of a folder with COLMAP's cameras or a transforms.json.
        image_size: (width, height) of the upright image it is for. Needed where the file gives none; where it gives
            another, the camera is converted, if the shapes agree.
        name: which camera of several: COLMAP's id, a frame's file name, KITTI's P0 to P3.
    Raises: CalibrationError, naming the file and what is wrong in it.
    """
    path = _file(Path(path))
    with reading(path, "calibration"):
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise CalibrationError(f"has {path.stat().st_size / 1e6:.0f} MB, too much for a calibration.")
            data = path.read_bytes()
        except OSError as error:
            raise CalibrationError(f"cannot be read: {error.strerror or error}.") from error
        camera = _parse(data, image_size, name)
        return camera if image_size is None else camera.for_size(*image_size)


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    usual = ("cameras.bin", "cameras.txt", "sparse/0/cameras.bin", "sparse/0/cameras.txt", "transforms.json")
    for name in usual:
        if (path / name).is_file():
            return path / name
    raise CalibrationError(f"{path} is a folder without a calibration; looked for {', '.join(usual)}.")


def _parse(data: bytes, image_size: tuple[int, int] | None, name: str | None) -> CalibratedCamera:
    if not data.strip():
        raise CalibrationError("is empty.")
    if data.startswith((b"\x93NUMPY", b"PK\x03\x04")):
        return matrix.from_npy(data, image_size)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return colmap.from_binary(data, name)
    if "\0" in text:  # small numbers and ids make most bytes of a cameras.bin valid text
        return colmap.from_binary(data, name)
    return _parse_text(text, image_size, name)


def _parse_text(text: str, image_size: tuple[int, int] | None, name: str | None) -> CalibratedCamera:
    start = text.lstrip()
    if start.startswith("{"):
        return _parse_json(start, image_size, name)
    if start.startswith("<"):
        return opencv.from_xml(start, image_size)
    # Before KITTI, whose rows have twelve words as well.
    if re.search(r"^\s*\d+\s+[A-Z][A-Z_]+\s+\d", text, re.MULTILINE):
        return colmap.from_text(text, name)
    if kitti.recognise(text):
        return kitti.from_text(text, image_size, name)
    if start.startswith("%YAML") or re.search(r"^\s*[A-Za-z_]\w*\s*:", text, re.MULTILINE):
        return opencv.from_yaml(text, image_size)
    if re.fullmatch(r"(?:#[^\n]*\n|[-+\d.eEinfaN\s,;\[\]()])+", text):
        return matrix.from_text(text, image_size)
    raise CalibrationError("is in no known calibration format: a 3x3 matrix, COLMAP, OpenCV, ROS, nerfstudio or KITTI.")


def _parse_json(text: str, image_size: tuple[int, int] | None, name: str | None) -> CalibratedCamera:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"is no valid JSON: {error}.") from error
    if content.keys() & {"frames", "fl_x", "camera_angle_x"}:
        return nerfstudio.from_json(content, image_size, name)
    if content.keys() & {"distortion_coefficients", "distortion_model", "dist_coeffs"} or isinstance(
        content.get("camera_matrix"), dict
    ):
        return opencv.from_mapping(content, image_size)
    return matrix.from_json(content, image_size)


__all__ = ["read_camera"]
