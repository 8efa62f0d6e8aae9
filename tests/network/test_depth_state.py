import numpy as np
import pytest
import torch

from theodolite.network.depth_state import DepthState, LogDepthState

DEPTHS = torch.tensor([0.1001, 0.5, 1.0, 17.0, 150.0, 199.9])


@pytest.mark.parametrize("state", [DepthState(), LogDepthState(), LogDepthState(0.05, 300.0, 1.5)])
def test_encoding_and_decoding_undo_each_other(state):
    torch.testing.assert_close(state.decode(state.encode(DEPTHS)), DEPTHS, rtol=2e-4, atol=0)


@pytest.mark.parametrize("state", [DepthState(), LogDepthState()])
def test_what_lies_outside_comes_back_as_the_end_of_the_range(state):
    far, near = state.decode(torch.tensor([5.0, -50.0]))
    assert far.item() == pytest.approx(200)
    assert near.item() == pytest.approx(0.1, rel=1e-4)


@pytest.mark.parametrize("state", [DepthState(), LogDepthState()])
def test_zero_is_the_far_end(state):
    assert state.decode(torch.zeros(1)).item() == pytest.approx(200)


def test_the_published_state_is_hundreds_of_metres_before_200():
    assert DepthState().encode(torch.tensor(50.0)).item() == pytest.approx(-1.5)


def test_the_near_end_reads_as_published_to_the_last_digit():
    assert DepthState().decode(torch.tensor(-3.0)).numpy() == np.float32(0.100006104)


def test_the_logarithmic_state_is_as_precise_near_as_far():
    step = 1e-4
    near, far = (LogDepthState().encode(torch.tensor([d, d * (1 + step)])) for d in (0.3, 90.0))
    assert near.diff().item() == pytest.approx(far.diff().item(), rel=0.01)


def test_a_state_gone_astray_has_a_finite_gradient():
    state = torch.tensor([1e4, -1e4], requires_grad=True)
    LogDepthState().decode(state).sum().backward()
    assert state.grad.eq(0).all()


@pytest.mark.parametrize("arguments", [(0.0, 200.0), (3.0, 2.0), (0.1, 200.0, 0.0)])
@pytest.mark.parametrize("kind", [DepthState, LogDepthState])
def test_an_empty_range_is_refused(kind, arguments):
    with pytest.raises(ValueError):
        kind(*arguments)
