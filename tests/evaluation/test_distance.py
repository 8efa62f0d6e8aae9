"""Errors by distance fall into the bins of the true depth."""

import numpy as np
import pytest

from theodolite.evaluation.depth_metrics import DepthSums
from theodolite.evaluation.distance import EDGES, DistanceSums, distance_rows


def test_each_bin_has_its_own_pixels_and_errors():
    truth = np.array([0.5, 0.5, 3.5, 100.0, 500.0], np.float32)
    rows = distance_rows(DistanceSums.of(truth * np.array([1.1, 0.9, 1.3, 0.5, 1], np.float32), truth))
    assert [(row.near, row.far, row.pixels) for row in rows] == [
        (0, 1, 2),
        (3, 4, 1),
        (80, 120, 1),
        (EDGES[-1], float("inf"), 1),
    ]
    assert [row.abs_rel for row in rows] == pytest.approx([0.1, 0.3, 0.5, 0], abs=1e-6)
    assert [row.bias for row in rows] == pytest.approx([0, 0.3, -0.5, 0], abs=1e-6)
    assert [row.delta1 for row in rows] == [1, 0, 0, 1]


def test_sums_of_two_images_are_those_of_their_pixels():
    truth, depth = np.random.default_rng(0).uniform(0.1, 50, (2, 100_000)).astype(np.float32)
    together = DistanceSums.of(depth, truth)
    parts = DistanceSums.of(depth[:70_000], truth[:70_000]) + DistanceSums.of(depth[70_000:], truth[70_000:])
    np.testing.assert_allclose(together.relative, parts.relative, rtol=1e-12)
    assert together.pixels.sum() == 100_000
    again = DistanceSums.from_json(together.to_json())
    np.testing.assert_array_equal(again.signed, together.signed)


def test_an_unknown_prediction_spoils_its_own_bin_only():
    rows = distance_rows(DistanceSums.of(np.array([np.nan, 3.5]), np.array([0.5, 3.5])))
    assert np.isnan(rows[0].abs_rel)
    assert rows[0].delta1 == 0
    assert rows[1].abs_rel == 0


def test_a_ratio_at_the_limit_is_outside_here_as_everywhere():
    truth = np.full(10, 5.0)
    for depth in (4.0, 6.25):
        assert DistanceSums.of(np.full(10, depth), truth).within.sum() == 0
        assert DepthSums.of(np.full(10, depth), truth).within1 == 0
