"""Learning rates as published, groups as meant, and an average that remembers."""

from dataclasses import replace

import pytest
import torch

from theodolite.errors import TheodoliteError
from theodolite.network import build
from theodolite.network.variants import Variant, ViT, find
from theodolite.training.model import new_network
from theodolite.training.optim import MovingAverage, choose_what_learns, learning_rate, optimiser, set_rates
from theodolite.training.recipes import pocket_lite

RANDOM = replace(pocket_lite(), start="random")
TINY_VIT = Variant(ViT(dim=32, depth=3, heads=2, ffn=64, positions=3), find("pocket-lite0").decoder, steps=1)


@pytest.mark.parametrize(
    ("step", "rate"),
    [(1, 2.001e-7), (250, 4.9986e-5), (500, 9.9944e-5), (100_000, 8.879e-5), (400_000, 5.405e-5), (800_000, 1.0038e-6)],
)
def test_rates_are_those_of_the_published_schedule(step, rate):
    assert learning_rate(1e-4, 1e-6, step, step / 800_010, warmup=500) == pytest.approx(rate, rel=1e-3)


def test_rates_end_where_they_are_to_and_never_rise_to_it():
    assert learning_rate(1e-4, 1e-6, 10_000, 1.0, 0) == pytest.approx(1e-6)
    assert learning_rate(1e-4, 1e-6, 10_000, 1.3, 0) == pytest.approx(1e-6)
    assert learning_rate(1e-8, 1e-6, 10_000, 0.5, 0) == 1e-8
    assert learning_rate(0.0, 1e-6, 10_000, 0.5, 0) == 0


def rates(optim, part):
    return {group["lr"] for group in optim.param_groups if group["part"] == part}


def test_the_encoder_has_a_rate_of_its_own_that_is_zero_until_it_thaws():
    recipe = replace(RANDOM, frozen=0.5, thawed=2, warmup=0)
    optim = optimiser(new_network(recipe), recipe)
    set_rates(optim, recipe, 100, 0.4)
    assert rates(optim, "encoder") == {0.0}
    assert rates(optim, "decoder") == {learning_rate(recipe.rate_decoder, recipe.rate_end, 100, 0.4, 0)}
    set_rates(optim, recipe, 100, 0.5)
    assert rates(optim, "encoder") == {learning_rate(recipe.rate_encoder, recipe.rate_end, 100, 0.5, 0)}
    assert rates(optim, "decoder") == {learning_rate(recipe.rate_decoder, recipe.rate_end, 100, 0.5, 0)}


def test_low_rank_updates_learn_from_the_first_step_though_the_encoder_is_frozen():
    recipe = replace(RANDOM, frozen=1.0, thawed=0, lora=2, warmup=0)
    net = new_network(recipe)
    optim = optimiser(net, recipe)
    set_rates(optim, recipe, 0, 0.0)
    assert min(rates(optim, "encoder")) > 0
    learning = {name.rsplit(".", 1)[1] for name, p in net.encoder.named_parameters() if p.requires_grad}
    assert learning == {"narrow", "widen"}


@pytest.mark.parametrize("thawed", [None, 0, 3])
def test_every_parameter_that_learns_is_in_one_group_and_vectors_do_not_decay(thawed):
    recipe = replace(RANDOM, thawed=thawed)
    net = new_network(recipe)
    optim = optimiser(net, recipe)
    listed = [p for group in optim.param_groups for p in group["params"]]
    learning = [p for p in net.parameters() if p.requires_grad]
    assert sorted(map(id, listed)) == sorted(map(id, learning))
    for group in optim.param_groups:
        decay = recipe.decay_encoder if group["part"] == "encoder" else recipe.decay_decoder
        assert group["weight_decay"] == (decay if group["params"][0].ndim > 1 else 0)
        assert len({p.ndim > 1 for p in group["params"]}) == 1


@pytest.mark.parametrize(("thawed", "stages"), [(0, set()), (2, {"5", "6"}), (7, set("0123456")), (99, set("0123456"))])
def test_the_last_stages_thaw(thawed, stages):
    net = new_network(replace(RANDOM, thawed=thawed))
    learning = {name.split(".")[1] for name, p in net.encoder.named_parameters() if p.requires_grad}
    assert learning == stages
    assert all(p.requires_grad for p in net.decoder.parameters())


def test_all_of_the_encoder_thaws_but_what_never_learns():
    net = build(TINY_VIT)
    choose_what_learns(net, replace(RANDOM, thawed=None))
    idle = [name for name, p in net.named_parameters() if not p.requires_grad]
    # The mask token is read in DINOv2's own training only.
    assert idle == ["encoder.mask_token"]


def test_blocks_of_a_transformer_are_its_stages():
    net = build(TINY_VIT)
    choose_what_learns(net, replace(RANDOM, thawed=1))
    assert {name.split(".")[1] for name, p in net.encoder.named_parameters() if p.requires_grad} == {"2"}


def test_stages_of_an_encoder_without_any_are_refused():
    net = build("pocket-lite0")
    net.encoder = torch.nn.Conv2d(3, 3, 1)
    with pytest.raises(TheodoliteError, match="no stages to thaw"):
        choose_what_learns(net, replace(RANDOM, thawed=1))


def moved(decay: float, step: int) -> float:
    """How far an average went towards weights that grew by one."""
    net = torch.nn.Linear(2, 2)
    average = MovingAverage(net, decay)
    start = net.weight.detach().clone()
    with torch.no_grad():
        net.weight += 1
    average.update(net, step)
    return float((average.state["weight"] - start).mean())


def test_the_average_follows_slowly_and_the_first_steps_are_forgotten():
    assert moved(0.9, 1000) == pytest.approx(0.1, abs=1e-6)
    assert moved(0.999, 0) == pytest.approx(0.9, abs=1e-6)
    assert moved(0.999, 8) == pytest.approx(0.5, abs=1e-6)


def test_an_average_without_memory_is_the_network():
    assert moved(0.0, 1000) == pytest.approx(1.0, abs=1e-6)


def test_only_what_learns_is_averaged():
    net = new_network(replace(RANDOM, thawed=1))
    assert MovingAverage(net, 0.9).state.keys() == {name for name, p in net.named_parameters() if p.requires_grad}
