"""One unknown factor of depths, found by trying: a cost curve over even steps of its logarithm, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theodolite.types import Float

# Of the logarithm.
STEP = 0.02
# Another minimum this far away (in logarithm) is another answer.
_APART = 0.12
# The minimum has to be this share of the curve's drop lower than any other answer.
_CLEAR = 0.25


@dataclass(frozen=True)
class Found:
    """The factor of least cost, and by how much it stands out: the cost around it, less its own."""

    factor: float
    drop: float


def search(cost: Callable[[float], float], middle: float = 1.0, reach: float = 2.0, step: float = STEP) -> Found | None:
    """The factor of least cost between middle / reach and middle · reach.

    Args:
        cost: of a factor; NaN where nothing can be said.
        step: of the logarithm; the least is taken to lie on a parabola between three of them.
    Returns: None where the least is at an end, or is hardly less than another one.
    """
    count = int(np.ceil(np.log(reach) / step))
    logarithms = np.log(middle) + step * np.arange(-count, count + 1)
    curve = np.array([cost(float(factor)) for factor in np.exp(logarithms)])
    return _least(logarithms, curve)


def _least(logarithms: Float[np.ndarray, " n"], curve: Float[np.ndarray, " n"]) -> Found | None:
    known = np.isfinite(curve)
    if known.sum() < 5:
        return None
    usual = float(np.median(curve[known]))
    curve = np.where(known, curve, np.inf)
    best = int(curve.argmin())
    if not 0 < best < len(curve) - 1 or not (known[best - 1] and known[best + 1]):
        return None
    drop = usual - float(curve[best])
    others = curve[np.abs(logarithms - logarithms[best]) > _APART]
    if drop <= 0 or (len(others) and float(others.min()) - curve[best] < _CLEAR * drop):
        return None
    step = float(logarithms[1] - logarithms[0])
    left, here, right = curve[best - 1 : best + 2]
    bend = left - 2 * here + right
    shift = (left - right) / (2 * bend) if bend > 0 else 0.0
    return Found(float(np.exp(logarithms[best] + step * shift)), drop)
