"""Unrolling for training gives the network's own answers, of which the encoder learns when it is to."""

from dataclasses import replace

import pytest
import torch

from theodolite.network import build
from theodolite.network.variants import Hourglass, Variant, ViT, find
from theodolite.training import unroll
from theodolite.training.unroll import Unrolled, as_maps

DPT_LIKE = find("pocket-lite0").decoder
TINY = {
    "pocket": find("pocket-lite0"),
    "vit": Variant(ViT(dim=32, depth=2, heads=2, ffn=64, registers=2, positions=3), DPT_LIKE, steps=1),
    "hourglass": Variant(
        find("pocket-lite0").encoder,
        Hourglass(fusion=(16, 16, 16), widths=(16, 8, 8, 8), features=8, bins=replace(DPT_LIKE.bins, count=8)),
    ),
}


@pytest.fixture(scope="module", params=TINY)
def net(request):
    torch.manual_seed(0)
    return build(TINY[request.param]).eval()


@pytest.fixture
def pixels(net):
    side = 2 * net.multiple
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))


def close(a, b, **tolerance):
    for name in ("canonical_depth", "normals", "kappa", "confidence"):
        ours, theirs = getattr(a, name), getattr(b, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            torch.testing.assert_close(ours, theirs, **tolerance)


def test_the_last_estimate_is_what_the_network_answers(net, pixels):
    with torch.no_grad():
        found, wanted = as_maps(Unrolled(net)(pixels)), net(pixels)
    assert len(found) == (net.variant.steps + 1 if net.variant.refines else 1)
    close(found[-1], wanted, rtol=0, atol=0)


def test_at_full_resolution_every_estimate_is_the_networks(net, pixels):
    with torch.no_grad():
        found, wanted = as_maps(Unrolled(net, full=True)(pixels)), net(pixels, all_steps=True)
    assert len(found) == 1 + len(wanted.steps)
    for ours, theirs in zip(found, (wanted.initial, *wanted.steps), strict=True):
        close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("net", ["pocket", "vit"], indirect=True)
def test_earlier_estimates_live_at_a_quarter_and_agree_with_the_upsampled_ones(net, pixels):
    with torch.no_grad():
        found, wanted = as_maps(Unrolled(net)(pixels)), net(pixels, all_steps=True)
    side = 2 * net.multiple // 4
    assert {m.canonical_depth.shape for m in found[:-1]} == {(2, 1, side, side)}
    # Corners stay on corners when the estimate before the first step is upsampled.
    corner = (slice(None), slice(None), 0, 0)
    torch.testing.assert_close(found[0].canonical_depth[corner], wanted.initial.canonical_depth[corner])


def test_what_is_known_of_the_encoder_is_not_computed_again(net, pixels):
    with torch.no_grad():
        taps = net.encoder.begin(pixels, 1) if hasattr(net.encoder, "begin") else net.encoder(pixels)
        for ours, theirs in zip(
            as_maps(Unrolled(net)(pixels, False, taps)), as_maps(Unrolled(net)(pixels)), strict=True
        ):
            close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("net", ["pocket", "vit"], indirect=True)
def test_without_refinement_the_first_estimate_alone_learns(net, pixels):
    with torch.no_grad():
        (found,) = as_maps(Unrolled(net)(pixels, refining=False))
        close(found, as_maps(Unrolled(net)(pixels))[0], rtol=0, atol=0)
    (found,) = as_maps(Unrolled(net)(pixels, refining=False))
    found.canonical_depth.sum().backward()
    learning = {name.split(".")[0] for name, p in net.decoder.named_parameters() if p.grad is not None}
    net.zero_grad(set_to_none=True)
    assert learning == {"neck", "trunk", "depth_head", "normal_head"}


@pytest.mark.parametrize("learns", [True, False])
def test_gradients_reach_the_encoder_when_it_learns_and_the_decoder_always(net, pixels, learns):
    final = as_maps(Unrolled(net)(pixels, learns))[-1]
    sum(x.sum() for x in vars(final).values() if isinstance(x, torch.Tensor)).backward()
    assert any(p.grad is not None for p in net.encoder.parameters()) == learns
    assert any(p.grad is not None for p in net.decoder.parameters())
    net.zero_grad(set_to_none=True)


def test_a_processor_that_only_emulates_bfloat16_is_not_asked_to(net, pixels, monkeypatch):
    monkeypatch.setattr(unroll, "knows_bfloat16", lambda: False)
    with torch.no_grad():
        low, wide = (as_maps(Unrolled(net, precision=p)(pixels))[-1] for p in ("bf16", "fp32"))
    close(low, wide, rtol=0, atol=0)


def test_half_precision_is_near_and_answers_in_single(net, pixels, monkeypatch):
    monkeypatch.setattr(unroll, "knows_bfloat16", lambda: True)
    with torch.no_grad():
        low, wide = (as_maps(Unrolled(net, precision=p)(pixels))[-1] for p in ("bf16", "fp32"))
    assert low.canonical_depth.dtype == low.confidence.dtype == torch.float32
    close(low, wide, rtol=0.1, atol=0.1)
    assert not torch.equal(low.canonical_depth, wide.canonical_depth)


def test_every_weight_that_learns_gets_a_gradient(net, pixels):
    # Otherwise several processes would wait for each other's.
    net.zero_grad(set_to_none=True)
    found = as_maps(Unrolled(net)(pixels))
    sum(x.sum() for maps in found for x in vars(maps).values() if isinstance(x, torch.Tensor)).backward()
    idle = [name for name, p in net.named_parameters() if p.requires_grad and p.grad is None]
    net.zero_grad(set_to_none=True)
    assert idle == []
