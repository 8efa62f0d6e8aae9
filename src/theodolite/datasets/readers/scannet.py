"""ScanNet: rooms filmed with a depth camera on a tablet, with FrameNet's normals where they are there.

Files as in `builders.scannet`, which says what is known of them. Source: README and Tasks/Benchmark of ScanNet/ScanNet.
Not verified on the data: that FrameNet's normals have the depth's size, 640x480.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_nearest
from theodolite.datasets.builders.scannet import INTRINSICS, MILLIMETRES, colour_camera, number, pictures
from theodolite.datasets.builders.source_files import camera_of, folders_with, read_text
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About, reading
from theodolite.datasets.readers.recorded import assembled
from theodolite.errors import DatasetError
from theodolite.types import Float

LIST = "test_frames.txt"
_FRAME = re.compile(r"(scene\d{4}_\d\d)\D+(\d+)")
_NORMALS = "scannet-frames"

ABOUT = About(
    title="ScanNet: rooms filmed with a depth camera on a tablet",
    source="http://www.scan-net.org, the .sens files of the scenes wanted, unpacked by SensReader of "
    "github.com/ScanNet/ScanNet; lists of scenes from its Tasks/Benchmark; normals from github.com/hjwdzh/FrameNet",
    licence="ScanNet Terms of Use: non-commercial research and education",
    layout="""
scans/scene0011_00/color/0.jpg                          scans_test/ for the scenes from scene0707_00 on, or all together
scans/scene0011_00/depth/0.png
scans/scene0011_00/intrinsic/intrinsic_color.txt
scannetv2_val.txt, scannetv2_test.txt                   for the splits of these names
test_frames.txt                                         for the split list
scannet-frames/scene0011_00/frame-000000-normal.png     FrameNet's, where wanted
scannet-frames/scene0011_00/frame-000000-orient-mask.png""",
    paper="Dai et al., ScanNet: Richly-annotated 3D Reconstructions of Indoor Scenes, CVPR 2017; normals: Huang et "
    "al., FrameNet: Learning Local Canonical Frames of 3D Surfaces from a Single RGB Image, ICCV 2019",
    splits={
        "val": "every unpacked frame of the scenes in scannetv2_val.txt",
        "test": "every unpacked frame of the scenes in scannetv2_test.txt",
        "list": "the frames in test_frames.txt, one a line: scene0707_00 30, or scene0707_00/color/30.jpg",
        "all": "every unpacked frame of every scene",
    },
    truths={
        "sensor": "depth as measured, and FrameNet's normals of the frames that have them",
        "normals": "of the frames that have FrameNet's normals, these, and the depth at their pixels",
    },
    notes=(
        "ScanNet is one of the training sets of Metric3D v2: results on it are not zero-shot.",
        "Papers take frames of their own choice: Metric3D 500 to 700 at random, DSINE a fixed list of 300 for normals. "
        "Put such a list into test_frames.txt.",
        "Scenes of a list that are not unpacked are left out.",
        "Depth has 640x480 px, pictures 1296x968; FrameNet has normals of every tenth frame.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there are no unpacked scenes, or a list is missing or cannot be read."""
    scenes = {folder.name: folder for folder in folders_with(root, INTRINSICS)}
    normals = root / _NORMALS
    frames: Iterable[tuple[Path, int]]
    if split == "list":
        frames = ((scenes.get(name, root / "scans" / name), frame) for name, frame in _listed_frames(root / LIST))
    else:
        frames = _frames(scenes, None if split == "all" else _scene_list(root / f"scannetv2_{split}.txt"))
        if truth == "normals":
            frames = ((scene, frame) for scene, frame in frames if _normal_file(normals, scene, frame).is_file())
    load = _load_normals if truth == "normals" else _load
    return [
        Listed(f"{scene.name}/{frame}", scene.name, partial(load, scene, frame, normals)) for scene, frame in frames
    ]


def _frames(scenes: dict[str, Path], wanted: frozenset[str] | None) -> Iterator[tuple[Path, int]]:
    for name in sorted(scenes):
        if wanted is None or name in wanted:
            for picture in pictures(scenes[name]):
                yield scenes[name], number(picture)


def _scene_list(path: Path) -> frozenset[str]:
    if not path.is_file():
        raise DatasetError(
            f"{path}: is needed to know the split's scenes. Get it from Tasks/Benchmark of github.com/ScanNet/ScanNet, "
            "or take the split 'all'."
        )
    return frozenset(read_text(path).split())


def _listed_frames(path: Path) -> Iterator[tuple[str, int]]:
    for place, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip():
            found = _FRAME.match(line.strip())
            if found is None:
                raise DatasetError(f"{path}, line {place}: a frame such as 'scene0707_00 30' is needed.")
            yield found[1], int(found[2])


def _normal_file(normals: Path, scene: Path, frame: int) -> Path:
    return normals / scene.name / f"frame-{frame:06d}-normal.png"


def _load(scene: Path, frame: int, folder: Path) -> Example:
    image, camera = _picture(scene, frame)
    file = scene / "depth" / f"{frame}.png"
    depth = reading.depth(file, MILLIMETRES, camera)
    normals = None
    if (path := _normal_file(folder, scene, frame)).is_file():
        normals = _read_normals(path, camera)
        if normals.shape[:2] != depth.shape:
            raise DatasetError(
                f"{path}: has {normals.shape[1]}x{normals.shape[0]} px, the depth {depth.shape[1]}x{depth.shape[0]}; "
                "ask for the truth 'normals' to judge by their pixels."
            )
    with reading.naming(file):
        return assembled(image, camera, depth, normals)


def _load_normals(scene: Path, frame: int, folder: Path) -> Example:
    image, camera = _picture(scene, frame)
    path = _normal_file(folder, scene, frame)
    normals = _read_normals(path, camera)
    depth = reading.depth(scene / "depth" / f"{frame}.png", MILLIMETRES, camera)
    with reading.naming(path):
        # Measured pixels are taken, not mixed: what is judged was measured.
        return assembled(image, camera, resize_nearest(depth, *normals.shape[:2]), normals)


def _picture(scene: Path, frame: int) -> tuple[np.ndarray, Camera]:
    image = reading.picture(scene / "color" / f"{frame}.jpg")
    height, width = image.shape[:2]
    return image, camera_of(scene / INTRINSICS, colour_camera(scene), (width, height))


def _read_normals(path: Path, camera: Camera) -> Float[np.ndarray, "h w 3"]:
    normals = reading.normals(path, "framenet", camera)
    mask = path.with_name(path.name.replace("-normal", "-orient-mask"))
    known = reading.mask(mask)
    if known.shape != normals.shape[:2]:
        raise DatasetError(
            f"{mask}: has {known.shape[1]}x{known.shape[0]} px, the normals {normals.shape[1]}x{normals.shape[0]}."
        )
    return np.where(known[..., None], normals, np.float32(np.nan))
