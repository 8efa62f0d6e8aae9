"""Triangle meshes before the camera: hits nearer than the solids', what they look like there, and their shadows.

Embree runs on the processor, whatever device renders the solids; pixels are kept tile by tile, as in `trace`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from theodolite.synth.meshes import Placed, near
from theodolite.synth.scene import Scene

FAR = 1e5  # metres, for rays that meet no solid


class NoMeshes:
    """What `mesh_layer` gives for scenes of solids alone: everything stays as it is."""

    def before(self, t: Tensor, number: Tensor) -> tuple[Tensor, Tensor]:
        """z-depth and number of what each pixel sees, from those of the solids."""
        return t, number

    def flat(self, normal: Tensor) -> Tensor:
        """True normals of what each pixel sees, from those of the solids."""
        return normal

    def over(self, normal: Tensor, colour: Tensor, finish: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Shading normals, colours and finishes of what each pixel sees, from those of the solids."""
        return normal, colour, finish

    def lit(self, share: Tensor, point: Tensor, direction: Tensor, distance: Tensor) -> Tensor:
        """The share of a lamp that each point sees, from what solids leave of it; all as in `light.visible`."""
        return share


@dataclass(frozen=True)
class MeshLayer(NoMeshes):
    """Meshes of a batch; tensors are (tiles, ..., pixels).

    Args:
        seen: where a mesh is nearer than every solid; the rest holds there only.
        t: z-depth.
        number: of the piece, counted on from the last solid of the batch.
        normal: of the triangle, unit, world, facing the camera.
        smooth: the same blended between corners, for shading.
        colour: linear light.
        finish: gloss, shine, glow.
    """

    scenes: Sequence[Scene]
    seen: Tensor
    t: Tensor
    number: Tensor
    normal: Tensor
    smooth: Tensor
    colour: Tensor
    finish: Tensor

    def before(self, t: Tensor, number: Tensor) -> tuple[Tensor, Tensor]:
        return torch.where(self.seen, self.t, t), torch.where(self.seen, self.number, number)

    def flat(self, normal: Tensor) -> Tensor:
        return torch.where(self.seen[:, None], self.normal, normal)

    def over(self, normal: Tensor, colour: Tensor, finish: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pairs = ((self.smooth, normal), (self.colour, colour), (self.finish, finish))
        one, two, three = (torch.where(self.seen[:, None], mine, theirs) for mine, theirs in pairs)
        return one, two, three

    def lit(self, share: Tensor, point: Tensor, direction: Tensor, distance: Tensor) -> Tensor:
        shadow = torch.zeros(share.shape, dtype=torch.bool)
        per_scene = len(point) // len(self.scenes)
        for k, scene in enumerate(self.scenes):
            mine = slice(k * per_scene, (k + 1) * per_scene)
            wanted = (share[mine] > 0).cpu()
            if scene.meshes and wanted.any():
                start, ray = (v[mine].transpose(1, 2).cpu()[wanted].double().numpy() for v in (point, direction))
                reach = distance[mine].cpu()[wanted].double().numpy()
                shadow[mine][wanted] = torch.from_numpy(_hidden(scene.meshes, start, ray, reach))
        return share * ~shadow.to(share.device)


def _hidden(meshes: tuple[Placed, ...], start: np.ndarray, ray: np.ndarray, reach: np.ndarray) -> np.ndarray:
    hidden = np.zeros(len(start), bool)
    for _, placed, close in near(meshes, start, ray, reach):
        some = np.flatnonzero(close & ~hidden)
        if len(some):
            hidden[some] = placed.stops(start[some], ray[some], reach[some])
    return hidden


def mesh_layer(
    scenes: Sequence[Scene], rays: tuple[Tensor, Tensor], pixel_angle: Tensor, hit: tuple[Tensor, Tensor], solids: int
) -> NoMeshes:
    """The meshes of a batch.

    Args:
        rays: (scenes, 3) camera centres and (tiles, 3, pixels) directions of z-depth 1, world.
        pixel_angle: (scenes,), 1 / focal length in px.
        hit: of the solids, from `first_solids`.
        solids: how many there are in the batch.
    """
    if not any(scene.meshes for scene in scenes):
        return NoMeshes()
    origin, direction = rays
    device, (tiles, _, pixels) = direction.device, direction.shape
    flat = direction.transpose(1, 2).reshape(len(scenes), -1, 3).double().cpu().numpy()
    reach = torch.where(hit[1] >= 0, hit[0], FAR).reshape(len(scenes), -1).double().cpu().numpy()
    starts, angles = origin.double().cpu().numpy(), pixel_angle.tolist()
    looks = [_look(scene.meshes, starts[k], flat[k], reach[k], angles[k]) for k, scene in enumerate(scenes)]

    def to_tiles(name: str) -> Tensor:
        tensor = torch.from_numpy(np.stack([getattr(look, name) for look in looks])).to(device)
        return tensor.reshape(tiles, pixels, *tensor.shape[2:]).movedim(1, -1).contiguous()

    place = to_tiles("place")
    vectors = (to_tiles(name) for name in ("normal", "smooth", "colour", "finish"))
    return MeshLayer(scenes, place >= 0, to_tiles("t"), place + solids, *vectors)


@dataclass(frozen=True)
class _Look:
    """Of the n rays of one scene; `place` is -1 where no mesh is seen."""

    t: np.ndarray
    place: np.ndarray
    normal: np.ndarray
    smooth: np.ndarray
    colour: np.ndarray
    finish: np.ndarray


def _look(
    meshes: tuple[Placed, ...], start: np.ndarray, direction: np.ndarray, reach: np.ndarray, pixel_angle: float
) -> _Look:
    count = len(direction)
    starts = np.broadcast_to(start, direction.shape)
    best, place = reach.copy(), np.full(count, -1)
    triangle, shares = np.full(count, -1), np.zeros((count, 2))
    for number, placed, close in near(meshes, starts, direction, reach):
        rays = np.flatnonzero(close)
        met, t, where = placed.first(starts[rays], direction[rays], best[rays])
        won = (met >= 0) & (t < best[rays])
        nearer = rays[won]
        best[nearer], place[nearer] = t[won], number
        triangle[nearer], shares[nearer] = met[won], where[won]

    vectors = np.zeros((4, count, 3), np.float32)
    normal, smooth, colour, finish = vectors
    for number, placed in enumerate(meshes):
        here = place == number
        if here.any():
            ray, met, where = direction[here], triangle[here], shares[here]
            own = _facing(placed.piece.planes[met] @ placed.world_from_local.T, ray)
            length = np.linalg.norm(ray, axis=1)
            slant = np.clip(-(own * ray).sum(1) / length, 0.05, 1)
            footprint = best[here] * length * pixel_angle / np.sqrt(slant)
            normal[here] = own
            smooth[here] = _shading(placed.piece.smooth_normal(met, where) @ placed.world_from_local.T, own, ray)
            # sRGB is taken as a square here too, like the solids' colours.
            colour[here] = placed.piece.colour(met, where, footprint)[:, :3] ** 2
            finish[here] = placed.piece.atlas.finish[placed.piece.skin[met]]
    return _Look(best.astype(np.float32), place, normal, smooth, colour, finish)


def _facing(vector: np.ndarray, ray: np.ndarray) -> np.ndarray:
    """Unit vectors turned against the rays."""
    sign = np.where((vector * ray).sum(1, keepdims=True) > 0, -1.0, 1.0)
    return vector * sign / np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), 1e-20)


def _shading(blended: np.ndarray, own: np.ndarray, ray: np.ndarray) -> np.ndarray:
    """Blended normals on the side of the triangle's; its own where the blend turns away from the camera."""
    sign = np.where((blended * own).sum(1, keepdims=True) < 0, -1.0, 1.0)
    unit = blended * sign / np.maximum(np.linalg.norm(blended, axis=1, keepdims=True), 1e-20)
    return np.where((unit * ray).sum(1, keepdims=True) < 0, unit, own)
