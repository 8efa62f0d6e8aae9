import math

import pytest
import torch

from theodolite.network.heads import BinExpectation, concentration, unit_normals
from theodolite.network.variants import Bins


def test_a_certain_bin_gives_its_depth():
    expectation = BinExpectation(Bins(5, 0.1, 1000.0))
    logits = 200 * torch.eye(5)[None, :, None]
    torch.testing.assert_close(expectation(logits)[0, 0, 0], torch.tensor([0.1, 1.0, 10.0, 100.0, 1000.0]))


def test_no_preference_gives_the_mean_of_the_bins():
    depth = BinExpectation(Bins(3, 1.0, 100.0))(torch.zeros(1, 3, 2, 2))
    assert depth[0, 0, 0, 0].item() == pytest.approx((1 + 10 + 100) / 3)


def test_the_geometric_mean_is_hardly_moved_by_a_slight_suspicion_of_sky():
    logits = torch.tensor([0.05, 0.95]).log().view(1, 2, 1, 1)
    mean, geometric = (BinExpectation(Bins(2, 2.0, 200.0, geometric=g))(logits.flip(1)).item() for g in (False, True))
    assert mean == pytest.approx(0.95 * 2 + 0.05 * 200)
    assert geometric == pytest.approx(2 * 100**0.05, rel=1e-5)


def test_depth_keeps_its_digits_under_automatic_casting():
    logits = torch.randn(1, 16, 4, 4)
    expectation = BinExpectation(Bins(16, 0.1, 200.0))
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(expectation(logits), expectation(logits.float()))


def test_normals_get_unit_length_and_zero_stays_zero():
    v = torch.randn(1, 3, 2, 2)
    v[..., 0, 0] = 0
    length = unit_normals(v).norm(dim=1)
    assert length[0, 0, 0] == 0
    torch.testing.assert_close(length.flatten()[1:], torch.ones(3))


def test_a_zero_normal_has_a_finite_gradient():
    v = torch.zeros(1, 3, 1, 1, requires_grad=True)
    unit_normals(v).sum().backward()
    assert v.grad.isfinite().all()


def test_concentration_exceeds_a_hundredth_and_grows():
    kappa = concentration(torch.tensor([-100.0, -1.0, 0.0, 3.0]).view(1, 1, 1, 4)).flatten()
    torch.testing.assert_close(kappa, torch.tensor([0.01, math.exp(-1) + 0.01, 1.01, 4.01]))
