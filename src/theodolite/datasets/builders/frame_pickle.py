"""Columns of a pickled pandas table, in which nothing but tables and arrays is ever brought to life.

A pickle can ask for any function to be called, so `pandas.read_pickle` must not be given a stranger's file. Here the
few names that a table of numbers is made of stand for inert records of what was asked of them, and any other name is
refused before it is looked up; the columns are then found in those records. It needs no pandas.
Source: `__getstate__` of pandas' BlockManager up to version 1.2, and `_unpickle_block` since.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.datasets.pickles import PlainUnpickler
from theodolite.errors import DatasetError

# Names in pandas of what makes up a table. They moved between modules, so only the name and the package are looked at.
_PARTS = (
    *("DataFrame", "BlockManager", "FloatBlock", "IntBlock", "ObjectBlock", "NumericBlock", "_unpickle_block"),
    *("new_block", "BlockPlacement", "Index", "RangeIndex", "Int64Index", "_new_Index"),
)
# A compressed file of a sweep has a few megabytes; more than this, unpacked, is no sweep.
_MAX_BYTES = 1 << 30


class _Part:
    """What a pickle asked to be made: its name, what it was made of, and its state."""

    name = ""

    def __new__(cls, *arguments: Any) -> _Part:
        part = super().__new__(cls)
        part.arguments, part.state = arguments, None
        return part

    arguments: tuple[Any, ...]
    state: Any

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state


_STAND_INS = {name: type(name, (_Part,), {"name": name}) for name in _PARTS}


class _TableUnpickler(PlainUnpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "pandas" and name in _STAND_INS:
            return _STAND_INS[name]
        return slice if name == "slice" and module in ("builtins", "__builtin__") else super().find_class(module, name)


def read_columns(path: Path, *names: str) -> list[np.ndarray]:
    """Columns of numbers of a pickled table, `.pkl` or `.pkl.gz`. Raises: DatasetError, naming the file."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise DatasetError(f"{path}: unpacks to more than {_MAX_BYTES >> 20} MiB, so it was not read.")
        columns = dict(_columns(_TableUnpickler(io.BytesIO(data)).load()))
        return [np.asarray(columns[name]) for name in names]
    except DatasetError as error:
        raise DatasetError(str(error) if str(path) in str(error) else f"{path}: {error}.") from error
    except KeyError as error:
        raise DatasetError(f"{path}: has no column {error}.") from error
    # A damaged pickle can stop its reader with nearly any exception.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise DatasetError(f"{path}: no pickled table of numbers, {reason}; nothing in it was run.") from error


def _columns(table: Any) -> list[tuple[str, np.ndarray]]:
    """Name and values of each column."""
    state = table.state if isinstance(table, _Part) and table.name == "DataFrame" else None
    manager = next((state[key] for key in ("_mgr", "_data") if key in state), None) if isinstance(state, dict) else None
    if not isinstance(manager, _Part):
        raise ValueError("it holds no DataFrame")
    labels, blocks = _blocks(manager)
    return [
        (label, row)
        for values, places in blocks
        for label, row in zip(np.asarray(labels)[places], np.atleast_2d(values), strict=True)
    ]


def _blocks(manager: _Part) -> tuple[Any, list[tuple[np.ndarray, Any]]]:
    """Names of all columns; and arrays, one row a column, with the places of their columns."""
    if manager.state is not None:  # up to pandas 1.2
        content = manager.state[3]["0.14.1"]
        return _labels(content["axes"][0]), [(block["values"], block["mgr_locs"]) for block in content["blocks"]]
    parts, axes = manager.arguments
    return _labels(axes[0]), [(part.arguments[0], _places(part.arguments[1])) for part in parts]


def _places(places: Any) -> Any:
    return places.arguments[0] if isinstance(places, _Part) else places


def _labels(index: Any) -> np.ndarray:
    """Names of an index, which is pickled as _new_Index(Index, {"data": names, ...})."""
    return index.arguments[1]["data"]
