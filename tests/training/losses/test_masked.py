"""Means: each sample's own, or one over the batch; and random draws, which belong to a sample and its seed."""

import torch

from theodolite.training.losses.draws import generators
from theodolite.training.losses.masked import log, log_error, masked_mean, ratio


def test_each_sample_has_a_mean_of_its_own():
    values = torch.tensor([[1.0, 3.0], [10.0, 20.0]]).view(2, 1, 1, 2)
    mask = torch.tensor([[True, True], [False, True]]).view(2, 1, 1, 2)
    assert masked_mean(values, mask).tolist() == [2, 20]


def test_pooled_every_sample_has_the_mean_over_the_pixels_of_the_batch():
    values = torch.tensor([[1.0, 3.0], [10.0, 20.0]]).view(2, 1, 1, 2)
    mask = torch.tensor([[True, True], [False, True]]).view(2, 1, 1, 2)
    assert masked_mean(values, mask, pooled=True).tolist() == [8, 8]


def test_where_nothing_was_counted_the_ratio_is_zero():
    nothing, none = torch.zeros(2), torch.zeros(2, dtype=torch.long)
    assert ratio(nothing, none).tolist() == ratio(nothing, none, pooled=True).tolist() == [0, 0]


def test_the_logarithm_goes_on_as_its_tangent_where_a_decoder_says_nothing_or_less():
    depth = torch.tensor([-3.0, 0.0, 0.049, 0.051, 0.1, 80.0], requires_grad=True)
    values = log(depth)
    values.sum().backward()
    torch.testing.assert_close(values[3:], depth[3:].log())
    torch.testing.assert_close(depth.grad[3:], 1 / depth[3:])
    assert values.isfinite().all()
    assert (values.diff() > 0).all()
    torch.testing.assert_close(depth.grad[:3], torch.full((3,), 20.0))


def test_without_truth_there_is_no_logarithm_error_and_no_gradient():
    depth = torch.tensor([[[[float("nan"), 2.0]]]], requires_grad=True)
    error = log_error(depth, torch.tensor([[[[0.0, 1.0]]]]), torch.tensor([[[[False, True]]]]))
    error.sum().backward()
    assert error[..., 0] == depth.grad[..., 0] == 0
    torch.testing.assert_close(depth.grad[..., 1], torch.full((1, 1, 1), 0.5))


def numbers(seeds: list[int], loss: str) -> list[float]:
    return [torch.rand((), generator=generator).item() for generator in generators(torch.tensor(seeds), loss)]


def test_a_draw_depends_on_seed_and_loss_alone():
    assert numbers([7, 8], "a") == numbers([7], "a") + numbers([8], "a")
    assert len({*numbers([7, 8, 9], "a"), *numbers([7, 8, 9], "b")}) == 6


def test_seeds_that_differ_in_their_upper_bits_alone_draw_other_numbers():
    assert len(set(numbers([1, 1 + 2**32, 1 + 2**40, -1], "a"))) == 4
