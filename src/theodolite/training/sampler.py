"""Which sample takes which place of which batch: balanced over data sets, and a function of seed and step alone.

Every batch draws from every set in given shares, as in Metric3D (ICCV 2023), section 3.3, where the authors' code
balances groups of sets. Nothing is remembered between steps, so a run resumes exactly, and a batch may be divided among
any number of processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

import numpy as np

from theodolite.types import Int

# What a random stream is for, so that no two purposes share one.
CANVAS, ORDER, PLACE, VIEW, REPLACEMENT, DRAW, STOCK = range(7)


def random(seed: int, purpose: int, *numbers: int) -> np.random.Generator:
    """The random stream of one purpose, at one step or slot."""
    return np.random.default_rng((seed, purpose, *numbers))


def drawn_before(step: int, batch: int, shares: Sequence[float]) -> list[int]:
    """How many samples of each set the steps before `step` drew.

    The sets' shares of a batch lie end to end on a line as long as the batch, and a comb with teeth one sample apart is
    laid on it: each set gets the teeth between its ends. So every batch holds a set's due, rounded down or up, and a
    set whose due is at least one sample is in every batch. From step to step the comb moves as van der Corput's
    sequence does, which fills its gap so evenly that the sum over steps stays within a few samples of the due.
    """
    # Decimals as they were written; and exact, because a hair's breadth decides on which side of an end a tooth is.
    ends = [batch * end for end in accumulate(Fraction(str(share)) for share in shares)]
    teeth = [_teeth_before(step, end / (ends[-1] / batch)) for end in ends]
    return [end - start for start, end in zip([0, *teeth], teeth, strict=False)]


def _teeth_before(step: int, end: Fraction) -> int:
    """How many teeth the combs of the steps before `step` have before a point of the line."""
    whole, rest = divmod(end, 1)
    found, start = int(whole) * step, 0
    # Of aligned 2^n steps each has its comb in a part of the gap of its own, 2^-n wide, all equally far into theirs.
    for power in reversed(range(step.bit_length())):
        if step >> power & 1:
            # The point less where those steps start, over 2^-n; in whole numbers, as fractions would take far longer.
            digits, mirrored = start.bit_length(), int(f"{start:b}"[::-1], 2)
            further = ((rest.numerator << digits) - mirrored * rest.denominator) << power
            found += min(max(-(-further // (rest.denominator << digits)), 0), 2**power)
            start += 2**power
    return found


def draws(step: int, batch: int, shares: Sequence[float], seed: int) -> list[tuple[int, int]]:
    """The set of each place in a batch, and how many samples of that set came before it in the whole run."""
    before, after = drawn_before(step, batch, shares), drawn_before(step + 1, batch, shares)
    chosen = [(which, number) for which in range(len(shares)) for number in range(before[which], after[which])]
    # Shuffled, so that processes which take contiguous places do not each see a set of their own.
    return [chosen[i] for i in random(seed, PLACE, step).permutation(batch)]


def position_in_set(number: int, count: int, which: int, seed: int) -> int:
    """Where in a set of `count` samples its draw of this number finds one: each once, before any comes again."""
    epoch, place = divmod(number, count)
    return int(_order(count, seed, which, epoch)[place])


@lru_cache(maxsize=64)
def _order(count: int, seed: int, which: int, epoch: int) -> Int[np.ndarray, " count"]:
    return random(seed, ORDER, which, epoch).permutation(count)
