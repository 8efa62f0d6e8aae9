"""Certainty of depth and normals whose errors are known."""

import json

import numpy as np
import pytest

from theodolite.errors import SizeMismatch
from theodolite.evaluation.confidence_metrics import Certainty, depth_certainty, normal_certainty

TRUTH = np.full((40, 50), 2.0)
ERROR = np.random.default_rng(0).uniform(0, 0.3, TRUTH.shape)
DEPTH = TRUTH * (1 + ERROR)


def turned(degrees: np.ndarray) -> np.ndarray:
    """Normals turned away from (0, 0, -1) by so many degrees."""
    angle = np.radians(degrees)
    return np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], axis=-1)


def test_a_confidence_that_states_the_error_is_perfect():
    found = depth_certainty(1 - ERROR, DEPTH, TRUTH, stated_error=True).as_dict()
    assert found["ause"] == pytest.approx(0, abs=1e-6)
    assert found["calibration_error"] == pytest.approx(0, abs=1e-6)
    assert found["aurg"] > 0.3


def test_a_confidence_that_only_orders_has_no_calibration():
    found = depth_certainty(-5 * ERROR, DEPTH, TRUTH)
    assert found.reliability is None
    assert set(found.as_dict()) == {"ause", "aurg"}
    assert found.as_dict()["ause"] == pytest.approx(0, abs=1e-6)


def test_a_constant_confidence_gains_nothing():
    found = depth_certainty(np.ones(TRUTH.shape), DEPTH, TRUTH).as_dict()
    assert found["aurg"] == pytest.approx(0, abs=1e-9)
    assert found["ause"] > 0.3


def test_only_valid_pixels_with_truth_count_and_none_is_no_score():
    truth, confidence = TRUTH.copy(), 1 - ERROR
    truth[:10], confidence[:20], depth = np.nan, 5.0, DEPTH.copy()
    depth[:20] = np.nan
    valid = np.ones(truth.shape, bool)
    valid[10:20] = False
    found = depth_certainty(confidence, depth, truth, valid, stated_error=True)
    assert found.as_dict()["ause"] == pytest.approx(0, abs=1e-6)
    assert found.reliability.pixels.sum() == 20 * 50
    assert depth_certainty(confidence, depth, np.full_like(truth, np.nan)) is None
    assert normal_certainty(confidence, turned(ERROR), np.full((*truth.shape, 3), np.nan)) is None


def test_an_unknown_prediction_cannot_turn_into_a_good_score():
    depth, normals, unsure = DEPTH.copy(), turned(ERROR * 100), 1 - ERROR
    depth[3, 3] = unsure[3, 3] = np.nan
    normals[3, 3] = np.nan
    for found in (
        depth_certainty(1 - ERROR, depth, TRUTH, stated_error=True),
        depth_certainty(unsure, DEPTH, TRUTH, stated_error=True),
        normal_certainty(1 / ERROR, normals, turned(np.zeros(TRUTH.shape))),
    ):
        assert np.isnan(list(found.as_dict().values())).all()


def test_normals_are_judged_by_their_angle_and_expected_angle():
    angle = ERROR * 100
    # For large kappa the expected angle is 2 / kappa.
    kappa = 2 / np.radians(angle)
    found = normal_certainty(kappa.astype(np.float32), turned(angle), turned(np.zeros(TRUTH.shape)))
    assert found.as_dict()["ause"] == pytest.approx(0, abs=1e-6)
    assert found.as_dict()["calibration_error"] < 1
    overconfident = normal_certainty(3 * kappa, turned(angle), turned(np.zeros(TRUTH.shape)))
    assert overconfident.as_dict()["ause"] == pytest.approx(0, abs=1e-6)
    assert overconfident.as_dict()["calibration_error"] > 5


def test_certainties_add_up_and_survive_json():
    a = depth_certainty(1 - ERROR, DEPTH, TRUTH, stated_error=True)
    b = depth_certainty(ERROR, DEPTH, TRUTH, stated_error=True)
    both = Certainty.from_json(json.loads(json.dumps((a + b).to_json())))
    assert both.sparsification.images == 2
    for name in ("ause", "aurg", "calibration_error"):
        assert both.as_dict()[name] == pytest.approx((a.as_dict()[name] + b.as_dict()[name]) / 2, rel=0.2)
    only_order = Certainty.from_json(depth_certainty(ERROR, DEPTH, TRUTH).to_json())
    assert (a + only_order).reliability is None


def test_sizes_must_agree():
    with pytest.raises(SizeMismatch, match="cannot be of a truth"):
        depth_certainty(ERROR[:-1], DEPTH, TRUTH)
    with pytest.raises(SizeMismatch, match="same size"):
        depth_certainty(ERROR, DEPTH, TRUTH[:-1])
    with pytest.raises(SizeMismatch, match="same size"):
        normal_certainty(ERROR, turned(ERROR), turned(ERROR)[:-1])
