"""Point cloud metrics against stored numbers, every pair of points, and by hand."""

import numpy as np
import pytest

from theodolite.evaluation.cloud_metrics import cloud_metrics, voxel_downsample


def test_metrics_are_the_stored_ones(shared):
    golden = np.load(shared / "goldens/metrics.npz")
    found = cloud_metrics(golden["cloud/in/pred"], golden["cloud/in/gt"])
    assert found.accuracy == pytest.approx(float(golden["cloud/out/accuracy_pred_to_gt"]), rel=1e-6)
    assert found.completeness == pytest.approx(float(golden["cloud/out/completeness_gt_to_pred"]), rel=1e-6)
    assert found.chamfer_l1 == pytest.approx(float(golden["cloud/out/chamfer_l1_half_sum"]), rel=1e-6)
    shares = golden["cloud/out/precision_recall_f_at_0.05"]
    assert [found.precision, found.recall, found.f_score] == pytest.approx(shares, rel=1e-6)


def test_metrics_are_those_of_every_pair():
    random = np.random.default_rng(0)
    points, truth = random.random((200, 3)), random.random((180, 3))
    distances = np.linalg.norm(points[:, None] - truth, axis=-1)
    accuracy, completeness = distances.min(axis=1), distances.min(axis=0)
    found = cloud_metrics(points, truth, 0.1)
    assert found.chamfer_l1 == pytest.approx((accuracy.mean() + completeness.mean()) / 2)
    assert found.precision == pytest.approx((accuracy < 0.1).mean())
    assert found.recall == pytest.approx((completeness < 0.1).mean())


def test_the_same_cloud_has_no_error():
    points = np.random.default_rng(0).random((50, 3))
    found = cloud_metrics(points, points)
    assert (found.accuracy, found.completeness, found.chamfer_l1) == (0, 0, 0)
    assert (found.precision, found.recall, found.f_score) == (1, 1, 1)


def test_a_point_at_the_threshold_is_outside():
    assert cloud_metrics(np.array([[0.0, 0, 0.5]]), np.zeros((1, 3)), 0.5).f_score == 0


def test_an_empty_truth_is_no_score_and_an_empty_prediction_a_bad_one():
    some, none = np.zeros((2, 3)), np.zeros((0, 3))
    assert cloud_metrics(some, none) is None
    assert cloud_metrics(some, np.full((2, 3), np.nan)) is None
    for empty in (none, np.full((2, 3), np.nan)):
        found = cloud_metrics(empty, some)
        assert (found.precision, found.recall, found.f_score) == (0, 0, 0)
        assert np.isnan([found.accuracy, found.completeness, found.chamfer_l1]).all()


def test_an_unknown_point_cannot_turn_into_a_good_score():
    truth = np.random.default_rng(0).random((10, 3))
    points = truth.copy()
    points[:2] = np.nan
    found = cloud_metrics(points, truth)
    assert found.precision == 0.8
    assert found.recall < 1
    assert np.isnan(found.accuracy)
    assert np.isnan(found.chamfer_l1)


def test_a_voxel_leaves_the_mean_of_its_points():
    points = np.array([[0.1, 0.1, 0.1], [1.5, 0, 0], [0.3, 0.5, 0.9], [-0.1, 0, 0]])
    expected = [[-0.1, 0, 0], [0.2, 0.3, 0.5], [1.5, 0, 0]]
    np.testing.assert_allclose(voxel_downsample(points, 1.0), expected)


def test_no_order_of_the_points_changes_their_voxels():
    random = np.random.default_rng(0)
    points = random.normal(0, 1, (2000, 3))
    found = voxel_downsample(points, 0.5)
    np.testing.assert_allclose(voxel_downsample(random.permutation(points), 0.5), found)
    assert len(np.unique(np.floor(points / 0.5), axis=0)) == len(found) < 1000


def test_unknown_points_stay_unknown_points():
    points = np.array([[np.nan, 0, 0], [0, 0, 0], [np.inf, 0, 0]], np.float32)
    found = voxel_downsample(points, 1.0)
    assert found.dtype == np.float32
    assert np.isfinite(found).all(axis=1).tolist() == [True, False, False]
    assert voxel_downsample(points[:1]).shape == (1, 3)
    assert voxel_downsample(points[:0]).shape == (0, 3)
