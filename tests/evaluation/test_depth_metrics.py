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
