"""Low-rank updates: nothing at first, all that learns of an encoder, and merged as if it had been the weights."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from theodolite.network import build
from theodolite.training.lora import add_low_rank, merge_low_rank
from theodolite.training.model import new_network
from theodolite.training.recipes import smoke
from theodolite.training.unroll import Unrolled, as_maps

LORA = replace(smoke(), thawed=0, lora=2)


@pytest.fixture
def net():
    return new_network(LORA)


@pytest.fixture
def pixels():
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def stirred(module: nn.Module) -> None:
    """As after some training: the products are no longer zero."""
    for name, parameter in module.named_parameters():
        if name.endswith("widen"):
            nn.init.normal_(parameter, std=0.05)


def test_updates_change_nothing_at_first(net, pixels):
    plain = new_network(replace(LORA, lora=0))
    with torch.no_grad():
        assert torch.equal(net(pixels).canonical_depth, plain(pixels).canonical_depth)


def test_of_the_encoder_only_updates_learn_and_they_do(net, pixels):
    final = as_maps(Unrolled(net)(pixels))[-1]
    final.canonical_depth.sum().backward()
    moved = {name for name, p in net.encoder.named_parameters() if p.grad is not None}
    assert moved
    assert all(name.endswith((".narrow", ".widen")) for name in moved)
    # The first gradient of the other factor is zero: it is multiplied by one that is.
    assert any((p.grad != 0).any() for name, p in net.encoder.named_parameters() if name.endswith("widen"))


def test_a_merged_network_computes_the_same_under_its_own_names(net, pixels):
    stirred(net.encoder)
    with torch.no_grad():
        before = net(pixels).canonical_depth
        plain = new_network(replace(LORA, lora=0))(pixels).canonical_depth
        merge_low_rank(net)
        after = net(pixels).canonical_depth
    assert torch.equal(after, before)
    assert not torch.allclose(after, plain)
    assert net.state_dict().keys() == build("pocket-lite0").state_dict().keys()
    build("pocket-lite0").load_state_dict(net.state_dict())


def test_depthwise_kernels_are_left_alone():
    part = nn.Sequential(
        nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 6, 1), nn.Conv2d(4, 4, 3, groups=2), nn.LayerNorm(4)
    )
    assert add_low_rank(part, 2) == 1
    assert {name.split(".")[0] for name, p in part.named_parameters() if p.requires_grad} == {"1"}


@pytest.mark.parametrize("layer", [nn.Linear(5, 3), nn.Conv2d(2, 4, 3), nn.Conv2d(7, 3, 1)])
def test_a_rank_beyond_the_matrix_is_the_matrixs_own(layer):
    holder = nn.Sequential(layer)
    weight = layer.weight.detach().clone()
    add_low_rank(holder, 1000)
    update = layer.parametrizations.weight[0]
    assert update.narrow.shape[0] == update.widen.shape[1] == min(weight.shape[0], weight[0].numel())
    assert torch.equal(layer.weight, weight)
    stirred(holder)
    wanted = layer.weight.detach().clone()
    merge_low_rank(holder)
    assert torch.equal(layer.weight, wanted)
    assert layer.weight.shape == weight.shape
    assert sorted(name for name, _ in layer.named_parameters()) == ["bias", "weight"]
