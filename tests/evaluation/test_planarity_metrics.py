"""Planarity metrics on planes that lean and bend by known amounts."""

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.example import Plane
from theodolite.errors import SizeMismatch
from theodolite.evaluation.planarity_metrics import planarity_metrics
from theodolite.geometry.unproject import rays

CAMERA = Camera(50, 50, 39.5, 29.5, 80, 60)
EVERYWHERE = np.ones((60, 80), bool)


def leaning(degrees: float, distance: float = 2.0) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Depth and normal of a plane turned away from the view about the vertical."""
    angle = np.radians(degrees)
    normal = np.array([np.sin(angle), 0, -np.cos(angle)])
    return -distance / (rays(CAMERA, np.empty((60, 80))) @ normal), tuple(normal)


def wall(degrees: float = 0.0, region: np.ndarray = EVERYWHERE) -> Plane:
    return Plane("wall", region, leaning(degrees)[1], 2.0)


def test_the_truth_itself_has_no_error():
    truth, _ = leaning(30)
    found = planarity_metrics(truth, truth, CAMERA, [wall(30)])
    assert found.as_dict() == pytest.approx({"flatness": 0, "orientation": 0}, abs=1e-5)


@pytest.mark.parametrize("degrees", [5, -20])
def test_a_plane_that_leans_too_much_by_some_degrees_is_off_by_these(degrees):
    truth, _ = leaning(10)
    found = planarity_metrics(leaning(10 + degrees)[0], truth, CAMERA, [wall(10)])
    assert found.orientation == pytest.approx(abs(degrees))
    assert found.flatness == pytest.approx(0, abs=1e-5)


def test_a_normal_that_points_away_is_the_same_plane():
    truth, normal = leaning(10)
    away = Plane("wall", EVERYWHERE, tuple(-x for x in normal), 2.0)
    assert planarity_metrics(leaning(15)[0], truth, CAMERA, [away]).orientation == pytest.approx(5)


def test_flatness_is_the_spread_about_the_plane_in_centimetres():
    truth = np.full((60, 80), 2.0)
    rough = truth + 0.03 * np.where(np.indices(truth.shape).sum(axis=0) % 2, 1, -1)
    found = planarity_metrics(rough, truth, CAMERA, [wall()])
    assert found.flatness == pytest.approx(3, rel=1e-3)
    assert found.orientation == pytest.approx(0, abs=0.1)


def test_no_scale_changes_the_errors():
    truth = leaning(10)[0]
    rough = leaning(15)[0] + np.random.default_rng(0).normal(0, 0.02, truth.shape)
    expected = planarity_metrics(rough, truth, CAMERA, [wall(10)]).as_dict()
    assert planarity_metrics(7 * rough, truth, CAMERA, [wall(10)]).as_dict() == pytest.approx(expected)


def test_planes_are_averaged_and_small_ones_left_out():
    truth, _ = leaning(0)
    left, corner = np.zeros((60, 80), bool), np.zeros((60, 80), bool)
    left[:, :40] = True
    corner[:10, -10:] = True
    depth = np.where(left, leaning(4)[0], leaning(10)[0])
    planes = [wall(0, left), wall(0, ~left)]
    assert planarity_metrics(depth, truth, CAMERA, planes).orientation == pytest.approx(7)
    assert planarity_metrics(depth, truth, CAMERA, [wall(0, left), wall(0, corner)]).orientation == pytest.approx(4)
    assert planarity_metrics(depth, truth, CAMERA, [wall(0, corner)]) is None
    # What is valid of a region decides.
    assert planarity_metrics(depth, truth, CAMERA, [wall(0, left)], corner) is None
    assert planarity_metrics(depth, truth, CAMERA, []) is None


def test_an_unknown_prediction_cannot_turn_into_a_good_score():
    truth, _ = leaning(0)
    depth = truth.copy()
    depth[3, 3] = np.nan
    found = planarity_metrics(depth, truth, CAMERA, [wall()])
    assert np.isnan(found.flatness)
    assert np.isnan(found.orientation)
    unknown_truth = np.where(np.isnan(depth), np.nan, truth)
    assert planarity_metrics(depth, unknown_truth, CAMERA, [wall()]).flatness == pytest.approx(0, abs=1e-5)


def test_sizes_must_agree():
    with pytest.raises(SizeMismatch, match="needs a camera of that size"):
        planarity_metrics(np.ones((6, 8)), np.ones((6, 8)), CAMERA, [])
