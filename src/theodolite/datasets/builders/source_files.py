"""Files of foreign data sets: found, read, and refused by name when they are missing or not what they should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from theodolite.camera.pinhole import Camera
from theodolite.camera.readers import read_camera
from theodolite.errors import CalibrationError, CameraError, DatasetError
from theodolite.types import Float


def folders_with(source: Path, marker: str, levels: int = 2) -> list[Path]:
    """`source` itself, or the folders at most so many levels below it, that hold `marker`; sorted.

    A search of a bounded depth: walking through the millions of files of a whole data set takes hours.
    Raises: DatasetError, when there is none.
    """
    found: list[Path] = []
    for level in range(levels + 1):
        found += [path.parents[marker.count("/")] for path in source.glob("*/" * level + marker)]
    return sorted(set(need(found, source, marker)))


def training_part(source: Path, name: str) -> Path:
    """The folder of the training part, where the parts lie beside each other; else `source`, as the part it is."""
    return source / name if (source / name).is_dir() else source


def need(found: Iterable[Path], source: Path, what: str) -> list[Path]:
    """The files found, sorted. Raises: DatasetError, when there are none."""
    files = sorted(found)
    if not files:
        raise DatasetError(f"{source} holds no {what}; give the folder that the data set was unpacked to.")
    return files


def read_json(path: Path, hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Content of a JSON file.

    Args:
        hook: what stands for an object, called as soon as it is parsed.
    Raises: DatasetError, naming the file.
    """
    try:
        return json.loads(read_text(path), object_hook=hook)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: no valid JSON ({error}).") from error


def read_yaml(path: Path) -> Any:
    """Raises: DatasetError, naming the file."""
    try:
        return yaml.safe_load(read_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise DatasetError(f"{path}: no valid YAML ({str(error).splitlines()[0]}).") from error


def read_text(path: Path) -> str:
    """Raises: DatasetError, naming the file."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: {getattr(error, 'strerror', None) or error}.") from error


def entry(content: Any, path: Path, *keys: str | int) -> Any:
    """What nested content holds under keys. Raises: DatasetError, naming the file and the keys."""
    try:
        return reduce(lambda inner, key: inner[key], keys, content)
    except (KeyError, IndexError, TypeError) as error:
        raise DatasetError(f"{path}: has no entry {'.'.join(map(str, keys))}.") from error


def numbers(content: Any, path: Path, *keys: str | int, shape: tuple[int, ...] = ()) -> Float[np.ndarray, "..."]:
    """A finite number, or an array of them of a given shape, under keys. Raises: DatasetError."""
    value = entry(content, path, *keys)
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array = np.full(shape, np.nan)
    if array.shape != shape or not np.isfinite(array).all():
        wanted = f"{shape} numbers" if shape else "a number"
        raise DatasetError(f"{path}: {'.'.join(map(str, keys))} is {str(value)[:60]}, where {wanted} should be.")
    return array


def camera_of(path: Path, values: Sequence[float], size: tuple[int, int]) -> Camera:
    """A camera from fx, fy, cx, cy. Raises: DatasetError, naming the calibration file."""
    fx, fy, cx, cy = (float(value) for value in values)
    try:
        return Camera(fx, fy, cx, cy, *size, detail=path.name)
    except CameraError as error:
        raise DatasetError(f"{path}: {error}") from error


def rectified_camera(path: Path, projection: str, size: tuple[int, int] | None = None) -> Camera:
    """The camera of a projection such as P_rect_02 in a calibration file of KITTI's form. Raises: DatasetError."""
    try:
        return read_camera(path, size, name=projection).camera
    except (CalibrationError, CameraError) as error:
        raise DatasetError(str(error)) from error


def intrinsics(camera: Camera) -> tuple[float, float, float, float]:
    """As a record has them."""
    return camera.fx, camera.fy, camera.cx, camera.cy


def image_size(path: Path) -> tuple[int, int]:
    """(width, height), from the file's header. Raises: DatasetError, naming the file."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.size
    except (OSError, SyntaxError) as error:
        raise DatasetError(f"{path}: a picture was expected, {type(error).__name__}: {error}.") from error
