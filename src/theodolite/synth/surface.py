"""What a ray finds where it hits: the point, the normal, and the material's colour there."""

from dataclasses import dataclass

import torch
from torch import Tensor

from theodolite.synth.compiled import compiled
from theodolite.synth.material import LEVELS, SIZE, TEXELS
from theodolite.synth.rays import Vector
from theodolite.synth.shapes import FRUSTUM, local_normal
from theodolite.synth.trace import Table


@dataclass(frozen=True)
class Surface:
    """What pixels see, (tiles, 3, pixels) or (tiles, pixels).

    Args:
        normal: unit, facing the ray, world.
        colour: linear.
        finish: gloss, shine, glow.
        mirror: share of the light that is a sharp reflection.
        face: number of the solid's flat face from 0; -1 where it is curved.
    """

    point: Tensor
    normal: Tensor
    colour: Tensor
    finish: Tensor
    mirror: Tensor
    face: Tensor


def surface(
    table: Table,
    texels: Tensor,
    solid: Tensor,
    t: Tensor,
    rays: tuple[Tensor, Tensor],
    footprint: tuple[Tensor, Tensor],
) -> Surface:
    """Points and materials where rays hit.

    Args:
        solid, t: (tiles, pixels), as `first_solids` gives them but without -1 and infinity.
        rays: origin and direction, (tiles, 3, pixels); origin may be (tiles, 3, 1).
        footprint: width of the ray, metres, per metre of its way, (tiles,), and at its origin, (tiles, pixels).
    """
    return Surface(*compiled(_surface)(_row(table, solid), texels, t, *rays, *footprint, table.has_rare))


def _row(table: Table, solid: Tensor) -> tuple[Tensor, ...]:
    names = ("kind", "shape", "centre", "local_from_world", "half", "material")
    return (*(getattr(table, name) for name in names), solid)


def _surface(row, texels, t, origin, direction, spread, wide, rare):
    *columns, solid = row
    kind, shape, centre, matrix, half, material = (column[solid] for column in columns)
    a, b = shape[..., 0], shape[..., 1]
    d = tuple(direction[:, i] for i in range(3))
    world = tuple(origin[:, i] - centre[..., i] + t * d[i] for i in range(3))
    local = tuple(sum(matrix[..., i, j] * world[j] for j in range(3)) for i in range(3))
    inner, face = local_normal(kind, local, a, b, rare)
    normal = tuple(sum(matrix[..., j, i] * inner[j] for j in range(3)) for i in range(3))
    length = (normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2).sqrt().clamp(min=1e-20)
    along = normal[0] * d[0] + normal[1] * d[1] + normal[2] * d[2]
    scale = torch.where(along > 0, -1.0, 1.0) / length
    normal = tuple(c * scale for c in normal)
    ray = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2).sqrt()
    slant = (along.abs() / length / ray).clamp(min=0.05)

    u, v, fit_u, fit_v = _coordinates(kind, local, inner, half, a)
    period = material[..., 1]
    fits = period <= 0
    cycles_u = torch.where(fits, fit_u, u / period + material[..., 8])
    cycles_v = torch.where(fits, fit_v, v / period + material[..., 9])
    # Metres that the texture spans; a fitted one is judged by the face's longer side.
    span = torch.where(fits, 2 * half.amax(-1), period)
    size = (t * ray * spread[:, None] + wide) / slant.sqrt()
    level = (size / span * SIZE).clamp(min=1).log2()
    colour = _texel(texels, material[..., 0].int(), cycles_u, cycles_v, level)

    # sRGB is close enough to a square here, and the sensor undoes it with a square root.
    colour = tuple((c * material[..., 2 + i]).square() for i, c in enumerate(colour))
    point = tuple(origin[:, i] + t * d[i] for i in range(3))
    return (
        torch.stack(point, 1),
        torch.stack(normal, 1),
        torch.stack(colour, 1),
        torch.stack([material[..., 5], material[..., 6], material[..., 7]], 1),
        material[..., 10],
        face.int(),
    )


def _coordinates(kind: Tensor, local: Vector, inner: Vector, half: Tensor, a: Tensor) -> tuple[Tensor, ...]:
    """Texture coordinates in metres, and in shares of the face.

    Flat faces take the two axes they lie along, a frustum's side is unrolled, an ellipsoid is seen from the axis its
    normal is nearest to. v runs downwards on upright faces, as images do.
    """
    x, y, z = (local[i] * half[..., i] for i in range(3))
    across = tuple((inner[i] / half[..., i]).abs() for i in range(3))
    on_x = (across[0] >= across[1]) & (across[0] >= across[2])
    on_z = ~on_x & (across[2] > across[1])
    u = torch.where(on_x, y * -local[0].sign(), torch.where(on_z, x, x * -local[1].sign()))
    v = torch.where(on_z, y, -z)
    wide = torch.where(on_x, half[..., 1], half[..., 0])
    high = torch.where(on_z, half[..., 1], half[..., 2])
    angle = torch.atan2(local[1], local[0])
    side = (kind == FRUSTUM) & ~on_z
    u_out = torch.where(side, angle * (1 - a / 2) * half[..., 0], u)
    fit_u = torch.where(side, angle * (1 / torch.pi) + 0.5, 0.5 + 0.5 * u / wide)
    fit_v = 0.5 + 0.5 * v / high
    return u_out, torch.where(side, -z, v), fit_u, fit_v


def _texel(texels: Tensor, number: Tensor, u: Tensor, v: Tensor, level: Tensor) -> Vector:
    """Colour in [0, 1] of a texture, between the four nearest texels of the nearest halving."""
    step = (level + 0.5).clamp(max=LEVELS - 1).int()
    size = torch.bitwise_right_shift(torch.full_like(step, SIZE), step)
    start = number * TEXELS + torch.div((SIZE * SIZE - size * size) * 4, 3, rounding_mode="floor")
    x, y = (u - u.floor()) * size - 0.5, (v - v.floor()) * size - 0.5
    left, top = x.floor(), y.floor()
    right_share, low_share = x - left, y - top
    x0, y0 = left.int() & (size - 1), top.int() & (size - 1)
    x1, y1 = (x0 + 1) & (size - 1), (y0 + 1) & (size - 1)
    total = [torch.zeros_like(x) for _ in range(3)]
    for row, row_share in ((y0, 1 - low_share), (y1, low_share)):
        for column, column_share in ((x0, 1 - right_share), (x1, right_share)):
            packed = texels[start + row * size + column]
            share = row_share * column_share / 255
            for i in range(3):
                total[i] = total[i] + (torch.bitwise_right_shift(packed, 8 * i) & 255) * share
    return total[0], total[1], total[2]
