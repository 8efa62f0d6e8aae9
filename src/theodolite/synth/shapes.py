"""Solids in unit size, and where a ray meets them; everything in a scene is an affine image of one.

A solid is given by `local_from_world` (3x3, scale included) and its centre, so a hit parameter t found in local
coordinates is also the world's. Rays come as three component tensors, which lets one compiled kernel fuse the change of
frame, the intersection and the reduction over solids without a temporary in memory.

    BOX        |x|, |y|, |z| <= 1
    ELLIPSOID  x^2 + y^2 + z^2 <= 1
    FRUSTUM    x^2 + y^2 <= r(z)^2, |z| <= 1, r falling from 1 at z = -1 to 1 - a at z = 1;
               b = 1 leaves the top open, b = 2 the foot
    TAPER      |x| <= 1 - a (1 + z) / 2, |y| <= 1 - b (1 + z) / 2, |z| <= 1: roofs, wedges, car cabins, pyramids
    TORUS      see `torus`: a ring whose tube is `a` thick
    ARCH       see `arch`: a block above a tunnel of half width `a` and height `b`
    TERRAIN    see `terrain`: an open sheet of rolling ground
"""

from collections.abc import Callable

import torch
from torch import Tensor

from theodolite.synth.arch import hit_arch, on_vault, vault_normal
from theodolite.synth.rays import INFINITY, Vector, box_interval, first, nonzero
from theodolite.synth.terrain import hit_terrain, terrain_normal
from theodolite.synth.torus import hit_torus, torus_normal

BOX, ELLIPSOID, FRUSTUM, TAPER, TORUS, ARCH, TERRAIN = range(7)
KINDS = (BOX, ELLIPSOID, FRUSTUM, TAPER, TORUS, ARCH, TERRAIN)
# Their normals are left out of the kernels of batches without them.
RARE = (TORUS, ARCH, TERRAIN)
# Their intersections are loops, compiled piece by piece.
LOOPED = (TORUS, TERRAIN)
FACES = 6  # no solid has more flat ones


def hit_box(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    return first(*box_interval(o, d), start)


def hit_ellipsoid(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    """Through the point nearest to the centre: the textbook discriminant loses all digits on small far spheres."""
    speed = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    closest = -(o[0] * d[0] + o[1] * d[1] + o[2] * d[2]) / speed
    x, y, z = o[0] + closest * d[0], o[1] + closest * d[1], o[2] + closest * d[2]
    inside = 1 - x * x - y * y - z * z
    half = (inside.clamp(min=0) / speed).sqrt()
    half = torch.where(inside >= 0, half, -INFINITY)
    return first(closest - half, closest + half, start)


def hit_frustum(o: Vector, d: Vector, a: Tensor, b: Tensor, start: Tensor | float) -> Tensor:
    slope, middle = a / 2, 1 - a / 2
    # Start at the point nearest to the centre, for the same digits as in `hit_ellipsoid`.
    shift = -(o[0] * d[0] + o[1] * d[1] + o[2] * d[2]) / (d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
    x, y, z = o[0] + shift * d[0], o[1] + shift * d[1], o[2] + shift * d[2]
    radius = middle - slope * z
    square = nonzero(d[0] * d[0] + d[1] * d[1] - slope * slope * d[2] * d[2])
    linear = x * d[0] + y * d[1] + slope * d[2] * radius
    discriminant = linear * linear - square * (x * x + y * y - radius * radius)
    root = discriminant.clamp(min=0).sqrt()
    best = torch.full_like(root, INFINITY)
    for sign in (-1, 1):
        t = (-linear + sign * root) / square
        good = (discriminant >= 0) & ((z + t * d[2]).abs() <= 1) & (t + shift > start)
        best = torch.where(good, torch.minimum(best, t), best)
    inverse = 1 / nonzero(d[2])
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
        rate = nonzero(rate)
        t = -value / rate
        near = torch.where(rate < 0, torch.maximum(near, t), near)
        far = torch.where(rate > 0, torch.minimum(far, t), far)
    return first(near, far, start)


HITS: dict[int, Callable[..., Tensor]] = {
    BOX: hit_box,
    ELLIPSOID: hit_ellipsoid,
    FRUSTUM: hit_frustum,
    TAPER: hit_taper,
    TORUS: hit_torus,
    ARCH: hit_arch,
    TERRAIN: hit_terrain,
}


def _box_face(p: Vector) -> Tensor:
    """The face a point lies on: 0 and 1 across x, 2 and 3 across y, 4 and 5 across z."""
    x, y, z = (c.abs() for c in p)
    on_x = (x >= y) & (x >= z)
    on_y = ~on_x & (y >= z)
    upper = torch.where(on_x, p[0], torch.where(on_y, p[1], p[2])) > 0
    return torch.where(on_x, 0, torch.where(on_y, 2, 4)) + upper.int()


def _box_normal(face: Tensor) -> Vector:
    sign = (face % 2 * 2 - 1).float()
    axis = torch.div(face, 2, rounding_mode="floor")
    return torch.where(axis == 0, sign, 0.0), torch.where(axis == 1, sign, 0.0), torch.where(axis == 2, sign, 0.0)


def _on_cap(p: Vector, a: Tensor, b: Tensor) -> Tensor:
    """Whether a point of a frustum's surface lies on an end rather than on its side."""
    x, y, z = p
    from_side = ((x * x + y * y).sqrt() - (1 - a * (1 + z) / 2)).abs()
    is_open = torch.where(z > 0, (b > 0.5) & (b < 1.5), b > 1.5)
    return ~is_open & ((1 - z.abs()).abs() < from_side)


def _taper_normal(face: Tensor, a: Tensor, b: Tensor) -> Vector:
    x, y, z = _box_normal(face)
    return x, y, torch.where(face < 2, a / 2, torch.where(face < 4, b / 2, z))


def local_normal(kind: Tensor, p: Vector, a: Tensor, b: Tensor, rare: bool = True) -> tuple[Vector, Tensor]:
    """Outward normal, not unit, at surface points in local coordinates, each of its own kind of solid.

    Args:
        rare: whether there may be solids of `RARE` among them.
    Returns: the normal, and the number of the flat face from 0, or -1 where the surface is curved.
    """
    box, cap = _box_face(p), _on_cap(p, a, b)
    slanted = torch.stack(_taper_planes(p, a, b, 1)).argmax(0)
    side = (p[0], p[1], a / 2 * (1 - a * (1 + p[2]) / 2))
    choices = [
        (BOX, _box_normal(box), box),
        (ELLIPSOID, p, torch.full_like(box, -1)),
        (FRUSTUM, tuple(torch.where(cap, 0.0 if i < 2 else p[2].sign(), side[i]) for i in range(3)),
         torch.where(cap, 4 + (p[2] > 0).int(), -1)),
        (TAPER, _taper_normal(slanted, a, b), slanted),
    ]  # fmt: skip
    if rare:
        tunnel, wall, vault = on_vault(p, a, b), _box_normal(box), vault_normal(p, a, b)
        choices += [
            (TORUS, torus_normal(p, a, b), torch.full_like(box, -1)),
            (ARCH, tuple(torch.where(tunnel, vault[i], wall[i]) for i in range(3)), torch.where(tunnel, -1, box)),
            (TERRAIN, terrain_normal(p, a, b), torch.full_like(box, -1)),
        ]
    _, normal, face = choices[-1]
    for which, other, number in reversed(choices[:-1]):
        mine = kind == which
        normal = tuple(torch.where(mine, other[i], normal[i]) for i in range(3))
        face = torch.where(mine, number, face)
    return (normal[0], normal[1], normal[2]), face
