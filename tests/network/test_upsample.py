import pytest
import torch
import torch.nn.functional as F

from theodolite.network.upsample import UpsamplingMask, convex_upsample


def obvious(x, mask):
    """The definition: every neighbourhood copied, every weight broadcast, one sum."""
    batch, channels, height, width = x.shape
    weights = mask.view(batch, 1, 9, 4, 4, height, width).softmax(2)
    neighbours = F.unfold(x, 3, padding=1).view(batch, channels, 9, 1, 1, height, width)
    return (weights * neighbours).sum(2).permute(0, 1, 4, 2, 5, 3).reshape(batch, channels, 4 * height, 4 * width)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_fast_and_obvious_agree_in_value_and_gradient(batch, memory):
    x = torch.randn(batch, 6, 5, 7, dtype=torch.float64).contiguous(memory_format=memory).requires_grad_()
    mask = torch.randn(batch, 144, 5, 7, dtype=torch.float64).contiguous(memory_format=memory).requires_grad_()
    weight = torch.randn(batch, 6, 20, 28, dtype=torch.float64)
    fast, slow = convex_upsample(x, mask), obvious(x, mask)
    torch.testing.assert_close(fast, slow)
    for got, wanted in zip(
        torch.autograd.grad((fast * weight).sum(), (x, mask)),
        torch.autograd.grad((slow * weight).sum(), (x, mask)),
        strict=True,
    ):
        torch.testing.assert_close(got, wanted)


def test_a_certain_mask_copies_one_neighbour():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    mask = torch.full((1, 9, 16, 3, 4), -100.0)
    mask[:, 5] = 100.0  # row 1, column 2 of the neighbourhood: the pixel to the right
    got = convex_upsample(x, mask.flatten(1, 2))
    right = F.pad(x, (0, 1))[..., 1:]
    torch.testing.assert_close(got, right.repeat_interleave(4, 2).repeat_interleave(4, 3))


def test_neighbours_outside_the_map_are_zeros():
    got = convex_upsample(torch.ones(1, 1, 3, 3), torch.zeros(1, 144, 3, 3))[0, 0]
    assert got[0, 0].item() == pytest.approx(4 / 9)
    assert got[6, 6].item() == pytest.approx(1)


def test_half_precision_is_summed_in_single():
    x, mask = torch.randn(1, 6, 4, 4), torch.randn(1, 144, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(convex_upsample(x, mask), obvious(x, mask))


def test_mask_logits_are_quartered():
    mask = UpsamplingMask(4)
    x = torch.randn(1, 4, 2, 2)
    torch.testing.assert_close(4 * mask(x), torch.nn.Sequential.forward(mask, x))
