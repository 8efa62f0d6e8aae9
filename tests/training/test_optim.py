"""Learning rates as published, groups as meant, and an average that remembers."""

from dataclasses import replace

import pytest
import torch

from theodolite.network import build
from theodolite.training.optim import MovingAverage, learning_rate, optimiser, set_rates
from theodolite.training.recipes import pocket


@pytest.mark.parametrize(
    ("step", "rate"),
    [(1, 2.001e-7), (250, 4.9986e-5), (500, 9.9944e-5), (100_000, 8.879e-5), (400_000, 5.405e-5), (800_000, 1.0038e-6)],
)
def test_rates_are_those_of_the_published_schedule(step, rate):
    assert learning_rate(1e-4, 1e-6, step, step / 800_010, warmup=500) == pytest.approx(rate, rel=1e-3)


def test_the_encoder_has_a_rate_of_its_own_that_is_zero_until_it_thaws():
    recipe = replace(pocket(), frozen=0.5, thawed=2, warmup=0)
    optim = optimiser(build("pocket"), recipe)
    set_rates(optim, recipe, 100, 0.4)
    assert {group["lr"] for group in optim.param_groups if group["part"] == "encoder"} == {0.0}
    set_rates(optim, recipe, 100, 0.5)
    decoder, encoder = ({g["lr"] for g in optim.param_groups if g["part"] == part} for part in ("decoder", "encoder"))
    assert encoder == {learning_rate(recipe.rate_encoder, recipe.rate_end, 100, 0.5, 0)}
    assert decoder == {learning_rate(recipe.rate_decoder, recipe.rate_end, 100, 0.5, 0)}


def test_every_parameter_that_learns_is_in_one_group_and_vectors_do_not_decay():
    net = build("pocket")
    optim = optimiser(net, replace(pocket(), thawed=3))
    listed = [p for group in optim.param_groups for p in group["params"]]
    learning = [p for p in net.parameters() if p.requires_grad]
    assert sorted(map(id, listed)) == sorted(map(id, learning))
    assert all(g["weight_decay"] == 0 for g in optim.param_groups if any(p.ndim <= 1 for p in g["params"]))
    assert not any(p.requires_grad for p in net.encoder.stages[:4].parameters())


def test_the_average_follows_slowly_and_gives_the_network_back():
    net = torch.nn.Linear(2, 2)
    average = MovingAverage(net, 0.9)
    start = net.weight.detach().clone()
    with torch.no_grad():
        net.weight += 1
    average.update(net, 1000)
    torch.testing.assert_close(average.state["weight"], start + 0.1)
    with average.instead_of(net):
        torch.testing.assert_close(net.weight, start + 0.1)
    torch.testing.assert_close(net.weight, start + 1)
