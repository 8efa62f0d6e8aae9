"""The loop: the loss falls, bad numbers do no harm, and a run that was stopped goes on."""

import json
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from theodolite import load
from theodolite.errors import CheckpointError, DatasetError, TheodoliteError
from theodolite.training import journal, loop
from theodolite.training.config import Hardware, Recipe
from theodolite.training.data import Part, SampleSet, Stream
from theodolite.training.distributed import Team
from theodolite.training.journal import BOARD, LOG
from theodolite.training.loop import Checks, Diverged, train
from theodolite.training.losses.total import Objective
from theodolite.training.model import new_network
from theodolite.training.optim import optimiser, set_rates
from theodolite.training.resume import load_state, save_state
from theodolite.training.step import training_step
from theodolite.training.unroll import Unrolled
from theodolite.weights import checkpoint

CPU = Hardware("cpu")
RARELY = {"save_every": 1e6, "validate_every": 1e6}


def stream(recipe: Recipe, walls) -> Stream:
    return Stream(recipe, [SampleSet("walls", walls)])


def lines(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / LOG).read_text().splitlines()]


def stop_at(step: int, number: int = signal.SIGTERM):
    """A watcher that tells the process to end once it has seen a step."""

    def watch(position, line):
        if position.step == step and line is None:
            os.kill(os.getpid(), number)

    return watch


def test_the_loss_falls_and_the_model_opens_by_itself(walls, small, tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_EVERY", 10)
    recipe = replace(small, steps=40, **RARELY)
    path = train(stream(recipe, walls), tmp_path, hardware=CPU, checks=Checks([walls[i] for i in range(3)]))
    log = lines(tmp_path)
    first, last = log[0], log[3]
    assert last["depth"] < 0.96 * first["depth"]
    assert last["angle"] < 0.96 * first["angle"]
    scores = log[-1]["scores"]["rendered"]
    assert scores["pictures"] == 3
    assert np.isfinite([scores["abs_rel"], scores["normals"]]).all()
    found = checkpoint.read(path, "pocket-lite0")
    assert path.name == "model-000040.safetensors"
    assert found.canonical_focal == recipe.canonical_focal
    assert json.loads(found.metadata["training"])["samples"] == 80
    assert json.loads(found.metadata["data"]) == [{"name": "walls", "samples": 12, "share": 1.0}]
    board = EventAccumulator(str(tmp_path / BOARD)).Reload()
    assert board.Tags()["images"] == ["held-out/0", "held-out/1", "held-out/2"]
    assert {"train/loss", "rendered/abs_rel"} <= set(board.Tags()["scalars"])
    predicted = load(str(path)).predict(walls[0].image, camera=walls[0].camera)
    assert np.isfinite(predicted.depth).all()


def same_weights(*runs: Path) -> bool:
    first, second = (load_state(run)[0] for run in runs)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_finishes_the_step_saves_and_goes_on_as_if_nothing_had_happened(walls, small, tmp_path, number):
    recipe = replace(small, steps=4, frozen=0.5, thawed=1, **RARELY)
    handler = signal.getsignal(number)
    whole = train(stream(recipe, walls), tmp_path / "whole", hardware=CPU)
    with pytest.raises(KeyboardInterrupt):
        train(stream(recipe, walls), tmp_path / "halves", hardware=CPU, watch=stop_at(2, number))
    assert signal.getsignal(number) is handler
    # The watcher is called within the third step's end at the latest, and no step is lost.
    assert load_state(tmp_path / "halves")[1].step in (2, 3)
    assert not list((tmp_path / "halves").glob("model-*"))
    resumed = train(stream(recipe, walls), tmp_path / "halves", hardware=CPU, resume=True)
    assert resumed.name == whole.name
    assert same_weights(tmp_path / "whole", tmp_path / "halves")
    models = [checkpoint.read(path).state for path in (whole, resumed)]
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])


def test_reading_processes_end_with_a_run_that_fails_though_its_traceback_is_kept(walls, small, tmp_path):
    before = set(multiprocessing.active_children())
    during = set()

    def fail(position, line):
        during.update(multiprocessing.active_children())
        raise RuntimeError("the watcher fell asleep")

    with pytest.raises(RuntimeError, match="fell asleep") as kept:
        train(stream(small, walls), tmp_path, hardware=Hardware("cpu", workers=1), watch=fail)
    assert kept.tb is not None
    assert len(during - before) == 1
    assert not set(multiprocessing.active_children()) - before


def test_a_run_with_minutes_ends_and_says_how_far_it_came(walls, small, tmp_path):
    train(stream(small, walls), tmp_path, hardware=CPU, minutes=0.01)
    position = load_state(tmp_path)[1]
    assert position.progress >= 1
    assert position.seconds >= 0.6
    assert lines(tmp_path)[-2]["progress"] >= 1


def test_a_finished_run_resumes_to_its_model_and_goes_on_when_given_more_time(walls, small, tmp_path):
    short = stream(replace(small, steps=1), walls)
    path = train(short, tmp_path, hardware=CPU)
    written = path.stat().st_mtime_ns
    assert train(short, tmp_path, hardware=CPU, resume=True) == path
    assert path.stat().st_mtime_ns == written
    # Killed while the model was judged: the state is that of the last step, and the model is not there yet.
    path.unlink()
    assert train(short, tmp_path, hardware=CPU, resume=True) == path
    assert checkpoint.read(path).name == "pocket-lite0"
    longer = train(short, tmp_path, hardware=CPU, resume=True, minutes=0.02)
    assert longer.name > path.name
    assert longer.is_file()


def test_a_folder_is_of_one_run_and_of_one_recipe(walls, small, tmp_path):
    recipe = replace(small, steps=1)
    train(stream(recipe, walls), tmp_path, hardware=CPU)
    with pytest.raises(CheckpointError, match="holds a run already"):
        train(stream(recipe, walls), tmp_path, hardware=CPU)
    with pytest.raises(CheckpointError, match="differs in batch, steps"):
        train(stream(replace(small, steps=2, batch=3), walls), tmp_path, hardware=CPU, resume=True)
    with pytest.raises(CheckpointError, match="holds no state to resume from"):
        train(stream(recipe, walls), tmp_path / "other", hardware=CPU, resume=True)
    other = Stream(recipe, [SampleSet("walls", Part(walls, 2, 12))])
    with pytest.raises(
        CheckpointError, match="walls of 12 samples, share 1, which is walls of 10 samples from number 2, "
    ):
        train(other, tmp_path, hardware=CPU, resume=True)
    train(other, tmp_path / "part", hardware=CPU)
    shifted = Stream(recipe, [SampleSet("walls", Part(walls, 0, 10))])
    with pytest.raises(
        CheckpointError, match="walls of 10 samples from number 2, share 1, which is walls of 10 samples, "
    ):
        train(shifted, tmp_path / "part", hardware=CPU, resume=True)
    more = Stream(recipe, [SampleSet("walls", walls), SampleSet("others", walls)])
    with pytest.raises(CheckpointError, match="no such set, which is others of 12 samples"):
        train(more, tmp_path, hardware=CPU, resume=True)
    stored, position = load_state(tmp_path)
    del stored[next(name for name in stored if name.startswith("network."))]
    save_state(tmp_path, stored, position, 15)
    with pytest.raises(TheodoliteError, match="is of another network"):
        train(stream(recipe, walls), tmp_path, hardware=CPU, resume=True)


def test_a_batch_that_cannot_be_divided_and_division_among_one_are_refused(walls, small, tmp_path, monkeypatch):
    with pytest.raises(TheodoliteError, match="--fsdp divides a network among processes, and there is one"):
        train(stream(small, walls), tmp_path, hardware=Hardware("cpu", fsdp=True))
    monkeypatch.setattr(Team, "size", property(lambda _: 3))
    with pytest.raises(TheodoliteError, match="batch of 2 cannot be divided evenly among 3"):
        Team(CPU).share(2)


def test_a_device_that_is_not_there_is_refused_in_words():
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    absent = next(name for name, found in there.items() if not found)
    with pytest.raises(TheodoliteError, match=f"There is no device '{absent}' here; there is cpu"):
        Team(Hardware(absent))


class Bench:
    """A network, its optimiser and all that a single step takes."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.team = recipe, Team(CPU)
        self.net = new_network(recipe)
        self.optim = optimiser(self.net, recipe)
        self.objective = Objective(recipe.weights, recipe.far)

    def step(self, *parts, progress: float = 1.0) -> dict[str, float]:
        set_rates(self.optim, self.recipe, 100, progress)
        return training_step(Unrolled(self.net), self.optim, parts, self.objective, self.team, self.recipe.clip)


def state_of(module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before: dict[str, torch.Tensor], module) -> set[str]:
    return {name for name, value in module.state_dict().items() if not torch.equal(before[name], value)}


def test_a_step_without_finite_numbers_leaves_the_weights_alone(walls, small):
    bench, batch = Bench(small), stream(small, walls).batch(0)
    before = state_of(bench.net)
    terms = bench.step(replace(batch, depth=batch.depth * torch.nan))
    assert not np.isfinite(terms["depth"])
    assert changed(before, bench.net) == set()
    assert bench.optim.state == {}
    assert np.isfinite(list(bench.step(batch).values())).all()
    assert changed(before, bench.net)


def test_a_run_that_never_gets_finite_numbers_gives_up(walls, small, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "training_step", lambda *_, **__: {"depth": float("nan"), "norm": 1.0})
    with pytest.raises(Diverged, match="30 steps in a row, up to step 29, were not finite in depth"):
        train(stream(replace(small, steps=100, **RARELY), walls), tmp_path, hardware=CPU)


def test_steps_that_were_not_finite_are_counted_and_forgiven(walls, small, tmp_path, monkeypatch):
    real, calls = loop.training_step, []

    def sometimes(*args, **_):
        calls.append(1)
        return {"depth": float("inf"), "norm": 1.0} if len(calls) == 2 else real(*args)

    monkeypatch.setattr(loop, "training_step", sometimes)
    train(stream(replace(small, steps=3, **RARELY), walls), tmp_path, hardware=CPU)
    position = load_state(tmp_path)[1]
    assert (position.skipped, position.skipped_in_a_row) == (1, 0)


def test_the_encoder_learns_only_what_is_thawed_and_only_then(walls, small):
    recipe = replace(small, thawed=2, frozen=0.5)
    bench, batch = Bench(recipe), stream(recipe, walls).batch(0)
    before = state_of(bench.net.encoder)
    bench.step(batch, progress=0.4)
    assert changed(before, bench.net.encoder) == set()
    bench.step(batch, progress=0.5)
    moved = changed(before, bench.net.encoder)
    assert {name.split(".")[1] for name in moved} == {"5", "6"}
    assert not any("running" in name for name in moved)


def test_micro_batches_learn_what_the_whole_batch_learns(walls, small):
    recipe = replace(small, batch=4, thawed=1)
    whole = stream(recipe, walls)
    results = []
    for portions in ([range(4)], [range(1), range(1, 4)]):
        bench = Bench(recipe)
        terms = bench.step(*(whole.batch(0, places) for places in portions))
        results.append((terms, [p.grad for p in bench.net.parameters() if p.grad is not None]))
    (terms, grads), (parts, summed) = results
    assert parts == pytest.approx(terms, rel=1e-4)
    for ours, theirs in zip(grads, summed, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-5)


def test_a_run_without_the_canonical_camera_is_refused(walls, small, tmp_path):
    with pytest.raises(TheodoliteError, match="go into the canonical camera"):
        train(stream(replace(small, canonical=False), walls), tmp_path, hardware=CPU)


def test_a_folder_without_real_frames_is_refused_before_the_first_step(walls, small, tmp_path):
    with pytest.raises(DatasetError, match=r"no frames\.json there"):
        train(stream(small, walls), tmp_path / "run", hardware=CPU, checks=Checks(real=[tmp_path]))
    assert not (tmp_path / "run").exists()


def test_rejected_samples_are_counted_told_and_the_run_goes_on(walls, small, tmp_path):
    class Holed:
        def __len__(self):
            return 12

        def __getitem__(self, index):
            if index % 3 == 0:
                raise TheodoliteError(f"a.jsonl, line {index}: depth: gone.")
            return walls[index]

    recipe = replace(small, steps=6, **RARELY)
    train(stream(recipe, Holed()), tmp_path, hardware=CPU)
    told = [line["rejected"] for line in lines(tmp_path) if "rejected" in line]
    assert len(set(told)) == len(told) == 4
    position = load_state(tmp_path)[1]
    assert position.rejected >= 4
    assert next(line for line in lines(tmp_path) if "loss" in line)["rejected_samples"] == position.rejected
