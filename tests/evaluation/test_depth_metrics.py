"""Depth metrics against stored reference numbers and by hand."""

import numpy as np
import pytest

from theodolite.errors import SizeMismatch
from theodolite.evaluation.depth_metrics import (
    DepthMetrics,
    aligned_metrics,
    depth_metrics,
    mean_over_images,
    valid_pixels,
)


@pytest.fixture(scope="module")
def goldens(shared):
    return np.load(shared / "goldens/metrics.npz")


def test_each_metric_of_each_image_is_the_reference_value(goldens):
    names = [str(name) for name in goldens["depth/out/metric_names"]]
    for image in range(3):
        metrics = depth_metrics(goldens[f"depth/in/pred{image}"], goldens[f"depth/in/gt{image}"])
        expected = goldens["depth/out/per_image"][image]
        np.testing.assert_allclose([metrics.as_dict()[name] for name in names], expected, rtol=1e-6)


def test_an_image_without_valid_pixels_has_no_metrics(goldens):
    assert depth_metrics(goldens["depth/in/pred3"], goldens["depth/in/gt3"]) is None


def test_the_mean_over_images_is_the_reference_aggregate(goldens):
    each = [depth_metrics(goldens[f"depth/in/pred{i}"], goldens[f"depth/in/gt{i}"]) for i in range(3)]
    mean = mean_over_images(each).as_dict()
    names = [str(name) for name in goldens["depth/out/agg_names"]]
    # The reference accumulator divides by the count plus 1e-6.
    np.testing.assert_allclose([mean[n] for n in names], goldens["depth/out/agg_mean_over_images"], rtol=1e-6)


def test_ten_per_cent_too_far_everywhere_is_an_abs_rel_of_a_tenth():
    truth = np.linspace(1, 9, 12).reshape(3, 4)
    metrics = depth_metrics(truth * 1.1, truth)
    assert metrics.abs_rel == pytest.approx(0.1)
    assert metrics.delta1 == 1.0
    assert metrics.silog == pytest.approx(0, abs=1e-7)


def test_every_metric_is_what_it_is_by_hand():
    truth, depth = np.array([1.0, 2.0, 4.0, 10.0]), np.array([1.2, 2.0, 2.0, 25.0])
    metrics = depth_metrics(depth, truth)
    logs = np.log([1.2, 1.0, 0.5, 2.5])
    assert metrics.abs_rel == pytest.approx((0.2 + 0 + 0.5 + 1.5) / 4)
    assert metrics.rmse == pytest.approx(np.sqrt((0.04 + 0 + 4 + 225) / 4))
    assert metrics.silog == pytest.approx(np.sqrt(np.var(logs)))
    # The ratios are 1.2, 1, 2 and 2.5; the limits 1.25, 1.5625 and 1.953.
    assert (metrics.delta1, metrics.delta2, metrics.delta3) == (0.5, 0.5, 0.5)
    nearer = depth_metrics(np.array([1.5, 1.9, 1.0, 1.0]), np.ones(4))
    assert (nearer.delta1, nearer.delta2, nearer.delta3) == (0.5, 0.75, 1.0)


def test_the_limit_of_a_delta_is_outside():
    assert depth_metrics(np.array([1.25]), np.array([1.0])).delta1 == 0


def test_no_scale_changes_silog():
    truth, depth = np.array([1.0, 2.0, 4.0]), np.array([1.3, 1.9, 3.1])
    assert depth_metrics(3 * depth, truth).silog == pytest.approx(depth_metrics(depth, truth).silog)


def test_out_of_range_truth_is_left_out_not_clipped():
    truth = np.array([0.0, np.nan, 0.5, 5.0, 50.0, np.inf])
    np.testing.assert_array_equal(valid_pixels(truth, 1, 10), [False, False, False, True, False, False])


def test_an_unknown_prediction_cannot_turn_into_a_good_score():
    truth = np.ones((2, 2))
    assert np.isnan(depth_metrics(np.full((2, 2), np.nan), truth).abs_rel)


def test_sizes_must_agree():
    with pytest.raises(SizeMismatch, match="same size"):
        depth_metrics(np.ones((2, 2)), np.ones((2, 3)))


def test_a_mean_over_nothing_is_refused():
    with pytest.raises(ValueError, match="no images"):
        mean_over_images([])


def test_the_mean_is_taken_metric_by_metric():
    a = DepthMetrics(*[0.0] * 9)
    b = DepthMetrics(*[1.0] * 9)
    assert mean_over_images([a, b]).rmse == 0.5


def test_alignment_by_the_median_is_the_reference_one(goldens):
    for image in range(3):
        truth = goldens[f"depth/in/gt{image}"]
        _, scale = aligned_metrics(goldens[f"depth/in/pred{image}"], truth, valid_pixels(truth))
        assert scale == pytest.approx(goldens["depth/out/median_scales"][image], rel=1e-6)


def test_a_prediction_of_nothing_cannot_be_aligned_into_a_score():
    aligned, scale = aligned_metrics(np.full((2, 2), np.nan), np.ones((2, 2)), np.ones((2, 2), bool))
    assert np.isnan(scale)
    assert np.isnan(aligned.abs_rel)
