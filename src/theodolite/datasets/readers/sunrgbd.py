"""SUN RGB-D: 10 335 pictures of rooms by four depth cameras, of which 5 050 are for testing.

    SUNRGBD/kv1/NYUdata/NYU0001/image/NYU0001.jpg
    SUNRGBD/kv1/NYUdata/NYU0001/depth_bfx/NYU0001.png       16 bits turned left by three: millimetres; 0: none
    SUNRGBD/kv1/NYUdata/NYU0001/depth/NYU0001.png           the same, before holes were filled in
    SUNRGBD/kv1/NYUdata/NYU0001/intrinsics.txt              3x3 in rows
    SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat            MATLAB 5: alltest, alltrain, cells of folders such as
                                                            /n/fs/sun3d/data/SUNRGBD/kv1/NYUdata/NYU0001

Depth is given as it is stored. The toolbox sets what is farther than 8 m (10 m in some of its versions) to just that,
which would be a false truth; the protocol leaves it out.

Source: read3dPoints.m and read_3d_pts_general.m of the authors' toolbox. Not verified on the data: whether principal
points count pixels from 0, as they are taken here, or from 1, as the toolbox unprojects.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import need, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About, reading
from theodolite.errors import DatasetError

_DATA, _SPLIT = "SUNRGBD", "SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat"
_DEPTH = DepthEncoding("png16-rotated", scale=1000)
_FOLDERS = {"filled": "depth_bfx", "raw": "depth"}

ABOUT = About(
    title="SUN RGB-D: rooms, by Kinect v1 and v2, RealSense and Xtion",
    source="https://rgbd.cs.princeton.edu: SUNRGBD.zip and SUNRGBDtoolbox.zip",
    licence="not established here; it holds pictures of NYU Depth V2, Berkeley B3DO and SUN3D with terms of their own",
    layout="""
SUNRGBD/kv1/NYUdata/NYU0001/image/NYU0001.jpg
SUNRGBD/kv1/NYUdata/NYU0001/depth_bfx/NYU0001.png
SUNRGBD/kv1/NYUdata/NYU0001/intrinsics.txt
SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat""",
    paper="Song, Lichtenberg, Xiao, SUN RGB-D: A RGB-D Scene Understanding Benchmark Suite, CVPR 2015",
    splits={"test": "alltest, 5050 pictures", "train": "alltrain, 5285 pictures"},
    truths={
        "filled": "depth_bfx: refined, with holes filled in",
        "raw": "depth: what the camera measured",
    },
    notes=(
        "kv1/NYUdata are the frames of NYU Depth V2, of its training part, too.",
        "Beyond 8 m depth means little; the toolbox cuts it there, this reader leaves it as it is stored.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when the list or the pictures' folder are missing; MissingExtra."""
    (listing,) = need(root.glob(_SPLIT), root, _SPLIT)
    need(root.glob(_DATA), root, _DATA)
    return [
        Listed(name, name.split("/")[0], partial(_load, root / _DATA / name, _FOLDERS[truth]))
        for name in _names(listing, f"all{split}")
    ]


def _names(path: Path, variable: str) -> list[str]:
    """Folders below SUNRGBD."""
    found = reading.matlab(path, variable)
    with reading.naming(path):
        names = [_below(cell) for cell in found.ravel()]
        if not names:
            raise DatasetError(f"{variable} lists no folder")
        return names


def _below(cell: object) -> str:
    texts = [str(text) for text in np.ravel(np.asarray(cell))]
    parts = PurePosixPath(texts[0]).parts if len(texts) == 1 else ()
    if _DATA not in parts or parts[-1] == _DATA:
        raise DatasetError(f"a folder below {_DATA} is needed, found {' '.join(texts)[:80]!r}")
    return "/".join(parts[parts.index(_DATA) + 1 :])


def _load(folder: Path, kind: str) -> Example:
    image = reading.picture(_only(folder, "image/*.jpg"))
    camera = _camera(folder / "intrinsics.txt", image.shape[1], image.shape[0])
    path = _only(folder, f"{kind}/*.png")
    depth = reading.depth(path, _DEPTH, camera)
    with reading.naming(path):
        return Example(image, camera, depth)


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise DatasetError(f"{folder}: one file {pattern} is needed, found {len(found)}.")
    return found[0]


def _camera(path: Path, width: int, height: int) -> Camera:
    with reading.naming(path):
        try:
            values = np.array([float(word) for word in read_text(path).split()])
        except ValueError as error:
            raise DatasetError(f"nine numbers are needed ({error})") from error
        if values.size != 9:
            raise DatasetError(f"nine numbers are needed, found {values.size}")
        return Camera.from_K(values.reshape(3, 3), width, height, detail="intrinsics.txt")
