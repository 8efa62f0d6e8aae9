"""Normal metrics on angles that are known beforehand."""

import numpy as np
import pytest

from theodolite.errors import SizeMismatch
from theodolite.evaluation.normal_metrics import LEAST_PIXELS, NormalMetrics, angles, mean_over_images, normal_metrics


def turned(*degrees: float) -> np.ndarray:
    """Normals turned away from (0, 0, -1) by so many degrees."""
    angle = np.radians(np.array(degrees))
    return np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], axis=-1)


def test_mean_median_and_shares_are_those_of_the_angles():
    tilts = [0, 0, 5, 10, 12, 12, 20, 25, 40, 90]
    metrics = normal_metrics(turned(*tilts), turned(*[0] * 10))
    assert metrics.mean == pytest.approx(np.mean(tilts))
    assert metrics.median == pytest.approx(12)
    assert (metrics.within_11_25, metrics.within_22_5, metrics.within_30) == (0.4, 0.7, 0.8)


def test_neither_length_nor_single_precision_changes_a_small_angle():
    a, b = turned(0.01).astype(np.float32), 3 * turned(0).astype(np.float32)
    assert angles(a, b)[0] == pytest.approx(0.01, rel=1e-3)


def test_each_metric_of_each_image_is_the_reference_value(shared):
    golden = np.load(shared / "goldens/metrics.npz")
    for image in range(3):
        truth, predicted = (np.moveaxis(golden[f"normal/in/{kind}{image}"], 0, -1) for kind in ("gt", "pred"))
        truth = np.where((truth == 0).all(axis=-1, keepdims=True), np.nan, truth)
        found = normal_metrics(predicted, truth)
        mean, median, _, _, _, *shares = golden["normal/out/per_image_and_count"][image, :-1]
        assert found.mean == pytest.approx(mean, rel=1e-4)
        # The reference takes the lower of two middle values.
        assert found.median == pytest.approx(median, rel=0.02)
        assert [found.within_11_25, found.within_22_5, found.within_30] == pytest.approx(np.array(shares) / 100)


def test_pixels_without_truth_do_not_count_and_too_few_are_no_score():
    truth = turned(*[0] * (LEAST_PIXELS + 2))
    truth[:2] = np.nan
    predicted = turned(80, 80, *[10] * LEAST_PIXELS)
    assert normal_metrics(predicted, truth).mean == pytest.approx(10)
    valid = np.arange(len(truth)) > 2
    assert normal_metrics(predicted, truth, valid) is None


def test_an_unknown_prediction_cannot_turn_into_a_good_score():
    predicted = turned(*[0] * 20)
    predicted[0] = np.nan
    metrics = normal_metrics(predicted, turned(*[0] * 20))
    assert np.isnan(metrics.mean)
    assert metrics.within_30 == 0.95


def test_sizes_must_agree():
    with pytest.raises(SizeMismatch, match="same size"):
        normal_metrics(np.ones((2, 2, 3)), np.ones((2, 3, 3)))


def test_the_mean_over_images_counts_every_image_alike():
    mean = mean_over_images(
        [NormalMetrics(10, 8, 12, 0.3, 0.4, 0.5, 0.6, 0.7), NormalMetrics(20, 16, 22, 0.5, 0.6, 0.7, 0.8, 0.9)]
    )
    assert list(mean.as_dict().values()) == pytest.approx([15, 12, 17, 0.4, 0.5, 0.6, 0.7, 0.8])
    with pytest.raises(ValueError, match="no images"):
        mean_over_images([])


def test_a_vector_of_no_length_is_no_good_normal():
    metrics = normal_metrics(np.zeros((20, 3)), turned(*[0] * 20))
    assert np.isnan(metrics.mean)
    assert metrics.within_30 == 0
