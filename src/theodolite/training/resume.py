"""The state of a run on disk: whole or absent, small enough to move, enough to go on as if nothing had happened.

A state is a folder `state-000800` of safetensors shards, with `position.json` that says where the run was. It is
written under another name and renamed when it is complete, and only then is the one before removed. Tensors are stored
whole under the network's names, so a run may go on with another number of processes, or divided where it was not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from theodolite.errors import CheckpointError
from theodolite.extras import require
from theodolite.network import Metric3D
from theodolite.training.config import Recipe
from theodolite.training.distributed import part_like, whole
from theodolite.training.notes import as_noted, read_note, write_note
from theodolite.training.optim import MovingAverage
from theodolite.weights.atomic import writing_folder

RECIPE = "recipe.json"
DATA = "data.json"
POSITION = "position.json"
_PREFIX = "state-"
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass
class Position:
    """Where a run is.

    Args:
        step: steps done.
        seconds: of training so far, before and after interruptions, validation left out.
        progress: share of the run that is over; the learning rate follows it.
        skipped, skipped_in_a_row: steps whose loss or gradient was not finite.
        rejected: samples that could not be used and were replaced.
    """

    step: int = 0
    seconds: float = 0.0
    progress: float = 0.0
    skipped: int = 0
    skipped_in_a_row: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Learner:
    """What changes while a network learns."""

    net: Metric3D
    average: MovingAverage
    optim: torch.optim.Optimizer

    def gathered(self) -> dict[str, Tensor]:
        """Everything a step depends on, on the CPU; every process has to call it.

        What the start brings and never changes is there too: a state is complete without the file it came from.
        """
        found = {f"network.{name}": whole(value) for name, value in self.net.state_dict().items()}
        found |= {f"average.{name}": whole(value) for name, value in self.average.state.items()}
        for name, parameter in self.net.named_parameters():
            moments = self.optim.state.get(parameter, {})
            found |= {f"{kind}.{name}": whole(moments[kind]) for kind in _MOMENTS if kind in moments}
        return {name: value.detach().cpu().contiguous() for name, value in found.items()}

    @torch.no_grad()
    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """The inverse of `gathered`.

        Raises: KeyError, RuntimeError or ValueError, when the state is another network's.
        """
        for name, value in self.net.state_dict().items():
            value.copy_(part_like(stored[f"network.{name}"], value))
        for name, value in self.average.state.items():
            value.copy_(part_like(stored[f"average.{name}"], value))
        self.optim.state.clear()
        for name, parameter in self.net.named_parameters():
            # A weight that was still frozen has no moments yet.
            if f"exp_avg.{name}" in stored:
                self.optim.state[parameter] = {
                    kind: stored[f"step.{name}"].clone() if kind == "step" else part_like(value, parameter).clone()
                    for kind in _MOMENTS
                    for value in (stored[f"{kind}.{name}"],)
                }

    def averaged(self) -> dict[str, Tensor]:
        """The network's state with averaged weights, whole, on the CPU; every process has to call it."""
        merged = {**self.net.state_dict(), **self.average.state}
        return {name: whole(value).detach().cpu().clone() for name, value in merged.items()}


def save_state(run: Path, stored: Mapping[str, Tensor], position: Position, shard_mib: float) -> Path:
    """Write a state, and remove those before it.

    Raises: OutputError, when it cannot be written; the state before is then still there.
    """
    save_file = require("safetensors.torch", "torch", "Saving a run's state").save_file
    with writing_folder(run / f"{_PREFIX}{position.step:08d}") as folder:
        shards = list(_shards(stored, int(shard_mib * 2**20)))
        for number, names in enumerate(shards):
            save_file({name: stored[name] for name in names}, folder / f"{number:04d}.safetensors")
        told = {"position": asdict(position), "shards": len(shards), "tensors": len(stored)}
        (folder / POSITION).write_text(json.dumps(told, indent=1) + "\n")
    for older in _states(run)[:-1]:
        shutil.rmtree(older, ignore_errors=True)
    return run / f"{_PREFIX}{position.step:08d}"


def load_state(run: Path) -> tuple[dict[str, Tensor], Position]:
    """The newest state of a run.

    Raises: CheckpointError, when there is none, or it is damaged.
    """
    load_file = require("safetensors.torch", "torch", "Resuming a run").load_file
    folder = _newest(run)
    try:
        told = json.loads((folder / POSITION).read_text())
        stored: dict[str, Tensor] = {}
        for number in range(told["shards"]):
            stored |= load_file(folder / f"{number:04d}.safetensors")
        if len(stored) != told["tensors"]:
            raise ValueError(f"{told['tensors']} tensors expected, {len(stored)} found")
        return stored, Position(**told["position"])
    except Exception as error:  # safetensors raises an Exception of its own
        raise CheckpointError(f"{folder} is damaged: {' '.join(str(error).split())[:160]}") from error


def refuse_used(run: Path) -> None:
    """Raises: CheckpointError, when the folder holds a run: its state would be mixed up with that of a new one."""
    if states := _states(run):
        raise CheckpointError(
            f"{run} holds a run already ({states[-1].name}): go on with it by --resume, or choose another folder."
        )


def write_recipe(run: Path, recipe: Recipe) -> None:
    """The recipe as a result, for people and for `require_same_recipe`."""
    write_note(run / RECIPE, recipe.to_dict())


def require_same_recipe(run: Path, recipe: Recipe) -> None:
    """Raises: CheckpointError, naming the numbers that differ from those the run was started with."""
    if not (run / RECIPE).exists():
        _newest(run)  # refuses a folder in which no run has begun, as what it is
    stored, wanted = read_note(run / RECIPE), as_noted(recipe.to_dict())
    different = sorted(name for name in stored.keys() | wanted.keys() if stored.get(name) != wanted.get(name))
    if different:
        raise CheckpointError(
            f"{run} was started with another recipe (it differs in {', '.join(different)}); "
            "start a new run in another folder."
        )


def write_data(run: Path, sets: Sequence[Mapping[str, Any]]) -> None:
    """The sets of samples that the run learns from, for people and for `require_same_data`."""
    write_note(run / DATA, list(sets))


def require_same_data(run: Path, sets: Sequence[Mapping[str, Any]]) -> None:
    """Raises: CheckpointError, naming the set that differs: which sample comes when depends on all of them.

    A run that was started before this was written down is taken as it is.
    """
    if not (run / DATA).exists():
        return
    for before, now in zip_longest(read_note(run / DATA), as_noted(list(sets))):
        # Of what was written down only: the first such files said nothing of where a set starts.
        if not before or not now or any(now.get(name) != value for name, value in before.items()):
            raise CheckpointError(
                f"{run} was started with other data: {_told(before)}, which is {_told(now)} now; "
                "give the same sets, or start a new run in another folder."
            )


def _told(described: Mapping[str, Any] | None) -> str:
    if described is None:
        return "no such set"
    first = f" from number {described['start']}" if described.get("start") else ""
    return f"{described['name']} of {described['samples']} samples{first}, share {described['share']:g}"


def _states(run: Path) -> list[Path]:
    return sorted(path for path in run.glob(f"{_PREFIX}*") if (path / POSITION).is_file())


def _newest(run: Path) -> Path:
    """Raises: CheckpointError, when there is no state."""
    states = _states(run)
    if not states:
        raise CheckpointError(f"{run} holds no state to resume from; start the run without --resume.")
    return states[-1]


def _shards(stored: Mapping[str, Tensor], most: int) -> Iterator[list[str]]:
    """Names by file: as many as fit, in order; a tensor larger than a file has one of its own."""
    names: list[str] = []
    size = 0
    for name, tensor in stored.items():
        if names and size + tensor.nbytes > most:
            yield names
            names, size = [], 0
        names.append(name)
        size += tensor.nbytes
    if names:
        yield names
