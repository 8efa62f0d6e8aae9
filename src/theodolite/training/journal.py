"""What a run tells while it goes on: JSON lines, TensorBoard scalars and pictures, and whoever watches."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from theodolite.training.resume import Position
from theodolite.types import UInt8
from theodolite.weights.atomic import writing

LOG = "log.jsonl"
BOARD = "tensorboard"
_EVERY = 50  # steps between lines

Line = dict[str, Any]


class Watcher(Protocol):
    """Told about the run while it goes on; draws the progress bar."""

    def __call__(self, position: Position, line: Line | None) -> None: ...


class Journal:
    """Of one run; only the first process writes one.

    Args:
        batch: samples in a step.
        watch: told of every step, with a line where there is one.
        since: the step that the run goes on from; what was told of later ones, before it was killed, comes again.
    """

    def __init__(self, run: Path, batch: int, watch: Watcher | None = None, since: int = 0) -> None:
        self._path, self._batch, self._watch = run / LOG, batch, watch
        _cut(self._path, since)
        self._terms: list[Mapping[str, float]] = []
        self._since: float | None = None
        self._waited = 0.0
        self._board = _board(run / BOARD, since)
        self._told: set[str] = set()

    def step(
        self,
        position: Position,
        terms: Mapping[str, float],
        waited: float,
        optim: torch.optim.Optimizer,
        seconds: float,
    ) -> None:
        """Count a step; every so many, write the means since the last line.

        Args:
            waited: seconds of this step in which there were no samples to train on.
            seconds: that the whole step took.
        """
        self._since = position.seconds - seconds if self._since is None else self._since
        self._terms.append(terms)
        self._waited += waited
        line = None
        if position.step % _EVERY == 0 or position.progress >= 1:
            line = self._line(position, optim)
            self._write(line)
            for name, value in line.items():
                if isinstance(value, int | float) and name != "step":
                    self._scalar(name, value, position.step)
        if self._watch:
            self._watch(position, line)

    def scores(self, position: Position, scores: Mapping[str, Mapping[str, Any]]) -> None:
        line: Line = {"step": position.step, "minutes": round(position.seconds / 60, 2), "scores": scores}
        self._write(line)
        for name, row in scores.items():
            for measure, value in row.items():
                if isinstance(value, int | float):
                    self._scalar(f"{name}/{measure}", value, position.step)
        if self._watch:
            self._watch(position, line)

    def rejected(self, position: Position, lines: Sequence[str]) -> None:
        """Samples that could not be used: each is told once."""
        for text in lines:
            if text not in self._told:
                self._told.add(text)
                line: Line = {"step": position.step, "rejected": text}
                self._write(line)
                if self._watch:
                    self._watch(position, line)

    def pictures(self, position: Position, pictures: Mapping[str, UInt8[np.ndarray, "h w 3"]]) -> None:
        if self._board is not None:
            for name, picture in pictures.items():
                self._board.add_image(name, picture, position.step, dataformats="HWC")

    def close(self) -> None:
        if self._board is not None:
            self._board.close()

    def _line(self, position: Position, optim: torch.optim.Optimizer) -> Line:
        names = dict.fromkeys(name for terms in self._terms for name in terms)
        # A step that was skipped has no finite terms; it is counted, and would make the means of its neighbours NaN.
        taken = [terms for terms in self._terms if all(map(math.isfinite, terms.values()))]
        means = {name: sum(t.get(name, 0.0) for t in taken) / len(taken) if taken else math.nan for name in names}
        passed = position.seconds - (self._since or 0.0)
        line: Line = {
            "step": position.step,
            "minutes": round(position.seconds / 60, 2),
            "progress": round(position.progress, 4),
            "images_per_second": round(len(self._terms) * self._batch / passed, 2) if passed else None,
            "data_wait": round(min(self._waited / passed, 1.0), 3) if passed else None,
            "rates": {str(group["part"]): group["lr"] for group in optim.param_groups},
            "loss": sum(value for name, value in means.items() if name != "norm"),
            **means,
            "skipped": position.skipped,
            "rejected_samples": position.rejected,
        }
        self._terms, self._since, self._waited = [], None, 0.0
        return line

    def _scalar(self, name: str, value: float, step: int) -> None:
        if self._board is not None:
            self._board.add_scalar(name if "/" in name else f"train/{name}", value, step)

    def _write(self, line: Line) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _cut(path: Path, since: int) -> None:
    """Leave out the lines of later steps, and one that was not finished."""
    if not path.exists():
        return
    kept = []
    for text in path.read_text().splitlines():
        try:
            if json.loads(text)["step"] <= since:
                kept.append(text + "\n")
        except ValueError:
            break
    with writing(path) as temporary:
        temporary.write_text("".join(kept))


def _board(folder: Path, since: int) -> Any:
    """A TensorBoard writer, or None where TensorBoard is not installed: the JSON lines hold all but the pictures."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), flush_secs=30, purge_step=since + 1)  # what `_cut` cuts
