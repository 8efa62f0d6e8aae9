"""The training loop: batches in, a checkpoint out; interrupted anywhere, it goes on where it was."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch

from theodolite.errors import TheodoliteError
from theodolite.network import Metric3D, build
from theodolite.training.config import Recipe
from theodolite.training.data import Stream
from theodolite.training.losses.total import total_loss
from theodolite.training.optim import MovingAverage, optimiser, set_rates
from theodolite.training.pretrained import PACKAGE, start_from_imagenet
from theodolite.training.resume import Position, load_state, require_same_recipe, save_state, write_recipe
from theodolite.training.sample import Batch, Sample
from theodolite.training.unroll import coarse, unroll
from theodolite.training.validate import validate
from theodolite.weights import checkpoint

LOG = "log.jsonl"
_LOG_EVERY = 50  # steps
# So many steps in a row without a finite gradient are no bad luck.
_TOO_MANY = 30


class Diverged(TheodoliteError):
    """A training run whose numbers are no longer finite."""


class Watcher(Protocol):
    """Told about the run while it goes on; draws the progress bar."""

    def __call__(self, position: Position, line: dict[str, object] | None) -> None: ...


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
    minutes: float | None = None,
    resume: bool = False,
    checks: Checks | None = None,
    watch: Watcher | None = None,
) -> Path:
    """Train by the stream's recipe, and give the path of the finished model.

    Args:
        run: folder of the run: state, log, models.
        minutes: of training, instead of the recipe's number of steps. Such a run resumes from its state like any
            other, but two of them never take the same number of steps.
        resume: go on from the run's last state.
    Raises: CheckpointError; Diverged, when the loss stays infinite.
    """
    recipe, checks = stream.recipe, checks or Checks()
    torch.manual_seed(recipe.seed)
    net = _new_network(recipe)
    optim = optimiser(net, recipe)
    average = MovingAverage(net, recipe.average)
    if resume:
        require_same_recipe(run, recipe)
        position = load_state(run, net, average, optim)
        # Anew, not as stored: a finished run goes on when it is given more minutes.
        position.progress = _progress(position, recipe, minutes)
    else:
        write_recipe(run, recipe)
        position = Position()

    log = _Log(run / LOG, recipe, watch)
    rests = _Rests(position.seconds, recipe)
    with _prefetched(stream, position.step) as batches:
        while position.progress < 1:
            started = time.monotonic()
            set_rates(optim, recipe, position.step, position.progress)
            terms = training_step(net, optim, next(batches), recipe, thawed=position.progress >= recipe.frozen)
            _guard(terms, position)
            position.step += 1
            average.update(net, position.step)
            position.seconds += time.monotonic() - started
            position.progress = _progress(position, recipe, minutes)
            log.step(position, terms, optim)
            if rests.to_save(position.seconds) or position.progress >= 1:
                save_state(run, net, average, optim, position)
            if rests.to_validate(position.seconds) or position.progress >= 1:
                scores = _scores(net, average, recipe, checks)
                log.scores(position, scores)
                _keep(run, net, average, stream, position, scores)
    return _model(run, position)


def training_step(
    net: Metric3D, optim: torch.optim.Optimizer, batch: Batch, recipe: Recipe, *, thawed: bool
) -> dict[str, float]:
    """One step; the weights stay as they are when the loss or its gradient is not finite.

    Args:
        thawed: the encoder's last stages learn, too.
    Returns: the weighted terms of the loss, and the gradient's norm as "norm".
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16"):
        final, earlier = unroll(net, batch.pixels, encoder_learns=thawed and recipe.thawed > 0)
    truth = coarse(batch)
    terms = total_loss([(maps, truth) for maps in earlier] + [(final, batch)], recipe.weights, recipe.far)
    optim.zero_grad(set_to_none=True)
    torch.stack(list(terms.values())).sum().backward()
    learning = [p for group in optim.param_groups for p in group["params"] if p.grad is not None]
    norm = torch.nn.utils.clip_grad_norm_(learning, recipe.clip, foreach=True)
    numbers = {name: float(value.detach()) for name, value in terms.items()} | {"norm": float(norm)}
    if all(math.isfinite(value) for value in numbers.values()):
        optim.step()
    return numbers


def _new_network(recipe: Recipe) -> Metric3D:
    net = build(recipe.variant)
    if recipe.imagenet:
        start_from_imagenet(net)
    # Evaluation mode throughout: batch-norm statistics stay those the encoder came with, and nothing else differs.
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a gap in the stubs
    return net.eval()


def _guard(terms: dict[str, float], position: Position) -> None:
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
def _prefetched(stream: Stream, first: int) -> Iterator[Iterator[Batch]]:
    """The batches from a step on, each made while the one before is learnt from."""
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:

        def batches() -> Iterator[Batch]:
            step, following = first, pool.submit(stream.batch, first)
            while True:
                batch = following.result()
                step += 1
                following = pool.submit(stream.batch, step)
                yield batch

        yield batches()


def _scores(net: Metric3D, average: MovingAverage, recipe: Recipe, checks: Checks) -> dict[str, dict[str, object]]:
    if not (checks.rendered or checks.real):
        return {}
    with average.instead_of(net):
        scores = validate(net, recipe, checks.rendered, checks.real)
    return {name: asdict(row) for name, row in scores.items()}


def _model(run: Path, position: Position) -> Path:
    return run / f"model-{position.step:06d}.safetensors"


def _keep(
    run: Path,
    net: Metric3D,
    average: MovingAverage,
    stream: Stream,
    position: Position,
    scores: dict[str, dict[str, object]],
) -> None:
    """Write the averaged weights as a model of their own, with all that is worth knowing about them."""
    recipe = stream.recipe
    facts = {
        "licence": "Apache-2.0",
        "release": recipe.name,
        "canvas_pixels": str(recipe.canvas_pixels),
        "recipe": json.dumps(recipe.to_dict()),
        "training": json.dumps({**asdict(position), "samples": position.step * recipe.batch}),
        "data": json.dumps({"rendered": len(stream.scenes), "measured": len(stream.measured or ())}),
        "scores": json.dumps(scores),
        "encoder": f"ImageNet weights of {PACKAGE}, Apache-2.0" if recipe.imagenet else "random",
    }
    checkpoint.write(_model(run, position), average.state, net.variant, recipe.canonical_focal, facts)


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


class _Log:
    """One JSON line for every few steps, and one for every validation."""

    def __init__(self, path: Path, recipe: Recipe, watch: Watcher | None) -> None:
        self._path, self._batch, self._watch = path, recipe.batch, watch
        self._terms: list[dict[str, float]] = []
        self._since: float | None = None

    def step(self, position: Position, terms: dict[str, float], optim: torch.optim.Optimizer) -> None:
        self._since = position.seconds if self._since is None else self._since
        self._terms.append(terms)
        line = None
        if position.step % _LOG_EVERY == 0 or position.progress >= 1:
            line = self._line(position, optim)
            self._write(line)
        if self._watch:
            self._watch(position, line)

    def scores(self, position: Position, scores: dict[str, dict[str, object]]) -> None:
        line: dict[str, object] = {"step": position.step, "minutes": round(position.seconds / 60, 2), "scores": scores}
        self._write(line)
        if self._watch:
            self._watch(position, line)

    def _line(self, position: Position, optim: torch.optim.Optimizer) -> dict[str, object]:
        means = {name: sum(t[name] for t in self._terms) / len(self._terms) for name in self._terms[0]}
        passed = position.seconds - (self._since or 0.0)
        line: dict[str, object] = {
            "step": position.step,
            "minutes": round(position.seconds / 60, 2),
            "progress": round(position.progress, 4),
            "images_per_second": round((len(self._terms) - 1) * self._batch / passed, 2) if passed else None,
            "rates": {str(group["part"]): group["lr"] for group in optim.param_groups},
            "loss": sum(value for name, value in means.items() if name != "norm"),
            **means,
            "skipped": position.skipped,
        }
        self._terms, self._since = [], None
        return line

    def _write(self, line: dict[str, object]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
