"""Sampling: every batch in its shares, every sample once an epoch, and nothing to remember between steps."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theodolite.training.sampler import drawn_before, draws, position_in_set

SHARES = st.lists(st.integers(1, 300).map(lambda n: n / 100), min_size=1, max_size=6)
BATCHES = st.integers(1, 24)
STEPS = st.integers(0, 1_000_000)


def dues(batch, shares):
    """Samples of each set that a batch should hold."""
    parts = [Fraction(str(share)) for share in shares]
    return [batch * part / sum(parts) for part in parts]


@given(shares=SHARES, batch=BATCHES, step=STEPS)
def test_every_batch_holds_each_sets_due_rounded_down_or_up(shares, batch, step):
    before, after = drawn_before(step, batch, shares), drawn_before(step + 1, batch, shares)
    counts = [a - b for a, b in zip(after, before, strict=True)]
    assert sum(counts) == batch
    for count, due in zip(counts, dues(batch, shares), strict=True):
        assert math.floor(due) <= count <= math.ceil(due)


@given(shares=SHARES, batch=BATCHES, step=STEPS)
def test_a_batch_holds_the_numbers_that_come_next_in_each_set(shares, batch, step):
    before, after = drawn_before(step, batch, shares), drawn_before(step + 1, batch, shares)
    found = draws(step, batch, shares, seed=0)
    assert len(found) == batch
    wanted = [(which, n) for which in range(len(shares)) for n in range(before[which], after[which])]
    assert sorted(found) == wanted


@given(shares=SHARES, batch=BATCHES, step=STEPS)
def test_sets_keep_to_their_shares_however_long_a_run_is(shares, batch, step):
    for count, due in zip(drawn_before(step, batch, shares), dues(batch, shares), strict=True):
        assert abs(count - step * due) < 2 + step.bit_length() * 2 / 3


def test_a_short_run_is_counted_right_step_by_step():
    shares, batch, counts = (0.5, 0.3, 1.7), 3, [0, 0, 0]
    for step in range(300):
        assert drawn_before(step, batch, shares) == counts
        for which, number in draws(step, batch, shares, seed=1):
            assert number >= counts[which]
        for which, _ in draws(step, batch, shares, seed=1):
            counts[which] += 1
    assert [abs(count - 300 * due) < 3 for count, due in zip(counts, dues(batch, shares), strict=True)] == [True] * 3


@pytest.mark.parametrize("shares", [(1, 1, 1), (0.1, 0.2, 0.3), (0.3, 0.1, 0.6), (1e-5, 1, 1)])
def test_equal_and_awkward_shares_are_not_a_matter_of_rounding(shares):
    due = dues(10, shares)
    for step in range(64):
        drawn = [which for which, _ in draws(step, 10, shares, seed=0)]
        assert all(drawn.count(i) >= math.floor(d) for i, d in enumerate(due))


def test_the_order_of_asking_changes_nothing():
    there = [draws(step, 6, (1, 2), 3) for step in range(20)]
    back = [draws(step, 6, (1, 2), 3) for step in reversed(range(20))]
    assert there == back[::-1]


@given(count=st.integers(1, 60), epoch=st.integers(0, 5), which=st.integers(0, 3), seed=st.integers(0, 9))
def test_every_sample_of_a_set_comes_once_an_epoch(count, epoch, which, seed):
    numbers = range(epoch * count, (epoch + 1) * count)
    assert sorted(position_in_set(number, count, which, seed) for number in numbers) == list(range(count))


def order(epoch=0, which=0, seed=0, count=30):
    return [position_in_set(epoch * count + number, count, which, seed) for number in range(count)]


def test_epochs_sets_and_seeds_have_orders_of_their_own():
    orders = [order(), order(epoch=1), order(which=1), order(seed=1)]
    assert all(a != b for i, a in enumerate(orders) for b in orders[:i])


def test_sets_lie_mixed_in_a_batch_so_that_processes_see_all_of_them():
    halves = [[which for which, _ in draws(step, 16, (1, 1), 0)][:8] for step in range(30)]
    assert all(0 < sum(half) < 8 for half in halves)
    assert len({tuple(half) for half in halves}) > 20
