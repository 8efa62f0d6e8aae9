"""Unrolling for training gives the network's own answer, and the estimates on the way to it."""

import pytest
import torch

from theodolite.network import build
from theodolite.network.upsample import FACTOR
from theodolite.training.config import LossWeights
from theodolite.training.losses.total import total_loss
from theodolite.training.sample import Batch
from theodolite.training.unroll import coarse, unroll


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return build("pocket").eval()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    normals = torch.nn.functional.normalize(torch.randn(2, 3, 64, 96, generator=generator), dim=1)
    everywhere = torch.ones(2, 1, 64, 96, dtype=torch.bool)
    return Batch(
        pixels=torch.randn(2, 3, 64, 96, generator=generator),
        depth=torch.rand(2, 1, 64, 96, generator=generator) * 5 + 1,
        valid=everywhere,
        normals=normals,
        has_normals=everywhere,
        sky=torch.rand(2, 1, 64, 96, generator=generator) > 0.9,
    )


def test_the_last_estimate_is_what_the_network_answers(net, batch):
    with torch.no_grad():
        final, earlier = unroll(net, batch.pixels, encoder_learns=False)
        wanted = net(batch.pixels)
    assert torch.equal(final.canonical_depth, wanted.canonical_depth)
    assert torch.equal(final.normals, wanted.normals)
    assert len(earlier) == net.variant.steps


def test_the_earlier_estimates_are_a_quarter_as_large_and_agree_with_the_upsampled_ones(net, batch):
    with torch.no_grad():
        _, earlier = unroll(net, batch.pixels, encoder_learns=False)
        steps = net(batch.pixels, all_steps=True)
    assert earlier[0].canonical_depth.shape == (2, 1, 16, 24)
    # Corners stay on corners when the estimate before the first step is upsampled.
    corner = (slice(None), slice(None), 0, 0)
    torch.testing.assert_close(earlier[0].canonical_depth[corner], steps.initial.canonical_depth[corner])


def test_no_gradient_reaches_an_encoder_that_does_not_learn(net, batch):
    final, _ = unroll(net, batch.pixels, encoder_learns=False)
    final.canonical_depth.sum().backward()
    assert all(p.grad is None for p in net.encoder.parameters())
    final, _ = unroll(net, batch.pixels, encoder_learns=True)
    final.canonical_depth.sum().backward()
    assert any(p.grad is not None for p in net.encoder.parameters())
    net.zero_grad(set_to_none=True)


def test_the_coarse_truth_is_picked_from_the_middle_of_each_cell(batch):
    small = coarse(batch)
    assert small.depth.shape == (2, 1, 64 // FACTOR, 96 // FACTOR)
    assert small.depth[0, 0, 3, 5] == batch.depth[0, 0, 14, 22]


def test_every_term_is_weighed_and_zero_weights_leave_it_out(net, batch):
    final, earlier = unroll(net, batch.pixels, encoder_learns=False)
    sequence = [(maps, coarse(batch)) for maps in earlier] + [(final, batch)]
    once = total_loss(sequence, LossWeights(), 200.0)
    assert set(once) == {"depth", "silog", "confidence", "gradient", "sky", "angle", "likelihood"}
    doubled = total_loss(sequence, LossWeights(gradient=2.0), 200.0)
    torch.testing.assert_close(doubled["gradient"], 2 * once["gradient"])
    bare = LossWeights(silog=0, confidence=0, gradient=0, sky=0, angle=0, likelihood=0)
    assert set(total_loss(sequence, bare, 200.0)) == {"depth"}


def test_samples_without_truth_are_left_out_of_the_mean(net, batch):
    final, _ = unroll(net, batch.pixels, encoder_learns=False)
    half = torch.tensor([True, False]).view(2, 1, 1, 1)
    batch = Batch(**{**vars(batch), "valid": batch.valid & half})
    both = total_loss([(final, batch)], LossWeights(), 200.0)["depth"]
    first = Batch(**{name: value[:1] for name, value in vars(batch).items()})
    maps = type(final)(*(m[:1] for m in (final.canonical_depth, final.normals, final.kappa, final.confidence)))
    torch.testing.assert_close(both, total_loss([(maps, first)], LossWeights(), 200.0)["depth"])
