"""Directed depth errors, counted by hand."""

import numpy as np
import pytest

from theodolite.evaluation.directed_metrics import directed_metrics


def test_pixels_are_counted_by_the_side_they_are_wrongly_on():
    truth = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.nan])
    depth = np.array([2.9, 3.1, 3.0, 2.0, 9.0, 1.0, 1.0])
    found = directed_metrics(depth, truth)
    assert found.as_dict() == pytest.approx({"correct": 3 / 6, "too_near": 2 / 6, "too_far": 1 / 6})
    assert directed_metrics(depth, truth, plane=0.5).correct == 1


def test_only_valid_pixels_count_and_none_is_no_score():
    truth, depth = np.array([1.0, 5.0]), np.array([1.0, 1.0])
    assert directed_metrics(depth, truth, np.array([True, False])).correct == 1
    assert directed_metrics(depth, truth, np.zeros(2, bool)) is None


def test_an_unknown_prediction_cannot_turn_into_a_good_score():
    truth = np.array([1.0, 5.0, 1.0, 5.0])
    found = directed_metrics(np.array([1.0, 5.0, np.nan, np.nan]), truth)
    assert found.correct == 0.5
    assert np.isnan(found.too_near)
    assert np.isnan(found.too_far)
