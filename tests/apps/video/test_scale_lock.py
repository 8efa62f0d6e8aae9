import numpy as np
import pytest

from theodolite.apps.clips.follower import Link
from theodolite.apps.clips.scale_lock import lock_scale

pytest.importorskip("scipy")


def chain(log_scales, sigma=0.004, noise=0.0, seed=0):
    """Links of neighbours, and of every picture with the tenth before it."""
    random = np.random.default_rng(seed)
    pairs = [(i, i - k) for k in (1, 10) for i in range(k, len(log_scales))]
    return [Link(i, j, log_scales[j] - log_scales[i] + random.normal(0, noise), sigma) for i, j in pairs]


def test_a_wavering_scale_becomes_one_and_keeps_its_mean():
    wavering = np.random.default_rng(1).normal(0.3, 0.1, 60)
    lock = lock_scale(60, chain(wavering))
    locked = wavering + lock.log_factors
    assert locked.std() < 0.001 * wavering.std() + 0.002
    assert locked.mean() == pytest.approx(wavering.mean(), abs=0.02)
    assert set(lock.scenes) == {0}


def test_one_wild_prediction_does_not_move_the_rest():
    wavering = np.random.default_rng(1).normal(0, 0.05, 60)
    wild = wavering.copy()
    wild[30] = 3.0
    calm = wavering + lock_scale(60, chain(wavering)).log_factors
    locked = wild + lock_scale(60, chain(wild)).log_factors
    # A plain mean would move by 3 / 60.
    assert np.abs(np.delete(locked, 30) - np.delete(calm, 30)).max() < 0.02


def test_one_wild_link_does_not_break_the_chain():
    links = chain(np.zeros(40))
    links[20] = Link(links[20].frame, links[20].other, 0.7, 0.004)
    assert np.abs(lock_scale(40, links).log_factors).max() < 0.02


def test_errors_of_many_links_do_not_add_up_without_end():
    count = 3000
    links = [
        Link(i, i - 1, step, 0.01) for i, step in enumerate(np.random.default_rng(0).normal(0, 0.01, count), 0) if i
    ]
    plain = np.cumsum([link.step for link in links])
    locked = lock_scale(count, links).log_factors
    assert np.ptp(plain) > 0.5
    assert np.abs(locked).max() < 0.3
    assert locked.std() < 0.5 * plain.std()


def test_scenes_without_a_link_between_them_keep_a_scale_each():
    wavering = np.concatenate([np.full(20, 0.5), np.full(20, -0.5)]) + np.random.default_rng(2).normal(0, 0.1, 40)
    links = [link for link in chain(wavering) if (link.frame < 20) == (link.other < 20)]
    lock = lock_scale(40, links)
    locked = wavering + lock.log_factors
    assert list(lock.scenes) == [0] * 20 + [1] * 20
    assert locked[:20].std() < 0.003
    assert locked[20:].std() < 0.003
    assert locked[:20].mean() - locked[20:].mean() == pytest.approx(1, abs=0.1)


def test_a_single_picture_stays_as_it_is():
    lock = lock_scale(1, [])
    assert lock.log_factors == pytest.approx([0])
    assert list(lock.scenes) == [0]
