"""Numbers out of foreign files: fetched by name, checked, and refused with the file and the field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import Distortion, RadialTangential
from theodolite.camera.pinhole import Camera
from theodolite.errors import CalibrationError, CameraError


@contextmanager
def reading(path: object, kind: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a CalibrationError that names the file."""
    try:
        yield
    except CalibrationError as error:
        text = str(error)
        raise CalibrationError(text if str(path) in text else f"{path}: {text}") from error
    except CameraError as error:
        raise CalibrationError(f"{path} ({kind}): {error}") from error


def number(value: Any, field: str) -> float:
    """A finite number; some writers put numbers in quotes, or in a form that YAML takes for text (1e-05)."""
    try:
        if isinstance(value, bool):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise CalibrationError(f"{field} is {_short(value)}, where a number was expected.") from error
    if not math.isfinite(result):
        raise CalibrationError(f"{field} is {result}, where a finite number was expected.")
    return result


def numbers(values: Any, field: str, at_least: int = 0) -> list[float]:
    """A list of finite numbers, nested lists joined."""
    flat = list(_flatten(values, field))
    if len(flat) < at_least:
        raise CalibrationError(f"{field} has {len(flat)} numbers, where {at_least} were expected.")
    return [number(value, field) for value in flat]


def first(content: Mapping[Any, Any], names: Sequence[str], what: str) -> Any:
    """The first of several spellings that is there."""
    for name in names:
        if name in content:
            return content[name]
    raise CalibrationError(f"gives no {what}; looked for {', '.join(names)}.")


def size(content: Mapping[Any, Any], names: tuple[Sequence[str], Sequence[str]]) -> tuple[int, int] | None:
    """Width and height, where the file gives both."""
    sides = []
    for spellings in names:
        value = next((content[name] for name in spellings if name in content), None)
        if value is None:
            return None
        side = number(value, spellings[0])
        if side < 1 or side != int(side):
            raise CalibrationError(f"{spellings[0]} is {side:g}, where a whole number of pixels was expected.")
        sides.append(int(side))
    return sides[0], sides[1]


def calibrated(
    fx: float,
    fy: float,
    cx: float,
    cy: float,
    size: tuple[int, int] | None,
    detail: str,
    distortion: Distortion | None = None,
) -> CalibratedCamera:
    """The result of every reader. Without a size it cannot be built."""
    if size is None:
        raise CalibrationError(f"{detail} gives no image size. Say which size it belongs to (image_size).")
    if distortion == RadialTangential():  # all zero; a fisheye with zeros is still a fisheye
        distortion = None
    return CalibratedCamera(Camera(fx, fy, cx, cy, *size, source="given", detail=detail), distortion)


def choose(found: Mapping[str, CalibratedCamera], name: str | None) -> CalibratedCamera:
    """One of a file's cameras: the one asked for, the only one, or any when all are alike."""
    if name is not None:
        if name not in found:
            raise CalibrationError(f"has no camera {name!r}; it has {_few(found)}.")
        return found[name]
    if not found:
        raise CalibrationError("lists no camera.")
    cameras = list(found.values())
    if any(_numbers(camera) != _numbers(cameras[0]) for camera in cameras):
        raise CalibrationError(f"has several cameras; say which one: {_few(found)}.")
    return cameras[0]


def _numbers(camera: CalibratedCamera) -> tuple[Any, ...]:
    c = camera.camera
    return c.fx, c.fy, c.cx, c.cy, c.width, c.height, camera.distortion


def _flatten(values: Any, field: str, depth: int = 3) -> Iterator[Any]:
    # A matrix nests twice. YAML can write a list that contains itself.
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence) or depth == 0:
        raise CalibrationError(f"{field} is {_short(values)}, where a list of numbers was expected.")
    for value in values:
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            yield from _flatten(value, field, depth - 1)
        else:
            yield value


def _few(found: Mapping[str, Any]) -> str:
    names = list(found)
    return ", ".join(names[:8]) + (f", … ({len(names)} in all)" if len(names) > 8 else "")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
