"""A model from the name of a function: anything that takes a picture and its camera and returns depth."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.evaluation.estimate import EstimateError, Model
from theodolite.types import UInt8


def load_callable(words: str) -> Model:
    """The function, or an instance of the class, of that name; what it raises for a picture is an EstimateError.

    Args:
        words: "package.module:name" or "path/to/file.py:name". A class is made without arguments.
    Raises: EstimateError, when there is no such thing, or it cannot be imported or made.
    """
    place, _, name = words.rpartition(":")
    if not place or not name:
        raise EstimateError(f"{words!r} names no function; package.module:name or file.py:name is needed.")
    module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    found = getattr(module, name, None)
    if found is None:
        raise EstimateError(f"{place} has no {name}.")
    if isinstance(found, type):
        try:
            found = found()
        except TheodoliteError:
            raise
        except (Exception, SystemExit) as error:
            raise EstimateError(f"{words} could not be made: {_reason(error)}.") from error
    if not callable(found):
        raise EstimateError(f"{words} is no function of a picture and its camera, but of type {type(found).__name__}.")
    return _told(found, name)


def code_of(words: str) -> Path | None:
    """The file that a loaded function is written in, where it is written in one."""
    place = words.rpartition(":")[0]
    file = place if place.endswith(".py") else getattr(sys.modules.get(place), "__file__", None)
    return Path(file) if file is not None and Path(file).is_file() else None


def _from_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # whatever an import runs can go wrong
        raise EstimateError(f"{name} could not be imported: {_reason(error)}.") from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise EstimateError(f"{path}: there is no such file.")
    # Files of one name in two folders are two modules.
    name = f"theodolite_model_{hashlib.sha256(bytes(path.resolve())).hexdigest()[:8]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # scripts end themselves
        sys.modules.pop(name, None)
        raise EstimateError(f"{path} could not be imported: {_reason(error)}.") from error
    return module


def _told(function: Model, name: str) -> Model:
    """The same function; of its exceptions those that end the run stay, others are of this picture."""

    def attempt(image: UInt8[np.ndarray, "h w 3"], camera: Camera) -> Any:
        try:
            return function(image, camera)
        except TheodoliteError:
            raise
        except (Exception, SystemExit) as error:
            raise EstimateError(f"{name} failed: {_reason(error)}.") from error

    return attempt


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
