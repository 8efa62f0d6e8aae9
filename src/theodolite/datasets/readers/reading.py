"""Files of test data: read as they are stored, and refused by name when they cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from theodolite.camera.decode import decode
from theodolite.camera.pinhole import Camera
from theodolite.datasets import arrays
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.normal_encodings import CONVENTIONS
from theodolite.errors import CameraError, DatasetError, PhotoError, SizeMismatch
from theodolite.extras import require
from theodolite.types import Array, Bool, Float, UInt8

# Metres between which the median of any scene lies; millimetres taken for metres do not.
_PLAUSIBLE = (0.02, 1000.0)


def picture(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """RGB. Raises: DatasetError, naming the file; one that asks to be turned, too: nobody knows if its truth was."""
    with naming(path):
        if not path.is_file():
            raise DatasetError(arrays.NO_FILE)
        decoded = decode(path, "it")
        if decoded.exif.orientation != 1:
            raise DatasetError("its EXIF data ask for it to be turned; store it, its truth and its camera upright")
        return decoded.image


def depth(path: Path, encoding: DepthEncoding, camera: Camera) -> Float[np.ndarray, "h w"]:
    """Metres along z, NaN where unknown, at the size it is stored in.

    Args:
        camera: of the picture at any size.
    Raises: DatasetError, naming the file.
    """
    with naming(path):
        return plausible(encoding.read(path, camera))


def plausible(metres: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """The same map. Raises: DatasetError, without the name of a file, when nothing is known or it cannot be metres."""
    known = np.isfinite(metres)
    if not known.any():
        raise DatasetError("holds no known depth: all is zero, negative, NaN or marked unknown")
    median = float(np.median(metres[known]))
    if not _PLAUSIBLE[0] <= median <= _PLAUSIBLE[1]:
        raise DatasetError(f"its median of {median:.4g} m is implausible; is its scale what the data set says?")
    return metres


def normals(paths: Path | Sequence[Path], convention: str, camera: Camera) -> Float[np.ndarray, "h w 3"]:
    """Unit vectors that face the camera, NaN where unknown.

    Args:
        convention: a name of `normal_encodings.CONVENTIONS`.
        camera: of the picture at any size.
    Raises: DatasetError, naming the file.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    with naming(files[0]):
        return CONVENTIONS[convention].read(files, camera)


def mask(path: Path) -> Bool[np.ndarray, "h w"]:
    """True where the file is not zero. Raises: DatasetError, naming the file."""
    with naming(path):
        values = arrays.read_by_ending(path)
        if values.ndim == 3 and values.shape[2] == 1:
            values = values[..., 0]
        if values.ndim != 2 or values.size == 0:
            raise DatasetError(f"one channel is needed, found shape {values.shape}")
        return values != 0


def matlab(path: Path, name: str) -> Array:
    """A variable of a MATLAB file of version 7 or before. Raises: DatasetError, naming the file; MissingExtra."""
    io = require("scipy.io", "datasets", f"Reading {path.name}")
    with naming(path):
        if not path.is_file():
            raise DatasetError(arrays.NO_FILE)
        try:
            return io.loadmat(path, variable_names=[name])[name]
        except KeyError as error:
            raise DatasetError(f"has no variable {name!r}") from error
        except Exception as error:  # SciPy meets a damaged file with errors of many kinds
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise DatasetError(f"cannot be read as a MATLAB file ({reason[:160]})") from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """The block's errors as DatasetErrors that begin with the file's name."""
    try:
        yield
    except (DatasetError, PhotoError, CameraError, SizeMismatch, OSError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else ""
        reason = arrays.NO_FILE if isinstance(error, FileNotFoundError) else (reason or str(error)).rstrip(".")
        raise DatasetError(f"{reason}." if str(path) in reason else f"{path}: {reason}.") from error
