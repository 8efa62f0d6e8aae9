"""Folders of RGB-D frames with a `frames.json`: one's own data, in the form of `datasets.frames`."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path

from theodolite.datasets.example import Example, Listed
from theodolite.datasets.frames import Frame, need_frame_folders, read_frames
from theodolite.datasets.readers import About, reading
from theodolite.errors import CameraError, DatasetError

ABOUT = About(
    title="Frames of one's own: folders of pictures with 16-bit depth, listed in a frames.json",
    source="your own; write a frames.json beside the pictures",
    licence="your own",
    layout="""
<folder>/frames.json    {"files": [{"rgb": "rgb/1.jpg", "depth": "depth/1.png", "depth_scale": 1000,
                                    "cam_in": [fx, fy, cx, cy], "depth_invalid": [65535]}, ...]}
<folder>/rgb/1.jpg
<folder>/depth/1.png    16 bits, metres times depth_scale, 0 is unknown; of the picture's size""",
    paper="none",
    splits={"all": "every frame with depth, of the folder, or of the folders directly in it"},
    truths={"depth": "depth along z as stored"},
    notes=(
        "cam_in is in pixels of the stored picture; the centre of the top-left pixel is (0, 0).",
        "depth_invalid may be left out: stored values from its smallest positive one on are unknown, too.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there is no frames.json, or one that cannot be read."""
    return [
        one
        for folder in need_frame_folders(root)
        for one in _of(folder, folder.resolve().name if folder == root else folder.name)
    ]


def _of(folder: Path, group: str) -> list[Listed]:
    """By the pictures' stems; where two have the same one, by their paths."""
    found = read_frames(folder)
    stems = Counter(frame.name for frame in found)
    names = [frame.name if stems[frame.name] == 1 else _path(frame, folder) for frame in found]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise DatasetError(f"{folder / 'frames.json'}: lists {twice[0]} twice; names are to be unique.")
    return [Listed(f"{group}/{name}", group, partial(_load, frame)) for name, frame in zip(names, found, strict=True)]


def _path(frame: Frame, folder: Path) -> str:
    return Path(os.path.relpath(frame.rgb, folder)).as_posix()


def _load(frame: Frame) -> Example:
    image = reading.picture(frame.rgb)
    height, width = image.shape[:2]
    depth = frame.read_depth()
    if depth.shape != (height, width):
        raise DatasetError(
            f"{frame.depth}: has {depth.shape[1]}x{depth.shape[0]} px, its picture {width}x{height}; both of one size "
            "are needed."
        )
    try:
        camera = frame.camera(width, height)
    except CameraError as error:
        raise DatasetError(f"{frame.rgb}: {error}") from error
    return Example(image, camera, depth)
