"""Normal losses: angles right to the ends of their range, likelihood as published, gradients finite."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from theodolite.network.heads import concentration, unit_normals
from theodolite.training.losses.normal import Angle, AngularLikelihood, angle_between, cosine
from theodolite.training.losses.sequence import step_weights


@pytest.fixture
def fields():
    generator = torch.Generator().manual_seed(0)
    a, b = (normalize(torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64), dim=1) for _ in range(2))
    kappa = torch.rand(2, 1, 4, 5, generator=generator, dtype=torch.float64) * 5 + 0.1
    valid = torch.rand(2, 1, 4, 5, generator=generator) > 0.3
    return a, b, kappa, valid


@pytest.mark.parametrize("degrees", [0, 0.01, 2, 45, 90, 135, 179.99, 180])
def test_angles_are_right_from_end_to_end_with_finite_gradients(degrees):
    angle = math.radians(degrees)
    a = torch.tensor([0.0, 0.0, -1.0]).view(1, 3, 1, 1).double()
    b = torch.tensor([math.sin(angle), 0.0, -math.cos(angle)]).view(1, 3, 1, 1).double().requires_grad_()
    found = angle_between(a, b)
    found.sum().backward()
    assert found.item() == pytest.approx(angle, abs=1.1e-6)
    assert b.grad.isfinite().all()


def test_truth_has_no_angle(fields):
    a, _, _, valid = fields
    assert Angle()(a, a, valid).max() < 1.1e-6


def test_likelihood_of_a_right_angle_by_hand():
    a = torch.tensor([0.0, 0.0, -1.0]).view(1, 3, 1, 1).double()
    b = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).double()
    kappa, valid = torch.full((1, 1, 1, 1), 2.0).double(), torch.ones(1, 1, 1, 1, dtype=torch.bool)
    wanted = -math.log(5) + 2 * math.pi / 2 + math.log(1 + math.exp(-2 * math.pi))
    assert AngularLikelihood()(a, kappa, b, valid).item() == pytest.approx(wanted)


def test_likelihood_is_best_at_a_kappa_that_falls_with_the_angle():
    kappas = torch.linspace(0.1, 300, 3000).view(-1, 1, 1, 1)
    valid = torch.ones_like(kappas, dtype=torch.bool)
    a = torch.tensor([0.0, 0.0, -1.0]).view(1, 3, 1, 1).expand(3000, 3, 1, 1)
    best = []
    for degrees in (0.0, 1.0, 5.0, 20.0, 60.0):
        b = torch.tensor([math.sin(math.radians(degrees)), 0.0, -math.cos(math.radians(degrees))]).view(1, 3, 1, 1)
        losses = AngularLikelihood()(a, kappas, b.expand_as(a), valid)
        best.append(kappas[losses.argmin()].item())
    assert best == sorted(best, reverse=True)
    # Exact hits count as one degree: without that floor the best kappa would be infinite.
    assert best[0] == best[1] == pytest.approx(2 / math.radians(1), rel=0.02)


def test_gradients_are_those_of_finite_differences(fields):
    a, b, kappa, valid = fields
    assert torch.autograd.gradcheck(lambda x: Angle()(x, b, valid), a.requires_grad_())
    loss = AngularLikelihood()
    assert torch.autograd.gradcheck(lambda x, k: loss(x, k, b, valid), (a, kappa.requires_grad_()))


def test_an_empty_mask_costs_nothing_and_has_no_gradient(fields):
    a, b, kappa, valid = fields
    a, kappa = a.requires_grad_(), kappa.requires_grad_()
    value = AngularLikelihood()(a, kappa, b, torch.zeros_like(valid)) + Angle()(a, b, torch.zeros_like(valid))
    value.sum().backward()
    assert (value == 0).all()
    assert (a.grad == 0).all()
    assert (kappa.grad == 0).all()


def test_likelihood_equals_the_reference_when_it_drops_what_the_reference_drops(golden):
    truth = golden("nll/in/gt_normal")
    valid = golden("nll/in/depth_mask") & (truth != 0).any(1, keepdim=True)
    loss = AngularLikelihood(resolution=0.0, drop_within=math.degrees(math.acos(0.999)), pooled=True)
    estimates = [step.requires_grad_() for step in golden("nll/in/normal_kappa")]
    terms = torch.stack([loss(estimate[:, :3], estimate[:, 3:], truth, valid)[0] for estimate in estimates])
    torch.testing.assert_close(terms.double(), golden("nll/out/terms"), rtol=1e-5, atol=2e-6)
    total = (torch.tensor(step_weights(len(terms))) * terms).sum()
    torch.testing.assert_close(total, golden("nll/out/loss"), rtol=1e-5, atol=0)
    (gradient,) = torch.autograd.grad(total, estimates[-1])
    torch.testing.assert_close(gradient, golden("nll/out/grad_last"), rtol=1e-4, atol=1e-7)


def test_the_networks_normal_head_is_the_references(golden):
    raw = golden("normal_head/in/raw")
    found = torch.cat([unit_normals(raw[:, :3]), concentration(raw[:, 3:])], 1)
    torch.testing.assert_close(found, golden("normal_head/out/normal_kappa"), rtol=1e-5, atol=1e-7)


def test_the_cosine_is_that_of_vectors_of_any_length_and_zero_of_none():
    a = torch.tensor([[0.0, 0.0, -2.0], [0.0, 0.0, 0.0]]).T.reshape(1, 3, 1, 2).requires_grad_()
    b = torch.tensor([[0.0, 3.0, -3.0], [1.0, 0.0, 0.0]]).T.reshape(1, 3, 1, 2)
    found = cosine(a, b)
    assert found.flatten().tolist() == pytest.approx([math.sqrt(0.5), 0])
    assert torch.autograd.grad(found.sum(), a)[0].isfinite().all()
