"""The loop: the loss falls, a run that was stopped ends as one that was not, bad numbers do no harm."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from theodolite.errors import CheckpointError
from theodolite.training import loop
from theodolite.training.data import Stream
from theodolite.training.loop import Checks, Diverged, train, training_step
from theodolite.training.optim import optimiser
from theodolite.training.recipes import smoke
from theodolite.weights import checkpoint

# Batches this small are slower with threads than without.
SMALL = replace(smoke(), canvases=((64, 64),), batch=2, warmup=2, precision="fp32", save_every=1e-6)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def lines(run):
    return [json.loads(line) for line in (run / loop.LOG).read_text().splitlines()]


def test_the_loss_falls_and_the_model_opens_by_itself(walls, tmp_path):
    recipe = replace(SMALL, steps=60, precision="bf16", validate_every=1e6, save_every=1e6)
    path = train(Stream(recipe, walls), tmp_path, checks=Checks([walls[i] for i in range(3)]))
    log = lines(tmp_path)
    assert log[1]["depth"] < 0.85 * log[0]["depth"]
    assert log[1]["angle"] < 0.85 * log[0]["angle"]
    scores = log[-1]["scores"]["rendered"]
    assert scores["pictures"] == 3
    assert np.isfinite(scores["abs_rel"])
    found = checkpoint.read(path, "pocket")
    assert path.name == "model-000060.safetensors"
    assert found.canonical_focal == recipe.canonical_focal
    assert json.loads(found.metadata["training"])["samples"] == 120


def test_a_run_that_was_stopped_ends_with_the_same_weights(walls, tmp_path, monkeypatch):
    stream = Stream(replace(SMALL, steps=6, frozen=0.5, thawed=1), walls)
    whole = train(stream, tmp_path / "whole")

    real_step, calls = loop.training_step, []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real_step(*args, **kwargs)

    monkeypatch.setattr(loop, "training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(stream, tmp_path / "halves")
    monkeypatch.setattr(loop, "training_step", real_step)
    resumed = train(stream, tmp_path / "halves", resume=True)
    models = [checkpoint.read(path).state for path in (whole, resumed)]
    assert whole.name == resumed.name
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])
    state, other = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "halves"))
    assert all(torch.equal(state["network"][name], other["network"][name]) for name in state["network"])


def test_a_run_with_minutes_ends_and_says_how_far_it_came(walls, tmp_path):
    train(Stream(SMALL, walls), tmp_path, minutes=0.01)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["position"]["progress"] >= 1
    assert state["position"]["seconds"] >= 0.6


def test_a_finished_run_resumes_to_its_model_and_goes_on_when_given_more_time(walls, tmp_path):
    stream = Stream(replace(SMALL, steps=1), walls)
    path = train(stream, tmp_path)
    assert train(stream, tmp_path, resume=True) == path
    assert path.is_file()
    longer = train(stream, tmp_path, resume=True, minutes=0.01)
    assert longer.name > path.name
    assert longer.is_file()


def test_resuming_with_another_recipe_or_without_a_state_is_refused(walls, tmp_path):
    train(Stream(replace(SMALL, steps=1), walls), tmp_path)
    with pytest.raises(CheckpointError, match="differs in batch, steps"):
        train(Stream(replace(SMALL, steps=2, batch=3), walls), tmp_path, resume=True)
    (tmp_path / "state.pt").unlink()
    with pytest.raises(CheckpointError, match=r"no state\.pt to resume from"):
        train(Stream(replace(SMALL, steps=1), walls), tmp_path, resume=True)


def test_a_damaged_state_is_refused_in_words(walls, tmp_path):
    train(Stream(replace(SMALL, steps=1), walls), tmp_path)
    state = tmp_path / "state.pt"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="damaged, or of another recipe"):
        train(Stream(replace(SMALL, steps=1), walls), tmp_path, resume=True)


@pytest.fixture
def net():
    return loop._new_network(SMALL)


def test_a_step_without_finite_numbers_leaves_the_weights_alone(walls, net):
    optim = optimiser(net, SMALL)
    batch = Stream(SMALL, walls).batch(0)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    terms = training_step(net, optim, replace(batch, depth=batch.depth * torch.nan), SMALL, thawed=False)
    assert not np.isfinite(terms["depth"])
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert np.isfinite(list(training_step(net, optim, batch, SMALL, thawed=False).values())).all()
    assert any(not torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_a_run_that_never_gets_finite_numbers_gives_up(walls, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "training_step", lambda *_, **__: {"depth": float("nan"), "norm": 1.0})
    with pytest.raises(Diverged, match="not finite in depth"):
        train(Stream(replace(SMALL, steps=100, save_every=1e6), walls), tmp_path)


def test_the_encoder_learns_only_what_is_thawed_and_only_then(walls, net):
    recipe = replace(SMALL, thawed=2)
    optim = optimiser(net, recipe)
    batch = Stream(recipe, walls).batch(0)
    before = {name: value.clone() for name, value in net.encoder.state_dict().items()}

    def changed():
        return {
            name.split(".")[1]
            for name, value in net.encoder.state_dict().items()
            if not torch.equal(before[name], value)
        }

    training_step(net, optim, batch, recipe, thawed=False)
    assert changed() == set()
    training_step(net, optim, batch, recipe, thawed=True)
    assert changed() == {"5", "6"}
    statistics = [name for name in before if "running" in name]
    assert all(torch.equal(before[name], net.encoder.state_dict()[name]) for name in statistics)


def test_samples_with_depth_only_train(walls, net):
    optim = optimiser(net, SMALL)
    batch = Stream(SMALL, walls).batch(0)
    bare = replace(batch, has_normals=torch.zeros_like(batch.has_normals))
    terms = training_step(net, optim, bare, SMALL, thawed=False)
    assert terms["angle"] == terms["likelihood"] == 0
    assert np.isfinite(terms["norm"])
