"""Plane normals: nothing on planes, worked by hand, drawn by size, and as published."""

import math

import pytest
import torch

from theodolite.training.losses.plane_normal import PlaneNormal

SEEDS = torch.tensor([3, 4])
INTRINSICS = torch.tensor([[20.0, 21.0, 15.2, 11.1], [24.0, 23.5, 16.0, 12.0]], dtype=torch.float64)
SCALE = torch.tensor([100.0, 80.0], dtype=torch.float64)


@pytest.fixture
def planes():
    """One plane left, two right, a strip of none between; the second sample has one large plane alone."""
    labels = torch.zeros(2, 1, 24, 32, dtype=torch.int32)
    labels[0, :, :, :10] = 4
    labels[0, :, :12, 14:] = 2
    labels[0, :, 12:, 14:] = 7
    labels[1, :, 4:] = 1
    return labels


def tilted(labels):
    """Canonical depth that is a plane of its own for each label."""
    rows = torch.arange(labels.shape[-2], dtype=torch.float64)[:, None]
    columns = torch.arange(labels.shape[-1], dtype=torch.float64)
    fx, fy, cx, cy = (value.view(-1, 1, 1, 1) for value in INTRINSICS.unbind(1))
    return 300 / (1 + 0.3 * (columns - cx) / fx * (labels - 3).sign() + 0.1 * (rows - cy) / fy * labels)


def cost(depth, labels, **fields):
    loss = PlaneNormal(**{"smallest": 100, "share": 0.1, **fields})
    return loss(depth, labels, INTRINSICS, SCALE, loss.draw(labels, SEEDS))


def test_planes_cost_nothing_at_any_scale_and_bumps_do(planes):
    depth = tilted(planes)
    assert cost(depth, planes).abs().max() < 1e-9
    assert cost(7 * depth, planes).abs().max() < 1e-9
    bumps = 1 + 0.1 * torch.rand(depth.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert cost(depth * bumps, planes).min() > 1e-3
    torch.testing.assert_close(cost(3 * depth * bumps, planes), cost(depth * bumps, planes))


def test_two_triplets_of_normals_half_a_right_angle_apart_by_hand():
    labels = torch.ones(1, 1, 3, 12, dtype=torch.int32)
    columns = torch.arange(12.0).expand(3, 12) / 10
    # Left a wall square to the view, right one where x + z = 2.
    depth = torch.where(columns < 0.5, 1.0, 2 / (1 + columns))[None, None]
    triplets = torch.tensor([[[0, 2, 13], [8, 10, 21]]])
    camera = torch.tensor([[10.0, 10.0, 0.0, 0.0]])
    found = PlaneNormal()(depth, labels, camera, torch.ones(1), triplets)
    # Both are half of 45 degrees from their mean.
    assert found.item() == pytest.approx(1 - math.cos(math.radians(22.5)), rel=1e-5)


def test_pixels_on_no_plane_do_not_count(planes):
    depth = tilted(planes).requires_grad_()
    loss = PlaneNormal()
    triplets = PlaneNormal(smallest=100).draw(planes, SEEDS)
    found = loss(depth, torch.zeros_like(planes), INTRINSICS, SCALE, triplets)
    assert (found == 0).all()
    assert (torch.autograd.grad(found.sum(), depth)[0] == 0).all()


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("none", [0, -1])
def test_without_planes_nothing_is_learnt(planes, pooled, none):
    depth = tilted(planes).requires_grad_()
    found = cost(depth, torch.full_like(planes, none), pooled=pooled)
    assert (found == 0).all()
    assert (torch.autograd.grad(found.sum(), depth)[0] == 0).all()
    assert (cost(depth, planes, smallest=10_000) == 0).all()


def test_gradients_are_those_of_finite_differences(planes):
    labels = planes[:1, :, ::4, ::3]
    bumps = torch.rand(labels.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    # Small ones: the plane of three pixels in a row, were it kept, would hold the camera, and face it to neither side.
    depth = tilted(labels)[:1] / 100 * (1 + 0.02 * bumps)
    loss = PlaneNormal(smallest=1, share=1.0)
    triplets = loss.draw(labels, SEEDS[:1])

    def value(x):
        return loss(x, labels, INTRINSICS[:1], SCALE[:1] / 100, triplets)

    assert value(depth).item() > 0
    assert torch.autograd.gradcheck(value, depth.requires_grad_())


def test_triplets_lie_on_one_plane_each_and_more_on_larger_planes(planes):
    drawn = PlaneNormal(share=10.0, smallest=217).draw(planes, SEEDS)
    labels = planes.flatten(1).gather(1, drawn.flatten(1)).view_as(drawn)
    assert (labels == labels[..., :1]).all()
    # Planes 2 and 7 have 216 pixels, one too few.
    assert set(labels[0].unique().tolist()) == {4}
    labels = planes.flatten(1)[0][PlaneNormal(share=10.0, smallest=100).draw(planes, SEEDS)[0, :, 0]]
    shares = [(labels == plane).float().mean().item() for plane in (4, 2, 7)]
    assert shares == pytest.approx([240 / 672, 216 / 672, 216 / 672], abs=0.02)


def test_every_pixel_of_a_plane_is_drawn_in_each_corner(planes):
    drawn = PlaneNormal(share=20.0, smallest=100).draw(planes, SEEDS)[0]
    on_planes = set(planes[0].flatten().nonzero()[:, 0].tolist())
    assert all(set(drawn[:, corner].tolist()) == on_planes for corner in range(3))


def test_a_sample_draws_the_same_whatever_its_batch(planes):
    loss = PlaneNormal(smallest=100)
    together = loss.draw(planes, SEEDS)
    assert torch.equal(together, torch.cat([loss.draw(planes[i : i + 1], SEEDS[i : i + 1]) for i in range(2)]))
    assert not torch.equal(together, loss.draw(planes, SEEDS + 1))


@pytest.mark.parametrize("case", ["xyfixed", "official"])
def test_planes_equal_the_reference(golden, case):
    pred, labels, matrix = golden("pwn/in/pred").requires_grad_(), golden("pwn/in/labels"), golden("pwn/in/K")
    intrinsics = torch.stack([matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, 0, 2], matrix[:, 1, 2]], 1)
    drawn = [golden(f"pwn/in/triplets_flat_img{i}")[golden(f"pwn/in/plane_used_img{i}")].long() for i in range(2)]
    # The first picture has two planes to sample, the second one; what is added for it counts as no triplet.
    second = torch.cat([drawn[1].flatten(0, 1), torch.zeros(200, 3, dtype=torch.long)])
    triplets = torch.stack([drawn[0].flatten(0, 1), second])
    maps = (pred, labels)
    if case == "official":
        # Rows taken for x: the same as the picture's transpose before an unturned camera.
        height, width = labels.shape[-2:]
        maps = tuple(m.mT for m in maps)
        triplets = triplets % width * height + triplets // width
    loss = PlaneNormal(pooled=True)(*maps, intrinsics, torch.ones(2), triplets)
    torch.testing.assert_close(loss, golden(f"pwn/out/loss_{case}").expand(2), rtol=1e-5, atol=0)
    (gradient,) = torch.autograd.grad(loss[0], pred)
    torch.testing.assert_close(gradient, golden(f"pwn/out/grad_{case}"), rtol=1e-4, atol=1e-7)
