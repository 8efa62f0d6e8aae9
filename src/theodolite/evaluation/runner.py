"""A model through a benchmark: every image attempted, in one process or many, and each outcome kept at once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theodolite import __version__
from theodolite.datasets.example import Listed
from theodolite.datasets.readers import list_examples
from theodolite.errors import MissingExtra, OutputError, TheodoliteError
from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.journal import Journal
from theodolite.evaluation.judging import Judge
from theodolite.evaluation.models import Evaluated, ModelChoice
from theodolite.evaluation.protocols import Protocol
from theodolite.evaluation.scores import SCORING, ImageFailure, Outcome
from theodolite.evaluation.truth import prepare

if TYPE_CHECKING:
    from accelerate import PartialState

Tell = Callable[[Outcome], None]


class Listener:
    """Hears how a run goes on. This one does nothing with it."""

    def begin(self, images: int, done: int, changed: int) -> None:
        """A run of so many images, of which so many were scored before; others were, but their predictions changed."""

    def outcome(self, outcome: Outcome) -> None:
        """An image was attempted."""


@dataclass(frozen=True)
class Task:
    """What is to be evaluated, and how; small enough to be sent to other processes.

    Args:
        protocol: the benchmark's row.
        data: folder that its data set was unpacked to.
        unknown_is_far: see `judging.Judge`.
        most: only so many images, evenly spread over those of the protocol.
    """

    model: ModelChoice
    protocol: Protocol
    data: Path
    unknown_is_far: bool = False
    most: int | None = None

    def examples(self) -> list[Listed]:
        """Raises: DatasetError."""
        protocol = self.protocol
        found = list_examples(protocol.dataset, self.data, protocol.split, protocol.truth)
        if protocol.sample is not None and len(found) > protocol.sample[0]:
            count, seed = protocol.sample
            # Seeded in this very way by the release, and kept in the order it was drawn.
            found = [found[place] for place in random.Random(seed).sample(range(len(found)), count)]
        if self.most is not None and len(found) > self.most:
            from theodolite.datasets.check import chosen

            found = [found[place] for place in chosen(len(found), self.most)]
        return found

    def open(self, examples: Sequence[Listed], threads: int = 0) -> Evaluated:
        """The model, for these examples. Raises: TheodoliteError."""
        return self.model.open(self.protocol.parity, threads, [listed.name for listed in examples])

    def command(self) -> str:
        """What makes the same numbers again, as one would type it."""
        import shlex

        protocol, choice = self.protocol, self.model
        words = ["theodolite", "evaluate", choice.words, protocol.benchmark, "--data", str(self.data)]
        words += ["--protocol", protocol.of, *protocol.changes]
        for name in ("canvas_pixels", "backend", "device", "dtype", "depth_scale"):
            if (value := getattr(choice, name)) is not None:
                words += [f"--{name.replace('_', '-')}", str(value)]
        if self.unknown_is_far:
            words += ["--unknown", "far"]
        if self.most is not None:
            words += ["--most", str(self.most)]
        return shlex.join(words)

    def settings(self, model: Evaluated, examples: Sequence[Listed]) -> dict[str, Any]:
        """What decides the result. Runs that agree in it can be joined."""
        return {
            "model": model.facts,
            "protocol": self.protocol.as_dict(),
            "data": str(self.data),
            "unknown_is_far": self.unknown_is_far,
            "images": len(examples),
            "theodolite": __version__,
            "scoring": SCORING,
        }


@dataclass(frozen=True)
class Share:
    """Which of several processes this is; each takes every `count`-th image."""

    process: int = 0
    count: int = 1


def evaluate(
    task: Task, folder: Path, *, processes: int = 1, overwrite: bool = False, listener: Listener | None = None
) -> Evaluation:
    """Evaluate a model, or finish what an earlier run into the same folder began.

    Args:
        folder: of the run: outcomes go there one by one.
        processes: on this machine. The result is the same for any number.
        overwrite: begin anew.
    Raises: TheodoliteError, when the model or the data set cannot be opened, or the folder holds another run.
    """
    listener = listener or Listener()
    examples = task.examples()
    model = task.open(examples, _threads(processes))
    _begin(task, folder, model, examples, overwrite, listener)
    if processes == 1:
        work(task, folder, Share(), examples, model, listener.outcome)
    else:
        from theodolite.evaluation.processes import spread

        spread(task, folder, processes, listener.outcome)
    return result(folder, examples)


def evaluate_launched(
    task: Task, folder: Path, team: PartialState, *, overwrite: bool = False, listener: Listener | None = None
) -> Evaluation | None:
    """As `evaluate`, by processes that a launcher started, each of which calls this; the first one has the result.

    Args:
        folder: all processes can write there.
        listener: of the first process's own share.
    """
    listener = listener or Listener()
    examples = task.examples()
    model = task.open(examples, _threads(team.num_processes))
    if team.is_main_process:
        _begin(task, folder, model, examples, overwrite, listener)
    team.wait_for_everyone()
    share = Share(team.process_index, team.num_processes)
    work(task, folder, share, examples, model, listener.outcome if team.is_main_process else None)
    team.wait_for_everyone()
    return result(folder, examples) if team.is_main_process else None


def _begin(
    task: Task, folder: Path, model: Evaluated, examples: Sequence[Listed], overwrite: bool, listener: Listener
) -> None:
    journal = Journal(folder)
    journal.begin(task.settings(model, examples), overwrite)
    done = journal.done()
    changed = {name for name, stamp in done.items() if stamp != model.stamp(name)}
    journal.forget(changed)
    listed = {listed.name for listed in examples}
    listener.begin(len(examples), len(listed & (done.keys() - changed)), len(listed & changed))


def work(
    task: Task,
    folder: Path,
    share: Share,
    examples: Sequence[Listed] | None = None,
    model: Evaluated | None = None,
    tell: Tell | None = None,
) -> None:
    """One process's share of what is not done yet. Raises: TheodoliteError."""
    examples = task.examples() if examples is None else examples
    model = task.open(examples, _threads(share.count)) if model is None else model
    journal = Journal(folder)
    done = journal.done()
    judge = Judge(task.protocol, task.unknown_is_far)
    with closing(journal.writer(share.process)) as writer:
        for listed in examples[share.process :: share.count]:
            if listed.name not in done:
                outcome = attempt(judge, model, listed)
                writer.add(outcome)
                if tell:
                    tell(outcome)


def attempt(judge: Judge, model: Evaluated, listed: Listed) -> Outcome:
    """An image's score, or why there is none."""
    try:
        truth = prepare(listed.load(), judge.protocol)
        stamp = model.stamp(listed.name)  # before it is read: what changes meanwhile is another prediction
        started = time.perf_counter()
        estimate = model.estimate(listed.name, truth.example.image, truth.example.camera)
        seconds = time.perf_counter() - started
        return replace(judge.score(listed.name, listed.group, truth, estimate, seconds), stamp=stamp)
    except MissingExtra:
        raise  # concerns all images
    except TheodoliteError as error:
        return ImageFailure(listed.name, listed.group, str(error))


def result(folder: Path, examples: Sequence[Listed]) -> Evaluation:
    """What a run's folder holds of these examples. Raises: OutputError."""
    journal = Journal(folder)
    collected = Collected()
    for outcome in journal.outcomes([listed.name for listed in examples]):
        collected.add(outcome)
    return Evaluation(journal.settings(), collected, len(examples))


def stored(folder: Path) -> Evaluation:
    """What a run's folder holds, by the names of the images, without the data set. Raises: OutputError."""
    journal = Journal(folder)
    settings = journal.settings()
    if settings.get("scoring") != SCORING:
        raise OutputError(f"{folder} was scored by the rules of another version; evaluate again with --overwrite.")
    names = sorted(journal.attempted())
    collected = Collected()
    for outcome in journal.outcomes(names):
        collected.add(outcome)
    return Evaluation(settings, collected, settings["images"])


def outcomes_of(judge: Judge, model: Evaluated, examples: Sequence[Listed]) -> Iterator[Outcome]:
    """Outcomes of examples, one by one, kept nowhere."""
    return (attempt(judge, model, listed) for listed in examples)


def _threads(processes: int) -> int:
    """Processes share the processor; a single one takes what the runtime finds best."""
    import os

    return max(1, (os.cpu_count() or 1) // processes) if processes > 1 else 0
