"""A block with a tunnel along y, elliptic and open at the foot; and its normal.

|x|, |y|, |z| <= 1 without (x / a)^2 + ((z + 1) / b)^2 < 1: the part of a wall above the springing of an arch.
"""

import torch
from torch import Tensor

from theodolite.synth.rays import INFINITY, Vector, box_interval, nonzero


def hit_arch(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    near, far = box_interval(o, d)
    x, z, across, up = o[0] / a, (o[2] + 1) / b, d[0] / a, d[2] / b
    # From the point of the ray nearest to the tunnel's axis, for the same digits as in `shapes.hit_ellipsoid`.
    speed = (across * across + up * up).clamp(min=1e-24)
    middle = -(x * across + z * up) / speed
    u, w = x + middle * across, z + middle * up
    inside = 1 - u * u - w * w
    half = (inside.clamp(min=0) / speed).sqrt()
    enters = torch.where(inside > 0, middle - half, INFINITY)
    leaves = torch.where(inside > 0, middle + half, -INFINITY)
    # What is left of the ray's way through the block: before the tunnel and behind it.
    best = torch.full_like(near, INFINITY)
    for low, high in ((near, torch.minimum(far, enters)), (torch.maximum(near, leaves), far)):
        for border in (low, high):
            good = (low < high) & (border > start)
            best = torch.where(good, torch.minimum(best, border), best)
    return best


def on_vault(p: Vector, a: Tensor, b: Tensor) -> Tensor:
    """Whether a point of the surface lies in the tunnel rather than on a face of the block."""
    u, w = p[0] / a, (p[2] + 1) / b
    # Half the change of u^2 + w^2 over its slope: a distance, as those to the faces are.
    slope = ((u / a).square() + (w / b).square()).clamp(min=1e-12).sqrt()
    off = (u * u + w * w - 1).abs() / (2 * slope)
    from_face = torch.minimum(torch.minimum((1 - p[0].abs()).abs(), (1 - p[1].abs()).abs()), (1 - p[2].abs()).abs())
    return off < from_face


def vault_normal(p: Vector, a: Tensor, b: Tensor) -> Vector:
    """Outward of the solid, which is into the tunnel."""
    return -p[0] / nonzero(a * a), torch.zeros_like(p[0]), -(p[2] + 1) / nonzero(b * b)
