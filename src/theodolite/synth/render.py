"""Renders scenes: image, exact z-depth, exact normals, sky; one code path on CPU and GPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from theodolite.camera.pinhole import Camera
from theodolite.synth.material import bank
from theodolite.synth.mesh_view import mesh_layer
from theodolite.synth.scene import Scene
from theodolite.synth.sensor import outlines, photograph
from theodolite.synth.shade import Scenery, shade
from theodolite.synth.shapes import FACES, RARE
from theodolite.synth.tiling import Tiling, views_of
from theodolite.synth.trace import Table, first_solids, times
from theodolite.types import Bool, Float, Int, UInt8


@dataclass(frozen=True)
class Rendered:
    """One view with its truth.

    Args:
        depth: metres along z; NaN in the sky.
        normals: unit, camera coordinates, facing the camera; NaN in the sky.
        valid: where depth and normals are known; the rest is sky.
        planes: number of the flat face a pixel lies on, from 1; 0 on curved surfaces, meshes and sky.
    """

    image: UInt8[np.ndarray, "h w 3"]
    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"]
    valid: Bool[np.ndarray, "h w"]
    planes: Int[np.ndarray, "h w"]
    camera: Camera

    @property
    def sky(self) -> Bool[np.ndarray, "h w"]:
        return ~self.valid


@lru_cache(maxsize=2)
def _texels(photographs: Path | None, textures: Path | None, device: torch.device) -> Tensor:
    return bank(photographs, textures).texels.to(device)


def _table(scenes: Sequence[Scene], device: torch.device) -> Table:
    names = ("kind", "shape", "centre", "half", "local_from_world", "world_from_local", "shadows", "material")
    joined = {name: np.concatenate([getattr(s.solids, name) for s in scenes]) for name in names}
    counts = [len(s.solids) for s in scenes]
    return Table(
        **{name: torch.from_numpy(array).to(device) for name, array in joined.items()},
        scene=torch.from_numpy(np.repeat(np.arange(len(scenes)), counts)).to(device),
        starts=(0, *np.cumsum(counts).tolist()),
        has_rare=bool(np.isin(joined["kind"], RARE).any()),
        has_mirrors=bool((joined["material"][:, 10] > 0).any()),
    )


@torch.inference_mode()
def render(
    scenes: Sequence[Scene],
    height: int,
    width: int,
    device: str = "cpu",
    photographs: Path | None = None,
    textures: Path | None = None,
) -> list[Rendered]:
    """Views of scenes, each exactly as it would come out alone.

    Args:
        height, width: px, of all images.
        photographs: a folder whose pictures hang on walls and stick on boxes instead of invented ones.
        textures: a folder of pictures of surfaces instead of drawn ones; see `photo_textures`.
    """
    where = torch.device(device)
    texels = _texels(photographs, textures, where)
    cameras = [scene.view.camera(width, height) for scene in scenes]
    table = _table(scenes, where)
    tiling = Tiling(len(scenes), height, width, where)
    views = views_of(scenes, cameras, table, tiling)
    hit = first_solids(table, views.pairs, views.origin, views.direction)
    meshes = mesh_layer(scenes, (views.origin, views.direction), views.pixel_angle, hit, len(table.kind))
    hit = meshes.before(*hit)
    light, found = shade(Scenery.of(scenes, texels), table, views, tiling, hit, meshes)

    depth = tiling.to_image(torch.where(hit[1] >= 0, hit[0], torch.nan))
    valid = depth.isfinite()
    camera_from_world = views.world_from_camera.transpose(1, 2)
    normals = times(camera_from_world[:, None, None], tiling.to_image(found.normal).permute(0, 2, 3, 1))
    normals = torch.where(valid[..., None], normals, torch.nan)
    solid = tiling.to_image(hit[1])
    own = solid - torch.tensor(table.starts[:-1], device=where)[:, None, None]
    face = tiling.to_image(found.face)
    planes = torch.where(face >= 0, own * FACES + face + 1, 0).int()
    images = photograph(light, depth, outlines(solid), 1 / views.pixel_angle, [scene.sensor for scene in scenes])
    # One transfer for each kind of map, not for each view.
    maps = (x.cpu().numpy() for x in (images.permute(0, 2, 3, 1), depth, normals, valid, planes))
    views_and_truths = zip(*maps, cameras, strict=True)
    return [Rendered(image, z, n, known, plane, camera) for image, z, n, known, plane, camera in views_and_truths]
