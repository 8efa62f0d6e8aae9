import numpy as np
import pytest
import torch

from theodolite.geometry.align import (
    Alignment,
    least_squares_affine,
    least_squares_scale,
    median_scale,
    robust_affine,
    robust_scale,
)

SCALES = [median_scale, least_squares_scale, robust_scale]
AFFINE = [least_squares_affine, robust_affine]


@pytest.fixture
def truth() -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 20, (30, 40))


@pytest.mark.parametrize("method", SCALES)
def test_a_scale_is_found_and_undone(truth, method):
    found = method(truth / 1.7, truth)
    assert found.kind == "scale_invariant"
    assert found.scale == pytest.approx(1.7)
    np.testing.assert_allclose(found.apply(truth / 1.7), truth)


@pytest.mark.parametrize("method", AFFINE)
@pytest.mark.parametrize("space", ["depth", "inverse_depth"])
def test_a_scale_and_shift_are_found_and_undone(truth, method, space):
    values = truth if space == "depth" else 1 / truth
    bent = (values - 0.01) / 0.8
    depth = bent if space == "depth" else 1 / bent
    found = method(depth, truth, space=space)
    assert (found.kind, found.space) == ("affine_invariant", space)
    assert (found.scale, found.shift) == (pytest.approx(0.8), pytest.approx(0.01))
    np.testing.assert_allclose(found.apply(depth), truth)


@pytest.mark.parametrize("method", [*SCALES, *AFFINE])
def test_unknown_and_invalid_pixels_take_no_part(truth, method):
    depth, valid = truth / 2, np.ones(truth.shape, bool)
    depth[0], depth[1], valid[2] = np.nan, -1, False
    depth[2] = 1e3
    spoiled = truth.copy()
    spoiled[3], spoiled[4] = np.nan, 0
    assert method(depth, spoiled, valid).scale == pytest.approx(2)


def test_robust_estimates_ignore_what_least_squares_follows(truth):
    depth = truth / 1.5
    noisy = truth.copy()
    noisy[:6] *= 8  # a fifth of the pixels
    assert robust_scale(depth, noisy).scale == pytest.approx(1.5)
    assert least_squares_scale(depth, noisy).scale > 2.5
    robust, plain = robust_affine(depth, noisy), least_squares_affine(depth, noisy)
    assert abs(robust.scale - 1.5) < 0.1 * abs(plain.scale - 1.5)


@pytest.mark.parametrize("method", [*SCALES, *AFFINE])
def test_nothing_to_align_by_is_refused(truth, method):
    with pytest.raises(ValueError, match="more pixels known in both"):
        method(np.full_like(truth, np.nan), truth)


def test_inverse_depth_pushed_to_zero_is_as_far_as_it_gets():
    alignment = Alignment("affine_invariant", 1.0, -0.5, "inverse_depth")
    np.testing.assert_allclose(alignment.apply(np.array([1.0, 2.0, 4.0])), [2, np.inf, np.inf])
    np.testing.assert_allclose(alignment.apply(np.array([1.0, 2.0, np.nan]), farthest=80), [2, 80, np.nan])


def test_no_alignment_is_metric_and_changes_nothing(truth):
    assert Alignment().kind == "metric"
    np.testing.assert_array_equal(Alignment().apply(truth), truth)


def test_a_space_that_does_not_exist_is_refused(truth):
    with pytest.raises(ValueError, match="disparity"):
        least_squares_affine(truth, truth, space="disparity")


@pytest.mark.parametrize("method", [*SCALES, *AFFINE])
def test_torch_gives_the_same_numbers(truth, method):
    depth = truth**1.1
    found, other = method(depth, truth), method(torch.from_numpy(depth), torch.from_numpy(truth))
    assert (found.scale, found.shift) == (pytest.approx(other.scale), pytest.approx(other.shift))


def test_reference_scales_and_shifts_are_reproduced(shared):
    golden = np.load(shared / "goldens" / "metrics.npz")
    for i in range(3):
        depth, truth = golden[f"depth/in/pred{i}"], golden[f"depth/in/gt{i}"]
        valid = truth > 1e-6
        assert median_scale(depth, truth, valid).scale == pytest.approx(golden["depth/out/median_scales"][i], rel=1e-6)
        aligned = least_squares_affine(depth, truth, valid).apply(depth)
        np.testing.assert_allclose(aligned, golden[f"depth/out/affine_aligned_pred{i}"], rtol=1e-5)
    depth, truth = golden["depth/in/pred0"], golden["depth/in/gt0"]
    for space, key in (("depth", "lsq_depth_scale_shift_img0"), ("inverse_depth", "lsq_disparity_scale_shift_img0")):
        found = least_squares_affine(depth, truth, truth > 1e-6, space)
        np.testing.assert_allclose([found.scale, found.shift], golden[f"align/out/{key}"], rtol=1e-5)
