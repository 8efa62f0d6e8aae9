"""A run's folder: what is being run, and every image's outcome as soon as it is known, so that a run can go on."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from theodolite.errors import OutputError
from theodolite.evaluation.scores import ImageFailure, ImageScore, Outcome
from theodolite.weights.atomic import writing

RUN = "run.json"
# What is made of a run's outcomes.
MADE = ("images.csv", "result.json", "report.md", "report.html")
_OUTCOMES = "outcomes-*.jsonl"


class Journal:
    """The folder of one run. Each process writes a file of its own, a line an outcome; all are read together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, settings: dict[str, Any], overwrite: bool = False) -> None:
        """Note what is run; or find that it is the same as before, so that what is done counts.

        Raises: OutputError, when the folder holds a run of other settings, or cannot be written.
        """
        path = self.folder / RUN
        if overwrite or not path.exists():
            self.clear()
            with writing(path) as temporary:
                temporary.write_text(json.dumps(settings, indent=1), "utf-8")
            return
        before = self.settings()
        now = json.loads(json.dumps(settings))
        changed = [name for name in now if before.get(name) != now[name]]
        if changed:
            name = changed[0]
            raise OutputError(
                f"{self.folder} holds a run whose {name} is {_short(before.get(name))}, not {_short(now[name])}. "
                "Give another folder by --out, or --overwrite to begin anew."
            )

    def settings(self) -> dict[str, Any]:
        """What is run. Raises: OutputError, when the folder holds no run."""
        path = self.folder / RUN
        try:
            return json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise OutputError(f"{self.folder} holds no evaluation: there is no {RUN}.") from None
        except (OSError, ValueError) as error:
            raise OutputError(f"{path} cannot be read: {error}.") from error

    def clear(self) -> None:
        """Forget everything, and remove what was made of it."""
        for path in [*self.folder.glob(_OUTCOMES), *(self.folder / name for name in (RUN, *MADE))]:
            path.unlink(missing_ok=True)

    def forget(self, names: Collection[str]) -> None:
        """Forget the outcomes of some images. Raises: OutputError."""
        for path in sorted(self.folder.glob(_OUTCOMES)) if names else ():
            with writing(path) as temporary, path.open("rb") as before, temporary.open("wb") as after:
                for line in before:
                    data = _parsed(line)
                    if data is not None and data["name"] not in names:
                        after.write(line)

    def writer(self, process: int) -> JournalWriter:
        return JournalWriter(self.folder / _OUTCOMES.replace("*", str(process)))

    def done(self) -> dict[str, str]:
        """Names and stamps of the images that were scored; those that failed are tried again."""
        return {data["name"]: data["stamp"] for data in self._lines() if "reason" not in data}

    def attempted(self) -> set[str]:
        """Names of all images that have an outcome."""
        return {data["name"] for data in self._lines()}

    def outcomes(self, names: list[str]) -> Iterator[Outcome]:
        """Of these images, in their order; of each the score, if there is one. One image's is in memory at a time."""
        places: dict[str, tuple[Path, int]] = {}
        scored: set[str] = set()
        for data, where in self._places():
            # A score counts, whoever failed before or after: only what failed is tried again.
            if "reason" not in data or data["name"] not in scored:
                places[data["name"]] = where
            if "reason" not in data:
                scored.add(data["name"])
        for name in names:
            if name in places:
                path, start = places[name]
                with path.open("rb") as file:
                    file.seek(start)
                    yield _outcome(json.loads(file.readline()))

    def _lines(self) -> Iterator[dict[str, Any]]:
        for data, _ in self._places():
            yield data

    def _places(self) -> Iterator[tuple[dict[str, Any], tuple[Path, int]]]:
        """Each line's content and where it begins. A line that was cut off by a crash is none."""
        for path in sorted(self.folder.glob(_OUTCOMES)):
            with path.open("rb") as file:
                start = 0
                for line in file:
                    if (data := _parsed(line)) is not None:
                        yield data, (path, start)
                    start += len(line)


class JournalWriter:
    """Appends outcomes, each whole on a line of its own."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
            if self._file.tell() and not _ends_a_line(path):
                self._file.write(b"\n")
        except OSError as error:
            raise OutputError(f"{path} could not be written: {error.strerror}.") from error

    def add(self, outcome: Outcome) -> None:
        """Raises: OutputError, when the disk is full."""
        try:
            self._file.write(json.dumps(_plain(outcome)).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(f"{self._file.name} could not be written: {error.strerror}.") from error

    def close(self) -> None:
        self._file.close()


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _plain(outcome: Outcome) -> dict[str, Any]:
    return outcome.to_json() if isinstance(outcome, ImageScore) else vars(outcome)


def _outcome(data: dict[str, Any]) -> Outcome:
    return ImageFailure(**data) if "reason" in data else ImageScore.from_json(data)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
