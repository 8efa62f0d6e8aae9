"""The training loop: batches in, a checkpoint out; interrupted anywhere, it goes on where it was."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from theodolite.datasets.sample import Sample
from theodolite.errors import CheckpointError, TheodoliteError
from theodolite.network import Metric3D
from theodolite.training.config import Hardware, Recipe
from theodolite.training.data import Plan, Stream, micro_batches
from theodolite.training.distributed import Team
from theodolite.training.features import Features
from theodolite.training.journal import Journal, Watcher
from theodolite.training.losses.total import Objective
from theodolite.training.model import merged, model_path, new_network, write_model
from theodolite.training.optim import MovingAverage, optimiser, set_rates
from theodolite.training.resume import (
    Learner,
    Position,
    load_state,
    refuse_used,
    require_same_data,
    require_same_recipe,
    save_state,
    write_data,
    write_recipe,
)
from theodolite.training.start import Start, remember_start
from theodolite.training.step import training_step
from theodolite.training.stock import stocked_batches
from theodolite.training.unroll import Unrolled
from theodolite.training.validate import require_frames, validate

# So many steps in a row without a finite gradient are no bad luck.
_TOO_MANY = 30


class Diverged(TheodoliteError):
    """A training run whose numbers are no longer finite."""


@dataclass(frozen=True)
class Checks:
    """What a run is measured on while it goes on.

    Args:
        rendered: samples that are not trained on.
        real: folders of real frames that are not trained on.
    """

    rendered: Sequence[Sample] = ()
    real: Sequence[Path] = ()


def train(
    stream: Stream,
    run: Path,
    *,
    hardware: Hardware | None = None,
    start: Start | None = None,
    minutes: float | None = None,
    resume: bool = False,
    checks: Checks | None = None,
    watch: Watcher | None = None,
) -> Path:
    """Train by the stream's recipe, and give the path of the finished model.

    In a process that is one of several (`accelerate launch`, `torchrun`), all of them call this alike, with a
    folder that all of them see.

    Args:
        run: folder of the run: state, log, models.
        start: weights to go on from, for recipes that start from "given" ones.
        minutes: of training, instead of the recipe's number of steps. Such a run resumes from its state like any
            other, but two of them never take the same number of steps.
        resume: go on from the run's last state.
        watch: told of every step, in the first process.
    Raises: CheckpointError; Diverged, when the loss stays infinite; KeyboardInterrupt, after the state was saved, when
        the run was interrupted or told to end.
    """
    hardware, checks = hardware or Hardware(), checks or Checks()
    if not stream.recipe.canonical:
        raise TheodoliteError("A run's labels go into the canonical camera: a model's file says in which it believes.")
    require_frames(checks.real)  # now, not at the first validation
    recipe = stream.recipe
    team = Team(hardware, uneven=_uneven(recipe))
    net = new_network(recipe, start)
    unrolled = Unrolled(net, full=recipe.full_estimates, precision=recipe.precision)
    if hardware.compile:
        unrolled.compile()
    wrapped = team.wrap(unrolled)
    optim = optimiser(net, recipe)
    learner = Learner(net, MovingAverage(net, recipe.average), optim)
    position = _begin(run, stream, start, learner, team, minutes, resume)

    portions = _portions(team, hardware, recipe)
    plan = Plan(stream, position.step, portions)
    batches = (
        stocked_batches(plan, hardware.workers, team.device, hardware.stock)
        if hardware.stock
        else micro_batches(plan, hardware.workers, team.device.type == "cuda")
    )
    keeps = hardware.features and recipe.views and recipe.thawed is not None and not recipe.lora
    features = Features(hardware.features, stream, net.encoder) if hardware.features and keeps else None
    journal = Journal(run, recipe.batch, watch, position.step) if team.first else None
    rests = _Rests(position.seconds, recipe)

    def keep() -> None:
        averaged = learner.averaged()
        with team.first_alone() as first:
            if first and journal:
                kept = merged(recipe, averaged)
                scores = _judge(kept, recipe, checks, team, journal, position)
                write_model(run, kept, stream, position, start, scores)

    with closing(batches), _interruptions() as interrupted, closing(journal) if journal else nullcontext():
        if position.progress >= 1 and not _somewhere(team, model_path(run, position).exists()):
            keep()  # the run was stopped between its last state and its model
        while position.progress < 1:
            started = time.monotonic()
            parts = [next(batches) for _ in portions]
            waited = time.monotonic() - started
            set_rates(optim, recipe, position.step, position.progress)
            terms = training_step(
                wrapped,
                optim,
                parts,
                _objective(recipe, net, position),
                team,
                recipe.clip,
                features=features,
                refining=position.progress >= recipe.first_estimate,
            )
            _guard(terms, position)
            position.step += 1
            learner.average.update(net, position.step)
            lines = [line for part in parts for line in part.rejected]
            # Agreed upon: a process that went by its own clock would save, or end, while the others do not.
            told = torch.tensor([time.monotonic() - started, len(lines), bool(interrupted)], device=team.device)
            seconds, rejected, stopped = team.total(told).tolist()
            position.seconds += seconds / team.size
            position.rejected += round(rejected)
            lines = team.all_of(lines) if rejected else []  # all processes know whether there are any
            position.progress = _progress(position, recipe, minutes)
            over = position.progress >= 1
            if journal:
                journal.rejected(position, lines)
                journal.step(position, terms, waited, optim, seconds / team.size)
            if rests.to_save(position.seconds) or over or stopped:
                stored = learner.gathered()
                with team.first_alone() as first:
                    if first:
                        save_state(run, stored, position, hardware.shard_mib)
            if stopped and not over:
                raise KeyboardInterrupt
            if rests.to_validate(position.seconds) or over:
                keep()
    team.end()
    return model_path(run, position)


def _uneven(recipe: Recipe) -> bool:
    """Whether some weights that learn get no gradient in some steps."""
    return recipe.first_estimate > 0 or (recipe.frozen > 0 and recipe.thawed != 0 and not recipe.lora)


def _begin(
    run: Path, stream: Stream, start: Start | None, learner: Learner, team: Team, minutes: float | None, resume: bool
) -> Position:
    recipe = stream.recipe
    if resume:
        stored, position = _agreed(team, run, lambda: _found(run, stream))
        try:
            learner.restore(stored)
        except (KeyError, RuntimeError, ValueError) as error:
            raise TheodoliteError(f"The state in {run} is of another network: {error}") from error
        # Anew, not as stored: a finished run goes on when it is given more minutes.
        position.progress = _progress(position, recipe, minutes)
        return position
    refuse_used(run)
    with team.first_alone() as first:
        if first:
            write_recipe(run, recipe)
            write_data(run, stream.placed)
            remember_start(run, start)
    return Position()


def _found(run: Path, stream: Stream) -> tuple[dict[str, Tensor], Position]:
    require_same_recipe(run, stream.recipe)
    require_same_data(run, stream.placed)
    return load_state(run)


def _agreed(team: Team, run: Path, find: Callable[[], tuple[dict[str, Tensor], Position]]) -> Any:
    """What a process finds in the folder of the run; what one of them refuses they all do, as none may wait for it.

    Raises: CheckpointError, too, when they do not all find the same: the folder is on a disk of one machine.
    """
    refused, found = None, None
    try:
        found = find()
    except TheodoliteError as error:
        refused = error
    told = team.all_of([str(refused)] if refused else [])
    if refused and len(told) == team.size:
        raise refused
    steps = set(team.all_of([str(found[1].step)] if found else []))
    if told or len(steps) > 1:
        reason = told[0] if told else f"States of steps {', '.join(sorted(steps))} were found."
        raise CheckpointError(f"{reason} Not so in all processes: {run} has to be on a disk that all of them see.")
    return found


def _somewhere(team: Team, holds: bool) -> bool:
    """Whether it holds in any process: each has looked at the folder by itself, at a moment of its own."""
    return bool(team.total(torch.tensor(float(holds), device=team.device)))


def _portions(team: Team, hardware: Hardware, recipe: Recipe) -> list[range]:
    share = team.share(recipe.batch)
    return [range(share.start + p.start, share.start + p.stop) for p in hardware.micro_batches(len(share))]


def _objective(recipe: Recipe, net: Metric3D, position: Position) -> Objective:
    return Objective(
        recipe.weights,
        recipe.far,
        recipe.published_losses,
        normals=net.variant.refines,
        depth_learns=position.progress >= recipe.depth_learns,
    )


def _guard(terms: Mapping[str, float], position: Position) -> None:
    if all(math.isfinite(value) for value in terms.values()):
        position.skipped_in_a_row = 0
        return
    position.skipped += 1
    position.skipped_in_a_row += 1
    if position.skipped_in_a_row >= _TOO_MANY:
        broken = ", ".join(name for name, value in terms.items() if not math.isfinite(value))
        raise Diverged(f"{_TOO_MANY} steps in a row, up to step {position.step}, were not finite in {broken}.")


def _progress(position: Position, recipe: Recipe, minutes: float | None) -> float:
    if minutes is None:
        return position.step / recipe.steps
    return position.seconds / (60 * minutes)


@contextmanager
def _interruptions() -> Iterator[list[int]]:
    """A list that fills when the process is told to end: the step at hand is finished and the state saved first."""
    told: list[int] = []

    def note(number: int, _: object) -> None:
        told.append(number)
        signal.signal(number, before[number])  # a second one ends at once

    before: dict[int, Any] = {}
    try:
        for number in (int(signal.SIGINT), int(signal.SIGTERM)):
            before[number] = signal.signal(number, note)
    except ValueError:  # not the main thread, which alone may ask for signals
        pass
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _judge(
    net: Metric3D, recipe: Recipe, checks: Checks, team: Team, journal: Journal, position: Position
) -> dict[str, Any]:
    """The scores of a network, and its pictures, told to the journal."""
    found = validate(net.to(team.device), recipe, checks.rendered, checks.real)
    scores = {name: asdict(row) for name, row in found.scores.items()}
    journal.scores(position, scores)
    journal.pictures(position, found.pictures)
    journal.rejected(position, found.failures)
    return scores


class _Rests:
    """When it is time to save or to validate, by seconds of training."""

    def __init__(self, seconds: float, recipe: Recipe) -> None:
        self._intervals = {"save": 60 * recipe.save_every, "validate": 60 * recipe.validate_every}
        self._last = dict.fromkeys(self._intervals, seconds)

    def to_save(self, seconds: float) -> bool:
        return self._due("save", seconds)

    def to_validate(self, seconds: float) -> bool:
        return self._due("validate", seconds)

    def _due(self, what: str, seconds: float) -> bool:
        if seconds - self._last[what] < self._intervals[what]:
            return False
        self._last[what] = seconds
        return True
