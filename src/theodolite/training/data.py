"""The batches of a run: sets of samples, mixed in their shares, augmented; every choice a function of seed and step."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Protocol

import numpy as np
import torch

from theodolite.datasets.sample import Sample
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.training import sampler
from theodolite.training.augment import augment
from theodolite.training.batch import Batch, collate
from theodolite.training.config import Recipe

# So many samples of a set that cannot be used, one after another, are no exceptions any more.
ATTEMPTS = 20


class Source(Protocol):
    """Samples by number; reading one raises DatasetError when it cannot be used."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...


@dataclass(frozen=True)
class Part:
    """Some of the samples of a source: those from `start` up to `stop`."""

    source: Source
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.source[self.start + index]


@dataclass(frozen=True)
class SampleSet:
    """A data set, and its share of every batch, relative to the others."""

    name: str
    source: Source
    share: float = 1.0

    def __post_init__(self) -> None:
        if not len(self.source):
            raise DatasetError(f"{self.name} holds no samples to train on.")
        if not 0 < self.share < float("inf"):
            raise ValueError(f"The share of {self.name} is positive; got {self.share}.")


@dataclass(frozen=True)
class Stream:
    """The batches of a run, by the number of the step."""

    recipe: Recipe
    sets: Sequence[SampleSet]

    def __post_init__(self) -> None:
        if not self.sets:
            raise ValueError("Training needs at least one set of samples.")

    @property
    def described(self) -> list[dict[str, Any]]:
        """Of each set its name, size and share."""
        return [{"name": s.name, "samples": len(s.source), "share": s.share} for s in self.sets]

    @property
    def placed(self) -> list[dict[str, Any]]:
        """The same, and where in its source a set starts: all that batches depend on beside the recipe."""
        starts = [s.source.start if isinstance(s.source, Part) else 0 for s in self.sets]
        return [told | {"start": start} for told, start in zip(self.described, starts, strict=True)]

    def batch(self, step: int, places: range | None = None) -> Batch:
        """The samples of a step, augmented, as tensors.

        Args:
            places: those of the batch that are wanted; all by default.
        """
        recipe = self.recipe
        places = range(recipe.batch) if places is None else places
        canvas = self.canvas(step)
        drawn = sampler.draws(step, recipe.batch, [s.share for s in self.sets], recipe.seed)
        samples, rejected, views = [], [], []
        for place in places:
            which, number = drawn[place]
            sample, index, lines = self._sample(step, place, which, number)
            if recipe.views:
                row = index * recipe.views + number // len(self.sets[which].source) % recipe.views
                views.append((which, row))
                view = sampler.random(recipe.seed, sampler.VIEW, which, row)
            else:
                view = sampler.random(recipe.seed, sampler.VIEW, step, place)
            samples.append(augment(sample, canvas, recipe.framing, recipe.jitter, view))
            rejected += lines
        seeds = [int(sampler.random(recipe.seed, sampler.DRAW, step, p).integers(2**62)) for p in places]
        batch = collate(samples, recipe.focal_of_labels, recipe.near, recipe.far, seeds)
        return replace(batch, rejected=tuple(rejected), views=tuple(views))

    def canvas(self, step: int) -> tuple[int, int]:
        """Rows and columns, px, of all samples of a step."""
        shares = np.asarray(self.recipe.canvas_shares)
        chosen = sampler.random(self.recipe.seed, sampler.CANVAS, step).choice(len(shares), p=shares / shares.sum())
        return self.recipe.canvases[chosen]

    def _sample(self, step: int, place: int, which: int, number: int) -> tuple[Sample, int, list[str]]:
        """The sample of a place, where it is in its set and, of those that could not be used, a line each.

        A random other takes the place of one that cannot.
        """
        lines: list[str] = []
        chosen = self.sets[which]
        index = sampler.position_in_set(number, len(chosen.source), which, self.recipe.seed)
        others = sampler.random(self.recipe.seed, sampler.REPLACEMENT, step, place)
        for _ in range(ATTEMPTS):
            try:
                return chosen.source[index], index, lines
            except TheodoliteError as error:
                lines.append(f"{chosen.name}: {' '.join(str(error).split())}")
                index = int(others.integers(len(chosen.source)))
        raise DatasetError(f"{ATTEMPTS} samples in a row could not be used; the last: {lines[-1]}")


@dataclass(frozen=True)
class Plan:
    """Which micro-batches a process needs, one after another, from a step on.

    Args:
        first: step that comes first.
        portions: places of the batch, of each micro-batch of a step.
    """

    stream: Stream
    first: int
    portions: Sequence[range]

    def __getitem__(self, index: int) -> Batch:
        step, portion = divmod(index, len(self.portions))
        return self.stream.batch(self.first + step, self.portions[portion])


def micro_batches(plan: Plan, workers: int, pin: bool) -> Generator[Batch]:
    """The plan's batches without end, made by processes that read ahead of the one that trains.

    Close it when no more are wanted: that ends the processes.
    """
    loader = torch.utils.data.DataLoader(
        _Endless(plan),
        batch_size=None,
        sampler=Count(),
        num_workers=workers,
        collate_fn=as_it_is,
        pin_memory=pin,
        prefetch_factor=2 if workers else None,
        worker_init_fn=undisturbed if workers else None,
    )
    made: Any = iter(loader)
    try:
        for batch in made:
            if isinstance(batch, TheodoliteError):
                raise batch
            yield batch
    finally:
        # A loader ends its processes when it is forgotten, but the traceback of an error remembers it; and since they
        # heed no signal, see `undisturbed`, the program would wait for them without end.
        if workers:
            made._shutdown_workers()


class _Endless(torch.utils.data.Dataset):
    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __getitem__(self, index: int) -> Batch | TheodoliteError:
        try:
            return self.plan[index]
        except TheodoliteError as error:
            return error  # as a value: the loader would put a traceback of another process into its message


class Count(torch.utils.data.Sampler):
    """0, 1, 2 and so on, without end."""

    def __init__(self) -> None:
        pass

    def __iter__(self) -> Iterator[int]:
        return count()


def undisturbed(_: int) -> None:
    """Ctrl-C reaches every process, a launcher's termination signal too; the one that trains still needs the samples of
    its step, and ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def as_it_is(made: Any) -> Any:
    """What loaders that do not batch collate by."""
    return made
