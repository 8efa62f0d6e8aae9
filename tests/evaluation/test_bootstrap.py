"""Intervals hold the truth as often as they say, and paired differences are seen where means are blurred."""

import numpy as np
import pytest

from theodolite.evaluation.bootstrap import Bootstrap, paired


def mean_of(values):
    return lambda weights: (weights @ values / weights.sum(axis=1))[:, None]


def test_an_interval_holds_the_true_mean_as_often_as_it_says():
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        values = generator.normal(3, 1, 40)
        low, high = Bootstrap(np.zeros(40, int)).interval(mean_of(values))
        held += low[0] <= 3 <= high[0]
    assert 0.89 <= held / 200 <= 0.99


def test_an_interval_is_as_wide_as_the_standard_error_asks():
    values = np.random.default_rng(2).normal(0, 1, 400)
    low, high = Bootstrap(np.zeros(400, int)).interval(mean_of(values))
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_draws_inside_groups_leave_no_doubt_between_groups():
    values = np.repeat([0.0, 100.0], 50)
    groups = np.repeat([0, 1], 50)
    low, high = Bootstrap(groups, within=True).interval(mean_of(values))
    assert low[0] == high[0] == 50
    low, high = Bootstrap(groups).interval(mean_of(values))
    assert high[0] - low[0] > 10


def test_the_same_images_give_the_same_interval():
    values = np.random.default_rng(3).normal(size=30)
    ends = [Bootstrap(np.zeros(30, int)).interval(mean_of(values)) for _ in range(2)]
    assert ends[0][0] == ends[1][0]
    assert ends[0][1] == ends[1][1]


def test_one_image_has_no_interval_and_a_mean_that_is_none_neither():
    assert np.isnan(Bootstrap(np.zeros(1, int)).interval(mean_of(np.ones(1)))).all()
    assert np.isnan(Bootstrap(np.zeros(3, int)).interval(mean_of(np.array([1, np.nan, 2])))).all()


def test_a_small_steady_difference_is_seen_between_widely_scattered_values():
    generator = np.random.default_rng(4)
    first = generator.uniform(0, 10, 50)
    found = paired(first, first + generator.normal(0.1, 0.05, 50))
    assert found.difference == pytest.approx(0.1, abs=0.03)
    assert 0 < found.low < found.difference < found.high
    assert found.p < 0.001
    assert found.second_higher > 0.9


def test_no_difference_is_no_surprise():
    generator = np.random.default_rng(5)
    values = [paired(generator.normal(size=30), generator.normal(size=30)).p for _ in range(100)]
    assert np.mean(np.array(values) < 0.05) < 0.15
    assert 0.3 < np.mean(values) < 0.7


def test_equal_models_tie():
    found = paired(np.ones(10), np.ones(10))
    assert (found.difference, found.p, found.second_higher) == (0, 1, 0.5)


def test_three_images_cannot_be_significant():
    assert paired(np.zeros(3), np.array([1.0, 1.1, 1.2])).p > 0.2


def test_nothing_in_common_cannot_be_compared():
    with pytest.raises(ValueError, match="images that both have"):
        paired(np.empty(0), np.empty(0))
