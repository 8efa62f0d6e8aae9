"""A ring: where a ray meets it, and its normal.

In local coordinates ((rho - c) / a)^2 + z^2 = 1 with rho^2 = x^2 + y^2 and c = 1 - a: the ring touches |x| = |y| = 1
and |z| = 1, and `a` is half the thickness of its tube as a share of its outer radius. Scaled by `a` along z it is a
true torus. A ray parametrised from its point nearest to the centre meets that where a quartic without cubic term is 0.
"""

import torch
from torch import Tensor

from theodolite.synth.compiled import compiled
from theodolite.synth.rays import INFINITY, Vector, dot, nonzero

# Steps of Newton's method, which halve the distance even to a double root, where the ray only touches; in short runs,
# because a compiler takes minutes over one long chain of them.
_STEPS, _RUNS = 4, 3
_CLOSE = 4e-6  # in outer radii; float32 cannot tell nearer misses from hits


def hit_torus(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    """The nearest root after `start`, from four runs of Newton's method that between them reach every root.

    The quartic is convex, then concave between -s and s, then convex. Newton's method runs to a root without
    overshooting when it starts on the far side of it within a stretch of one curvature: so from both ends, and from -s
    and s. A run whose root does not exist ends nowhere near the surface, and is dropped.
    """
    c = 1 - a
    p, v = (o[0], o[1], o[2] * a), (d[0], d[1], d[2] * a)
    speed = dot(v, v).clamp(min=1e-24).sqrt()
    v = (v[0] / speed, v[1] / speed, v[2] / speed)
    shift = -dot(p, v)
    p = (p[0] + shift * v[0], p[1] + shift * v[1], p[2] + shift * v[2])
    apart = dot(p, p)
    k = apart + c * c - a * a
    flat, drift, away = v[0] * v[0] + v[1] * v[1], p[0] * v[0] + p[1] * v[1], p[0] * p[0] + p[1] * p[1]
    square = 2 * k - 4 * c * c * flat
    linear = -8 * c * c * drift
    constant = k * k - 4 * c * c * away
    bound = (1 - apart).clamp(min=0).sqrt()
    turn = (-square / 6).clamp(min=0).sqrt()

    best = torch.full_like(apart, INFINITY)
    run = compiled(_run)
    for begin in (-bound, -turn, turn, bound):
        t = begin
        for _ in range(_RUNS):
            t = run(t, square, linear, constant)
        t, off = compiled(_polish)(p, v, t, a)
        # By the sphere around the ring, too: rays that pass outside have no bound to start from.
        good = (off.abs() <= _CLOSE * 2 * a) & (apart < 1) & ((t + shift) / speed > start)
        best = torch.where(good, torch.minimum(best, t), best)
    return (best + shift) / speed


def _run(t: Tensor, square: Tensor, linear: Tensor, constant: Tensor) -> Tensor:
    """A few steps of Newton's method on t^4 + square t^2 + linear t + constant."""
    for _ in range(_STEPS):
        value = ((t * t + square) * t + linear) * t + constant
        slope = (4 * t * t + 2 * square) * t + linear
        t = (t - value / nonzero(slope)).clamp(-1.5, 1.5)
    return t


def _polish(p: Vector, v: Vector, t: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """The quartic loses digits on thin rings; the distance to the tube, which is given too, does not."""
    for _ in range(2):
        off, slope = _off_tube(p, v, t, a)
        # Slopes are small where the ray only touches: there the step could lead anywhere.
        t = t - (off / nonzero(slope)).clamp(-1e-3, 1e-3)
    return t, _off_tube(p, v, t, a)[0]


def _off_tube(p: Vector, v: Vector, t: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Square of the distance to the ring's middle line less the tube's, and how it grows along the ray."""
    x, y, z = p[0] + t * v[0], p[1] + t * v[1], p[2] + t * v[2]
    rho = (x * x + y * y).clamp(min=1e-24).sqrt()
    out = rho - (1 - a)
    return out * out + z * z - a * a, 2 * (out * (x * v[0] + y * v[1]) / rho + z * v[2])


def torus_normal(p: Vector, a: Tensor, b: Tensor) -> Vector:
    x, y, z = p
    rho = (x * x + y * y).clamp(min=1e-24).sqrt()
    out = (rho - (1 - a)) / (a * a * rho)
    return x * out, y * out, z
