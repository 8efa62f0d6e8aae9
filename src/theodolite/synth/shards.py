"""Rendered samples on disk: numbered .npz files of many views each, written by several processes, resumable.

A shard holds `image` uint8 (n, h, w, 3), `depth` uint16 (n, h, w), `normals` int8 (n, h, w, 3), `planes` uint16
(n, h, w), `camera` float32 (n, 4) as fx, fy, cx, cy, `family` and `index`. Depth is a logarithm in 65535 steps, wrong
by less than 0.01 %; code 0 is sky. Planes are numbered from 1 in each sample by itself; shards of old have none.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import OutputError
from theodolite.synth.compiled import eager
from theodolite.synth.families import family_of, sample_scene
from theodolite.synth.mesh_library import open_library
from theodolite.synth.mesh_place import with_meshes
from theodolite.synth.render import Rendered, render
from theodolite.synth.scene import Scene
from theodolite.types import Float, Int, UInt8
from theodolite.weights.atomic import replacing

# Pixels a process: compiling takes two minutes, in which step-by-step rendering makes about so many.
WORTH_COMPILING = 200 * 224 * 304
NEAREST, FARTHEST = 0.05, 2000.0  # metres that the depth code spans
_FOCAL_DRAW = 0x666F63  # keeps its draws apart from those of the scenes
_STEP = float(np.log(FARTHEST / NEAREST)) / 65534


def encode_depth(depth: Float[np.ndarray, "*shape"]) -> np.ndarray:
    """Metres to uint16 on a logarithmic scale; NaN to 0."""
    known = np.isfinite(depth)
    steps = np.log(np.clip(np.where(known, depth, 1.0), NEAREST, FARTHEST) / NEAREST) / _STEP
    return np.where(known, np.rint(steps) + 1, 0).astype(np.uint16)


def decode_depth(code: np.ndarray) -> Float[np.ndarray, "*shape"]:
    """uint16 back to metres, float32; 0 to NaN."""
    metres = NEAREST * np.exp((code.astype(np.float32) - 1) * np.float32(_STEP))
    return np.where(code > 0, metres, np.nan).astype(np.float32)


def encode_normals(normals: Float[np.ndarray, "*shape 3"]) -> np.ndarray:
    """Unit vectors to int8, within half a degree; NaN to zeros."""
    return np.rint(np.nan_to_num(normals) * 127).astype(np.int8)


def decode_normals(code: np.ndarray) -> Float[np.ndarray, "*shape 3"]:
    """int8 back to unit vectors; zeros to NaN."""
    vectors = code.astype(np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 0, vectors / np.maximum(length, 1), np.nan).astype(np.float32)


def encode_planes(planes: Int[np.ndarray, "h w"]) -> np.ndarray:
    """The same planes numbered without gaps, uint16; 0 stays 0."""
    numbers, places = np.unique(np.append(planes.ravel(), 0), return_inverse=True)
    assert len(numbers) <= 65536, "more planes than uint16 can number"
    return places[:-1].reshape(planes.shape).astype(np.uint16)


@dataclass(frozen=True)
class Order:
    """A set of samples to be rendered.

    Args:
        count: samples in all.
        family: a key of `families.FAMILIES`, or "mix".
        shard: samples in a file.
        photographs: a folder of pictures for walls and boxes, or None.
        textures: a folder of pictures of surfaces, or None; see `photo_textures`.
        meshes: a folder of triangle meshes to place in rooms, see `mesh_library`, or None.
        focal: shortest and longest focal length, image widths, drawn evenly by ratio in place of what suits each scene.
        device: what renders, in PyTorch's words.
    """

    folder: Path
    count: int
    height: int
    width: int
    family: str = "mix"
    seed: int = 0
    shard: int = 100
    photographs: Path | None = None
    textures: Path | None = None
    meshes: Path | None = None
    focal: tuple[float, float] | None = None
    device: str = "cpu"

    @property
    def shards(self) -> int:
        return -(-self.count // self.shard)

    def path(self, number: int) -> Path:
        return self.folder / f"{self.family}-{self.seed}-{number:05d}.npz"

    def indices(self, number: int) -> range:
        return range(number * self.shard, min((number + 1) * self.shard, self.count))


def _scene(order: Order, family: str, index: int) -> Scene:
    scene = sample_scene(family, order.seed, index)
    if order.focal is not None:
        low, high = np.log(order.focal)
        drawn = np.random.default_rng((order.seed, index, _FOCAL_DRAW)).uniform(low, high)
        scene = replace(scene, view=replace(scene.view, focal=float(np.exp(drawn))))
    if order.meshes is None:
        return scene
    return with_meshes(scene, family, open_library(order.meshes), (order.seed, index))


def make(order: Order, indices: range, batch: int | None = None) -> Iterator[tuple[str, int, Rendered]]:
    """Family, index and rendered view of each sample."""
    # What a processor's cache holds; a graphics card is only busy with many times that.
    batch = batch or (6 if order.device == "cpu" else 64)
    for start in range(indices.start, indices.stop, batch):
        some = range(start, min(start + batch, indices.stop))
        names = [family_of(order.family, order.seed, index) for index in some]
        scenes = [_scene(order, name, index) for name, index in zip(names, some, strict=True)]
        views = render(scenes, order.height, order.width, order.device, order.photographs, order.textures)
        yield from zip(names, some, views, strict=True)


def write_shard(order: Order, number: int) -> Path:
    """Renders and writes one file, under a temporary name until it is whole."""
    samples = list(make(order, order.indices(number)))
    views = [view for _, _, view in samples]
    path = order.path(number)
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                image=np.stack([v.image for v in views]),
                depth=encode_depth(np.stack([v.depth for v in views])),
                normals=encode_normals(np.stack([v.normals for v in views])),
                planes=np.stack([encode_planes(v.planes) for v in views]),
                camera=np.array([(v.camera.fx, v.camera.fy, v.camera.cx, v.camera.cy) for v in views], np.float32),
                family=np.array([name for name, _, _ in samples]),
                index=np.array([index for _, index, _ in samples]),
            )
    except OSError as error:
        raise OutputError(
            f"Could not write {path.name}: {error.strerror}. Free some space or choose another --out."
        ) from error
    return path


@dataclass(frozen=True)
class Shard:
    """A shard read back: everything in the units of `Rendered`; planes are all 0 where it was written without."""

    image: UInt8[np.ndarray, "n h w 3"]
    depth: Float[np.ndarray, "n h w"]
    normals: Float[np.ndarray, "n h w 3"]
    planes: Int[np.ndarray, "n h w"]
    cameras: tuple[Camera, ...]
    family: tuple[str, ...]
    index: tuple[int, ...]


def read_shard(path: Path) -> Shard:
    with np.load(path) as data:
        image = data["image"]
        h, w = image.shape[1:3]
        cameras = tuple(Camera(fx, fy, cx, cy, w, h) for fx, fy, cx, cy in data["camera"].tolist())
        depth, normals = decode_depth(data["depth"]), decode_normals(data["normals"])
        planes = data["planes"].astype(np.int32) if "planes" in data else np.zeros(depth.shape, np.int32)
        family, index = tuple(data["family"].tolist()), tuple(data["index"].tolist())
        return Shard(image, depth, normals, planes, cameras, family, index)


def _finished(order: Order, number: int) -> bool:
    """Whether the file is there with all its samples: the last one of a shorter set has fewer."""
    try:
        with np.load(order.path(number)) as data:
            return len(data["index"]) >= len(order.indices(number))
    except (FileNotFoundError, ValueError, KeyError, BadZipFile, EOFError):
        return False


def _work(order: Order, number: int, compiling: bool) -> Path:
    import torch

    torch.set_num_threads(1)  # the processes share the cores already
    with nullcontext() if compiling else eager():
        return write_shard(order, number)


def write_shards(order: Order, workers: int = 1) -> Iterator[Path]:
    """Writes what is missing, lowest numbers first; yields each file as it is finished."""
    order.folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(order.shards) if not _finished(order, number)]
    pixels = sum(len(order.indices(number)) for number in missing) * order.height * order.width
    compiling = pixels >= WORTH_COMPILING * max(workers, 1)
    if workers <= 1:
        yield from (_work(order, number, compiling) for number in missing)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_work, order, number, compiling) for number in missing]):
            yield done.result()
