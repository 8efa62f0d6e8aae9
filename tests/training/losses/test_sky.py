"""Sky: free at the far end and square to the view, worked by hand, and as published."""

import math

import pytest
import torch

from theodolite.training.losses.sky import Sky, SkyFacing, SkyMetres

SKY = torch.tensor([True, True, False, True]).view(1, 1, 1, 4)


def test_sky_is_free_at_the_far_end_and_costs_the_logarithm_before_it():
    depth = torch.tensor([200.0, 250.0, 1.0, 200 / math.e]).view(1, 1, 1, 4)
    assert Sky()(depth, SKY).item() == pytest.approx(1 / 3, rel=1e-5)


def test_sky_in_metres_costs_the_difference_to_either_side():
    depth = torch.tensor([200.0, 250.0, 1.0, 160.0]).view(1, 1, 1, 4)
    assert SkyMetres()(depth, SKY).item() == pytest.approx((50 + 40) / 3)


def test_the_skys_normals_are_free_where_they_face_the_camera():
    normals = torch.tensor([[0.0, 0, -1], [0, -1, 0], [1, 0, 0], [0, 0, 1]]).T.reshape(1, 3, 1, 4)
    assert SkyFacing()(normals, SKY).item() == pytest.approx((0 + 1 + 2) / 3)
    assert SkyFacing(drop_within=2.0)(normals, SKY).item() == pytest.approx((0 + 1 + 0) / 3)


@pytest.mark.parametrize(("loss", "channels"), [(Sky(), 1), (SkyMetres(), 1), (SkyFacing(), 3)], ids=repr)
def test_without_sky_nothing_is_learnt_and_with_it_what_finite_differences_say(loss, channels):
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand(2, channels, 3, 4, generator=generator, dtype=torch.float64) * 300 + 1
    maps = maps.requires_grad_()
    sky = torch.rand(2, 1, 3, 4, generator=generator) > 0.5
    assert torch.autograd.gradcheck(lambda x: loss(x, sky), maps)
    nothing = loss(maps, torch.zeros_like(sky))
    assert (nothing == 0).all()
    assert (torch.autograd.grad(nothing.sum(), maps)[0] == 0).all()


def test_the_published_sky_equals_the_reference(golden):
    pred, maps = golden("sky/in/pred").requires_grad_(), golden("sky/in/normal_kappa").requires_grad_()
    sky = golden("sky/in/sem") == 142
    depth = SkyMetres(pooled=True)(pred, sky)[0]
    facing = SkyFacing(drop_within=math.degrees(math.acos(0.999)), pooled=True)(maps[:, :3], sky)[0]
    torch.testing.assert_close(depth, golden("sky/out/depth_term"), rtol=1e-5, atol=0)
    torch.testing.assert_close(facing, golden("sky/out/normal_term"), rtol=1e-5, atol=0)
    torch.testing.assert_close(depth + facing, golden("sky/out/loss"), rtol=1e-5, atol=0)
    to_pred, to_maps = torch.autograd.grad(depth + facing, [pred, maps])
    torch.testing.assert_close(to_pred, golden("sky/out/grad_pred"), rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(to_maps, golden("sky/out/grad_normal"), rtol=1e-4, atol=1e-8)
