"""Light: area lamps and a sun with soft shadows, ambient light with near occlusion, gloss, haze and a clouded sky."""

from collections.abc import Sequence

import torch
from torch import Tensor

from theodolite.synth.compiled import compiled
from theodolite.synth.material import SIZE, TEXELS
from theodolite.synth.trace import NEAREST, Pairs, Table, blocked

# Neighbours, px, on three rings, whose surfaces may hide ambient light.
_NEIGHBOURS = (
    *((2, 1), (-1, 2), (-2, -1), (1, -2)),
    *((5, 0), (0, 5), (-5, 0), (0, -5)),
    *((10, 7), (-7, 10), (-10, -7), (7, -10)),
)
_REACH = max(max(abs(x), abs(y)) for x, y in _NEIGHBOURS)


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
        cell: (pixels,), 0..15, which part of the lamp each pixel looks at; see `parts_of_lamps`.
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


def tile_bounds(point: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    big = torch.finfo(torch.float32).max
    return compiled(_bounds)(point, wanted, big)


def _in_between(
    table_box: tuple[Tensor, Tensor], scene: Tensor, low: Tensor, high: Tensor, lamp: Tensor, casts: Tensor
) -> Tensor:
    """Whether a solid's upright box meets the one around a tile's points and the lamp: (n, tiles of a scene)."""
    reach = lamp[:, 3:6].abs() + lamp[:, 6:9].abs()
    swept_low = torch.minimum(low, (lamp[:, :3] - reach)[:, None])
    swept_high = torch.maximum(high, (lamp[:, :3] + reach)[:, None])
    meets = (low[..., 0] <= high[..., 0])[scene] & casts[:, None]
    for i in range(3):
        meets = meets & (table_box[0][:, i, None] <= swept_high[..., i][scene])
        meets = meets & (table_box[1][:, i, None] >= swept_low[..., i][scene])
    return meets


def _shadow_pairs(table: Table, low: Tensor, high: Tensor, lamp: Tensor, needs: Tensor) -> Pairs:
    """Tiles, and which solids of their scene may stand between their points and the lamp.

    A solid is out when its upright box misses the upright box around points and lamp, or when it lies wholly beyond
    the cone that narrows from the tile's points to the lamp.

    Args:
        low, high: (scenes, tiles, 3), corners of the points of each tile; low > high where there are none.
        lamp: (scenes, 12).
        needs: (scenes,), the least `Solids.shadows` that stops the lamp.
    """
    casts, box = table.shadows >= needs[table.scene], table.box
    # First what stands between the lamp and anything that its scene shows, which is the lesser part of the solids.
    whole = low.amin(1, keepdim=True), high.amax(1, keepdim=True)
    some = _in_between(box, table.scene, *whole, lamp, casts)[:, 0].nonzero()[:, 0]
    if len(some) < 2:  # kernels would be compiled for so few alone
        some = torch.arange(len(casts), device=casts.device)
    around = (box[0][some], box[1][some])
    tile, solid = table.by_tile(compiled(_in_between)(around, table.scene[some], low, high, lamp, casts[some]), some)
    if len(tile) < 2:
        return tile, solid
    size = (lamp[:, 3:6].abs() + lamp[:, 6:9].abs()).square().sum(1).sqrt()
    keep = compiled(_near_cone)(
        (tile, solid, table.scene),
        (low.flatten(0, 1), high.flatten(0, 1)),
        (table.centre, table.world_from_local),
        (lamp, size),
    )
    return tile[keep], solid[keep]


def _near_cone(
    pairs: tuple[Tensor, Tensor, Tensor],
    bounds: tuple[Tensor, Tensor],
    boxes: tuple[Tensor, Tensor],
    lamps: tuple[Tensor, Tensor],
) -> Tensor:
    """Whether the boxes of solids reach into the cones between tiles and lamps: (pairs,).

    Args:
        pairs: number of the tile and of the solid, and the scene of each solid.
        bounds: (tiles, 3), lowest and highest corners of the points of tiles.
        boxes: (solids, 3) centres and (solids, 3, 3) half axes.
        lamps: (scenes, 12), and (scenes,) half their diagonals.
    """
    tile, solid, scene_of = pairs
    scene = scene_of[solid]
    low, high, centre, half_axes = bounds[0][tile], bounds[1][tile], boxes[0][solid], boxes[1][solid]
    lamp, lamp_size = lamps[0][scene], lamps[1][scene]
    middle = [(low[:, i] + high[:, i]) / 2 for i in range(3)]
    diagonal = (high - low).unbind(1)
    radius = _dot(diagonal, diagonal).sqrt() / 2
    axis = [lamp[:, i] - middle[i] for i in range(3)]
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


def visible(table: Table, lamp: Tensor, needs: Tensor, rays: tuple[Tensor, Tensor], bound: tuple) -> Tensor:
    """1 where the lamp is seen, 0 in shadow or turned away; (tiles, pixels).

    Args:
        lamp: (scenes, 12).
        needs: (scenes,), the least `shadows` of a solid that stops its lamp.
        rays: direction and distance from `light_rays`.
        bound: points, normals, and where light is wanted at all.
    """
    point, normal, wanted = bound
    direction, distance = rays
    low, high = (corner.unflatten(0, (len(lamp), -1)) for corner in tile_bounds(point, wanted))
    pairs = _shadow_pairs(table, low, high, lamp, needs)
    # Not quite to the lamp, which may sit in its own shade.
    hidden = blocked(table, pairs, lifted(point, normal), direction, distance - 0.02)
    return (wanted & ~hidden).float()


def lifted(point: Tensor, normal: Tensor) -> Tensor:
    """Points off their surface, further where float32 is coarser, for rays that leave it; (tiles, 3, pixels)."""
    return point + (NEAREST + 2e-5 * point.abs().amax(1, keepdim=True)) * normal


def parts_of_lamps(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Which pixels of a tile look at lamps, every other one as on a chessboard, and at which of their 16 parts.

    Each pixel of a 4 x 4 block sees another part of the lamp, in the place that it has in its block, so that the mean
    over such a block, which `soften` takes, is over parts that lie evenly.
    Returns: numbers of the pixels, (side² / 2,), and the part of every pixel, (side²,).
    """
    place = torch.arange(side, device=device)
    black = (place[:, None] + place) % 2 == 0
    part = place[:, None] % 4 * 4 + place % 4
    return black.flatten().nonzero()[:, 0], part.flatten()


# Borders are padded outside of the kernels: inside, the compiler would fold them into every read and give up vectors.
def _padded(image: Tensor, reach: int) -> Tensor:
    return torch.nn.functional.pad(image, (reach,) * 4, mode="replicate")


def _soften(depth: Tensor, normal: Tensor, lit: Tensor, asked: Tensor, z: Tensor, n: Tensor) -> Tensor:
    h, w = depth.shape[-2:]
    total, weight = torch.zeros_like(lit[:, :, :h, :w]), torch.zeros_like(depth)
    for y in range(4):
        for x in range(4):
            near = (z[:, 0, y : y + h, x : x + w] - depth).abs() < 0.04 * depth
            along = _dot(n[:, :, y : y + h, x : x + w].unbind(1), normal.unbind(1))
            # Where no pixel of the same surface was asked, all that were count alike.
            same = torch.where(near & (along > 0.9), 1.0, 1e-4) * asked[:, 0, y : y + h, x : x + w]
            total = total + same[:, None] * lit[:, :, y : y + h, x : x + w]
            weight = weight + same
    return total / weight.clamp(min=1e-4)[:, None]


def soften(light: Tensor, asked: Tensor, depth: Tensor, normal: Tensor) -> Tensor:
    """For every pixel the mean over 4 x 4 px of what lies on the same surface.

    Args:
        light: (scenes, channels, h, w).
        asked: (scenes, h, w), where it is known.
    """
    padded = (_padded(image, 2) for image in (light, asked[:, None], depth[:, None], normal))
    return compiled(_soften)(depth, normal, *padded)


def _occlusion(point: Tensor, padded: Tensor, normal: Tensor, depth: Tensor, size: Tensor) -> Tensor:
    h, w = depth.shape[-2:]
    total = torch.zeros_like(depth)
    for x, y in _NEIGHBOURS:
        other = padded[:, :, _REACH + y : _REACH + y + h, _REACH + x : _REACH + x + w]
        away = (other - point).unbind(1)
        distance = _dot(away, away).sqrt().clamp(min=1e-4)
        lifted = _dot(away, normal.unbind(1)) / distance
        near = (1 - distance / size).clamp(min=0)
        total = total + (lifted - 0.08).clamp(min=0) * near
    return (1 - 2.2 * total / len(_NEIGHBOURS)).clamp(min=0.2, max=1)


def occlusion(point: Tensor, normal: Tensor, depth: Tensor, size: Tensor) -> Tensor:
    """The share of ambient light that reaches each pixel past its neighbours in the image: (scenes, h, w)."""
    return compiled(_occlusion)(point, _padded(point, _REACH), normal, depth, size)


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
