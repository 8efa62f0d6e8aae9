"""Small parts of every intersection: vectors as three tensors, and the first of two borders along a ray."""

import torch
from torch import Tensor

Vector = tuple[Tensor, Tensor, Tensor]

INFINITY = float("inf")
# Below this a direction component counts as zero; its reciprocal still leaves room in float32.
TINY = 1e-12


def nonzero(x: Tensor) -> Tensor:
    return torch.where(x.abs() < TINY, torch.full_like(x, TINY), x)


def dot(a: Vector, b: Vector) -> Tensor:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def first(near: Tensor, far: Tensor, start: Tensor | float) -> Tensor:
    """The entry of an interval of a ray inside a solid, or its exit when the ray starts inside; else infinity."""
    t = torch.where(near > start, near, far)
    return torch.where((near <= far) & (t > start), t, INFINITY)


def box_interval(o: Vector, d: Vector) -> tuple[Tensor, Tensor]:
    """Where a ray enters and leaves |x|, |y|, |z| <= 1; it misses when the first is larger."""
    low, high = [], []
    for position, direction in zip(o, d, strict=True):
        inverse = 1 / nonzero(direction)
        middle, half = -position * inverse, inverse.abs()
        low.append(middle - half)
        high.append(middle + half)
    near = torch.maximum(torch.maximum(low[0], low[1]), low[2])
    return near, torch.minimum(torch.minimum(high[0], high[1]), high[2])
