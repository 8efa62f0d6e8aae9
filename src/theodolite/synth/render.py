"""Renders scenes: image, exact z-depth, exact normals, sky; one code path on CPU and GPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from theodolite.camera.pinhole import Camera
from theodolite.synth import light as lighting
from theodolite.synth.compiled import compiled
from theodolite.synth.material import bank
from theodolite.synth.scene import LIGHTS, Light, Scene
from theodolite.synth.sensor import outlines, photograph
from theodolite.synth.surface import surface
from theodolite.synth.trace import TILE, Pairs, Table, first_solids, times, view_overlaps
from theodolite.types import Bool, Float, UInt8


@dataclass(frozen=True)
class Rendered:
    """One view with its truth.

    Args:
        depth: metres along z; NaN in the sky.
        normals: unit, camera coordinates, facing the camera; NaN in the sky.
        valid: where depth and normals are known; the rest is sky.
    """

    image: UInt8[np.ndarray, "h w 3"]
    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"]
    valid: Bool[np.ndarray, "h w"]
    camera: Camera

    @property
    def sky(self) -> Bool[np.ndarray, "h w"]:
        return ~self.valid


@lru_cache(maxsize=2)
def _texels(photographs: Path | None, device: torch.device) -> Tensor:
    return bank(photographs).texels.to(device)


class _Tiling:
    """Pixels of (scenes, rows, columns) tiles, and back to images."""

    def __init__(self, scenes: int, height: int, width: int, device: torch.device) -> None:
        self.scenes, self.height, self.width = scenes, height, width
        self.rows, self.columns = -(-height // TILE), -(-width // TILE)
        self.scene = torch.arange(scenes, device=device).repeat_interleave(self.rows * self.columns)

    def to_image(self, tiles: Tensor) -> Tensor:
        """(tiles, ..., pixels) to (scenes, ..., height, width)."""
        middle = tiles.shape[1:-1]
        grid = tiles.reshape(self.scenes, self.rows, self.columns, *middle, TILE, TILE)
        order = (0, *range(3, 3 + len(middle)), 1, 3 + len(middle), 2, 4 + len(middle))
        image = grid.permute(order).reshape(self.scenes, *middle, self.rows * TILE, self.columns * TILE)
        return image[..., : self.height, : self.width].contiguous()

    def to_tiles(self, image: Tensor) -> Tensor:
        """(scenes, ..., height, width) to (tiles, ..., pixels); beyond the border there are zeros."""
        middle = image.shape[1:-2]
        pads = (0, self.columns * TILE - self.width, 0, self.rows * TILE - self.height)
        full = torch.nn.functional.pad(image, pads).reshape(self.scenes, *middle, self.rows, TILE, self.columns, TILE)
        n = 1 + len(middle)
        return full.permute(0, n, n + 2, *range(1, n), n + 1, n + 3).reshape(-1, *middle, TILE * TILE)


def _table(scenes: Sequence[Scene], device: torch.device) -> Table:
    def joined(name: str) -> Tensor:
        return torch.from_numpy(np.concatenate([getattr(s.solids, name) for s in scenes])).to(device)

    names = ("kind", "shape", "centre", "half", "local_from_world", "world_from_local", "shadows", "material")
    counts = [len(s.solids) for s in scenes]
    owner = torch.from_numpy(np.repeat(np.arange(len(scenes)), counts)).to(device)
    return Table(**{name: joined(name) for name in names}, scene=owner, starts=(0, *np.cumsum(counts).tolist()))


def _stack(rows: list, device: torch.device) -> Tensor:
    return torch.tensor(np.array(rows), dtype=torch.float32, device=device)


@dataclass(frozen=True)
class _Views:
    """Cameras of the batch as tensors, and the rays of all tiles."""

    origin: Tensor  # (scenes, 3)
    world_from_camera: Tensor  # (scenes, 3, 3)
    direction: Tensor  # (tiles, 3, pixels), world, of z-depth 1
    pairs: Pairs  # what each tile may see
    pixel_angle: Tensor  # (scenes,)


def _views(
    scenes: Sequence[Scene], cameras: list[Camera], table: Table, tiling: _Tiling, device: torch.device
) -> _Views:
    poses = _stack([s.view.world_from_camera for s in scenes], device)
    K = _stack([(c.fx, c.fy, c.cx, c.cy) for c in cameras], device)
    inside = torch.arange(TILE, device=device)
    u = torch.arange(tiling.columns, device=device)[:, None] * TILE + inside
    v = torch.arange(tiling.rows, device=device)[:, None] * TILE + inside
    x = ((u - K[:, 2, None, None]) / K[:, 0, None, None])[:, None, :, None, :]  # scene, row, column, y, x
    y = ((v - K[:, 3, None, None]) / K[:, 1, None, None])[:, :, None, :, None]
    x, y = torch.broadcast_tensors(x, y)
    x, y = x.reshape(len(scenes), -1), y.reshape(len(scenes), -1)
    rotation, origin = poses[:, :3, :3], poses[:, :3, 3]
    world = rotation[:, :, 0, None] * x[:, None] + rotation[:, :, 1, None] * y[:, None] + rotation[:, :, 2, None]
    per_scene = tiling.rows * tiling.columns
    direction = world.reshape(len(scenes), 3, per_scene, TILE * TILE).transpose(1, 2).reshape(-1, 3, TILE * TILE)

    camera_from_world = rotation.transpose(1, 2)
    corners = times(camera_from_world[table.scene][:, None], table.corners - origin[table.scene][:, None])
    border_u = torch.arange(tiling.columns + 1, device=device) * TILE - 0.5
    border_v = torch.arange(tiling.rows + 1, device=device) * TILE - 0.5
    met: list[Pairs] = []
    for k in range(len(scenes)):
        mine = table.of(k)
        columns, rows = (border_u - K[k, 2]) / K[k, 0], (border_v - K[k, 3]) / K[k, 1]
        reached = view_overlaps(corners[mine], columns, rows).reshape(mine.stop - mine.start, -1)
        tile, solid = reached.T.nonzero(as_tuple=True)
        met.append((tile + k * per_scene, solid + mine.start))
    pairs = (torch.cat([p[0] for p in met]), torch.cat([p[1] for p in met]))
    return _Views(origin, rotation, direction.contiguous(), pairs, 1 / K[:, 0])


def _lamps(scenes: Sequence[Scene], slot: int, device: torch.device) -> tuple[Tensor, Tensor, list[int]]:
    """Row (centre, across, along, facing), colour and blockers of one lamp a scene; a dark one where there is none."""
    dark = Light((0, 0, 0), (0, 0, 0), 9)
    lights = [s.lights[slot] if slot < len(s.lights) else dark for s in scenes]
    rows = _stack([(*li.centre, *li.across, *li.along, *li.facing) for li in lights], device)
    return rows, _stack([li.strength for li in lights], device), [li.blockers for li in lights]


def _shade(scenes: Sequence[Scene], table: Table, views: _Views, tiling: _Tiling, texels: Tensor, hit: tuple) -> tuple:
    """Linear light (scenes, 3, h, w) and world normals (tiles, 3, pixels)."""
    t, solid = hit
    device, of = t.device, tiling.scene
    seen = solid >= 0
    safe_t = torch.where(seen, t, 1.0)
    point, normal, colour, finish = compiled(surface)(
        table, texels, solid.clamp(min=0), safe_t, views.origin[of], views.direction, views.pixel_angle[of]
    )
    view = views.direction * views.direction.square().sum(1, keepdim=True).rsqrt()
    depth = tiling.to_image(torch.where(seen, t, 1e4))
    flat_normal = tiling.to_image(normal)
    arriving = torch.zeros_like(colour).repeat(1, 2, 1)
    cell = lighting.cells(TILE * TILE, device)
    for slot in range(LIGHTS):
        lamp, strength, needs = _lamps(scenes, slot, device)
        if not strength.any():
            continue
        on = strength.any(1)[of][:, None]
        direction, distance, diffuse, highlight = compiled(lighting.light_rays)(
            point, normal, view, finish[:, 1], lamp[of], cell
        )
        wanted = seen & on & (diffuse > 0)
        share = lighting.visible(table, lamp, needs, (direction, distance), (point, normal, wanted))
        colours = strength[of][:, :, None]
        arriving += torch.cat([(share * diffuse)[:, None] * colours, (share * highlight)[:, None] * colours], 1)
    arriving = tiling.to_tiles(lighting.soften(tiling.to_image(arriving), depth, flat_normal))
    lit, bright = arriving[:, :3], arriving[:, 3:]

    around = [s.surroundings for s in scenes]
    flat_point = tiling.to_image(torch.where(seen[:, None], point, view * 1e4))
    size = _stack([a.occlusion for a in around], device)[:, None, None]
    open_ = tiling.to_tiles(lighting.occlusion(flat_point, flat_normal, depth, size))
    ambient = _stack([a.ambient for a in around], device)
    radiance = compiled(lighting.compose)(colour, finish, normal, view, lit, bright, ambient[of], open_)
    zenith, horizon = _stack([a.zenith for a in around], device), _stack([a.horizon for a in around], device)
    cloud = _stack([a.cloud for a in around], device)
    above = compiled(lighting.sky)(view, zenith[of], horizon[of], cloud[of], texels)
    haze = _stack([a.haze for a in around], device)[of][:, None]
    clear = torch.exp(-haze * safe_t)[:, None]
    radiance = radiance * clear + horizon[of][:, :, None] * (1 - clear)
    return tiling.to_image(torch.where(seen[:, None], radiance, above)), normal


@torch.inference_mode()
def render(
    scenes: Sequence[Scene], height: int, width: int, device: str = "cpu", photographs: Path | None = None
) -> list[Rendered]:
    """Views of scenes, each exactly as it would come out alone.

    Args:
        height, width: px, of all images.
        photographs: a folder whose pictures hang on walls and stick on boxes instead of invented ones.
    """
    where = torch.device(device)
    texels = _texels(photographs, where)
    cameras = [scene.view.camera(width, height) for scene in scenes]
    table = _table(scenes, where)
    tiling = _Tiling(len(scenes), height, width, where)
    views = _views(scenes, cameras, table, tiling, where)
    hit = first_solids(table, views.pairs, views.origin, views.direction)
    light, normal = _shade(scenes, table, views, tiling, texels, hit)
    depth = tiling.to_image(torch.where(hit[1] >= 0, hit[0], torch.nan))
    camera_from_world = views.world_from_camera.transpose(1, 2)
    in_camera = times(camera_from_world[:, None, None], tiling.to_image(normal).permute(0, 2, 3, 1))
    solid = tiling.to_image(hit[1])
    valid = depth.isfinite()
    in_camera = torch.where(valid[..., None], in_camera, torch.nan)
    return [
        Rendered(
            photograph(light[k], outlines(solid[k]), scene.sensor).permute(1, 2, 0).cpu().numpy(),
            depth[k].cpu().numpy(),
            in_camera[k].cpu().numpy(),
            valid[k].cpu().numpy(),
            cameras[k],
        )
        for k, scene in enumerate(scenes)
    ]
