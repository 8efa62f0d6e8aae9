"""COLMAP's sparse models, text and binary: pictures, poses and the points each picture sees.

What COLMAP stores is the motion into the camera; quaternions have w first. The world has neither the metre nor an
upright direction. Source: colmap.github.io, "Output Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from theodolite.apps.view_readers.source import Source, checked_pose, fitted, natural, read_text
from theodolite.apps.view_readers.source import gathered as gathered_views
from theodolite.apps.views import View, Views
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.readers import read_camera
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse, rigid
from theodolite.geometry.rotation import from_quaternion
from theodolite.types import Float, Int

MADE = "written by theodolite"
_PLACES = (".", "sparse/0", "sparse", "colmap/sparse/0", "dense/sparse", "0")
_PICTURES = ("images", "../images", "../../images", "../../../images", "dense/images", ".")


@dataclass(frozen=True, eq=False)
class Registered:
    """A row of COLMAP's images file.

    Args:
        motion: quaternion w x y z and translation of camera_from_world.
        points: ids of the points it sees.
    """

    name: str
    camera: int
    motion: Float[np.ndarray, " 7"]
    points: Int[np.ndarray, " n"]


def recognise(root: Path) -> bool:
    """Models that were written for a trainer do not count: what they were made of is the better source."""
    return _model(root, made=False) is not None


def recognise_made(root: Path) -> bool:
    """Whether there is a model of any origin."""
    return _model(root) is not None


def is_made(folder: Path) -> bool:
    """Whether a folder holds a model that `theodolite` wrote, without what COLMAP knows beside poses."""
    path = folder / "cameras.txt"
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return MADE.encode() in file.readline(200)


def read(source: Source) -> Views:
    """Raises: DatasetError, when a file is damaged or no picture is there."""
    model = _model(source.root, made=False) or _model(source.root)
    assert model is not None
    folder, binary = model
    pictures = _pictures(source, folder)
    images = list(_images_binary(folder / "images.bin") if binary else _images_text(folder / "images.txt"))
    places = _points(folder, binary)
    cameras: dict[int, CalibratedCamera] = {}
    file = folder / ("cameras.bin" if binary else "cameras.txt")

    def view(number: int, image: Registered) -> View:
        if image.camera not in cameras:
            cameras[image.camera] = read_camera(file, name=str(image.camera))
        picture = pictures / image.name
        where = f"{folder}: {image.name}"
        if not np.isfinite(image.motion).all() or np.linalg.norm(image.motion[:4]) < 1e-6:
            raise DatasetError(f"{where}: its pose is not finite, or its quaternion of length zero.")
        camera_from_world = rigid(from_quaternion(image.motion[:4]), image.motion[4:])
        return View(
            image.name,
            picture,
            fitted(cameras[image.camera], picture),
            checked_pose(inverse(camera_from_world), where),
            time=float(number),
            points=places(image.points),
        )

    images.sort(key=lambda image: natural(Path(image.name)))
    return gathered_views("colmap", False, (partial(view, i, image) for i, image in enumerate(images)))


def _model(root: Path, made: bool = True) -> tuple[Path, bool] | None:
    """Folder of the model, and whether it is binary.

    Args:
        made: also one that `theodolite` wrote.
    """
    for place in _PLACES:
        if not made and is_made(root / place):
            continue
        for ending in (".bin", ".txt"):
            if all((root / place / f"{name}{ending}").is_file() for name in ("cameras", "images")):
                return root / place, ending == ".bin"
    return None


def _pictures(source: Source, folder: Path) -> Path:
    if source.images is not None:
        return source.images
    for base in (source.root, folder):
        for name in _PICTURES[:-1]:
            if (base / name).is_dir():
                return base / name
    return source.root


def _images_text(path: Path) -> Iterator[Registered]:
    """Two lines a picture: IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, then X Y POINT3D_ID of each observation."""
    lines = [(number, line) for number, line in enumerate(read_text(path).splitlines(), 1) if line[:1] != "#"]
    while lines and not lines[-1][1].strip():
        lines.pop()
    for (number, line), observed in zip(lines[::2], [line for _, line in lines[1::2]] + [""], strict=False):
        words = line.split(maxsplit=9)
        try:
            motion, camera, name = np.array([float(word) for word in words[1:8]]), int(words[8]), words[9].strip()
            points = np.array(observed.split()[2::3], dtype=np.int64)
        except (ValueError, IndexError, OverflowError) as error:
            raise DatasetError(f"{path}, line {number}: no picture and its observations: {line[:60]!r}.") from error
        yield Registered(name, camera, motion, points[points >= 0])


def _images_binary(path: Path) -> Iterator[Registered]:
    observation = np.dtype([("uv", "<f8", 2), ("point", "<i8")])
    data = path.read_bytes()
    try:
        (count,) = struct.unpack_from("<Q", data, 0)
        at = 8
        for _ in range(count):
            _, *motion, camera = struct.unpack_from("<i7di", data, at)
            end = data.index(b"\0", at + 64)
            name = data[at + 64 : end].decode()
            (number,) = struct.unpack_from("<Q", data, end + 1)
            points = np.frombuffer(data, observation, number, end + 9)["point"]
            at = end + 9 + number * observation.itemsize
            yield Registered(name, camera, np.array(motion), points[points >= 0])
    except (struct.error, ValueError) as error:
        raise DatasetError(f"{path} is no complete images.bin of COLMAP ({len(data)} bytes).") from error


class _Points:
    """Places of points by their ids."""

    def __init__(self, ids: Int[np.ndarray, " n"], places: Float[np.ndarray, "n 3"]) -> None:
        order = np.argsort(ids)
        self._ids, self._places = ids[order], places[order]

    def __call__(self, wanted: Int[np.ndarray, " m"]) -> Float[np.ndarray, "k 3"] | None:
        """Those that are there; None where there is none."""
        at = np.searchsorted(self._ids, wanted)
        at = np.where(at < len(self._ids), at, 0)
        found = self._places[at[self._ids[at] == wanted]] if len(self._ids) else self._places
        return found if len(found) else None


def _points(folder: Path, binary: bool) -> _Points:
    path = folder / ("points3D.bin" if binary else "points3D.txt")
    if not path.is_file():
        return _Points(np.empty(0, np.int64), np.empty((0, 3)))
    rows = list(_points_binary(path) if binary else _points_text(path))
    return _Points(np.array([row[0] for row in rows], np.int64), np.array([row[1:] for row in rows]).reshape(-1, 3))


def _points_text(path: Path) -> Iterator[tuple[int, float, float, float]]:
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split("#")[0].split(maxsplit=4)
        if not words:
            continue
        try:
            yield int(words[0]), float(words[1]), float(words[2]), float(words[3])
        except (ValueError, IndexError) as error:
            raise DatasetError(f"{path}, line {number}: POINT3D_ID X Y Z is needed, found {line[:60]!r}.") from error


def _points_binary(path: Path) -> Iterator[tuple[int, float, float, float]]:
    data = path.read_bytes()
    try:
        (count,) = struct.unpack_from("<Q", data, 0)
        at = 8
        for _ in range(count):
            yield struct.unpack_from("<Q3d", data, at)
            # Past colour and error, to the length of the track: pairs of 32-bit numbers.
            (track,) = struct.unpack_from("<Q", data, at + 43)
            at += 51 + 8 * track
        if at > len(data):
            raise struct.error
    except struct.error as error:
        raise DatasetError(f"{path} is no complete points3D.bin of COLMAP ({len(data)} bytes).") from error
