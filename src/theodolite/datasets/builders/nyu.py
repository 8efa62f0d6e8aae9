"""NYU Depth V2, the labelled frames: 795 of 1 449 for training, Kinect v1.

From https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html (``nyu_depth_v2_labeled.mat``, 2.8 GB, and ``splits.mat``),
research use.

    nyu_depth_v2_labeled.mat    HDF5: images (1449, 3, 640, 480) and depths (1449, 640, 480), m, both with axes reversed
    splits.mat                  MATLAB 5: trainNdxs (795), testNdxs (654), from 1

Only the training frames are taken, so ``splits.mat`` is needed. Pictures are written to `out` as PNG, depth as 16-bit
PNG in 1/6000 m. `depths` is registered to the picture, and its holes are filled in; the recipe of Metric3D learns from
it, `rawDepths` has what was measured. Labels count in rows 45 to 471 and columns 41 to 601 only, outside of which the
projection leaves a frame (Eigen et al. 2014); `mask` says so. Semantic labels are not used; nor are normals, which NYU
does not distribute (those of GeoNet, used by Metric3D, come as MATLAB files in a frame of their own).

Source: the data set's page, and camera_params.m of its toolbox for the colour camera. Not verified: whether its
principal point counts pixels from 0, as it is taken here, or from 1, as MATLAB does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from theodolite.datasets.arrays import write_png16
from theodolite.datasets.builders.source_files import need
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError
from theodolite.extras import require
from theodolite.types import Float
from theodolite.weights.atomic import writing

_MAT, _SPLITS = "nyu_depth_v2_labeled.mat", "splits.mat"
CAMERA = (518.8579, 519.46961, 325.58245, 253.73617)
_ROWS, _COLUMNS = slice(45, 471), slice(41, 601)
_SIXTHS_OF_MILLIMETRES = DepthEncoding("png16", scale=6000)
RANGE = (0.1, 10.0)
_WHY = "Reading NYU Depth V2"


def records(source: Path, out: Path) -> Iterator[Record]:
    """The training frames, written to `out` one by one. Raises: DatasetError; MissingExtra."""
    h5py = require("h5py", "datasets", _WHY)
    (mat,) = need(source.glob(_MAT), source, _MAT)
    (splits,) = need(source.glob(_SPLITS), source, f"{_SPLITS}, without which test frames would be learnt from")
    try:
        with h5py.File(mat) as file:
            images, depths = file["images"], file["depths"]
            mask = write_mask(out / "valid.png", depths.shape[2], depths.shape[1])
            for number in _training_frames(splits):
                image, depth = out / "rgb" / f"{number:04d}.png", out / "depth" / f"{number:04d}.png"
                with writing(image) as temporary:
                    Image.fromarray(np.ascontiguousarray(images[number - 1].T)).save(temporary, "png")
                write_png16(depth, _stored(depths[number - 1].T))
                yield _record(image, depth, mask)
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise DatasetError(f"{mat}: the arrays images and depths of NYU Depth V2 are needed ({error}).") from error


def _stored(depth: Float[np.ndarray, "h w"]) -> np.ndarray:
    return np.rint(np.nan_to_num(depth) * _SIXTHS_OF_MILLIMETRES.scale).clip(0, 65535).astype(np.uint16)


def _record(image: Path, depth: Path, mask: Path) -> Record:
    return Record(
        image=image,
        camera=CAMERA,
        kind=LabelKind.SENSOR,
        depth=depth,
        depth_encoding=_SIXTHS_OF_MILLIMETRES,
        mask=mask,
        range=RANGE,
        domain="nyu",
    )


def write_mask(path: Path, height: int, width: int) -> Path:
    """A picture that is white where labels count. Its path again."""
    valid = np.zeros((height, width), np.uint8)
    valid[_ROWS, _COLUMNS] = 255
    with writing(path) as temporary:
        Image.fromarray(valid).save(temporary, "png")
    return path


def _training_frames(path: Path) -> list[int]:
    """Numbers from 1."""
    io = require("scipy.io", "datasets", _WHY)
    try:
        return sorted(int(number) for number in io.loadmat(path)["trainNdxs"].ravel())
    except Exception as error:  # SciPy meets a damaged file with errors of many kinds
        raise DatasetError(f"{path}: the split of NYU Depth V2 is needed ({type(error).__name__}: {error}).") from error
