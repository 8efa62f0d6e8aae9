"""Pixels of a batch of images, kept tile by tile, and the rays through them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from theodolite.camera.pinhole import Camera
from theodolite.synth.scene import Scene
from theodolite.synth.trace import TILE, Pairs, Table, times, view_overlaps


class Tiling:
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


@dataclass(frozen=True)
class Views:
    """Cameras of the batch as tensors, and the rays of all tiles."""

    origin: Tensor  # (scenes, 3)
    world_from_camera: Tensor  # (scenes, 3, 3)
    direction: Tensor  # (tiles, 3, pixels), world, of z-depth 1
    pairs: Pairs  # what each tile may see
    pixel_angle: Tensor  # (scenes,)


def stack(rows: list, device: torch.device) -> Tensor:
    return torch.tensor(np.array(rows), dtype=torch.float32, device=device)


def views_of(scenes: Sequence[Scene], cameras: list[Camera], table: Table, tiling: Tiling) -> Views:
    device = table.centre.device
    poses = stack([s.view.world_from_camera for s in scenes], device)
    K = stack([(c.fx, c.fy, c.cx, c.cy) for c in cameras], device)
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
    columns = (torch.arange(tiling.columns + 1, device=device) * TILE - 0.5 - K[:, 2, None]) / K[:, 0, None]
    rows = (torch.arange(tiling.rows + 1, device=device) * TILE - 0.5 - K[:, 3, None]) / K[:, 1, None]
    pairs = table.by_tile(view_overlaps(corners, columns[table.scene], rows[table.scene]).flatten(1))
    return Views(origin, rotation, direction.contiguous(), pairs, 1 / K[:, 0])
