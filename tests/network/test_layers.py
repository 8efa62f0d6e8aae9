import pytest
import torch

from theodolite.errors import SizeMismatch
from theodolite.network.layers import ChannelNorm, precise, require_multiple, resize_to


def test_channel_norm_is_blind_to_scale_and_shift_of_a_pixel():
    x = torch.randn(2, 8, 3, 5)
    norm = ChannelNorm(8, eps=1e-12)
    torch.testing.assert_close(norm(x), norm(7 * x + 3), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm(x).var(1, correction=0), torch.ones(2, 3, 5))


def test_resizing_keeps_the_corners():
    x = torch.randn(1, 2, 4, 6)
    y = resize_to(x, torch.empty(1, 1, 11, 9))
    assert y.shape == (1, 2, 11, 9)
    torch.testing.assert_close(y[..., (0, 0, -1, -1), (0, -1, 0, -1)], x[..., (0, 0, -1, -1), (0, -1, 0, -1)])


def test_half_precision_is_widened_and_double_kept():
    assert precise(torch.zeros(1, dtype=torch.bfloat16)).dtype == torch.float32
    assert precise(torch.zeros(1, dtype=torch.float64)).dtype == torch.float64


def test_sides_that_do_not_divide_are_refused_with_the_next_that_do():
    require_multiple(torch.empty(1, 3, 64, 96), 32)
    with pytest.raises(SizeMismatch, match=r"multiples of 32; the input is 65 x 96.* 96 x 96"):
        require_multiple(torch.empty(1, 3, 65, 96), 32)
