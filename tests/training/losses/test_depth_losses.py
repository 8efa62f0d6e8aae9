"""Depth losses: zero at the truth, worked by hand, as published, and harmless on empty masks."""

import math

import numpy as np
import pytest
import torch

from theodolite.training.losses.absolute import Absolute
from theodolite.training.losses.confidence import Confidence
from theodolite.training.losses.gradient import GradientMatching
from theodolite.training.losses.masked import masked_mean
from theodolite.training.losses.sequence import step_weights
from theodolite.training.losses.silog import SILog
from theodolite.training.losses.sky import Sky

DEPTH_LOSSES = [SILog(), Absolute(), Absolute(logarithm=False), GradientMatching(scales=2)]


@pytest.fixture
def depths():
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(2, 1, 6, 8, generator=generator, dtype=torch.float64) * 5 + 1
    depth = truth * (0.7 + 0.6 * torch.rand(2, 1, 6, 8, generator=generator, dtype=torch.float64))
    valid = torch.rand(2, 1, 6, 8, generator=generator) > 0.3
    return depth, truth, valid


@pytest.fixture(scope="module")
def goldens(shared):
    return np.load(shared / "goldens" / "losses.npz")


def pooled(array) -> torch.Tensor:
    """A batch as one sample, so that a mean for each sample is the reference's mean over the batch."""
    tensor = torch.from_numpy(np.asarray(array))
    return tensor.permute(1, 0, 2, 3).flatten(1, 2)[None] if tensor.ndim == 4 else tensor


@pytest.mark.parametrize("loss", DEPTH_LOSSES, ids=repr)
def test_truth_costs_nothing(loss, depths):
    _, truth, valid = depths
    assert loss(truth, truth, valid).abs().max() < 1e-12


@pytest.mark.parametrize("loss", DEPTH_LOSSES, ids=repr)
def test_pixels_outside_the_mask_do_not_matter_whatever_they_hold(loss, depths):
    depth, truth, valid = depths
    spoiled = torch.where(valid, depth, torch.nan).requires_grad_()
    unknown = torch.where(valid, truth, torch.nan)
    assert torch.equal(loss(spoiled, unknown, valid), loss(depth, truth, valid))
    (gradient,) = torch.autograd.grad(loss(spoiled, unknown, valid).sum(), spoiled)
    assert gradient.isfinite().all()
    assert (gradient[~valid] == 0).all()


@pytest.mark.parametrize("loss", DEPTH_LOSSES, ids=repr)
def test_an_empty_mask_costs_nothing_and_has_no_gradient(loss, depths):
    depth, truth, valid = depths
    depth = depth.requires_grad_()
    value = loss(depth, truth, torch.zeros_like(valid))
    value.sum().backward()
    assert (value == 0).all()
    assert (depth.grad == 0).all()


@pytest.mark.parametrize("loss", DEPTH_LOSSES, ids=repr)
def test_gradients_are_those_of_finite_differences(loss, depths):
    depth, truth, valid = depths
    assert torch.autograd.gradcheck(lambda d: loss(d, truth, valid), depth.requires_grad_())


def test_silog_with_full_focus_is_blind_to_scale_and_with_none_is_not(depths):
    _, truth, valid = depths
    assert SILog(focus=1.0)(3 * truth, truth, valid).abs().max() < 1e-12
    torch.testing.assert_close(SILog(focus=0.0)(3 * truth, truth, valid), torch.full((2,), math.log(3) ** 2).double())


def test_gradient_matching_is_blind_to_scale(depths):
    depth, truth, valid = depths
    torch.testing.assert_close(GradientMatching()(5 * depth, truth, valid), GradientMatching()(depth, truth, valid))


def test_gradient_matching_of_one_wrong_step_by_hand():
    truth = torch.ones(1, 1, 2, 2)
    depth = torch.tensor([[1.0, math.e], [1.0, math.e]])[None, None]
    # Both horizontal pairs differ by one logarithm, both vertical ones by none.
    assert GradientMatching(scales=1)(depth, truth, torch.ones(1, 1, 2, 2, dtype=torch.bool)).item() == pytest.approx(1)


def test_absolute_in_metres_and_in_logarithms_by_hand():
    truth, depth = torch.full((1, 1, 1, 2), 2.0), torch.tensor([1.0, 4.0]).view(1, 1, 1, 2)
    valid = torch.ones(1, 1, 1, 2, dtype=torch.bool)
    assert Absolute(logarithm=False)(depth, truth, valid).item() == pytest.approx(1.5)
    assert Absolute()(depth, truth, valid).item() == pytest.approx(math.log(2))


def test_sky_is_free_at_the_far_end_and_costs_the_logarithm_before_it():
    sky = torch.tensor([True, True, False, True]).view(1, 1, 1, 4)
    depth = torch.tensor([200.0, 250.0, 1.0, 200 / math.e]).view(1, 1, 1, 4)
    assert Sky()(depth, sky).item() == pytest.approx(1 / 3, rel=1e-5)
    assert Sky()(depth, torch.zeros_like(sky)).item() == 0


def test_each_sample_has_a_mean_of_its_own():
    values = torch.tensor([[1.0, 3.0], [10.0, 20.0]]).view(2, 1, 1, 2)
    mask = torch.tensor([[True, True], [False, True]]).view(2, 1, 1, 2)
    assert masked_mean(values, mask).tolist() == [2, 20]


def test_confidence_leaves_depth_alone_unless_asked(depths):
    depth, truth, valid = depths
    confidence = torch.zeros_like(depth).requires_grad_()
    depth = depth.requires_grad_()
    Confidence()(confidence, depth, truth, valid).sum().backward()
    assert depth.grad is None
    assert confidence.grad.abs().sum() > 0
    Confidence(moves_depth=True)(confidence, depth, truth, valid).sum().backward()
    assert depth.grad.abs().sum() > 0


def test_confidence_of_one_is_right_where_depth_is(depths):
    _, truth, valid = depths
    assert Confidence()(torch.ones_like(truth), truth, truth, valid).abs().max() == 0


def test_step_weights_rise_to_one_from_the_same_start():
    for estimates in (2, 3, 5, 9):
        weights = step_weights(estimates)
        assert weights[-1] == 1
        assert weights[0] == pytest.approx(0.9**15)
        assert list(weights) == sorted(weights)
    assert step_weights(1) == (1.0,)
    with pytest.raises(ValueError, match="at least one"):
        step_weights(0)


@pytest.mark.parametrize("focus", [0.5, 0.85])
def test_silog_equals_the_reference(goldens, focus):
    pred, target, mask = (pooled(goldens[f"silog/in/{name}"]) for name in ("pred", "target", "mask"))
    pred.requires_grad_()
    loss = SILog(focus)(pred, target, mask)
    loss.sum().backward()
    np.testing.assert_allclose(loss.item(), goldens[f"silog/out/loss_vf{focus}"], rtol=1e-4)
    np.testing.assert_allclose(pred.grad, pooled(goldens[f"silog/out/grad_vf{focus}"]), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("case", ["gru5", "gru9"])
def test_the_sequence_of_estimates_equals_the_reference(goldens, case):
    def read(name):
        return goldens[f"{case}/{name}"]

    target, mask = pooled(read("in/target")), pooled(read("in/mask"))
    preds = [pooled(p).requires_grad_() for p in read("in/preds")]
    confs = [pooled(c).requires_grad_() for c in read("in/confs")]
    weights = step_weights(len(preds))
    np.testing.assert_allclose(weights, read("out/weights"), rtol=1e-5)
    metres, trust = Absolute(logarithm=False), Confidence(moves_depth=True)
    l1 = [metres(p, target, mask) for p in preds]
    conf = [trust(c, p, target, mask) for c, p in zip(confs, preds, strict=True)]
    np.testing.assert_allclose([x.item() for x in l1], read("out/l1_terms"), rtol=1e-4)
    np.testing.assert_allclose([x.item() for x in conf], read("out/conf_terms"), rtol=1e-4)
    loss = sum(w * (a + b) for w, a, b in zip(weights, l1, conf, strict=True))
    np.testing.assert_allclose(loss.item(), read("out/loss"), rtol=1e-4)
    loss.sum().backward()
    np.testing.assert_allclose(preds[0].grad, pooled(read("out/grad_first_pred")), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(preds[-1].grad, pooled(read("out/grad_last_pred")), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(confs[-1].grad, pooled(read("out/grad_last_conf")), rtol=1e-3, atol=1e-6)


def test_confidence_equals_the_reference(goldens):
    pred, target, conf, mask = (pooled(goldens[f"conf/in/{name}"]) for name in ("pred", "target", "conf", "mask"))
    pred.requires_grad_()
    conf.requires_grad_()
    loss = Confidence(moves_depth=True)(conf, pred, target, mask)
    loss.sum().backward()
    np.testing.assert_allclose(loss.item(), goldens["conf/out/loss"], rtol=1e-4)
    np.testing.assert_allclose(conf.grad, pooled(goldens["conf/out/grad_conf"]), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(pred.grad, pooled(goldens["conf/out/grad_pred"]), rtol=1e-3, atol=1e-6)
