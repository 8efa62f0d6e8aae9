import numpy as np
import pytest

from theodolite.apps.slow_scale import slow_scale
from theodolite.apps.trajectory import Trajectory
from theodolite.geometry.pose import rigid

AT = np.linspace(0, 60, 100)
NOISE = np.random.default_rng(8).normal(0, 0.08, 100)


def test_one_scale_with_noise_stays_one_scale():
    found = slow_scale(AT, np.log(2.5) + NOISE)
    assert len(found.at) == 1
    assert found.drift == 0
    assert found.factor == pytest.approx(2.5, rel=0.02)
    assert found.spread == pytest.approx(0.08, rel=0.3)
    assert 0.001 < found.sigma < 0.03


def test_a_drift_is_found_under_noise_ten_times_a_step():
    true = 0.6 * np.sin(AT / 30)
    found = slow_scale(AT, true + NOISE)
    assert len(found.at) > 1
    assert np.abs(np.log(found(AT)) - true).mean() < 0.03
    assert found.drift == pytest.approx(np.exp(np.ptp(true)) - 1, rel=0.15)


def test_a_drift_no_larger_than_what_pictures_differ_by_is_left_alone():
    assert slow_scale(AT, 0.2 * AT / 60 + NOISE).drift == 0


def test_a_fifth_of_wild_pictures_does_not_matter():
    wild = NOISE.copy()
    wild[::5] += 1.5
    assert slow_scale(AT, np.log(0.4) + wild).factor == pytest.approx(0.4, rel=0.06)


def test_one_picture_is_enough_but_tells_no_uncertainty():
    found = slow_scale(np.array([3.0]), np.array([0.7]))
    assert found.factor == pytest.approx(np.exp(0.7))
    assert np.isnan(found.sigma)
    with pytest.raises(ValueError, match="at least one"):
        slow_scale(np.empty(0), np.empty(0))


def test_a_path_is_brought_to_metres_step_by_step():
    places = np.stack([AT, np.zeros(100), np.full(100, 5.0)], axis=1)
    path = Trajectory(AT, rigid(np.broadcast_to(np.eye(3), (100, 3, 3)), places))
    even = slow_scale(AT, np.full(100, np.log(3.0)))
    np.testing.assert_allclose(even.corrected(path).places, 3 * places)
    growing = slow_scale(AT, 0.02 * AT)
    # The integral of exp(0.02 x) from 0 to 60.
    assert growing.corrected(path).length == pytest.approx((np.exp(1.2) - 1) / 0.02, rel=0.01)
