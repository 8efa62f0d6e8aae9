"""Losses over patches and depth ranges: blind to scale and shift, worked by hand, drawn alike, and as published."""

import pytest
import torch

from theodolite.training.losses.depth_range_normalized import DepthRangeNormalized
from theodolite.training.losses.proposal_normalized import ProposalNormalized

SEEDS = torch.tensor([3, 4])


@pytest.fixture
def depths():
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(2, 1, 24, 32, generator=generator, dtype=torch.float64) * 5 + 1
    depth = truth * (0.7 + 0.6 * torch.rand(2, 1, 24, 32, generator=generator, dtype=torch.float64))
    valid = torch.rand(2, 1, 24, 32, generator=generator) > 0.3
    return depth, truth, valid


def by_patches(depth, truth, valid, seeds=SEEDS, **fields):
    loss = ProposalNormalized(**{"patches": 5, "least": 10, **fields})
    return loss(depth, truth, valid, loss.draw(valid, seeds))


def by_ranges(depth, truth, valid, seeds=SEEDS, **fields):
    loss = DepthRangeNormalized(**{"ranges": 5, "least": 10, **fields})
    return loss(depth, truth, valid, loss.draw(truth, valid, seeds))


both = pytest.mark.parametrize("loss", [by_patches, by_ranges])


@both
def test_truth_costs_nothing_at_any_scale_and_shift(loss, depths):
    depth, truth, valid = depths
    assert loss(truth, truth, valid).abs().max() == 0
    assert loss(3 * truth + 2, truth, valid).abs().max() < 1e-5
    assert loss(depth, truth, valid).min() > 0.1


@both
def test_pixels_outside_the_mask_do_not_matter_whatever_they_hold(loss, depths):
    depth, truth, valid = depths
    spoiled = torch.where(valid, depth, torch.nan).requires_grad_()
    found = loss(spoiled, torch.where(valid, truth, torch.nan), valid)
    assert torch.equal(found, loss(depth, truth, valid))
    (gradient,) = torch.autograd.grad(found.sum(), spoiled)
    assert gradient.isfinite().all()
    assert (gradient[~valid] == 0).all()


@both
@pytest.mark.parametrize("pooled", [False, True])
def test_an_empty_mask_costs_nothing_and_has_no_gradient(loss, depths, pooled):
    depth, truth, valid = depths
    found = loss(depth.requires_grad_(), truth, torch.zeros_like(valid), pooled=pooled)
    assert (found == 0).all()
    assert (torch.autograd.grad(found.sum(), depth)[0] == 0).all()


@both
def test_a_sample_draws_and_costs_the_same_whatever_its_batch(loss, depths):
    depth, truth, valid = depths
    together = loss(depth, truth, valid)
    alone = [loss(depth[i : i + 1], truth[i : i + 1], valid[i : i + 1], SEEDS[i : i + 1]) for i in range(2)]
    assert torch.equal(together, torch.cat(alone))
    assert not torch.equal(together, loss(depth, truth, valid, seeds=SEEDS + 1))


@both
def test_groups_of_too_few_pixels_are_left_out(loss, depths):
    depth, truth, valid = depths
    assert (loss(depth, truth, valid, least=24 * 32 + 1) == 0).all()


def test_a_patch_by_hand():
    loss = ProposalNormalized(least=3)
    depth, truth = (torch.tensor(values).view(1, 1, 1, 4) for values in ([1.0, 2, 3, 9], [1.0, 2, 6, 9]))
    boxes = torch.tensor([[[0, 1, 0, 3]]])
    # Less the median 2, over deviations of 2/3 and 5/3: (-1.5, 0, 1.5) and (-0.6, 0, 2.4).
    assert loss(depth, truth, torch.ones(1, 1, 1, 4) > 0, boxes).item() == pytest.approx(0.6, abs=1e-5)


def test_a_range_by_hand():
    loss = DepthRangeNormalized(least=3)
    depth, truth = (torch.tensor(values).view(1, 1, 1, 4) for values in ([1.0, 2, 3, 9], [1.0, 2, 6, 9]))
    found = loss(depth, truth, torch.ones(1, 1, 1, 4) > 0, torch.tensor([[[1.0, 6.0]]]))
    assert found.item() == pytest.approx(0.6, abs=1e-5)


def test_gradients_are_those_of_finite_differences_but_for_the_median_which_is_held_fixed(depths):
    depth, truth, valid = (maps[..., :8, :10] for maps in depths)
    everywhere = torch.tensor([[[0, 8, 0, 10]]]).expand(2, 1, 4)
    medians = torch.where(valid, depth, torch.nan).flatten(1).nanmedian(1).values
    moving, fixed = depth != medians.view(2, 1, 1, 1), depth.clone()
    assert (~moving).sum() == 2

    def loss(x):
        return ProposalNormalized()(torch.where(moving, x, fixed), truth, valid, everywhere)

    assert torch.autograd.gradcheck(loss, depth.requires_grad_())


def test_patches_lie_in_the_picture_and_the_last_is_the_whole_of_it():
    valid = torch.ones(2, 1, 40, 60, dtype=torch.bool)
    top, bottom, left, right = ProposalNormalized(patches=500).draw(valid, SEEDS).unbind(-1)
    assert (top[:, -1] == 0).all()
    assert (bottom[:, -1] == 40).all()
    assert (right[:, -1] == 60).all()
    for start, stop, size in ((top, bottom, 40), (left, right, 60)):
        assert (start >= 0).all()
        assert (stop <= size).all()
        lengths = (stop - start)[:, :-1]
        assert lengths.min() >= size // 8
        assert lengths.max() == size // 2 - 1
    assert ProposalNormalized(patches=7, whole_picture=False).draw(valid, SEEDS).shape == (2, 7, 4)


def test_a_tiny_picture_has_patches_too():
    valid = torch.ones(1, 1, 2, 3, dtype=torch.bool)
    boxes = ProposalNormalized().draw(valid, SEEDS[:1])
    assert (boxes[..., 1] > boxes[..., 0]).all()
    assert (boxes[..., 3] > boxes[..., 2]).all()


def test_ranges_span_a_tenth_or_more_of_the_depths_there_are(depths):
    _, truth, valid = depths
    ranges = DepthRangeNormalized(ranges=500).draw(truth, valid, SEEDS)
    for (near, far), depth, mask in zip(ranges.transpose(1, 2), truth, valid, strict=True):
        span = depth[mask].max() - depth[mask].min()
        assert near.min() >= depth[mask].min()
        assert near.max() <= depth[mask].min() + 0.75 * span
        assert far.max() <= depth[mask].max() + 1e-12
        assert (far - near).min() >= 0.1 * span - 1e-12


@pytest.mark.parametrize(
    ("thinned", "dense"),
    [
        (lambda *maps: by_patches(*maps, patches=8), lambda *maps: by_patches(*maps, patches=8, side=400)),
        (lambda *maps: by_ranges(*maps), lambda *maps: by_ranges(*maps, side=400)),
    ],
)
def test_large_pictures_are_judged_by_some_of_their_pixels_to_much_the_same_value(thinned, dense):
    down, across = torch.linspace(0, 5, 300)[:, None], torch.linspace(0, 7, 400)
    truth = (5 + down.sin() + across.cos()).expand(2, 1, 300, 400)
    depth = truth + 0.3 * (3 * down).cos() * (2 * across).sin()
    valid = torch.ones(2, 1, 300, 400, dtype=torch.bool)
    torch.testing.assert_close(thinned(depth, truth, valid), dense(depth, truth, valid), rtol=0.03, atol=0)


@pytest.mark.parametrize("case", ["with_full_image", "patches_only"])
def test_patches_equal_the_reference(golden, case):
    pred, target = golden("rpnl/in/pred").requires_grad_(), golden("rpnl/in/target")
    boxes = golden("rpnl/in/boxes_y0y1x0x1").long().expand(2, -1, 4)
    if case == "with_full_image":
        boxes = torch.cat([boxes, torch.tensor([[0, 48, 0, 64]]).expand(2, 1, 4)], 1)
    loss = ProposalNormalized(pooled=True, least=1)(pred, target, target > 0, boxes)
    torch.testing.assert_close(loss, golden(f"rpnl/out/loss_masked_mad_pooled_{case}").expand(2), rtol=1e-5, atol=0)
    if case == "with_full_image":
        (gradient,) = torch.autograd.grad(loss[0], pred)
        torch.testing.assert_close(gradient, golden(f"rpnl/out/grad_masked_mad_pooled_{case}"), rtol=1e-4, atol=1e-8)


def test_patches_equal_the_papers_form_of_the_reference(golden):
    pred, target = golden("rpnl/in/pred"), golden("rpnl/in/target")
    boxes = golden("rpnl/in/boxes_y0y1x0x1").long().expand(2, -1, 4)
    loss = ProposalNormalized(least=1)

    def each(box):
        return loss(pred, target, target > 0, box)

    means = torch.stack([each(boxes[:, i : i + 1]) for i in range(8)], 1)
    torch.testing.assert_close(means.double(), golden("rpnl/out/patch_means"), rtol=1e-5, atol=0)
    wanted = golden("rpnl/out/loss_paper_mean_of_patch_means")
    torch.testing.assert_close(each(boxes).mean().double(), wanted, rtol=1e-5, atol=0)


def test_ranges_equal_the_reference(golden):
    pred, target = golden("hdn/in/pred").requires_grad_(), golden("hdn/in/target")
    ranges = golden("hdn/in/depth_ranges_lo_hi")
    loss = DepthRangeNormalized(pooled=True, least=1)(pred, target, target > 0, ranges)
    torch.testing.assert_close(loss, golden("hdn/out/loss").expand(2), rtol=1e-5, atol=0)
    (gradient,) = torch.autograd.grad(loss[0], pred)
    torch.testing.assert_close(gradient, golden("hdn/out/grad"), rtol=1e-4, atol=1e-8)
