"""Views kept where the network trains, each learnt from several times while processes make new ones.

A graphics card learns from pictures many times faster than processors render or read them. So the card never waits:
every batch is drawn at random from what there is by then, and the oldest views give way to new ones when the memory
they may take is full. Batches then depend on how fast the machine is: such a run can be resumed, not repeated.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Generator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, fields, replace
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from theodolite.camera.canonical import MEAN, STD
from theodolite.datasets.sample import LabelKind, Sample, Truth
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.synth.compiled import eager
from theodolite.synth.shards import encode_planes
from theodolite.training import sampler
from theodolite.training.augment import augment
from theodolite.training.batch import Batch, collate
from theodolite.training.data import ATTEMPTS, Count, Plan, SampleSet, Stream, as_it_is, undisturbed
from theodolite.training.scenes import LiveScenes
from theodolite.types import Float, Int, UInt8

PORTION = 6  # samples made at once: what rendered scenes share kernels in
VIEWS = 3  # of each sample: looking at it again costs a third of rendering another
_LEAST = 4  # batches' worth of views before the first step
_OFTEN = 12  # times each view is learnt from, on average, before the network waits for more
_TURNS, _TURN = 4, 16  # quarters of the processes that compile kernels one after another; jobs between them
_OCTAVE = 4096  # steps of stored depth in a factor of two: errors of 1e-4
_VALID, _NORMALS, _SKY, _INSIDE = 1, 2, 4, 8


@dataclass(frozen=True)
class Packed:
    """Views of one set and one size in few bytes: 11 a pixel.

    Args:
        depth: of canonical metres the logarithm, in steps of an octave / 4096.
        normals: unit vectors times 127.
        flags: bits of the masks of a `Batch`.
        which: number of their set.
    """

    pixels: UInt8[Tensor, "n 3 h w"]
    depth: Int[Tensor, "n 1 h w"]
    normals: Int[Tensor, "n 3 h w"]
    planes: Int[Tensor, "n 1 h w"]
    flags: UInt8[Tensor, "n 1 h w"]
    intrinsics: Float[Tensor, "n 4"]
    scale: Float[Tensor, " n"]
    truth: tuple[Truth, ...]
    kinds: tuple[LabelKind, ...]
    which: int
    rejected: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pixels)

    def pin_memory(self) -> Packed:
        """The views in page-locked memory; PyTorch's loader calls this when it is to."""
        return replace(self, **{name: value.pin_memory() for name, value in _tensors(self).items()})


def _tensors(packed: Packed) -> dict[str, Any]:
    values = {field.name: getattr(packed, field.name) for field in fields(packed)}
    return {name: value for name, value in values.items() if isinstance(value, Tensor)}


def pack(batch: Batch, which: int) -> Packed:
    """Views in few bytes; what `unpack` gives differs by 1e-4 of a depth, and half a degree of a normal, at most."""
    mean, std = (torch.from_numpy(x)[:, None, None] for x in (MEAN, STD))
    steps = (batch.depth.log2() * _OCTAVE).round()
    assert float(steps.abs().max()) < 2**15, "depth beyond what can be stored"
    flags = batch.valid * _VALID + batch.has_normals * _NORMALS + batch.sky * _SKY + batch.inside * _INSIDE
    planes = np.stack([encode_planes(view.numpy()).astype(np.int16) for view in batch.planes])
    return Packed(
        (batch.pixels * std + mean).round().byte(),
        steps.short(),
        (batch.normals * 127).round().char(),
        torch.from_numpy(planes),
        flags.byte(),
        batch.intrinsics,
        batch.scale,
        batch.truth,
        batch.kinds,
        which,
        batch.rejected,
    )


def unpack(packed: Packed, seeds: Int[Tensor, " n"]) -> Batch:
    """The views as a batch, on the device where they are."""
    device = packed.pixels.device
    mean, std = (torch.from_numpy(x).to(device)[:, None, None] for x in (MEAN, STD))
    flags = packed.flags
    return Batch(
        (packed.pixels.float() - mean) / std,
        (packed.depth.float() / _OCTAVE).exp2(),
        (flags & _VALID).bool(),
        torch.nn.functional.normalize(packed.normals.float(), dim=1),
        (flags & _NORMALS).bool(),
        (flags & _SKY).bool(),
        packed.planes.int(),
        (flags & _INSIDE).bool(),
        packed.intrinsics,
        packed.scale,
        seeds,
        packed.truth,
        packed.kinds,
    )


class _Ring:
    """Views of one size, the oldest overwritten first."""

    def __init__(self, canvas: tuple[int, int], capacity: int, device: torch.device) -> None:
        h, w = canvas
        self.capacity, self.added = capacity, 0
        kinds = {"pixels": torch.uint8, "depth": torch.int16, "normals": torch.int8, "planes": torch.int16}
        deep = {"pixels": 3, "normals": 3}
        self.maps = {
            name: torch.empty(capacity, deep.get(name, 1), h, w, dtype=kinds.get(name, torch.uint8), device=device)
            for name in (*kinds, "flags")
        }
        self.maps["intrinsics"] = torch.empty(capacity, 4, device=device)
        self.maps["scale"] = torch.empty(capacity, device=device)
        self.truth: list[Truth] = [Truth(0)] * capacity
        self.kinds: list[LabelKind] = [LabelKind.SENSOR] * capacity
        self.which = np.full(capacity, -1)

    @staticmethod
    def bytes_of(canvas: tuple[int, int]) -> int:
        return 11 * math.prod(canvas) + 20

    def add(self, packed: Packed) -> None:
        places = [(self.added + k) % self.capacity for k in range(len(packed))]
        at = torch.tensor(places, device=self.maps["flags"].device)
        for name, value in _tensors(packed).items():
            self.maps[name][at] = value.to(at.device, non_blocking=True)
        for place, truth, kind in zip(places, packed.truth, packed.kinds, strict=True):
            self.truth[place], self.kinds[place] = truth, kind
        self.which[places] = packed.which
        self.added += len(packed)

    def take(self, places: list[int]) -> Packed:
        at = torch.tensor(places, device=self.maps["flags"].device)
        maps = {name: value[at] for name, value in self.maps.items()}
        truth, kinds = (tuple(known[place] for place in places) for known in (self.truth, self.kinds))
        return Packed(**maps, truth=truth, kinds=kinds, which=-1)  # type: ignore[arg-type]  # the tensors


class Stock:
    """The views there are, by size.

    Args:
        gib: memory they may take, GiB.
    Raises: ValueError, when that is too little for a batch.
    """

    def __init__(self, stream: Stream, gib: float, device: torch.device) -> None:
        self.stream = stream
        recipe = stream.recipe
        total = sum(recipe.canvas_shares)
        self.drawn = 0
        self.rings = {}
        for canvas, share in zip(recipe.canvases, recipe.canvas_shares, strict=True):
            capacity = int(gib * 2**30 * share / total / _Ring.bytes_of(canvas))
            if capacity < PORTION * VIEWS:
                raise ValueError(f"A stock of {gib:g} GiB holds {capacity} views of {canvas}; it takes more.")
            self.rings[canvas] = _Ring(canvas, capacity, device)

    def add(self, packed: Packed) -> None:
        """Keep views, in place of the oldest where there is no room."""
        h, w = packed.pixels.shape[-2:]
        self.rings[h, w].add(packed)

    @property
    def ready(self) -> bool:
        """Whether there are views enough for another batch: some of every size, and not all of them seen too often."""
        batch = self.stream.recipe.batch
        wanted = max(_LEAST * batch, (self.drawn + batch) / _OFTEN)
        return self.added >= wanted and all(ring.added for ring in self.rings.values())

    @property
    def added(self) -> int:
        """How many views were ever added."""
        return sum(ring.added for ring in self.rings.values())

    def batch(self, step: int, places: range) -> Batch:
        """Views of a step's canvas, of sets by their shares, at random among each set's; sets without views are passed
        over."""
        recipe = self.stream.recipe
        self.drawn += len(places)
        ring = self.rings[self.stream.canvas(step)]
        of = [np.flatnonzero(ring.which == which) for which in range(len(self.stream.sets))]
        drawn = sampler.draws(step, recipe.batch, [s.share for s in self.stream.sets], recipe.seed)
        chosen, seeds = [], []
        anything = np.flatnonzero(ring.which >= 0)
        for place in places:
            rng = sampler.random(recipe.seed, sampler.STOCK, step, place)
            some = of[drawn[place][0]]
            chosen.append(int(rng.choice(some if len(some) else anything)))
            seeds.append(int(rng.integers(2**62)))
        return unpack(ring.take(chosen), torch.tensor(seeds))


class _Making(torch.utils.data.Dataset):
    """What the processes do, by the number of the job: a few samples of a set, several views of each, of one size."""

    def __init__(self, stream: Stream, first: int) -> None:
        self.stream, self.first = stream, first
        # In this process: the next scene of each live set, and how many jobs are done.
        self._next: dict[int, int] = {}
        self._done = 0

    def __getitem__(self, job: int) -> Packed | TheodoliteError:
        info = torch.utils.data.get_worker_info()
        worker = info.id if info else 0
        try:
            # Compiled kernels render three times as fast, and take minutes to compile where all processes do so at
            # once. So a quarter of them does, then the next, while the others go on without.
            with eager() if self._done <= worker % _TURNS * _TURN else nullcontext():
                made = self._made(job, worker)
            self._done += 1
            return made
        except TheodoliteError as error:
            return error  # as a value: the loader would put a traceback of another process into its message

    def _made(self, job: int, worker: int) -> Packed:
        recipe = self.stream.recipe
        rng = sampler.random(recipe.seed, sampler.STOCK, self.first, job, 0)
        shares = np.array([s.share for s in self.stream.sets])
        which = int(rng.choice(len(shares), p=shares / shares.sum()))
        sizes = np.array(recipe.canvas_shares)
        canvas = recipe.canvases[rng.choice(len(sizes), p=sizes / sizes.sum())]
        chosen = self.stream.sets[which]
        rejected: list[str] = []
        if isinstance(chosen.source, LiveScenes):
            samples = self._rendered(chosen.source, which, worker)
        else:
            samples, rejected = _some(chosen, rng)
        views = [augment(s, canvas, recipe.framing, recipe.jitter, rng) for s in samples for _ in range(VIEWS)]
        made = collate(views, recipe.focal_of_labels, recipe.near, recipe.far)
        return pack(replace(made, rejected=tuple(rejected)), which)

    def _rendered(self, source: LiveScenes, which: int, worker: int) -> list[Sample]:
        """Scenes in a row, as those share pieces of furniture, which take longer to read than to look at."""
        begin = sampler.random(self.stream.recipe.seed, sampler.STOCK, self.first, which, worker, 1)
        start = self._next.get(which, int(begin.integers(len(source))))
        start = 0 if start + PORTION > len(source) else start
        self._next[which] = start + PORTION
        return source.portion(range(start, min(start + PORTION, len(source))))


def _some(chosen: SampleSet, rng: np.random.Generator) -> tuple[list[Sample], list[str]]:
    """A few samples of a set, and a line for each that could not be used and was replaced."""
    samples: list[Sample] = []
    lines: list[str] = []
    while len(samples) < PORTION:
        try:
            samples.append(chosen.source[int(rng.integers(len(chosen.source)))])
        except TheodoliteError as error:
            lines.append(f"{chosen.name}: {' '.join(str(error).split())}")
            if len(lines) >= ATTEMPTS:
                raise DatasetError(f"{ATTEMPTS} samples could not be used; the last: {lines[-1]}") from error
    return samples, lines


def stocked_batches(plan: Plan, workers: int, device: torch.device, gib: float) -> Generator[Batch]:
    """The plan's batches without end, drawn from a stock that processes fill meanwhile.

    Close it when no more are wanted: that ends the processes.
    """
    stock = Stock(plan.stream, gib, device)
    loader = torch.utils.data.DataLoader(
        _Making(plan.stream, plan.first),
        batch_size=None,
        sampler=Count(),
        num_workers=workers,
        collate_fn=as_it_is,
        pin_memory=device.type == "cuda",
        prefetch_factor=2,
        worker_init_fn=_alone,
        # Not forked: compilers ask for graphics cards, and a card cannot be used from both sides of a fork.
        multiprocessing_context="spawn",
        in_order=False,
    )
    made: Any = iter(loader)
    arrived: queue.Queue[Packed | Exception] = queue.Queue(maxsize=2 * workers)
    over = threading.Event()

    def fetch() -> None:
        try:
            for packed in made:
                while not over.is_set():
                    with suppress(queue.Full):
                        arrived.put(packed, timeout=0.2)
                        break
                if over.is_set():
                    return
        except Exception as error:  # a process that died; the one that trains is to know
            arrived.put(error)

    fetching = threading.Thread(target=fetch, daemon=True)
    fetching.start()
    lines: list[str] = []

    def store(packed: Packed | Exception) -> None:
        if isinstance(packed, Exception):
            raise packed
        stock.add(packed)
        lines.extend(packed.rejected)

    try:
        for step in count(plan.first):
            with suppress(queue.Empty):
                for _ in range(2 * workers):
                    store(arrived.get_nowait())
            while not stock.ready:
                store(arrived.get())
            for portion in plan.portions:
                batch = stock.batch(step, portion)
                told, lines[:] = tuple(lines), []
                yield replace(batch, rejected=told)
    finally:
        over.set()
        fetching.join(timeout=60)
        with suppress(RuntimeError):  # of a process that broke off while it was ended, which no longer matters
            made._shutdown_workers()


def _alone(worker: int) -> None:
    """A process that renders on one core, and leaves the graphics cards to the one that trains."""
    import torch._inductor.config as inductor

    inductor.compile_threads = 1
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    undisturbed(worker)
