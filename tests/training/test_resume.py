"""The state of a run: whole or absent, bit for bit, and refused in words where it does not fit."""

import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from theodolite.errors import CheckpointError, OutputError
from theodolite.training import resume
from theodolite.training.model import new_network
from theodolite.training.optim import MovingAverage, optimiser
from theodolite.training.resume import (
    Learner,
    Position,
    load_state,
    refuse_used,
    require_same_data,
    require_same_recipe,
    save_state,
    write_data,
)


def learner_of(recipe, steps: int = 0) -> Learner:
    """A network after some steps on noise."""
    net = new_network(recipe)
    learner = Learner(net, MovingAverage(net, 0.9), optimiser(net, recipe))
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        for parameter in net.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.randn(parameter.shape, generator=generator)
        learner.optim.step()
        learner.average.update(net, step)
    return learner


@pytest.fixture
def recipe(small):
    return replace(small, thawed=1)


@pytest.fixture
def stored() -> dict[str, torch.Tensor]:
    return {f"network.{i}": torch.full((256, 1024), float(i)) for i in range(5)}


def test_everything_comes_back_bit_for_bit_the_optimiser_included(recipe, tmp_path):
    learner, position = learner_of(recipe, steps=2), Position(7, 1.25, 0.4, 1, 1, 3)
    save_state(tmp_path, learner.gathered(), position, 15)
    other = learner_of(replace(recipe, seed=5), steps=1)
    found, where = load_state(tmp_path)
    other.restore(found)
    assert where == position
    ours, theirs = learner.gathered(), other.gathered()
    assert ours.keys() == theirs.keys()
    assert {name.split(".")[0] for name in ours} == {"network", "average", "exp_avg", "exp_avg_sq", "step"}
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_step_after_restoring_is_the_step_that_would_have_been(recipe, tmp_path):
    learner = learner_of(recipe, steps=2)
    other = learner_of(replace(recipe, seed=5))
    other.restore(learner.gathered())
    for one in (learner, other):
        for number, parameter in enumerate(p for p in one.net.parameters() if p.requires_grad):
            parameter.grad = torch.full_like(parameter, 0.1 * number)
        one.optim.step()
    assert all(torch.equal(a, b) for a, b in zip(learner.net.parameters(), other.net.parameters(), strict=True))


def test_weights_that_were_still_frozen_have_no_moments_and_need_none(recipe):
    learner = learner_of(recipe)
    for parameter in learner.net.decoder.parameters():
        parameter.grad = torch.ones_like(parameter)
    learner.optim.step()
    stored = learner.gathered()
    assert not any(name.startswith("exp_avg.encoder") for name in stored)
    other = learner_of(recipe, steps=1)
    other.restore(stored)
    assert other.gathered().keys() == stored.keys()


def test_files_are_as_small_as_asked_and_only_a_larger_tensor_has_a_larger_one(stored, tmp_path):
    stored = {**stored, "network.large": torch.zeros(3, 2**20)}
    folder = save_state(tmp_path, stored, Position(), 2.5)
    sizes = {path.name: path.stat().st_size / 2**20 for path in folder.glob("*.safetensors")}
    assert len(sizes) == 4
    assert sorted(size < 2.51 for size in sizes.values()) == [False, True, True, True]
    found, _ = load_state(tmp_path)
    assert all(torch.equal(found[name], stored[name]) for name in stored)
    assert found.keys() == stored.keys()


def test_the_newest_state_replaces_the_one_before(stored, tmp_path):
    for step in (1, 2, 30):
        save_state(tmp_path, stored, Position(step), 15)
        assert [path.name for path in tmp_path.iterdir()] == [f"state-{step:08d}"]
    assert load_state(tmp_path)[1].step == 30


def test_saving_a_step_again_is_no_error(stored, tmp_path):
    for value in (1.0, 2.0):
        save_state(tmp_path, {"network.x": torch.tensor(value)}, Position(4), 15)
    assert load_state(tmp_path)[0]["network.x"] == 2


def test_a_write_that_failed_leaves_the_state_before(stored, tmp_path, monkeypatch):
    save_state(tmp_path, stored, Position(1), 15)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OutputError, match="No space left on device"):
            save_state(tmp_path, stored, Position(2), 15)
    assert [path.name for path in tmp_path.iterdir()] == ["state-00000001"]
    assert load_state(tmp_path)[1].step == 1


def test_a_write_that_was_killed_leaves_the_state_before_and_is_cleared_away(stored, tmp_path):
    save_state(tmp_path, stored, Position(1), 15)
    half = tmp_path / ".state-00000002.tmp"
    half.mkdir()
    (half / "0000.safetensors").write_bytes(b"half")
    assert load_state(tmp_path)[1].step == 1
    save_state(tmp_path, stored, Position(2), 15)
    assert [path.name for path in tmp_path.iterdir()] == ["state-00000002"]


def test_a_removal_that_was_killed_does_not_count_as_a_state(stored, tmp_path):
    save_state(tmp_path, stored, Position(2), 15)
    remains = tmp_path / "state-00000009"
    remains.mkdir()
    (remains / "0000.safetensors").write_bytes(b"")
    assert load_state(tmp_path)[1].step == 2


@pytest.mark.parametrize("damage", ["cut", "missing", "position", "fewer"])
def test_a_damaged_state_is_refused_in_words(stored, tmp_path, damage):
    folder = save_state(tmp_path, stored, Position(3), 2.5)
    shard, position = folder / "0001.safetensors", folder / "position.json"
    if damage == "cut":
        shard.write_bytes(shard.read_bytes()[:-1000])
    elif damage == "missing":
        shard.unlink()
    elif damage == "position":
        position.write_text("{")
    else:
        position.write_text(json.dumps(json.loads(position.read_text()) | {"tensors": 9}))
    with pytest.raises(CheckpointError, match="state-00000003 is damaged: "):
        load_state(tmp_path)


def test_a_folder_without_a_state_is_refused(recipe, tmp_path):
    for ask in (lambda: load_state(tmp_path), lambda: require_same_recipe(tmp_path, recipe)):
        with pytest.raises(CheckpointError, match="holds no state to resume from; start the run without --resume"):
            ask()


def test_a_used_folder_is_refused_to_a_new_run(stored, tmp_path):
    refuse_used(tmp_path)
    save_state(tmp_path, stored, Position(3), 15)
    with pytest.raises(CheckpointError, match=r"holds a run already \(state-00000003\): go on with it by --resume"):
        refuse_used(tmp_path)


def test_another_recipe_is_refused_and_its_differences_named(recipe, tmp_path):
    resume.write_recipe(tmp_path, recipe)
    require_same_recipe(tmp_path, recipe)
    with pytest.raises(CheckpointError, match="differs in batch, jitter, steps"):
        require_same_recipe(tmp_path, replace(recipe, batch=3, steps=9, jitter=replace(recipe.jitter, blur=0.9)))
    (tmp_path / "recipe.json").write_text("no recipe")
    with pytest.raises(CheckpointError, match=r"recipe\.json cannot be read"):
        require_same_recipe(tmp_path, recipe)


SETS = [
    {"name": "near", "samples": 7, "share": 1.0, "start": 0},
    {"name": "far", "samples": 5, "share": 2.0, "start": 3},
]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"samples": 6}, "far of 6 samples from number 3, share 2 now"),
        ({"share": 0.5}, "far of 5 samples from number 3, share 0.5 now"),
        ({"start": 0}, "far of 5 samples, share 2 now"),
        ({"name": "sea"}, "sea of 5 samples from number 3, share 2 now"),
    ],
)
def test_other_data_are_refused_and_the_set_that_differs_is_named(tmp_path, change, told):
    write_data(tmp_path, SETS)
    require_same_data(tmp_path, SETS)
    with pytest.raises(CheckpointError, match=f"far of 5 samples from number 3, share 2, which is {told}"):
        require_same_data(tmp_path, [SETS[0], SETS[1] | change])
    with pytest.raises(CheckpointError, match="far of 5 samples from number 3, share 2, which is no such set now"):
        require_same_data(tmp_path, SETS[:1])


def test_a_run_from_before_its_data_were_written_down_is_taken_as_it_is(tmp_path):
    require_same_data(tmp_path, SETS)
    write_data(tmp_path, [{name: told[name] for name in ("name", "samples", "share")} for told in SETS])
    require_same_data(tmp_path, SETS)
    (tmp_path / "data.json").write_text("no data")
    with pytest.raises(CheckpointError, match=r"data\.json cannot be read"):
        require_same_data(tmp_path, SETS)


def test_a_state_is_readable_without_this_package(stored, tmp_path):
    folder = save_state(tmp_path, stored, Position(3, 60.5), 15)
    assert load_file(folder / "0000.safetensors").keys() == stored.keys()
    assert json.loads((folder / "position.json").read_text())["position"]["seconds"] == 60.5
