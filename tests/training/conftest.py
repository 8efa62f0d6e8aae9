"""Small scenes with known truth, quick enough to train on in a test."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import LabelKind, Sample
from theodolite.training.config import Recipe
from theodolite.training.recipes import smoke


@pytest.fixture(autouse=True, scope="package")
def _one_thread():
    """Batches this small are slower with threads than without."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Walls:
    """Square walls with a chequered print of half-metre fields: what fills more pixels is nearer."""

    count: int
    height: int = 72
    width: int = 104

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.count:
            raise IndexError(index)
        rng = np.random.default_rng(index)
        camera = Camera.from_focal(rng.uniform(70, 130), self.width, self.height)
        metres = rng.uniform(1, 5)
        v, u = np.mgrid[: self.height, : self.width]
        x, y = (u - camera.cx) / camera.fx * metres, (v - camera.cy) / camera.fy * metres
        light = np.where((np.floor(2 * x) + np.floor(2 * y)) % 2, 220, 40)
        return Sample(
            image=np.repeat(light[..., None], 3, 2).astype(np.uint8),
            camera=camera,
            depth=np.full((self.height, self.width), metres, np.float32),
            normals=np.tile(np.float32([0, 0, -1]), (self.height, self.width, 1)),
            sky=np.zeros((self.height, self.width), bool),
            planes=np.ones((self.height, self.width), np.int32),
            kind=LabelKind.SYNTHETIC,
        )


@pytest.fixture
def walls() -> Walls:
    return Walls(12)


@pytest.fixture
def small() -> Recipe:
    """Two thumbnails a step, in full precision, the state saved after each."""
    return replace(smoke(), canvases=((64, 64),), batch=2, warmup=2, precision="fp32", save_every=1e-6)


def write(path, samples):
    from theodolite.synth.shards import encode_depth, encode_normals

    cameras = [(s.camera.fx, s.camera.fy, s.camera.cx, s.camera.cy) for s in samples]
    np.savez(
        path,
        image=np.stack([s.image for s in samples]),
        depth=encode_depth(np.stack([s.depth for s in samples])),
        normals=encode_normals(np.stack([s.normals for s in samples])),
        camera=np.array(cameras, np.float32),
        family=np.array(["room" if s.depth.max() < 3 else "street" for s in samples]),
    )


@pytest.fixture
def shards(walls, tmp_path):
    """Twelve walls in shards of five, four and three; the first has a sky."""
    first = walls[0]
    depth = first.depth.copy()
    depth[:10] = np.nan
    samples = [replace(first, depth=depth), *(walls[i] for i in range(1, 12))]
    for number, (start, stop) in enumerate(((0, 5), (5, 9), (9, 12))):
        write(tmp_path / f"mix-0-{number:05d}.npz", samples[start:stop])
    return tmp_path
