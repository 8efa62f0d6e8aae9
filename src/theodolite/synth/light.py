"""Light: area lamps and a sun with soft shadows, ambient light with near occlusion, gloss, haze and a clouded sky."""

from collections.abc import Sequence

import torch
from torch import Tensor

from theodolite.synth.compiled import compiled
from theodolite.synth.material import SIZE, TEXELS
from theodolite.synth.trace import NEAREST, Pairs, Table, blocked

# Each pixel of a 4 x 4 block looks at another part of the lamp; `soften` then averages over such blocks.
_PATTERN = (0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5)
# Neighbours, px, on three rings, whose surfaces may hide ambient light.
_NEIGHBOURS = (
    *((2, 1), (-1, 2), (-2, -1), (1, -2)),
    *((5, 0), (0, 5), (-5, 0), (0, -5)),
    *((10, 7), (-7, 10), (-10, -7), (7, -10)),
)


def _dot(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def light_rays(
    point: Tensor, normal: Tensor, view: Tensor, shine: Tensor, lamp: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rays from surface points to a lamp, and what arrives if nothing is in between.

    Args:
        point, normal, view: (tiles, 3, pixels); `view` points from the camera to the surface, unit.
        shine: (tiles, pixels), the exponent of the highlight.
        lamp: (tiles, 12): centre, across, along, facing.
        cell: (pixels,), 0..15, which part of the lamp each pixel looks at.
    Returns: unit direction (tiles, 3, pixels), distance, diffuse and highlight shares (tiles, pixels).
    """
    low, high = (cell % 4 + 0.5) / 2 - 1, (torch.div(cell, 4, rounding_mode="floor") + 0.5) / 2 - 1
    part = [lamp[:, i, None] + low * lamp[:, 3 + i, None] + high * lamp[:, 6 + i, None] for i in range(3)]
    to = [part[i] - point[:, i] for i in range(3)]
    distance = _dot(to, to).sqrt().clamp(min=0.05)
    d = [c / distance for c in to]
    n, shines = normal.unbind(1), [lamp[:, i, None] for i in (9, 10, 11)]
    facing, out = _dot(d, n), -_dot(d, shines)
    arriving = torch.where(_dot(shines, shines) == 0, 1.0, out.clamp(min=0)) / distance**2
    half = [d[i] - view[:, i] for i in range(3)]
    along = (_dot(half, n) / _dot(half, half).sqrt().clamp(min=1e-6)).clamp(min=0, max=1)
    bright = torch.where(facing > 0, along**shine * (shine + 8) / 24, 0.0) * arriving
    return torch.stack(d, 1), distance, facing.clamp(min=0) * arriving, bright


def _bounds(point: Tensor, wanted: Tensor, big: float) -> tuple[Tensor, Tensor]:
    low = torch.where(wanted[:, None], point, big).amin(-1)
    return low, torch.where(wanted[:, None], point, -big).amax(-1)


def _tile_bounds(point: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    big = torch.finfo(torch.float32).max
    return compiled(_bounds)(point, wanted, big)


def _shadow_pairs(table: Table, mine: slice, low: Tensor, high: Tensor, lamp: Tensor, needs: int) -> Pairs:
    """Tiles of one scene, and which of its solids may stand between their points and the lamp.

    A solid is out when its upright box misses the upright box around points and lamp, or when it lies wholly beyond
    the cone that narrows from the tile's points to the lamp.

    Args:
        low, high: (tiles, 3), corners of the points of each tile; low > high where there are none.
        lamp: (12,).
    """
    reach = lamp[3:6].abs() + lamp[6:9].abs()
    swept_low, swept_high = torch.minimum(low, lamp[:3] - reach), torch.maximum(high, lamp[:3] + reach)
    casting = (table.shadows[mine] >= needs).nonzero()[:, 0] + mine.start
    extent = table.world_from_local[casting].abs().sum(2)
    box_low, box_high = table.centre[casting] - extent, table.centre[casting] + extent
    meets = (low[:, 0] <= high[:, 0])[:, None]
    for i in range(3):
        meets = meets & (box_low[:, i] <= swept_high[:, i, None]) & (box_high[:, i] >= swept_low[:, i, None])

    tile, place = meets.nonzero(as_tuple=True)
    solid = casting[place]
    if len(tile) < 2:
        return tile, solid
    keep = compiled(_near_cone)(
        low[tile], high[tile], table.centre[solid], table.world_from_local[solid], lamp[:3], (reach**2).sum().sqrt()
    )
    return tile[keep], solid[keep]


def _near_cone(low: Tensor, high: Tensor, centre: Tensor, half_axes: Tensor, lamp: Tensor, lamp_size: Tensor) -> Tensor:
    middle = [(low[:, i] + high[:, i]) / 2 for i in range(3)]
    diagonal = (high - low).unbind(1)
    radius = _dot(diagonal, diagonal).sqrt() / 2
    axis = [lamp[i] - middle[i] for i in range(3)]
    length = _dot(axis, axis).sqrt().clamp(min=1e-6)
    unit = [c / length for c in axis]
    relative = [centre[:, i] - middle[i] for i in range(3)]
    ahead = _dot(relative, unit)
    across = [relative[i] - ahead * unit[i] for i in range(3)]
    off = _dot(across, across).sqrt()
    away = [c / off.clamp(min=1e-9) for c in across]
    # The box's reach along the axis and away from it bound it more tightly than a sphere would.
    along, spread = torch.zeros_like(off), torch.zeros_like(off)
    for j in range(3):
        along = along + _dot(half_axes[:, :, j].unbind(1), unit).abs()
        spread = spread + _dot(half_axes[:, :, j].unbind(1), away).abs()
    nearest, farthest = ((ahead - along) / length).clamp(0, 1), ((ahead + along) / length).clamp(0, 1)
    return (off - spread <= radius * (1 - nearest) + lamp_size * farthest) & (ahead + along >= -radius)


def visible(table: Table, lamp: Tensor, needs: list[int], rays: tuple[Tensor, Tensor], bound: tuple) -> Tensor:
    """1 where the lamp is seen, 0 in shadow or turned away; (tiles, pixels).

    Args:
        lamp: (scenes, 12).
        needs: of each scene, the least `shadows` of a solid that stops its lamp.
        rays: direction and distance from `light_rays`.
        bound: points, normals, and where light is wanted at all.
    """
    point, normal, wanted = bound
    direction, distance = rays
    low, high = _tile_bounds(point, wanted)
    per_scene = len(point) // len(lamp)
    met = []
    for k, need in enumerate(needs):
        tiles = slice(k * per_scene, (k + 1) * per_scene)
        tile, solid = _shadow_pairs(table, table.of(k), low[tiles], high[tiles], lamp[k].clone(), need)
        met.append((tile + tiles.start, solid))
    pairs = (torch.cat([p[0] for p in met]), torch.cat([p[1] for p in met]))
    # Off the surface, further where float32 is coarser; and not quite to the lamp, which may sit in its own shade.
    lift = NEAREST + 2e-5 * point.abs().amax(1, keepdim=True)
    hidden = blocked(table, pairs, point + lift * normal, direction, distance - 0.02)
    return (wanted & ~hidden).float()


def cells(pixels: int, device: torch.device) -> Tensor:
    side = int(pixels**0.5)
    pattern = torch.tensor(_PATTERN, device=device).view(4, 4)
    return pattern.repeat(side // 4, side // 4).reshape(-1)


def _soften(share: Tensor, depth: Tensor, normal: Tensor) -> Tensor:
    h, w = depth.shape[-2:]
    pads = (2, 2, 2, 2)
    s = torch.nn.functional.pad(share, pads, mode="replicate")
    z = torch.nn.functional.pad(depth[:, None], pads, mode="replicate")[:, 0]
    n = torch.nn.functional.pad(normal, pads, mode="replicate")
    total, weight = torch.zeros_like(share), torch.zeros_like(depth)
    for y in range(4):
        for x in range(4):
            near = (z[:, y : y + h, x : x + w] - depth).abs() < 0.04 * depth
            along = _dot(n[:, :, y : y + h, x : x + w].unbind(1), normal.unbind(1))
            same = (near & (along > 0.9)).float()
            total = total + same[:, None] * s[:, :, y : y + h, x : x + w]
            weight = weight + same
    return total / weight.clamp(min=1)[:, None]


def soften(share: Tensor, depth: Tensor, normal: Tensor) -> Tensor:
    """Mean over 4 x 4 px of what lies on the same surface; `share` is (scenes, channels, h, w)."""
    return compiled(_soften)(share, depth, normal)


def _occlusion(point: Tensor, normal: Tensor, depth: Tensor, size: Tensor) -> Tensor:
    h, w = depth.shape[-2:]
    reach = max(max(abs(x), abs(y)) for x, y in _NEIGHBOURS)
    padded = torch.nn.functional.pad(point, (reach,) * 4, mode="replicate")
    total = torch.zeros_like(depth)
    for x, y in _NEIGHBOURS:
        other = padded[:, :, reach + y : reach + y + h, reach + x : reach + x + w]
        away = (other - point).unbind(1)
        distance = _dot(away, away).sqrt().clamp(min=1e-4)
        lifted = _dot(away, normal.unbind(1)) / distance
        near = (1 - distance / size).clamp(min=0)
        total = total + (lifted - 0.08).clamp(min=0) * near
    return (1 - 2.2 * total / len(_NEIGHBOURS)).clamp(min=0.2, max=1)


def occlusion(point: Tensor, normal: Tensor, depth: Tensor, size: Tensor) -> Tensor:
    """The share of ambient light that reaches each pixel past its neighbours in the image: (scenes, h, w)."""
    return compiled(_occlusion)(point, normal, depth, size)


def sky(direction: Tensor, zenith: Tensor, horizon: Tensor, cloud: Tensor, texels: Tensor) -> Tensor:
    """Colour of the sky along unit directions, (tiles, 3, pixels); the rows of the other arguments are one a tile."""
    up = direction[:, 2].clamp(min=0.0)
    blend = (1 - up).clamp(min=0, max=1) ** 3
    clear = zenith[:, :, None] + (horizon - zenith)[:, :, None] * blend[:, None]
    scale = SIZE * 0.25 / (up + 0.12)
    column = (direction[:, 0] * scale).long() & (SIZE - 1)
    row = (direction[:, 1] * scale).long() & (SIZE - 1)
    cover = (texels[cloud[:, 0, None].long() * TEXELS + row * SIZE + column] & 255) / 255 * cloud[:, 1, None]
    white = horizon.amax(1)[:, None, None] * 1.15
    return clear + (white - clear) * (cover * (up * 6).clamp(max=1))[:, None]


def compose(
    colour: Tensor,
    finish: Tensor,
    normal: Tensor,
    view: Tensor,
    lit: Tensor,
    bright: Tensor,
    ambient: Tensor,
    open_: Tensor,
) -> Tensor:
    """Light that leaves the surfaces towards the camera, (tiles, 3, pixels).

    Args:
        finish: (tiles, 3, pixels): gloss, shine, glow.
        lit, bright: diffuse and highlight light, (tiles, 3, pixels).
        ambient: (tiles, 4, 3).
        open_: (tiles, pixels), from `occlusion`.
    """
    even = ambient[:, 0, :, None] + sum(ambient[:, i + 1, :, None] * normal[:, i, None] for i in range(3))
    facing = -(view * normal).sum(1, keepdim=True)
    mirrored = view + 2 * facing * normal
    around = ambient[:, 0, :, None] + 1.4 * sum(ambient[:, i + 1, :, None] * mirrored[:, i, None] for i in range(3))
    gloss = finish[:, 0, None]
    # Schlick's Fresnel term for plastics and lacquers (4 % straight on), all multiplied by the gloss.
    fresnel = gloss * (0.04 + 0.3 * gloss + 0.6 * (1 - facing.clamp(0, 1)) ** 5)
    diffuse = colour * (lit + even.clamp(min=0.0) * open_[:, None])
    return (
        diffuse * (1 - 0.5 * fresnel)
        + fresnel * (around.clamp(min=0) * open_[:, None] + bright)
        + colour * finish[:, 2, None]
    )
