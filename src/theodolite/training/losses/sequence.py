"""Weights of the refinement steps: later estimates count more."""

from __future__ import annotations


def step_weights(estimates: int) -> tuple[float, ...]:
    """One weight for each estimate, the last 1, the first 0.9**15 however many there are.

    Source: Metric3D v2, section 3.4; the exponent comes from RAFT's fifteen steps.
    """
    if estimates < 1:
        raise ValueError(f"A sequence has at least one estimate, got {estimates}.")
    last = estimates - 1
    gamma = 0.9 ** (15 / last) if last else 1.0
    return tuple(gamma ** (last - i) for i in range(estimates))
