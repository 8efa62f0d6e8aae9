"""Rolling ground: a sheet z = h(x, y) over a square patch, where a ray meets it, its normal and its height.

h is a sum of waves whose profile is a chain of parabolas, which looks like a sine, needs no transcendental function and
bends by the same amount everywhere: so a ray can step as far as that bend allows without ever passing through a hill.
`a` chooses the ground and `b` is the number of longest waves along an edge.
"""

import math

import torch
from torch import Tensor

from theodolite.synth.compiled import compiled
from theodolite.synth.rays import INFINITY, Vector, box_interval

_GOLDEN = math.pi * (3 - math.sqrt(5))  # turns that spread directions evenly, however many there are
# Steps at most; in short runs, because a compiler takes minutes over one long chain of them.
_STEPS, _RUNS = 2, 20
_CLOSE = 1e-6  # of half the patch's height; what has not come nearer passes by


def _waves() -> tuple[tuple[float, float, float, float], ...]:
    """Cycles along x and y for `b` = 1, height, and how fast the phase turns with `a`; heights add up to 1."""
    raw = [(1.75**k / 2, _GOLDEN * k + 0.4, 1.75 ** (-1.5 * k), 0.381966 * (k + 1) + 0.137 * k * k) for k in range(5)]
    total = sum(height for _, _, height, _ in raw)
    return tuple((f * math.cos(turn), f * math.sin(turn), height / total, phase) for f, turn, height, phase in raw)


_WAVES = _waves()


def _place(wave: tuple[float, float, float, float], x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The place in the wave's cycle, from -1/2 to 1/2."""
    cycles = (x * wave[0] + y * wave[1]) * b + a * wave[3]
    return cycles - (cycles + 0.5).floor()


def height(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """z of the ground, from -1 to 1."""
    total = torch.zeros_like(x + a)
    for wave in _WAVES:
        w = _place(wave, x, y, a, b)
        total = total + wave[2] * w * (8 - 16 * w.abs())
    return total


def _above(p: Vector, d: Vector, t: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """How high a point of the ray is above the ground, and how that changes along the ray."""
    x, y = p[0] + t * d[0], p[1] + t * d[1]
    gap, rate = p[2] + t * d[2], torch.zeros_like(x) + d[2]
    for wave in _WAVES:
        w = _place(wave, x, y, a, b)
        gap = gap - wave[2] * w * (8 - 16 * w.abs())
        rate = rate - wave[2] * (8 - 32 * w.abs()) * (wave[0] * d[0] + wave[1] * d[1]) * b
    return gap, rate


def hit_terrain(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    """The first point where the ray passes through the sheet, from either side.

    Below a parabola that falls as fast and bends as much as the ground possibly can, the ray is clear: each step leads
    to where that parabola ends. Near the ground this is Newton's method, held back just enough not to overshoot.
    """
    near, far = box_interval(o, d)
    begin = torch.maximum(near, torch.zeros_like(near) + start)
    bend = torch.zeros_like(begin)
    for wave in _WAVES:
        bend = bend + 32 * wave[2] * ((wave[0] * d[0] + wave[1] * d[1]) * b).square()
    # Count from the entry, where the numbers are small: far rays keep their digits.
    p = (o[0] + begin * d[0], o[1] + begin * d[1], o[2] + begin * d[2])
    t = torch.zeros_like(begin)
    side = torch.where(_above(p, d, t, a, b)[0] < 0, -1.0, 1.0)
    run, reach = compiled(_run), far - begin
    for _ in range(_RUNS):
        t, arrived = run(p, d, t, a, b, side, bend, reach)
        if arrived.all():  # and would stay where they are
            break
    good = arrived & (near < far) & (t < reach) & (begin + t > start)
    return torch.where(good, begin + t, INFINITY)


def _run(p: Vector, d: Vector, t: Tensor, a: Tensor, b: Tensor, side: Tensor, bend: Tensor, reach: Tensor) -> tuple:
    """A few steps, and where they have led to the ground or to the end of the patch."""
    for _ in range(_STEPS):
        gap, rate = _above(p, d, t, a, b)
        gap, rate = (gap * side).clamp(min=0), rate * side
        root = (rate * rate + 2 * bend * gap).sqrt()
        falling = 2 * gap / (root - rate).clamp(min=1e-20)
        rising = (rate + root) / bend.clamp(min=1e-20)
        step = torch.where(gap > _CLOSE, torch.where(rate < 0, falling, rising), 0.0)
        t = torch.minimum(t + step, reach)
    gap, _ = _above(p, d, t, a, b)
    return t, (gap * side <= _CLOSE) | (t >= reach)


def terrain_normal(p: Vector, a: Tensor, b: Tensor) -> Vector:
    x, y, _ = p
    along_x, along_y = torch.zeros_like(x), torch.zeros_like(x)
    for wave in _WAVES:
        slope = wave[2] * (8 - 32 * _place(wave, x, y, a, b).abs()) * b
        along_x = along_x - slope * wave[0]
        along_y = along_y - slope * wave[1]
    return along_x, along_y, torch.ones_like(x)
