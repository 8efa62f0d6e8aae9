"""Four solids in unit size, and where a ray meets them; everything in a scene is an affine image of one.

A solid is given by `local_from_world` (3x3, scale included) and its centre, so a hit parameter t found in local
coordinates is also the world's. Rays come as three component tensors, which lets one compiled kernel fuse the change of
frame, the intersection and the reduction over solids without a temporary in memory.

    BOX        |x|, |y|, |z| <= 1
    ELLIPSOID  x^2 + y^2 + z^2 <= 1
    FRUSTUM    x^2 + y^2 <= r(z)^2, |z| <= 1, r falling from 1 at z = -1 to 1 - a at z = 1;
               b = 1 leaves the top open, b = 2 the foot
    TAPER      |x| <= 1 - a (1 + z) / 2, |y| <= 1 - b (1 + z) / 2, |z| <= 1: roofs, wedges, car cabins, pyramids
"""

from collections.abc import Callable

import torch
from torch import Tensor

BOX, ELLIPSOID, FRUSTUM, TAPER = range(4)
KINDS = (BOX, ELLIPSOID, FRUSTUM, TAPER)

Vector = tuple[Tensor, Tensor, Tensor]

INFINITY = float("inf")
# Below this a direction component counts as zero; its reciprocal still leaves room in float32.
TINY = 1e-12


def _nonzero(x: Tensor) -> Tensor:
    return torch.where(x.abs() < TINY, torch.full_like(x, TINY), x)


def _first(near: Tensor, far: Tensor, start: Tensor | float) -> Tensor:
    """The entry of an interval of a ray inside a solid, or its exit when the ray starts inside; else infinity."""
    t = torch.where(near > start, near, far)
    return torch.where((near <= far) & (t > start), t, INFINITY)


def hit_box(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    low, high = [], []
    for position, direction in zip(o, d, strict=True):
        inverse = 1 / _nonzero(direction)
        middle, half = -position * inverse, inverse.abs()
        low.append(middle - half)
        high.append(middle + half)
    near = torch.maximum(torch.maximum(low[0], low[1]), low[2])
    far = torch.minimum(torch.minimum(high[0], high[1]), high[2])
    return _first(near, far, start)


def hit_ellipsoid(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    """Through the point nearest to the centre: the textbook discriminant loses all digits on small far spheres."""
    speed = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    closest = -(o[0] * d[0] + o[1] * d[1] + o[2] * d[2]) / speed
    x, y, z = o[0] + closest * d[0], o[1] + closest * d[1], o[2] + closest * d[2]
    inside = 1 - x * x - y * y - z * z
    half = (inside.clamp(min=0) / speed).sqrt()
    half = torch.where(inside >= 0, half, -INFINITY)
    return _first(closest - half, closest + half, start)


def hit_frustum(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    slope, middle = a / 2, 1 - a / 2
    # Start at the point nearest to the centre, for the same digits as in `hit_ellipsoid`.
    shift = -(o[0] * d[0] + o[1] * d[1] + o[2] * d[2]) / (d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
    x, y, z = o[0] + shift * d[0], o[1] + shift * d[1], o[2] + shift * d[2]
    radius = middle - slope * z
    square = _nonzero(d[0] * d[0] + d[1] * d[1] - slope * slope * d[2] * d[2])
    linear = x * d[0] + y * d[1] + slope * d[2] * radius
    discriminant = linear * linear - square * (x * x + y * y - radius * radius)
    root = discriminant.clamp(min=0).sqrt()
    best = torch.full_like(root, INFINITY)
    for sign in (-1, 1):
        t = (-linear + sign * root) / square
        good = (discriminant >= 0) & ((z + t * d[2]).abs() <= 1) & (t + shift > start)
        best = torch.where(good, torch.minimum(best, t), best)
    inverse = 1 / _nonzero(d[2])
    foot, top = torch.where(b > 1.5, -1.0, 1.0), torch.where((b > 0.5) & (b < 1.5), -1.0, 1 - a)
    for end, size in ((-1, foot), (1, top)):
        t = (end - z) * inverse
        u, v = x + t * d[0], y + t * d[1]
        good = (u * u + v * v <= size * size.abs()) & (t + shift > start)
        best = torch.where(good, torch.minimum(best, t), best)
    return best + shift


def _taper_planes(p: Vector, a: Tensor, b: Tensor, offset: float) -> list[Tensor]:
    """Signed distances, up to scale, beyond the six faces; `offset` 0 gives the rates of change for a direction."""
    x, y, z = p
    return [
        side * axis + slope / 2 * z - offset * (1 - slope / 2) for axis, slope in ((x, a), (y, b)) for side in (-1, 1)
    ] + [side * z - offset for side in (-1, 1)]


def hit_taper(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    near = torch.full_like(o[0] * d[0], -INFINITY)
    far = torch.full_like(near, INFINITY)
    for value, rate in zip(_taper_planes(o, a, b, 1), _taper_planes(d, a, b, 0), strict=True):
        rate = _nonzero(rate)
        t = -value / rate
        near = torch.where(rate < 0, torch.maximum(near, t), near)
        far = torch.where(rate > 0, torch.minimum(far, t), far)
    return _first(near, far, start)


HITS: dict[int, Callable[..., Tensor]] = {
    BOX: hit_box,
    ELLIPSOID: hit_ellipsoid,
    FRUSTUM: hit_frustum,
    TAPER: hit_taper,
}


def _one_hot_sign(values: list[Tensor], p: Vector) -> Vector:
    """Unit vector along the axis whose value is largest, with the sign of the point."""
    x, y, z = values
    on_x = (x >= y) & (x >= z)
    on_y = ~on_x & (y >= z)
    picked = (on_x, on_y, ~on_x & ~on_y)
    return tuple(torch.where(on, c.sign(), 0.0) for on, c in zip(picked, p, strict=True))  # type: ignore[return-value]


def _frustum_normal(p: Vector, a: Tensor, b: Tensor) -> Vector:
    x, y, z = p
    radius = 1 - a * (1 + z) / 2
    from_side = ((x * x + y * y).sqrt() - radius).abs()
    is_open = torch.where(z > 0, (b > 0.5) & (b < 1.5), b > 1.5)
    from_cap = torch.where(is_open, INFINITY, (1 - z.abs()).abs())
    cap = from_cap < from_side
    return (
        torch.where(cap, 0.0, x),
        torch.where(cap, 0.0, y),
        torch.where(cap, z.sign(), a / 2 * radius),
    )


def _taper_normal(p: Vector, a: Tensor, b: Tensor) -> Vector:
    values = torch.stack(_taper_planes(p, a, b, 1))
    face = values.argmax(0)
    x = torch.where(face == 0, -1.0, 0.0) + torch.where(face == 1, 1.0, 0.0)
    y = torch.where(face == 2, -1.0, 0.0) + torch.where(face == 3, 1.0, 0.0)
    z = torch.where(face < 2, a / 2, torch.where(face < 4, b / 2, torch.where(face == 4, -1.0, 1.0)))
    return x, y, z


def local_normal(kind: Tensor, p: Vector, a: Tensor, b: Tensor) -> Vector:
    """Outward normal, not unit, at surface points in local coordinates, each of its own kind of solid."""
    box = _one_hot_sign([c.abs() for c in p], p)
    frustum, taper = _frustum_normal(p, a, b), _taper_normal(p, a, b)
    return tuple(  # type: ignore[return-value]
        torch.where(
            kind == BOX,
            box[i],
            torch.where(kind == ELLIPSOID, p[i], torch.where(kind == FRUSTUM, frustum[i], taper[i])),
        )
        for i in range(3)
    )
