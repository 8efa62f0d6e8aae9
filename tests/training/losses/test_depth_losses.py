"""Depth losses: zero at the truth, worked by hand, as published, and harmless on empty masks."""

import math

import pytest
import torch

from theodolite.training.losses.absolute import Absolute
from theodolite.training.losses.confidence import Confidence
from theodolite.training.losses.gradient import GradientMatching
from theodolite.training.losses.sequence import step_weights
from theodolite.training.losses.silog import SILog

DEPTH_LOSSES = [SILog(), Absolute(), Absolute(logarithm=False), GradientMatching(scales=2)]


@pytest.fixture
def depths():
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(2, 1, 6, 8, generator=generator, dtype=torch.float64) * 5 + 1
    depth = truth * (0.7 + 0.6 * torch.rand(2, 1, 6, 8, generator=generator, dtype=torch.float64))
    valid = torch.rand(2, 1, 6, 8, generator=generator) > 0.3
    return depth, truth, valid


def close(found, wanted):
    torch.testing.assert_close(found, wanted.to(found).expand_as(found), rtol=1e-5, atol=1e-9)


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


def test_confidence_leaves_depth_alone_unless_asked(depths):
    depth, truth, valid = depths
    confidence = torch.zeros_like(depth).requires_grad_()
    depth = depth.requires_grad_()
    Confidence()(confidence, depth, truth, valid).sum().backward()
    assert depth.grad is None
    assert confidence.grad.abs().sum() > 0
    Confidence(moves_depth=True)(confidence, depth, truth, valid).sum().backward()
    assert depth.grad.abs().sum() > 0


def test_confidence_by_hand():
    truth, depth = torch.full((1, 1, 1, 3), 2.0), torch.tensor([1.0, 2.5, 5.0]).view(1, 1, 1, 3)
    valid = torch.ones(1, 1, 1, 3, dtype=torch.bool)
    # Targets 0.5 and 0.75; the third is more than 100 % off, and has none.
    assert Confidence()(torch.ones_like(depth), depth, truth, valid).item() == pytest.approx((0.5 + 0.25) / 2)


def test_confidence_has_the_gradients_of_finite_differences_and_none_without_truth(depths):
    depth, truth, valid = depths
    confidence = torch.full_like(depth, 0.3).requires_grad_()
    inputs = (confidence, depth.requires_grad_())
    assert torch.autograd.gradcheck(lambda c, d: Confidence(moves_depth=True)(c, d, truth, valid), inputs)
    nothing = Confidence(moves_depth=True)(confidence, depth, truth, torch.zeros_like(valid))
    assert (nothing == 0).all()
    assert all((g == 0).all() for g in torch.autograd.grad(nothing.sum(), inputs))


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
def test_silog_equals_the_reference(golden, focus):
    pred, target, mask = (golden(f"silog/in/{name}") for name in ("pred", "target", "mask"))
    loss = SILog(focus, pooled=True)(pred.requires_grad_(), target, mask)
    close(loss, golden(f"silog/out/loss_vf{focus}"))
    close(torch.autograd.grad(loss[0], pred)[0], golden(f"silog/out/grad_vf{focus}"))


@pytest.mark.parametrize("case", ["gru5", "gru9"])
def test_the_sequence_of_estimates_equals_the_reference(golden, case):
    target, mask = golden(f"{case}/in/target"), golden(f"{case}/in/mask")
    preds = [p.requires_grad_() for p in golden(f"{case}/in/preds")]
    confs = [c.requires_grad_() for c in golden(f"{case}/in/confs")]
    weights = step_weights(len(preds))
    close(torch.tensor(weights), golden(f"{case}/out/weights"))
    metres, trust = Absolute(logarithm=False, pooled=True), Confidence(moves_depth=True, pooled=True)
    l1 = torch.stack([metres(p, target, mask)[0] for p in preds])
    conf = torch.stack([trust(c, p, target, mask)[0] for c, p in zip(confs, preds, strict=True)])
    close(l1, golden(f"{case}/out/l1_terms"))
    close(conf, golden(f"{case}/out/conf_terms"))
    loss = (torch.tensor(weights) * (l1 + conf)).sum()
    close(loss, golden(f"{case}/out/loss"))
    close((torch.tensor(weights) * l1).sum(), golden(f"{case}/out/loss_without_conf"))
    found = torch.autograd.grad(loss, [preds[0], preds[-1], confs[-1]])
    for gradient, name in zip(found, ("first_pred", "last_pred", "last_conf"), strict=True):
        close(gradient, golden(f"{case}/out/grad_{name}"))


def test_confidence_equals_the_reference(golden):
    pred, target, conf, mask = (golden(f"conf/in/{name}") for name in ("pred", "target", "conf", "mask"))
    loss = Confidence(moves_depth=True, pooled=True)(conf.requires_grad_(), pred.requires_grad_(), target, mask)
    close(loss, golden("conf/out/loss"))
    to_conf, to_pred = torch.autograd.grad(loss[0], [conf, pred])
    close(to_conf, golden("conf/out/grad_conf"))
    close(to_pred, golden("conf/out/grad_pred"))
