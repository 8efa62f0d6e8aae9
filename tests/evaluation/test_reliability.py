"""Reliability of predictors whose calibration is known."""

import json

import numpy as np
import pytest

from theodolite.errors import SizeMismatch
from theodolite.evaluation.reliability import ANGLE_EDGES, DEPTH_EDGES, Reliability, expected_angle


def angular_density(kappa: float) -> tuple[np.ndarray, np.ndarray]:
    """Angles, radians, and the weight of each under the angular von Mises-Fisher distribution on the sphere."""
    angles = np.linspace(0, np.pi, 200001)
    return angles, np.exp(-kappa * angles) * np.sin(angles)


@pytest.mark.parametrize("kappa", [0.01, 0.5, 1, 5, 40, 500])
def test_the_expected_angle_is_the_mean_of_the_distribution(kappa):
    angles, weights = angular_density(kappa)
    expected = np.degrees(np.average(angles, weights=weights))
    assert expected_angle(np.array(kappa)) == pytest.approx(expected, rel=1e-4)


def test_any_concentration_has_an_expected_angle():
    np.testing.assert_allclose(expected_angle(np.float32([-1, 0, np.inf])), [90, 90, 0], atol=1e-6)
    assert np.isnan(expected_angle(np.array([np.nan]))).all()


def test_a_calibrated_predictor_has_hardly_a_calibration_error():
    random = np.random.default_rng(0)
    stated = random.uniform(0, 0.4, 200_000)
    honest = Reliability.of(stated, random.exponential(stated), DEPTH_EDGES)
    assert honest.calibration_error < 0.003
    # Half the error it states, in every bin: off by half of what it states in the mean.
    assert Reliability.of(stated, stated / 2, DEPTH_EDGES).calibration_error == pytest.approx(0.1, rel=0.01)


def test_angles_drawn_from_their_concentration_are_calibrated():
    random = np.random.default_rng(0)
    stated, found = [], []
    for kappa in (0.5, 2.0, 8.0, 30.0):
        angles, weights = angular_density(kappa)
        found.append(np.degrees(np.interp(random.random(40_000), np.cumsum(weights) / weights.sum(), angles)))
        stated.append(expected_angle(np.full(40_000, kappa)))
    assert Reliability.of(np.concatenate(stated), np.concatenate(found), ANGLE_EDGES).calibration_error < 0.3


def test_bins_hold_counts_and_sums_by_stated_error():
    found = Reliability.of(np.array([0.0, 0.005, 0.01, 7.0]), np.array([0.1, 0.3, 0.5, 0.7]), (0.0, 0.01, 0.02))
    assert found.pixels.tolist() == [2, 1, 1]
    np.testing.assert_allclose(found.stated, [0.005, 0.01, 7])
    np.testing.assert_allclose(found.found, [0.4, 0.5, 0.7])
    assert found.calibration_error == pytest.approx((0.395 + 0.49 + 6.3) / 4)
    first = found.rows()[0]
    assert (first.start, first.pixels, first.stated, first.found) == pytest.approx((0, 2, 0.0025, 0.2))


def test_a_row_is_of_a_bin_with_pixels():
    found = Reliability.of(np.array([0.015]), np.array([0.1]), (0.0, 0.01, 0.02))
    assert [row.start for row in found.rows()] == [0.01]


def test_a_stated_error_below_zero_is_none():
    assert Reliability.of(np.array([-3.0]), np.array([0.1]), DEPTH_EDGES).calibration_error == pytest.approx(0.1)


def test_sums_of_images_are_those_of_their_pixels_and_survive_json():
    random = np.random.default_rng(0)
    stated, found = random.random((2, 300))
    parts = [Reliability.of(stated[a:b], found[a:b], DEPTH_EDGES) for a, b in ((0, 100), (100, 300))]
    both = Reliability.from_json(json.loads(json.dumps((parts[0] + parts[1]).to_json())))
    whole = Reliability.of(stated, found, DEPTH_EDGES)
    assert both.edges == whole.edges
    for name in ("pixels", "stated", "found"):
        np.testing.assert_allclose(getattr(both, name), getattr(whole, name))


def test_what_is_unknown_makes_the_calibration_error_unknown():
    known, unknown = np.array([0.1, 0.2]), np.array([0.1, np.nan])
    assert np.isnan(Reliability.of(unknown, known, DEPTH_EDGES).calibration_error)
    assert np.isnan(Reliability.of(known, unknown, DEPTH_EDGES).calibration_error)
    assert np.isnan(Reliability.of(known[:0], known[:0], DEPTH_EDGES).calibration_error)


def test_other_bins_cannot_be_added():
    of = np.array([0.1])
    with pytest.raises(SizeMismatch, match="cannot be added"):
        Reliability.of(of, of, DEPTH_EDGES) + Reliability.of(of, of, ANGLE_EDGES)
