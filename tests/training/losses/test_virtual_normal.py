"""Virtual normals: nothing at the truth, worked by hand, blind to scale, drawn alike, and as published."""

import math

import pytest
import torch

from theodolite.training.losses.virtual_normal import VirtualNormal, hardest_mean

SEEDS = torch.tensor([3, 4])
INTRINSICS = torch.tensor([[9.0, 10.0, 7.2, 5.1], [12.0, 12.5, 8.0, 6.0]], dtype=torch.float64)
SCALE = torch.tensor([100.0, 80.0], dtype=torch.float64)


@pytest.fixture
def depths():
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(2, 1, 12, 16, generator=generator, dtype=torch.float64) * 500 + 100
    depth = truth * (0.7 + 0.6 * torch.rand(2, 1, 12, 16, generator=generator, dtype=torch.float64))
    valid = torch.rand(2, 1, 12, 16, generator=generator) > 0.3
    return depth, truth, valid


def cost(depth, truth, valid, scale=SCALE, **fields):
    loss = VirtualNormal(**fields)
    return loss(depth, truth, valid, INTRINSICS, scale, loss.draw(valid, SEEDS))


def test_truth_costs_nothing_at_any_scale(depths):
    depth, truth, valid = depths
    assert cost(truth, truth, valid).abs().max() == 0
    assert cost(3 * truth, truth, valid).abs().max() < 1e-12
    assert cost(depth, truth, valid).min() > 0.1


def test_the_canonical_camera_does_not_matter_unless_the_scene_is_stretched(depths):
    depth, truth, valid = depths
    metres = [maps / SCALE.view(2, 1, 1, 1) for maps in (depth, truth)]
    one = torch.ones_like(SCALE)
    torch.testing.assert_close(cost(depth, truth, valid), cost(*metres, valid, scale=one))
    stretched = cost(depth, truth, valid, stretched=True), cost(*metres, valid, scale=one, stretched=True)
    assert (stretched[0] - stretched[1]).abs().min() > 0.01


def test_one_triplet_by_hand():
    # Points (0, 0, 1), (2, 0, 1) and (1, 2, 1), of normal (0, 0, 1); the second at twice the depth: (-2, 1, 8) / √69.
    truth, depth = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3)
    depth[0, 0, 0, 2] = 2
    camera, triplet = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.tensor([[[0, 2, 7]]])
    found = VirtualNormal()(depth, truth, truth > 0, camera, torch.ones(1), triplet)
    assert found.item() == pytest.approx(3 / math.sqrt(69) + 1 - 8 / math.sqrt(69))


@pytest.mark.parametrize(
    ("triplet", "focal"), [([0, 1, 2], 1.0), ([0, 0, 5], 1.0), ([0, 4, 9], 1.0), ([0, 2, 9], 1000.0)]
)
def test_triplets_too_straight_or_too_small_do_not_count(triplet, focal):
    generator = torch.Generator().manual_seed(0)
    truth, depth = torch.ones(1, 1, 3, 4), 1 + torch.rand(1, 1, 3, 4, generator=generator)
    camera = torch.tensor([[focal, focal, 0.0, 0.0]])
    assert VirtualNormal()(depth, truth, truth > 0, camera, torch.ones(1), torch.tensor([[triplet]])).item() == 0


def test_the_easiest_are_left_out_and_what_is_not_usable_does_not_count():
    errors = torch.tensor([[4.0, 9.0, 1.0, 3.0, 2.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    usable = torch.tensor([[True, False, True, True, True], [False] * 5])
    assert hardest_mean(errors, usable, 0.25).tolist() == [3, 0]
    assert hardest_mean(errors, usable, 0.0).tolist() == [2.5, 0]


def test_pixels_outside_the_mask_do_not_matter_whatever_they_hold(depths):
    depth, truth, valid = depths
    spoiled = torch.where(valid, depth, torch.nan).requires_grad_()
    loss = VirtualNormal()
    anywhere = loss.draw(torch.ones_like(valid), SEEDS)
    found = loss(spoiled, torch.where(valid, truth, torch.nan), valid, INTRINSICS, SCALE, anywhere)
    assert torch.equal(found, loss(depth, truth, valid, INTRINSICS, SCALE, anywhere))
    (gradient,) = torch.autograd.grad(found.sum(), spoiled)
    assert gradient.isfinite().all()
    assert (gradient[~valid] == 0).all()


@pytest.mark.parametrize("pooled", [False, True])
def test_an_empty_mask_costs_nothing_and_has_no_gradient(depths, pooled):
    depth, truth, valid = depths
    found = cost(depth.requires_grad_(), truth, torch.zeros_like(valid), pooled=pooled)
    assert (found == 0).all()
    assert (torch.autograd.grad(found.sum(), depth)[0] == 0).all()


@pytest.mark.parametrize("stretched", [False, True])
def test_gradients_are_those_of_finite_differences(depths, stretched):
    depth, truth, valid = (maps[..., :6, :8] for maps in depths)
    assert torch.autograd.gradcheck(lambda d: cost(d, truth, valid, stretched=stretched), depth.requires_grad_())


def test_triplets_are_of_valid_pixels_as_many_as_asked(depths):
    _, _, valid = depths
    drawn = VirtualNormal().draw(valid, SEEDS)
    assert drawn.shape == (2, int(0.2 * 12 * 16), 3)
    assert valid.flatten(1).gather(1, drawn.flatten(1)).all()
    assert VirtualNormal(most=7).draw(valid, SEEDS).shape == (2, 7, 3)


def test_a_sample_draws_the_same_whatever_its_batch(depths):
    _, _, valid = depths
    loss = VirtualNormal()
    together = loss.draw(valid, SEEDS)
    assert torch.equal(together, torch.cat([loss.draw(valid[i : i + 1], SEEDS[i : i + 1]) for i in range(2)]))
    assert not torch.equal(together, loss.draw(valid, SEEDS + 1))


@pytest.mark.parametrize(("easiest", "name"), [(0.25, "loss"), (0.0, "loss_no_trim")])
def test_virtual_normals_equal_the_reference(golden, easiest, name):
    pred, target = golden("vnl/in/pred").requires_grad_(), golden("vnl/in/target")
    matrix = golden("vnl/in/K")
    intrinsics = torch.stack([matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, 0, 2], matrix[:, 1, 2]], 1)
    triplets = golden("vnl/in/triplets_flat").long()
    reference = VirtualNormal(easiest=easiest, stretched=True, pooled=True)
    loss = reference(pred, target, target > 0, intrinsics, torch.ones(2), triplets)
    torch.testing.assert_close(loss, golden(f"vnl/out/{name}").expand(2), rtol=1e-5, atol=0)
    if name == "loss":
        (gradient,) = torch.autograd.grad(loss[0], pred)
        torch.testing.assert_close(gradient, golden("vnl/out/grad"), rtol=1e-4, atol=1e-7)
