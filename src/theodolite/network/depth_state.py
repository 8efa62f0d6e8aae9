"""How the recurrent decoder holds depth: a linear state, as published, or a logarithmic one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from theodolite.types import Array, Float

# No import of torch: a variant, which holds one of these, is numbers only and opens without it.


@dataclass(frozen=True)
class DepthState:
    """The published state: 0 is `far`, -1 lies `scale` metres nearer.

    Args:
        near, far: canonical metres, the range of what can be expressed.
        scale: metres in one unit of state.
    """

    near: float = 0.1
    far: float = 200.0
    scale: float = 100.0

    def __post_init__(self) -> None:
        _check_range(self.near, self.far)
        if self.scale <= 0:
            raise ValueError(f"a depth state needs a positive scale; it is {self.scale}")

    def encode(self, depth: Float[Array, "..."]) -> Float[Array, "..."]:
        """The state of a depth in canonical metres."""
        return (self._clip(depth) - self.far) / self.scale

    def decode(self, state: Float[Array, "..."]) -> Float[Array, "..."]:
        """Canonical metres, inside the range."""
        return self._clip(self.scale * state + self.far)

    def _clip(self, depth: Float[Array, "..."]) -> Float[Array, "..."]:
        # Two rectifiers, not a clamp: their rounding is part of the published output, where 0.1 reads 0.100006104.
        raised = (depth - self.near).relu() + self.near
        return self.far - (self.far - raised).relu()


@dataclass(frozen=True)
class LogDepthState:
    """State in units of `scale` on a natural log scale, 0 at `far`: the same relative precision near and far away.

    Args:
        near, far: canonical metres, the range of what can be expressed.
        scale: natural logarithms in one unit of state.
    """

    near: float = 0.1
    far: float = 200.0
    scale: float = 2.0

    def __post_init__(self) -> None:
        _check_range(self.near, self.far)
        if self.scale <= 0:
            raise ValueError(f"a depth state needs a positive scale; it is {self.scale}")

    def encode(self, depth: Float[Array, "..."]) -> Float[Array, "..."]:
        """The state of a depth in canonical metres."""
        return (depth.clamp(self.near, self.far).log() - math.log(self.far)) / self.scale

    def decode(self, state: Float[Array, "..."]) -> Float[Array, "..."]:
        """Canonical metres, inside the range."""
        # Clamped before the exponential: a state gone astray would otherwise overflow, and its gradient be NaN.
        log_depth = (self.scale * state + math.log(self.far)).clamp(math.log(self.near), math.log(self.far))
        return log_depth.exp()


def _check_range(near: float, far: float) -> None:
    if not 0 < near < far:
        raise ValueError(f"a depth range needs 0 < near < far; it is {near} to {far}")
