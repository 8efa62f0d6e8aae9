"""The stock: views come back as they were made, the oldest give way, and a run learns from what processes make."""

import multiprocessing
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pytest
import torch

from theodolite.errors import DatasetError
from theodolite.synth.compiled import eager
from theodolite.synth.shards import Order, write_shards
from theodolite.training import stock as stocks
from theodolite.training.config import Hardware
from theodolite.training.data import Part, Plan, SampleSet, Stream
from theodolite.training.loop import train
from theodolite.training.scenes import LiveScenes, Scenes
from theodolite.training.stock import PORTION, VIEWS, Packed, Stock, pack, stocked_batches, unpack

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _known_to_processes(monkeypatch, request):
    """Processes that are started anew look for the walls where this one looks."""
    monkeypatch.syspath_prepend(str(request.config.rootpath))


@pytest.fixture
def stream(walls, small) -> Stream:
    return Stream(replace(small, batch=4), [SampleSet("near", Part(walls, 0, 7), 3), SampleSet("far", walls, 1)])


@dataclass(frozen=True)
class Unusable:
    """Samples none of which can be read."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int):
        raise DatasetError(f"sample {index} is damaged.")


def views(stream: Stream, which: int, step: int = 0) -> Packed:
    return pack(stream.batch(step), which)


def test_views_come_back_as_they_were_but_for_rounding(stream):
    batch = stream.batch(3)
    batch = replace(batch, depth=batch.depth * torch.linspace(0.3, 8, 64))
    found = unpack(pack(batch, 0), batch.seeds)
    torch.testing.assert_close(found.pixels, batch.pixels, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.depth, batch.depth, rtol=1e-4, atol=0)
    assert float((found.normals * batch.normals).sum(1).min()) > np.cos(np.radians(0.5))
    torch.testing.assert_close(found.normals.norm(dim=1), torch.ones(4, 64, 64))
    for name in ("valid", "has_normals", "sky", "inside", "intrinsics", "scale", "seeds"):
        assert torch.equal(getattr(found, name), getattr(batch, name)), name
    assert torch.equal(found.planes > 0, batch.planes > 0)
    assert (found.truth, found.kinds) == (batch.truth, batch.kinds)


def test_the_oldest_views_give_way(stream):
    gib = 10 * stocks._Ring.bytes_of((64, 64)) / 2**30
    with pytest.raises(ValueError, match="holds 10 views"):
        Stock(stream, gib, CPU)
    stock = Stock(stream, 2 * gib, CPU)
    for step in range(7):
        stock.add(views(stream, which=0 if step < 2 else 1, step=step))
    ring = stock.rings[64, 64]
    assert ring.capacity == 20
    assert stock.added == 28
    assert (ring.which == 1).all()
    newest = unpack(ring.take([4, 5, 6, 7]), torch.zeros(4))
    torch.testing.assert_close(newest.pixels, stream.batch(6).pixels, rtol=0, atol=1e-5)


def test_batches_draw_sets_by_their_shares_and_pass_over_those_without_views(stream, monkeypatch):
    stock = Stock(stream, 0.01, CPU)
    taken: list[int] = []
    ring = stock.rings[64, 64]
    take = ring.take
    monkeypatch.setattr(ring, "take", lambda places: taken.extend(ring.which[places]) or take(places))
    stock.add(views(stream, 1))
    assert len(stock.batch(0, range(4))) == 4
    assert set(taken) == {1}
    stock.add(views(stream, 0))
    taken.clear()
    for step in range(40):
        stock.batch(step, range(4))
    assert taken.count(0) == 120
    assert taken.count(1) == 40


def test_views_are_not_learnt_from_too_often(stream):
    stock = Stock(stream, 0.01, CPU)
    for step in range(4):
        assert not stock.ready
        stock.add(views(stream, 0, step))
    steps = 0
    while stock.ready:
        stock.batch(steps, range(4))
        steps += 1
    assert steps == 16 * stocks._OFTEN // 4
    stock.add(views(stream, 0))
    assert stock.ready


def test_every_draw_has_seeds_of_its_own(stream):
    stock = Stock(stream, 0.01, CPU)
    stock.add(views(stream, 0))
    first, second = stock.batch(0, range(4)), stock.batch(1, range(4))
    assert len({*first.seeds.tolist(), *second.seeds.tolist()}) == 8
    again = Stock(stream, 0.01, CPU)
    again.add(views(stream, 0))
    assert torch.equal(again.batch(0, range(2, 4)).pixels, first.pixels[2:])


def test_processes_fill_the_stock_and_end_with_it(stream):
    before = set(multiprocessing.active_children())
    batches = stocked_batches(Plan(stream, 5, [range(2), range(2, 4)]), 1, CPU, 0.01)
    parts = list(islice(batches, 6))
    assert [len(part) for part in parts] == [2] * 6
    assert all(bool(part.valid.any()) for part in parts)
    batches.close()
    assert not set(multiprocessing.active_children()) - before


def test_samples_that_cannot_be_used_are_told_and_refused_when_there_are_no_others(stream):
    broken = Stream(stream.recipe, [SampleSet("broken", Unusable())])
    batches = stocked_batches(Plan(broken, 0, [range(4)]), 1, CPU, 0.01)
    with pytest.raises(DatasetError, match=r"broken: sample \d is damaged"):
        next(batches)


def test_a_run_learns_from_its_stock_and_resumes(walls, small, tmp_path):
    stream = Stream(replace(small, steps=2), [SampleSet("walls", walls)])
    hardware = Hardware("cpu", threads=1, workers=1, stock=0.01)
    assert train(stream, tmp_path / "run", hardware=hardware).name == "model-000002.safetensors"
    longer = Stream(replace(small, steps=3), stream.sets)
    with pytest.raises(Exception, match="steps"):
        train(longer, tmp_path / "run", hardware=hardware, resume=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stock": 0.0}, "positive"),
        ({"stock": 1.0}, "workers"),
        ({"stock": 1.0, "workers": 1, "features": "f"}, "fixed"),
    ],
)
def test_a_stock_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Hardware(**wrong)


def test_live_scenes_are_those_that_would_be_written(tmp_path):
    order = Order(tmp_path, 3, 32, 48, family="room", seed=4)
    list(write_shards(order))
    written, live = Scenes([tmp_path]), LiveScenes(order)
    assert len(live) == 3
    with eager():  # as few are written, and tested
        found, second = live.portion(range(3)), live[1]
    for one, other in zip(found, (written[i] for i in range(3)), strict=True):
        assert np.array_equal(one.image, other.image)
        np.testing.assert_allclose(one.depth, other.depth, rtol=1e-3)
        assert np.array_equal(one.sky, other.sky)
        assert one.camera.fx == pytest.approx(other.camera.fx)
    assert np.array_equal(second.image, written[1].image)
    with pytest.raises(IndexError):
        live[3]


def test_processes_render_scenes_in_a_row(stream, monkeypatch):
    seen: list[range] = []
    source = LiveScenes(Order(None, 1000, 64, 64))
    monkeypatch.setattr(source, "portion", lambda indices: seen.append(indices) or [])
    making = stocks._Making(Stream(stream.recipe, [SampleSet("live", source)]), 0)
    for _ in range(3):
        making._rendered(source, 0, worker=0)
    making._rendered(source, 0, worker=1)
    assert all(len(portion) == PORTION for portion in seen)
    assert seen[1].start == seen[0].stop
    assert seen[2].start == seen[1].stop


def test_a_sample_is_looked_at_several_times(stream):
    made = stocks._Making(stream, 0)[0]
    assert len(made) == PORTION * VIEWS
    assert made.pixels.shape[-2:] == (64, 64)
