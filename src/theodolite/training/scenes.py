"""Rendered scenes as training samples: from shards on disk, one at a time, or rendered when they are asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import LabelKind, Sample
from theodolite.errors import DatasetError
from theodolite.synth.shards import Order, decode_depth, decode_normals, make
from theodolite.types import Float, Int, UInt8

# What is seen through the windows of these is not learnt: a bright field on a wall would be taken for sky, and cameras
# with depth see the wall, the pane or nothing there.
_WITH_WINDOWS = ("room", "attic")
_OUTSIDE = 12.0  # metres, beyond which a view in a room has left it

_ARRAYS = ("image", "depth", "normals", "camera", "family")
_LATER_ARRAYS = ("planes",)  # which shards of old lack


class Scenes:
    """The samples of all shards in some folders, in the order of folders, file names and places in a file.

    Raises: DatasetError, when there is no shard, or one is damaged.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        paths = [path for folder in folders for path in sorted(folder.glob("*.npz"))]
        if not paths:
            names = ", ".join(str(folder) for folder in folders)
            raise DatasetError(f"{names}: no rendered shard (.npz) there. Make some: theodolite synth")
        self._shards = [_mapped(path) for path in paths]
        self._ends = np.cumsum([len(shard["image"]) for shard in self._shards])

    def __reduce__(self) -> tuple[type[Scenes], tuple[Sequence[Path]]]:
        return Scenes, (self._folders,)  # for another process: mapped arrays would be copied whole

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = int(np.searchsorted(self._ends, index, side="right"))
        shard = self._shards[number]
        place = index - int(self._ends[number]) + len(shard["image"])
        planes = np.array(shard["planes"][place]).astype(np.int32) if "planes" in shard else None
        depth = decode_depth(shard["depth"][place])
        height, width = depth.shape
        fx, fy, cx, cy = shard["camera"][place].tolist()
        return as_sample(
            str(shard["family"][place]),
            np.array(shard["image"][place]),
            depth,
            decode_normals(shard["normals"][place]),
            planes,
            Camera(fx, fy, cx, cy, width, height),
        )


class LiveScenes:
    """Scenes that are rendered when they are asked for, all that an order is for; nothing is written.

    Best read in portions: kernels are shared by the scenes of one.
    """

    def __init__(self, order: Order) -> None:
        self.order = order

    def __len__(self) -> int:
        return self.order.count

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.portion(range(index, index + 1))[0]

    def portion(self, indices: range) -> list[Sample]:
        """The samples of some indices."""
        views = make(self.order, indices)
        return [as_sample(name, v.image, v.depth, v.normals, v.planes, v.camera) for name, _, v in views]


def as_sample(
    family: str,
    image: UInt8[np.ndarray, "h w 3"],
    depth: Float[np.ndarray, "h w"],
    normals: Float[np.ndarray, "h w 3"],
    planes: Int[np.ndarray, "h w"] | None,
    camera: Camera,
) -> Sample:
    """A rendered view as a sample; the arrays become the sample's own.

    Args:
        depth: metres along z, NaN in the sky.
    """
    sky = np.isnan(depth)
    if family in _WITH_WINDOWS:
        outside = ~(depth <= _OUTSIDE)  # true for NaN
        depth[outside], normals[outside] = np.nan, np.nan
        sky = np.zeros_like(sky)
        if planes is not None:
            planes[outside] = 0
    return Sample(
        image=image,
        camera=camera,
        depth=depth,
        normals=normals,
        sky=sky,
        planes=planes,
        kind=LabelKind.SYNTHETIC,
        domain="synth",
    )


def _mapped(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an uncompressed .npz, mapped from the file: a sample is read without the hundred beside it."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            later = [name for name in _LATER_ARRAYS if f"{name}.npy" in archive.namelist()]
            return {name: _member(archive, file, path, name) for name in (*_ARRAYS, *later)}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: a shard written by `theodolite synth` was expected ({error}).") from error


def _member(archive: zipfile.ZipFile, file, path: Path, name: str) -> np.ndarray:
    entry = archive.getinfo(f"{name}.npy")
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError("it is compressed")
    # A local header: 30 bytes, of which the last four are the lengths of the name and of an extra field.
    file.seek(entry.header_offset)
    header = file.read(30)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    return np.memmap(path, dtype, "r", file.tell(), shape, "F" if fortran else "C")
