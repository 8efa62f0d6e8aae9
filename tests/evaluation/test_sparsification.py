"""Sparsification of errors whose order is known."""

import json

import numpy as np
import pytest

from theodolite.evaluation.sparsification import REMOVED, Sparsification


@pytest.fixture
def error():
    return np.random.default_rng(0).exponential(1, 4000)


def test_a_certainty_in_the_order_of_the_error_is_as_good_as_the_oracle(error):
    found = Sparsification.of(error, -(error**3))
    assert found.ause == pytest.approx(0, abs=1e-12)
    assert found.aurg > 0.3


def test_a_certainty_in_another_order_is_worse(error):
    noisy = Sparsification.of(error, -error + np.random.default_rng(1).normal(0, 1, error.size))
    reverse = Sparsification.of(error, error)
    assert 0 < noisy.ause < reverse.ause
    assert noisy.aurg > 0 > reverse.aurg


def test_a_constant_certainty_is_worth_what_random_removal_is(error):
    found = Sparsification.of(np.sort(error), np.ones(error.size))
    np.testing.assert_allclose(found.model, 1)
    assert found.aurg == pytest.approx(0, abs=1e-12)
    drawn = Sparsification.of(error, np.random.default_rng(2).random(error.size))
    assert drawn.ause == pytest.approx(found.ause, abs=0.05)


def test_ties_count_by_their_mean_whatever_the_order_of_the_pixels():
    # The surest half has errors 0 and 2 in turn, the other half 3.
    error = np.array([0, 2] * 10 + [3] * 20)
    certainty = np.repeat([1.0, 0.0], 20)
    found = Sparsification.of(error, certainty)
    np.testing.assert_allclose(found.model[REMOVED >= 0.5], 1 / 2)
    assert Sparsification.of(error[::-1], certainty[::-1]).ause == pytest.approx(found.ause)


def test_curves_are_the_mean_error_of_what_is_left():
    error = np.arange(100.0)
    found = Sparsification.of(error, np.roll(error, 7))
    order = np.argsort(-np.roll(error, 7))
    left = [error[order][: round(100 * (1 - share))].mean() for share in REMOVED]
    np.testing.assert_allclose(found.model, np.array(left) / error.mean())
    np.testing.assert_allclose(found.oracle, (99 - 100 * REMOVED) / 2 / error.mean())


def test_the_areas_are_those_of_straight_lines():
    # Errors spread evenly: the oracle's curve falls from 1 in a straight line, its opposite rises alike.
    found = Sparsification.of(np.arange(100000) + 0.5, np.arange(100000))
    assert found.aurg == pytest.approx(-(0.95**2) / 2)
    assert found.ause == pytest.approx(0.95**2)


def test_an_unknown_error_or_certainty_makes_every_area_unknown(error):
    for broken in (np.nan, np.inf):
        lost = np.where(np.arange(error.size) == 7, broken, error)
        assert np.isnan(Sparsification.of(lost, -error).ause)
        assert np.isnan(Sparsification.of(lost, -error).aurg)
    unsure = np.where(np.arange(error.size) == 7, np.nan, -error)
    assert np.isnan(Sparsification.of(error, unsure).ause)


def test_nothing_is_gained_or_lost_without_errors_or_with_one_pixel():
    for error in (np.zeros(50), np.ones(1)):
        found = Sparsification.of(error, np.arange(error.size))
        assert (found.ause, found.aurg) == pytest.approx((0, 0), abs=1e-12)


def test_a_sum_has_the_mean_of_the_areas_and_survives_json(error):
    a = Sparsification.of(error, -error)
    b = Sparsification.of(3 * error, error)
    both = Sparsification.from_json(json.loads(json.dumps((a + b).to_json())))
    assert both.ause == pytest.approx((a.ause + b.ause) / 2)
    assert both.aurg == pytest.approx((a.aurg + b.aurg) / 2)
