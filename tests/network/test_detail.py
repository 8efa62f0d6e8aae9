"""The map of a picture's details: a quarter of its size, sharp where the patches of a transformer are not."""

import torch

from theodolite.network.detail import Detail


def test_it_is_a_quarter_as_large_and_begins_next_to_nothing():
    torch.manual_seed(0)
    found = Detail(8, 12)(torch.randn(2, 3, 56, 84))
    assert found.shape == (2, 12, 14, 21)
    assert found.abs().max() < 0.1


def test_it_sees_no_farther_than_a_few_pixels():
    torch.manual_seed(0)
    detail = Detail(8, 12)
    one, other = torch.zeros(2, 1, 3, 64, 64)
    other[..., 32:, :] = 1
    changed = (detail(one) != detail(other)).any(dim=(0, 1, 3)).nonzero().flatten()
    assert changed.min() >= 5
    assert 8 in changed
