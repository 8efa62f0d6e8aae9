"""NYU Depth V2, the labelled frames: 1 449 pictures of 464 rooms, by a Kinect.

    nyu_depth_v2_labeled.mat    HDF5, axes reversed: images (1449, 3, 640, 480); depths, rawDepths (1449, 640, 480), m
    splits.mat                  MATLAB 5: testNdxs (654), trainNdxs (795), from 1
    dsine_eval/nyuv2/test/000000_normal.png, from 0: optional, normals of GeoNet in 8 bits, as DSINE distributes them

GeoNet itself has its normals in one HDF5 file (norm_gt_l.mat), whose axes could not be established; DSINE's pictures
hold them left, up and towards the camera, which its network's own constraint on viewing rays confirms.

Source: `builders.nyu` for the .mat file and the camera; nyuv2/__init__.py and the list nyuv2/split/test.txt of DSINE,
whose numbers are those of testNdxs less 1. Not verified on the data: whether the camera's principal point counts pixels
from 0, as it is taken here, or from 1, as MATLAB does; the normals.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.nyu import CAMERA
from theodolite.datasets.builders.source_files import need
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About, reading
from theodolite.errors import DatasetError
from theodolite.extras import require
from theodolite.types import UInt8

_MAT, _SPLITS = "nyu_depth_v2_labeled.mat", "splits.mat"
_NORMALS = "dsine_eval/nyuv2"
_CALIBRATED = (640, 480)
_ARRAYS = {"filled": "depths", "raw": "rawDepths"}

ABOUT = About(
    title="NYU Depth V2, the labelled frames: rooms, by a Kinect",
    source="https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html: the labelled dataset (2.8 GB) and splits.mat; for "
    "normals, the evaluation data of https://github.com/baegwangbin/DSINE",
    licence="none stated with the data, as far as known; used for research",
    layout="""
nyu_depth_v2_labeled.mat
splits.mat
dsine_eval/nyuv2/test/000000_normal.png     optional""",
    paper="Silberman, Hoiem, Kohli, Fergus, Indoor Segmentation and Support Inference from RGBD Images, ECCV 2012",
    splits={
        "test": "the 654 frames of testNdxs, which everybody judges by",
        "train": "the 795 frames of trainNdxs",
        "all": "both",
    },
    truths={
        "filled": "depths: holes filled in, which most papers judge by",
        "raw": "rawDepths: what the Kinect measured",
    },
    notes=(
        "Pictures and depth have a white or empty frame of about 8 px; protocols judge inside Eigen's crop.",
        "Without dsine_eval there are no true normals.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when one of the two files is missing, or the split cannot be read; MissingExtra."""
    (mat,), (splits,) = need(root.glob(_MAT), root, _MAT), need(root.glob(_SPLITS), root, _SPLITS)
    parts = {part: _numbers(splits, f"{part}Ndxs") for part in ("test", "train")}
    frames = [
        (number, part) for part, numbers in parts.items() for number in numbers if split == "all" or split == part
    ]
    return [
        Listed(f"{number:04d}", "", partial(_load, mat, number, _ARRAYS[truth], _normals(root, part, number)))
        for number, part in sorted(frames)
    ]


def _numbers(path: Path, name: str) -> list[int]:
    """Of frames, from 1."""
    found = reading.matlab(path, name)
    with reading.naming(path):
        if found.dtype.kind not in "iuf" or not found.size or found.min() < 1:
            raise DatasetError(f"{name} holds no numbers of frames, which count from 1")
        return [int(number) for number in found.ravel()]


def _normals(root: Path, part: str, number: int) -> Path | None:
    folder = root / _NORMALS / part
    return folder / f"{number - 1:06d}_normal.png" if folder.is_dir() else None


def _load(mat: Path, number: int, array: str, normals: Path | None) -> Example:
    with reading.naming(mat):
        image, stored = _stored(mat, number, array)
        height, width = image.shape[:2]
        camera = Camera(*CAMERA, *_CALIBRATED, detail="the toolbox of NYU Depth V2").resized(width, height)
        depth = reading.plausible(DepthEncoding("hdf5", key=array).metres(stored, camera))
    seen = reading.normals(normals, "geonet", camera) if normals else None
    with reading.naming(normals or mat):
        return Example(image, camera, depth, seen)


def _stored(mat: Path, number: int, array: str) -> tuple[UInt8[np.ndarray, "height width 3"], np.ndarray]:
    """Picture and depth of one frame; nothing else of the file is read."""
    h5py = require("h5py", "datasets", "Reading NYU Depth V2")
    try:
        with h5py.File(mat) as file:
            image, depth = file["images"][number - 1].T, file[array][number - 1].T
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"has no frame {number} in images and {array} ({error})") from error
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise DatasetError(f"frame {number}: an 8-bit colour picture is needed, found {image.dtype} {image.shape}")
    if depth.dtype.kind != "f" or depth.ndim != 2:
        raise DatasetError(f"frame {number}: a map of metres is needed in {array}, found {depth.dtype} {depth.shape}")
    return np.ascontiguousarray(image), depth
