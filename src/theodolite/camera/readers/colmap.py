"""COLMAP's ``cameras.txt`` and ``cameras.bin``.

COLMAP puts the centre of the top-left pixel at (0.5, 0.5); here it is (0, 0), so principal points move by half a pixel.
Source: colmap.github.io, "Output Format" and "Camera Models".
"""

from __future__ import annotations

import struct

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import Distortion, FieldOfView, Fisheye, RadialTangential
from theodolite.camera.readers.fields import calibrated, choose, number
from theodolite.errors import CalibrationError

# Number of focal lengths, and what to make of the parameters behind the principal point, by name and number.
_LENSES = {
    "SIMPLE_PINHOLE": (1, 0, None),
    "PINHOLE": (2, 0, None),
    "SIMPLE_RADIAL": (1, 1, lambda k: RadialTangential(k1=k)),
    "RADIAL": (1, 2, lambda k1, k2: RadialTangential(k1, k2)),
    "OPENCV": (2, 4, RadialTangential),
    "OPENCV_FISHEYE": (2, 4, Fisheye),
    "FULL_OPENCV": (2, 8, RadialTangential),
    "FOV": (2, 1, FieldOfView),
    "SIMPLE_RADIAL_FISHEYE": (1, 1, Fisheye),
    "RADIAL_FISHEYE": (1, 2, Fisheye),
}
_NAMES = dict(enumerate([*_LENSES, "THIN_PRISM_FISHEYE", "RAD_TAN_THIN_PRISM_FISHEYE"]))
# The thin-prism models add terms which no other program here has: read while those terms are zero.
_PRISM = {"THIN_PRISM_FISHEYE": 12, "RAD_TAN_THIN_PRISM_FISHEYE": 16}

# Bytes of a camera in cameras.bin: a header of 24 and three parameters, or more.
_SMALLEST = 24 + 3 * 8


def from_text(text: str, name: str | None = None) -> CalibratedCamera:
    """One camera of a cameras.txt: the one with this id, or the only one."""
    found = {}
    for index, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) < 5:
            raise CalibrationError(
                f"line {index} has {len(words)} words; expected CAMERA_ID MODEL WIDTH HEIGHT PARAMS."
            )
        values = [number(word, f"line {index}") for word in words[2:]]
        found[words[0]] = _camera(words[1], int(values[0]), int(values[1]), values[2:], f"line {index}")
    return choose(found, name)


def from_binary(data: bytes, name: str | None = None) -> CalibratedCamera:
    """One camera of a cameras.bin."""
    found = {}
    try:
        (count,) = struct.unpack_from("<Q", data, 0)
        at = 8
        if count * _SMALLEST > len(data):
            raise struct.error
        for _ in range(count):
            camera_id, model, width, height = struct.unpack_from("<iiQQ", data, at)
            at += 24
            kind = _NAMES.get(model)
            if kind is None:
                raise CalibrationError(f"camera {camera_id} has lens model number {model}, which is not known here.")
            total = _parameters(kind)
            values = struct.unpack_from(f"<{total}d", data, at)
            at += 8 * total
            checked = [number(value, f"camera {camera_id}") for value in values]
            found[str(camera_id)] = _camera(kind, width, height, checked, f"camera {camera_id}")
    except struct.error as error:
        raise CalibrationError(f"is no text, and no complete COLMAP cameras.bin either ({len(data)} bytes).") from error
    if at != len(data):
        raise CalibrationError(f"is no COLMAP cameras.bin: {len(data) - at} bytes are left over.")
    return choose(found, name)


def _parameters(kind: str) -> int:
    if kind in _PRISM:
        return _PRISM[kind]
    focals, extra, _ = _LENSES[kind]
    return focals + 2 + extra


def _camera(kind: str, width: int, height: int, values: list[float], where: str) -> CalibratedCamera:
    if kind not in _LENSES and kind not in _PRISM:
        raise CalibrationError(f"{where}: lens model {kind!r} is not supported. Run COLMAP's image_undistorter first.")
    if len(values) != _parameters(kind):
        raise CalibrationError(f"{where}: {kind} has {_parameters(kind)} parameters, found {len(values)}.")
    focals = 2 if kind in _PRISM else _LENSES[kind][0]
    fx, fy = values[0], values[focals - 1]
    cx, cy = (value - 0.5 for value in values[focals : focals + 2])
    return calibrated(fx, fy, cx, cy, (width, height), f"COLMAP {kind}", _lens(kind, values[focals + 2 :], where))


def _lens(kind: str, extra: list[float], where: str) -> Distortion | None:
    if kind not in _PRISM:
        make = _LENSES[kind][2]
        return make(*extra) if make else None
    if kind == "THIN_PRISM_FISHEYE":
        k1, k2, p1, p2, k3, k4, *prism = extra
        radial, rest = (k1, k2, k3, k4), [p1, p2, *prism]
    else:
        radial, rest = tuple(extra[:4]), extra[4:]  # type: ignore[assignment]
    if any(rest):
        raise CalibrationError(
            f"{where}: {kind} with tangential or prism terms is not supported. Run COLMAP's image_undistorter first."
        )
    return Fisheye(*radial)
