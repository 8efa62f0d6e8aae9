"""Alignment to sparse points: exact pairs, outliers on one side, and when a shift is worth it."""

import numpy as np
import pytest

from theodolite.apps.priors.alignment import Pairs, align
from theodolite.apps.priors.robust_fit import fit_affine, fit_scale


def pairs(count=200, factor=0.4, shift=0.0, space="depth", noise=0.0, wrong=0.0, seed=0) -> Pairs:
    """Predicted depth from 1 to 6 m, and true depth by the factor and shift; wrong ones lie much farther."""
    generator = np.random.default_rng(seed)
    predicted = generator.uniform(1, 6, count)
    true = factor * predicted + shift if space == "depth" else 1 / (factor / predicted + shift)
    true = true * np.exp(noise * generator.standard_normal(count))
    outliers = generator.random(count) < wrong
    true = np.where(outliers, true * generator.uniform(1.5, 5, count), true)
    return Pairs(predicted, true, generator.uniform(0, 100, (count, 2)), (100, 100))


def test_one_scale_is_found_exactly():
    found = align(pairs(), "scale")
    assert found is not None
    assert found.alignment.scale == pytest.approx(0.4, rel=1e-9)
    assert (found.kind, found.outliers, found.by) == ("scale", 0, "points")


@pytest.mark.parametrize("wrong", [0.2, 0.4])
def test_wrong_points_on_one_side_do_not_move_the_scale(wrong):
    every = pairs(count=3000, noise=0.05, wrong=wrong)
    found = fit_scale(every.predicted, every.true)
    assert found.scale == pytest.approx(0.4, rel=0.006)
    # The median moves by more: were it as good, this would be no test.
    assert abs(np.median(every.true / every.predicted) / 0.4 - 1) > 0.012


@pytest.mark.parametrize("space", ["depth", "inverse_depth"])
def test_wrong_points_do_not_move_scale_and_shift(space):
    every = pairs(factor=1.3, shift=0.2, space=space, wrong=0.3)
    found = fit_affine(every.predicted, every.true, space)
    assert found is not None
    assert (found.scale, found.shift) == (pytest.approx(1.3, rel=1e-6), pytest.approx(0.2, rel=1e-5))


@pytest.mark.parametrize(("space", "kind"), [("depth", "scale-shift"), ("inverse_depth", "scale-shift-inverse")])
def test_a_shift_that_is_there_is_found_without_being_asked_for(space, kind):
    found = align(pairs(factor=1.1, shift=0.3, space=space, noise=0.02, wrong=0.1), "auto")
    assert found is not None
    assert found.kind == kind
    assert found.gain < 0.7
    assert found.alignment.shift == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_is_no_reason_for_a_shift(seed):
    found = align(pairs(count=80, noise=0.1, wrong=0.1, seed=seed), "auto")
    assert found is not None
    assert found.kind == "scale"
    assert found.alignment.scale == pytest.approx(0.4, rel=0.05)


def test_a_shift_is_not_taken_where_it_was_not_asked_for():
    found = align(pairs(factor=1.1, shift=0.5), "scale")
    assert found is not None
    assert found.kind == "scale"


def test_a_shift_that_is_asked_for_is_taken():
    found = align(pairs(factor=1.1, shift=0.5), "scale-shift")
    assert found is not None
    assert (found.kind, found.alignment.shift) == ("scale-shift", pytest.approx(0.5, rel=1e-6))


def test_points_at_one_depth_give_a_scale_where_a_shift_is_asked_for():
    flat = Pairs(np.full(50, 2.0), np.full(50, 1.0), np.random.default_rng(0).uniform(0, 99, (50, 2)), (100, 100))
    found = align(flat, "scale-shift")
    assert found is not None
    assert (found.kind, found.alignment.scale) == ("scale", pytest.approx(0.5))


def test_too_few_points_say_nothing():
    assert align(pairs(count=10), "auto") is None
    assert align(pairs(count=0), "auto") is None


def test_the_residual_is_that_of_good_points():
    found = align(pairs(count=2000, noise=0.05, wrong=0.2), "scale")
    assert found is not None
    assert found.residual == pytest.approx(0.05 * 0.6745, rel=0.15)
    assert found.outliers > 300
