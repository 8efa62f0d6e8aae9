"""Rows of Waymo's parquet tables, a few at a time: the range images of a segment do not fit into memory together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.errors import DatasetError
from theodolite.extras import require
from theodolite.types import Float

# A row of three range images has up to ten million numbers.
_ROWS_AT_ONCE = 4
TIME = "key.frame_timestamp_micros"

# A range image as it is stored: its numbers, row by row, and its shape.
Flat = tuple[Any, Sequence[int]]


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of a table. Raises: DatasetError, naming the file."""
    for batch in _batches(path, columns):
        yield from batch.to_pylist()


def range_images(path: Path, field: str, laser: int) -> Iterator[tuple[int, Flat]]:
    """Time and range image of one scanner, in the order of the file. Raises: DatasetError, naming the file."""
    columns = (TIME, "key.laser_name", f"{field}.values", f"{field}.shape")
    for batch in _batches(path, columns):
        times, lasers, values, shapes = (batch.column(name) for name in columns)
        for row in range(batch.num_rows):
            if lasers[row].as_py() == laser and values[row].is_valid:
                yield times[row].as_py(), (values[row].values, shapes[row].as_py())


def in_step(*tables: Iterator[tuple[int, Flat]]) -> Iterator[tuple[int, tuple[Flat, ...]]]:
    """Rows of several tables that have the same time; what a table has alone is left out.

    Rows wait for their counterparts, so tables in the same order need the memory of a row each.
    """
    waiting: list[dict[int, Flat]] = [{} for _ in tables]
    unfinished = dict(enumerate(tables))
    while unfinished:
        for number, table in list(unfinished.items()):
            row = next(table, None)
            if row is None:
                del unfinished[number]
                continue
            time, values = row
            waiting[number][time] = values
            if all(time in rows for rows in waiting):
                yield time, tuple(rows.pop(time) for rows in waiting)


def as_array(flat: Flat) -> Float[np.ndarray, "rows columns channels"]:
    """The numbers in their shape, in double precision: places in the world are far from its origin."""
    values, shape = flat
    return values.to_numpy(zero_copy_only=False).astype(float).reshape(tuple(shape))


def _batches(path: Path, columns: Sequence[str]) -> Iterator[Any]:
    parquet = require("pyarrow.parquet", "datasets", "Reading Waymo's tables")
    try:
        with parquet.ParquetFile(path) as file:
            if missing := [name for name in columns if name not in file.schema_arrow.names]:
                raise DatasetError(f"{path}: has no column {missing[0]}.")
            yield from file.iter_batches(_ROWS_AT_ONCE, columns=list(columns))
    except (OSError, ValueError) as error:  # pyarrow's errors are one or the other
        raise DatasetError(f"{path}: no readable table ({str(error).splitlines()[0]}).") from error
