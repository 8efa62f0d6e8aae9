"""Pickles from strangers: plain containers, numbers, texts and NumPy arrays are read, anything else is refused."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.errors import DatasetError


def read_pickle(path: Path) -> Any:
    """The content of a pickle that is only data.

    A pickle can name any function of any module and have it called. Here names are looked up in a short list of what
    makes arrays and containers; a pickle that names another is refused before anything is called.
    Raises: DatasetError, without the name of the file.
    """
    try:
        return PlainUnpickler(io.BytesIO(path.read_bytes())).load()
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError((error.strerror or str(error)).lower()) from error
    except Exception as error:  # a damaged pickle can stop its reader with nearly any exception
        raise DatasetError(f"is a damaged pickle: {type(error).__name__}: {error}".splitlines()[0]) from error


class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        # NumPy 2 moved its internals; files of either are read by either.
        known = _ALLOWED.get((module.replace("numpy._core", "numpy.core"), name))
        if known is None:
            raise DatasetError(f"is a pickle that asks for {module}.{name}, which is not plain data; it was not opened")
        return known

    def persistent_load(self, pid: Any) -> Any:
        raise DatasetError("is a pickle that refers to something outside itself; it was not opened")


def _encode(text: str, encoding: str) -> bytes:
    """How old pickles write bytes. The true codecs.encode would also unpack archives."""
    if encoding != "latin1":
        raise DatasetError(f"is a pickle with bytes in {encoding!r}; it was not opened")
    return text.encode("latin1")


def _scalar(dtype: np.dtype, data: bytes = b"") -> Any:
    """A NumPy number; never an object, whose bytes would be a pickle of their own."""
    if not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise DatasetError("is a pickle with an object hidden in a number; it was not opened")
    return np.frombuffer(data, dtype, 1)[0]


def _empty_array(kind: type, shape: tuple, code: bytes) -> np.ndarray:
    """What NumPy makes first and fills afterwards; the shape given here is always (0,)."""
    return np.ndarray((0,), np.int8)


def _array(data: bytes, dtype: np.dtype, shape: tuple, order: str = "C") -> np.ndarray:
    if not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise DatasetError("is a pickle with an array of objects; it was not opened")
    return np.frombuffer(data, dtype).reshape(shape, order=order)  # type: ignore[call-overload]


_ALLOWED: dict[tuple[str, str], Any] = {
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "complex"): complex,
    ("builtins", "bytearray"): bytearray,
    ("collections", "OrderedDict"): dict,
    ("_codecs", "encode"): _encode,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array,
}
# The same names as Python 2 wrote them.
_ALLOWED |= {("__builtin__", name): value for (module, name), value in _ALLOWED.items() if module == "builtins"}
