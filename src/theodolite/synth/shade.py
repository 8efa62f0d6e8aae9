"""From what rays hit to the light that comes back along them: lamps, shadows, ambient light, mirrors, fog and sky."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from theodolite.synth import light as lighting
from theodolite.synth.compiled import compiled
from theodolite.synth.mesh_view import NoMeshes
from theodolite.synth.scene import Light, Scene
from theodolite.synth.surface import Surface, surface
from theodolite.synth.tiling import Tiling, Views, stack
from theodolite.synth.trace import NEAREST, TILE, Table, reflected_solids


@dataclass(frozen=True)
class Lamp:
    """One lamp of each scene; a dark one where a scene has fewer."""

    row: Tensor  # (scenes, 12): centre, across, along, facing
    strength: Tensor  # (scenes, 3)
    needs: Tensor  # (scenes,), the least `Solids.shadows` that stops it


@dataclass(frozen=True)
class Scenery:
    """All that lights a batch of scenes; a row for each scene."""

    lamps: tuple[Lamp, ...]
    ambient: Tensor  # (scenes, 4, 3)
    occlusion: Tensor
    zenith: Tensor
    horizon: Tensor
    cloud: Tensor
    haze: Tensor
    texels: Tensor

    @staticmethod
    def of(scenes: Sequence[Scene], texels: Tensor) -> "Scenery":
        device, around = texels.device, [s.surroundings for s in scenes]
        names = ("ambient", "occlusion", "zenith", "horizon", "cloud", "haze")
        rows = {name: stack([getattr(a, name) for a in around], device) for name in names}
        slots = range(max(len(s.lights) for s in scenes))
        return Scenery(tuple(_lamp(scenes, slot, device) for slot in slots), texels=texels, **rows)

    def sky(self, view: Tensor, of: Tensor) -> Tensor:
        """Along unit directions (tiles, 3, pixels) in the scenes `of` the tiles."""
        return compiled(lighting.sky)(view, self.zenith[of], self.horizon[of], self.cloud[of], self.texels)

    def through_air(self, light: Tensor, way: Tensor, of: Tensor) -> Tensor:
        """What arrives of light (tiles, 3, pixels) over a way in metres (tiles, pixels)."""
        return compiled(_through_air)(light, way, self.haze[of], self.horizon[of])


def _lamp(scenes: Sequence[Scene], slot: int, device: torch.device) -> Lamp:
    dark = Light((0, 0, 0), (0, 0, 0), 9)
    lights = [s.lights[slot] if slot < len(s.lights) else dark for s in scenes]
    rows = stack([(*li.centre, *li.across, *li.along, *li.facing) for li in lights], device)
    return Lamp(rows, stack([li.strength for li in lights], device), stack([li.blockers for li in lights], device))


def _through_air(light: Tensor, way: Tensor, haze: Tensor, horizon: Tensor) -> Tensor:
    clear = torch.exp(-haze[:, None] * way)[:, None]
    return light * clear + horizon[:, :, None] * (1 - clear)


def _add_light(arriving: Tensor, share: Tensor, diffuse: Tensor, highlight: Tensor, strength: Tensor) -> Tensor:
    """`arriving` holds diffuse light in three channels, then highlights in three."""
    both = torch.cat([(share * diffuse)[:, None] * strength, (share * highlight)[:, None] * strength], 1)
    return arriving + both


def shade(
    scenery: Scenery, table: Table, views: Views, tiling: Tiling, hit: tuple[Tensor, Tensor], meshes: NoMeshes
) -> tuple[Tensor, Surface]:
    """Linear light (scenes, 3, h, w), and what is seen, with true normals, (tiles, ...)."""
    t, solid = hit
    of, seen = tiling.scene, solid >= 0
    safe_t = torch.where(seen, t, 1.0)
    view = views.direction * views.direction.square().sum(1, keepdim=True).rsqrt()
    solids = len(table.kind)  # meshes count on from there
    footprint = (views.pixel_angle[of], torch.zeros_like(t))
    rays = (views.origin[of][:, :, None], views.direction)
    found = surface(table, scenery.texels, solid.clamp(min=0, max=solids - 1), safe_t, rays, footprint)
    smooth, colour, finish = meshes.over(found.normal, found.colour, found.finish)
    of_solids = seen & (solid < solids)
    found = replace(
        found,
        normal=meshes.flat(found.normal),
        mirror=torch.where(of_solids, found.mirror, 0.0),
        face=torch.where(of_solids, found.face, -1),
    )
    shaded = replace(found, normal=smooth, colour=colour, finish=finish)

    depth = tiling.to_image(torch.where(seen, t, 1e4))
    flat_normal = tiling.to_image(smooth)
    arriving, asked = _lamplight(scenery, table, (found, shaded, view, seen), of, meshes)
    arriving = lighting.soften(tiling.to_image(arriving), tiling.to_image(asked), depth, flat_normal)
    arriving = tiling.to_tiles(arriving)

    flat_point = tiling.to_image(torch.where(seen[:, None], found.point, view * 1e4))
    size = scenery.occlusion[:, None, None]
    open_ = tiling.to_tiles(lighting.occlusion(flat_point, flat_normal, depth, size))
    light = _compose(scenery, shaded, view, arriving, open_, of)
    if table.has_mirrors:
        light = _mirrored(scenery, table, found, light, (view, safe_t), (of, views.pixel_angle))
    light = scenery.through_air(light, safe_t, of)
    at = (~seen).any(1).nonzero()[:, 0]  # only tiles that show the sky pay for it
    if len(at):
        sky = scenery.sky(view[at], of[at])
        light = light.index_copy(0, at, torch.where(seen[at, None], light[at], sky))
    return tiling.to_image(light), found


def _lamplight(
    scenery: Scenery, table: Table, lit: tuple[Surface, Surface, Tensor, Tensor], of: Tensor, meshes: NoMeshes
) -> tuple[Tensor, Tensor]:
    """Light from lamps at every other pixel, (tiles, 6, pixels), and at which, (tiles, pixels); the rest is zeros.

    Args:
        lit: what is seen, with true normals and with those of shading; unit directions to it; where it is.
    """
    found, shaded, view, seen = lit
    some, part = lighting.parts_of_lamps(TILE, view.device)
    point, true_normal, normal, view, shine = (
        x[..., some] for x in (found.point, found.normal, shaded.normal, view, shaded.finish[:, 1])
    )
    chosen, seen = _Lit(point, normal, view, shine), seen[:, some]
    arriving = torch.zeros_like(point).repeat(1, 2, 1)
    for lamp in scenery.lamps:
        rays, diffuse, highlight = _lamp_light(lamp, chosen, of, part[some])
        wanted = seen & lamp.strength.any(1)[of][:, None] & (diffuse > 0)
        share = lighting.visible(table, lamp.row, lamp.needs, rays, (point, true_normal, wanted))
        share = meshes.lit(share, point + 2 * NEAREST * true_normal, rays[0], rays[1] - 0.02)
        arriving = compiled(_add_light)(arriving, share, diffuse, highlight, lamp.strength[of][:, :, None])
    full, asked = (torch.zeros(*x.shape[:-1], TILE * TILE, device=x.device) for x in (arriving, seen))
    full[..., some], asked[..., some] = arriving, seen.float()
    return full, asked


@dataclass(frozen=True)
class _Lit:
    """Points that lamps shine on, (tiles, 3, n), seen along unit `view`; `shine` (tiles, n)."""

    point: Tensor
    normal: Tensor
    view: Tensor
    shine: Tensor


def _lamp_light(lamp: Lamp, lit: _Lit, of: Tensor, part: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor]:
    """Unit directions and distances of the lamp, and the shares of diffuse and highlight light, if nothing hides it."""
    direction, distance, diffuse, highlight = compiled(lighting.light_rays)(
        lit.point, lit.normal, lit.view, lit.shine, lamp.row[of], part
    )
    return (direction, distance), diffuse, highlight


def _compose(scenery: Scenery, found: Surface, view: Tensor, arriving: Tensor, open_: Tensor, of: Tensor) -> Tensor:
    lit, bright = arriving[:, :3], arriving[:, 3:]
    return compiled(lighting.compose)(
        found.colour, found.finish, found.normal, view, lit, bright, scenery.ambient[of], open_
    )


def _mirrored(
    scenery: Scenery,
    table: Table,
    found: Surface,
    light: Tensor,
    way: tuple[Tensor, Tensor],
    tiles: tuple[Tensor, Tensor],
) -> Tensor:
    """The light with reflections in it, one bounce, of solids lit as if nothing stood between them and the lamps.

    Args:
        way: unit directions to the surfaces and the distance along them.
        tiles: scene of each tile, and pixel angle of each scene.
    """
    at = (found.mirror > 0).any(1).nonzero()[:, 0]  # only tiles that show mirrors pay for them
    if len(at) == 0:
        return light
    view, distance, of = way[0][at], way[1][at], tiles[0][at]
    normal, mirror, angle = found.normal[at], found.mirror[at], tiles[1][of]
    facing = (view * normal).sum(1, keepdim=True)
    back = view - 2 * facing * normal
    start = lighting.lifted(found.point[at], normal)
    pairs = _reflected_pairs(table, of, start, back, mirror > 0)
    t, solid = reflected_solids(table, pairs, start, back)
    seen = solid >= 0
    safe_t = torch.where(seen, t, 1.0)
    there = surface(
        table, scenery.texels, solid.clamp(min=0), safe_t, (start, back), (angle, distance * angle[:, None])
    )
    arriving = torch.zeros_like(start).repeat(1, 2, 1)
    lit, (_, part) = _Lit(there.point, there.normal, back, there.finish[:, 1]), lighting.parts_of_lamps(TILE, of.device)
    for lamp in scenery.lamps:
        _, diffuse, highlight = _lamp_light(lamp, lit, of, part)
        arriving = _add_light(arriving, torch.ones_like(t), diffuse, highlight, lamp.strength[of][:, :, None])
    image = scenery.through_air(_compose(scenery, there, back, arriving, torch.ones_like(t), of), safe_t, of)
    image = torch.where(seen[:, None], image, scenery.sky(back, of))
    return light.index_copy(0, at, light[at] + mirror[:, None] * (image - light[at]))


def _reflected_pairs(table: Table, of: Tensor, start: Tensor, back: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Tiles, and the solids of their scene that touch the cone around their reflected rays."""
    low, high = lighting.tile_bounds(start, wanted)
    apex, radius = (low + high) / 2, (high - low).norm(dim=1) / 2
    axis = torch.nn.functional.normalize((back * wanted[:, None]).sum(2), dim=1)
    cosine = torch.where(wanted, (back * axis[:, :, None]).sum(1), 1.0).amin(1).clamp(-1, 1)
    sine = (1 - cosine * cosine).sqrt()
    away = table.centre - apex[:, None]  # (tiles, solids, 3)
    size = radius[:, None] + table.world_from_local.square().sum((1, 2)).sqrt()
    ahead = (away * axis[:, None]).sum(2)
    off = (away.square().sum(2) - ahead.square()).clamp(min=0).sqrt()
    inside = (off * cosine[:, None] - ahead * sine[:, None] <= size) & (ahead >= -size)
    # Reflections in a curved mirror may go everywhere.
    met = (inside | (cosine[:, None] <= 0.1)) & (table.scene == of[:, None])
    tile, solid = met.nonzero(as_tuple=True)
    return tile, solid
