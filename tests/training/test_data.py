"""The stream: a batch is a function of seed and step, and what cannot be used is replaced, told and counted."""

import multiprocessing
import os
import signal
from dataclasses import dataclass, fields, replace
from itertools import islice

import pytest
import torch

from theodolite.datasets.sample import Sample
from theodolite.errors import DatasetError
from theodolite.training.data import Part, Plan, SampleSet, Stream, micro_batches


@dataclass(frozen=True)
class Holed:
    """Samples of which some cannot be used."""

    source: object
    broken: frozenset[int]

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Sample:
        if index in self.broken:
            raise DatasetError(f"sample {index}:\nno depth is left.")
        return self.source[index]


def differences(a, b) -> list[str]:
    """Fields of two batches that are not the same bits."""

    def same(x, y):
        return torch.equal(x, y) if isinstance(x, torch.Tensor) else x == y

    return [f.name for f in fields(a) if not same(getattr(a, f.name), getattr(b, f.name))]


@pytest.fixture
def stream(walls, small) -> Stream:
    recipe = replace(small, batch=6)
    return Stream(recipe, [SampleSet("near", Part(walls, 0, 7)), SampleSet("far", Part(walls, 7, 12), 0.5)])


def test_a_step_gives_the_same_batch_whatever_came_before(stream):
    first = Stream(stream.recipe, stream.sets)
    for step in range(3):
        first.batch(step)
    assert differences(first.batch(7), stream.batch(7)) == []
    assert "pixels" in differences(first.batch(7), first.batch(8))
    assert "seeds" in differences(first.batch(7), first.batch(8))
    other = Stream(replace(stream.recipe, seed=1), stream.sets)
    assert "pixels" in differences(first.batch(7), other.batch(7))


def test_the_places_of_processes_are_the_parts_of_the_whole_batch(stream):
    whole = stream.batch(3)
    for places in (range(2), range(2, 6), range(5, 6)):
        part = stream.batch(3, places)
        assert len(part) == len(places)
        for field in fields(part):
            value, wanted = getattr(part, field.name), getattr(whole, field.name)
            if isinstance(value, torch.Tensor):
                assert torch.equal(value, wanted[places.start : places.stop]), field.name
        assert part.kinds == whole.kinds[places.start : places.stop]


def test_a_samples_draws_have_a_seed_of_their_own(stream):
    seeds = torch.cat([stream.batch(step).seeds for step in range(3)])
    assert len(set(seeds.tolist())) == 18
    assert (seeds >= 0).all()


def test_canvases_come_in_their_shares(stream):
    recipe = replace(stream.recipe, canvases=((64, 96), (96, 64)), canvas_shares=(3.0, 1.0))
    mixed = Stream(recipe, stream.sets)
    chosen = [mixed.canvas(step) for step in range(400)]
    assert 0.7 < chosen.count((64, 96)) / 400 < 0.8
    step = chosen.index((96, 64))
    assert mixed.batch(step, range(2)).pixels.shape == (2, 3, 96, 64)


def test_labels_stay_in_metres_where_the_recipe_says_so(stream):
    metric = Stream(replace(stream.recipe, canonical=False), stream.sets)
    assert (metric.batch(0).scale == 1).all()
    assert not (stream.batch(0).scale == 1).any()


def test_what_cannot_be_used_is_replaced_told_in_a_line_and_so_every_time(walls, small):
    holed = Holed(walls, frozenset({2, 5, 6}))
    stream = Stream(replace(small, batch=4), [SampleSet("holed", holed)])
    told = [line for step in range(3) for line in stream.batch(step).rejected]
    assert {line.split()[2].rstrip(":") for line in told} == {"2", "5", "6"}
    assert all("\n" not in line and line.startswith("holed: sample ") for line in told)
    for step in range(3):
        assert differences(stream.batch(step), stream.batch(step)) == []
        assert len(stream.batch(step)) == 4


def test_replacements_are_the_same_whoever_asks(walls, small):
    stream = Stream(replace(small, batch=4), [SampleSet("holed", Holed(walls, frozenset(range(0, 12, 2))))])
    whole = stream.batch(1)
    parts = [stream.batch(1, range(start, start + 2)) for start in (0, 2)]
    assert torch.equal(torch.cat([part.pixels for part in parts]), whole.pixels)
    assert sum((part.rejected for part in parts), ()) == whole.rejected


def test_twenty_in_a_row_that_cannot_be_used_are_no_exception_any_more(walls, small):
    stream = Stream(small, [SampleSet("holed", Holed(walls, frozenset(range(12))))])
    with pytest.raises(DatasetError, match=r"20 samples in a row could not be used; the last: holed: sample \d+"):
        stream.batch(0)


@pytest.mark.parametrize("first", [0, 5])
def test_readers_in_processes_of_their_own_bring_the_same_batches_in_the_same_order(stream, first):
    plan = Plan(stream, first, [range(4), range(4, 6)])
    wanted = [stream.batch(first + step, places) for step in range(2) for places in (range(4), range(4, 6))]
    for workers in (0, 2):
        found = list(islice(micro_batches(plan, workers, pin=False), 4))
        assert [differences(a, b) for a, b in zip(found, wanted, strict=True)] == [[]] * 4


def test_an_error_of_a_reading_process_arrives(walls, small):
    stream = Stream(small, [SampleSet("holed", Holed(walls, frozenset(range(12))))])
    for workers in (0, 1):
        with pytest.raises(DatasetError, match=r"^20 samples in a row could not be used; .*$"):
            next(micro_batches(Plan(stream, 0, [range(2)]), workers, pin=False))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_meant_for_the_run_do_not_end_its_reading_processes(stream, number):
    before = set(multiprocessing.active_children())
    batches = micro_batches(Plan(stream, 0, [range(2)]), 1, pin=False)
    next(batches)
    readers = set(multiprocessing.active_children()) - before
    for process in readers:
        os.kill(process.pid, number)
    assert len(readers) == 1
    assert len(list(islice(batches, 5))) == 5
    assert all(process.is_alive() for process in readers)


def test_a_part_counts_from_its_start_and_ends_where_it_ends(walls):
    part = Part(walls, 4, 7)
    assert len(part) == 3
    assert (part[2].image == walls[6].image).all()
    for index in (-1, 3):
        with pytest.raises(IndexError):
            part[index]


def test_sets_without_samples_or_share_are_refused(walls, small):
    with pytest.raises(DatasetError, match="nothing holds no samples"):
        SampleSet("nothing", Part(walls, 3, 3))
    for share in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="share of walls is positive"):
            SampleSet("walls", walls, share)
    with pytest.raises(ValueError, match="at least one set"):
        Stream(small, [])
