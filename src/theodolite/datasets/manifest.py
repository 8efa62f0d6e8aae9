"""A manifest: one JSON object a line, each the record of a sample, beside or above the files it names."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

from theodolite.datasets.record import FILES, Record, RecordError
from theodolite.errors import DatasetError


class Manifest(Sequence[Record]):
    """The records of a .jsonl file; a line is parsed when it is asked for, so that a million of them cost little.

    Indexing raises RecordError where the line is no record, naming file, line and field; other lines are unharmed.
    """

    def __init__(self, path: Path, starts: array[int], numbers: array[int]) -> None:
        self.path = path
        self._starts, self._numbers = starts, numbers

    @classmethod
    def read(cls, path: str | Path) -> Manifest:
        """Raises: DatasetError, when there is no such file, or nothing in it."""
        path = Path(path)
        starts, numbers = array("Q"), array("L")
        try:
            with path.open("rb") as file:
                at = 0
                for number, line in enumerate(file, start=1):
                    if not line.isspace():
                        starts.append(at)
                        numbers.append(number)
                    at += len(line)
        except OSError as error:
            raise DatasetError(f"{path}: a manifest was expected: {(error.strerror or str(error)).lower()}.") from error
        if not starts:
            raise DatasetError(f"{path}: a manifest has at least one line, this one is empty.")
        return cls(path, starts, numbers)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        if isinstance(index, slice):
            return Manifest(self.path, self._starts[index], self._numbers[index])
        start, number = self._starts[index], self._numbers[index]
        origin = f"{self.path}, line {number}"
        # Opened for each line: an open file would be shared, place and all, by the processes that load samples.
        with self.path.open("rb") as file:
            file.seek(start)
            line = file.readline()
        try:
            data = json.loads(line)
        except json.JSONDecodeError as error:
            raise RecordError("", f"not JSON: {error.msg} at character {error.colno}", origin=origin) from error
        except (ValueError, RecursionError) as error:  # bytes that are no text, brackets without end
            raise RecordError("", f"not JSON: {error}", origin=origin) from error
        return Record.from_json(data, self.path.parent, origin)


def write_manifest(path: str | Path, records: Iterable[Record]) -> int:
    """Write records as they come, and say how many; the file is whole or absent.

    Paths become relative to the manifest's folder, so that both can be moved together.
    Raises: OutputError.
    """
    from theodolite.weights.atomic import writing

    path, count = Path(path), 0
    folder = path.absolute().parent
    with writing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(_beside(record, folder).to_json(), ensure_ascii=False) + "\n")
            count += 1
    return count


def _beside(record: Record, folder: Path) -> Record:
    """The same record, its paths relative to `folder`."""

    def moved(name: str) -> Path | tuple[Path, ...] | None:
        paths = tuple(Path(os.path.relpath(path.absolute(), folder)) for path in record.files(name))
        return paths[0] if len(paths) == 1 else paths or None

    return replace(record, **{name: moved(name) for name in FILES}, root=folder)  # type: ignore[arg-type]
