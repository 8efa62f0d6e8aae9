"""Alignments against stored reference numbers, and on depth whose scale and shift are known."""

import numpy as np
import pytest

from theodolite.evaluation.alignment import ALIGNMENTS, align, align_values, granted
from theodolite.evaluation.depth_metrics import depth_metrics, mean_over_images, valid_pixels
from theodolite.evaluation.estimate import Estimate
from theodolite.geometry.align import least_squares_line

TRUTH = np.random.default_rng(0).uniform(1, 9, (12, 16))
EVERYWHERE = np.ones(TRUTH.shape, bool)


@pytest.fixture(scope="module")
def goldens(shared):
    return np.load(shared / "goldens/metrics.npz")


def images(goldens, count=3):
    return [(goldens[f"depth/in/pred{i}"], goldens[f"depth/in/gt{i}"]) for i in range(count)]


def test_depth_aligned_by_scale_and_shift_is_the_reference_one(goldens):
    for image, (depth, truth) in enumerate(images(goldens)):
        found = align("affine", depth, truth, valid_pixels(truth)).apply(depth)
        np.testing.assert_allclose(found, goldens[f"depth/out/affine_aligned_pred{image}"], rtol=2e-6)


@pytest.mark.parametrize(("name", "golden"), [("median", "agg_median_scaled"), ("affine", "agg_affine_aligned_first3")])
def test_metrics_of_aligned_depth_are_the_reference_ones(goldens, name, golden):
    each = [
        depth_metrics(align(name, depth, truth, valid_pixels(truth)).apply(depth), truth)
        for depth, truth in images(goldens)
    ]
    mean = mean_over_images(each).as_dict()
    found = [mean[str(name)] for name in goldens["depth/out/agg_names"]]
    np.testing.assert_allclose(found, goldens[f"depth/out/{golden}"], rtol=2e-6)


def test_lines_of_least_squares_are_the_stored_ones(goldens):
    ((depth, truth),) = images(goldens, 1)
    use = valid_pixels(truth)
    np.testing.assert_allclose(
        least_squares_line(depth[use], truth[use]), goldens["align/out/lsq_depth_scale_shift_img0"], rtol=1e-6
    )
    np.testing.assert_allclose(
        least_squares_line(1 / depth[use], 1 / truth[use]),
        goldens["align/out/lsq_disparity_scale_shift_img0"],
        rtol=1e-6,
    )


@pytest.mark.parametrize("name", [name for name in ALIGNMENTS if name != "metric"])
def test_an_alignment_mends_what_it_forgives(name):
    found = align(name, TRUTH * 3, TRUTH, EVERYWHERE)
    np.testing.assert_allclose(found.apply(TRUTH * 3), TRUTH, rtol=1e-9)
    assert found.kind == ALIGNMENTS[name].kind


def test_only_an_affine_alignment_mends_a_shift():
    for name, exact in (("median", False), ("scale", False), ("affine", True)):
        found = align(name, 2 * TRUTH + 1, TRUTH, EVERYWHERE).apply(2 * TRUTH + 1)
        assert np.allclose(found, TRUTH) is exact


def test_metric_depth_stays_as_it_is():
    assert align("metric", TRUTH * 3, TRUTH, EVERYWHERE).scale == 1


def test_depth_turned_inside_out_is_granted_a_constant_only():
    for name, mean in (("affine", TRUTH.mean()), ("affine-inverse", 1 / np.mean(1 / TRUTH))):
        np.testing.assert_allclose(align(name, 10 - TRUTH, TRUTH, EVERYWHERE).apply(10 - TRUTH), mean)
    np.testing.assert_allclose(align_values(TRUTH - 3, TRUTH, EVERYWHERE), 1 / np.mean(1 / TRUTH))


def test_depth_of_unknown_shift_may_be_of_any_sign():
    depth = 2 * TRUTH - 7
    assert (depth < 0).any()
    np.testing.assert_allclose(align("affine", depth, TRUTH, EVERYWHERE).apply(depth), TRUTH, rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in ALIGNMENTS if name != "metric"])
def test_ten_pixels_are_too_few_to_align_by(name):
    few = np.zeros(TRUTH.shape, bool)
    few.flat[:10] = True
    assert align(name, TRUTH, TRUTH, few) is None
    assert align_values(1 / TRUTH, TRUTH, few) is None
    few.flat[10] = True
    assert align(name, TRUTH, TRUTH, few) is not None


def test_inverse_depth_of_any_sign_becomes_metres():
    values = 5 / TRUTH - 2  # negative where far
    assert values.min() < 0
    np.testing.assert_allclose(align_values(values, TRUTH, EVERYWHERE), TRUTH, rtol=1e-9)


def test_what_aligned_inverse_depth_puts_behind_the_camera_is_at_the_farthest_truth():
    values = 5 / TRUTH - 2
    values[0, 0] = -50
    valid = EVERYWHERE.copy()
    valid[0, 0] = False
    assert align_values(values, TRUTH, valid)[0, 0] == pytest.approx(TRUTH[valid].max())


def test_pixels_that_do_not_count_have_no_say():
    depth = TRUTH * 2
    valid = EVERYWHERE.copy()
    valid[:3] = False
    depth[:3] = 1000
    assert align("scale", depth, TRUTH, valid).scale == pytest.approx(0.5)


def test_an_alignment_may_be_found_on_a_smaller_copy():
    depth = np.full((40, 60), 2.0)
    depth[::2] = 4.0  # the rows that the copy has
    found = align("median", depth, np.full((40, 60), 4.0), np.ones((40, 60), bool), side=30)
    assert found.scale in (1.0, 2.0)
    whole = align("median", depth, np.full((40, 60), 4.0), np.ones((40, 60), bool))
    assert whole.scale == 2.0


def test_sparse_truth_that_a_smaller_copy_would_lose_is_used_whole():
    valid = np.zeros((40, 60), bool)
    valid[0, :12] = True
    assert align("affine", np.arange(2400.0).reshape(40, 60) + 1, np.ones((40, 60)), valid, side=10) is not None


def test_nothing_predicted_cannot_be_aligned():
    assert align("median", np.full(TRUTH.shape, np.nan), TRUTH, EVERYWHERE) is None
    assert align_values(np.full(TRUTH.shape, np.nan), TRUTH, EVERYWHERE) is None


def test_a_model_is_aligned_at_least_by_what_it_does_not_know():
    assert "metric" in granted(Estimate(TRUTH))
    assert "metric" not in granted(Estimate(TRUTH, kind="scale_invariant"))
    assert granted(Estimate(TRUTH, kind="affine_invariant", space="inverse_depth")) == ("affine-inverse",)
