"""iBims-1: 100 pictures of rooms with laser-scanned depth, depth edges, and walls, tables and floors marked as planes.

    imagelist.txt                      names, one a line
    ibims1_core_mat/NAME.mat           MATLAB 5: a struct `data` of
        rgb, depth (m; 0: none), edges
        calib                          3x3, transposed, as MATLAB keeps it: fx [0, 0], fy [1, 1], cx [2, 0], cy [2, 1]
        mask_invalid, mask_transp      1 where depth counts
        mask_wall, mask_table, mask_floor           0, or the number of a plane, from 1
        mask_wall_paras, ...           one row a plane; columns 4 to 6 (from 0) are its normal: right, forward, up

As the authors' code unprojects it, depth is along z, and the principal point counts pixels from 1. Their code reads
nothing else of a plane's row, so how far it is from the camera is taken from the true depth on it: the median.

Source: evaluate_ibims.py and evaluate_ibims_error_metrics.py, version 0.9, of the authors. Not verified on the data: on
which side of a plane its normal points (it is turned to face the camera).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import need, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.example import Example, Listed, Plane
from theodolite.datasets.readers import About, reading
from theodolite.errors import DatasetError
from theodolite.geometry.unproject import unproject
from theodolite.types import Float

_NAMES, _FOLDER = "imagelist.txt", "ibims1_core_mat"
_MASKS = {"invalid": "mask_invalid", "transparent": "mask_transp"}
_KINDS = ("wall", "table", "floor")
_NORMAL = slice(4, 7)

ABOUT = About(
    title="iBims-1: 100 rooms, laser scans, planes and depth edges marked by hand",
    source="https://mediatum.ub.tum.de/1455541: ibims1_core_mat.zip and imagelist.txt",
    licence="as stated at the address; not established here",
    layout="""
imagelist.txt                                   or beside the .mat files
ibims1_core_mat/corridor_01.mat""",
    paper="Koch, Liebel, Fraundorfer, Körner, Evaluation of CNN-based Single-Image Depth Estimation Methods, "
    "ECCV Workshops 2018",
    splits={"all": "the pictures of imagelist.txt, 100"},
    truths={"laser": "depth of the laser scan"},
    notes=(
        "Masks: invalid, transparent. The authors judge where both allow it.",
        "Distributed with neither normals nor a training part; numbers of normals depend on how they are derived.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when the list or all the .mat files are missing."""
    folder = root / _FOLDER if (root / _FOLDER).is_dir() else root
    names = next((path for path in (root / _NAMES, folder / _NAMES) if path.is_file()), None)
    (names,) = need([names] if names else [], root, _NAMES)
    need(folder.glob("*.mat"), root, f"{_FOLDER}/NAME.mat")
    return [
        Listed(name, "", partial(_load, folder / f"{name}.mat"))
        for line in read_text(names).splitlines()
        if (name := line.strip().removesuffix(".mat"))
    ]


def _load(path: Path) -> Example:
    data = reading.matlab(path, "data")
    with reading.naming(path):
        image = _field(data, "rgb")
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise DatasetError(f"an 8-bit colour picture is needed in rgb, found {image.dtype} {image.shape}")
        camera = _camera(_field(data, "calib"), image.shape[1], image.shape[0])
        depth = reading.plausible(DepthEncoding("npy").metres(_field(data, "depth"), camera))
        points = unproject(depth.astype(np.float64), camera.resized(depth.shape[1], depth.shape[0]))
        return Example(
            image,
            camera,
            depth,
            masks={name: _field(data, field) != 0 for name, field in _MASKS.items()},
            edges=_field(data, "edges") != 0,
            planes=tuple(plane for kind in _KINDS for plane in _planes(data, kind, points)),
        )


def _field(data: np.ndarray, name: str) -> np.ndarray:
    """Of a MATLAB struct."""
    try:
        return data[name][0, 0]
    except (IndexError, ValueError) as error:
        raise DatasetError(f"its struct data has no field {name}") from error


def _camera(calib: Float[np.ndarray, "3 3"], width: int, height: int) -> Camera:
    if calib.shape != (3, 3):
        raise DatasetError(f"calib has 3x3 numbers, found shape {calib.shape}")
    fx, fy, cx, cy = (float(calib[place]) for place in ((0, 0), (1, 1), (2, 0), (2, 1)))
    if not (0 < cx <= width and 0 < cy <= height):
        raise DatasetError(f"the principal point ({cx:g}, {cy:g}) of calib is not in the picture; is it transposed?")
    return Camera(fx, fy, cx - 1, cy - 1, width, height, detail="calib")


def _planes(data: np.ndarray, kind: str, points: Float[np.ndarray, "h w 3"]) -> Iterator[Plane]:
    """The planes of a kind on which any true depth is known."""
    numbers, rows = _field(data, f"mask_{kind}"), _field(data, f"mask_{kind}_paras")
    if rows.size == 0:
        return
    if rows.ndim != 2 or rows.shape[1] < _NORMAL.stop:
        raise DatasetError(f"mask_{kind}_paras has rows of {_NORMAL.stop} numbers or more, found {rows.shape}")
    if numbers.shape != points.shape[:2]:
        raise DatasetError(f"mask_{kind} has shape {numbers.shape}, the true depth {points.shape[:2]}")
    for number, row in enumerate(rows, 1):
        region = numbers == number
        known = region & np.isfinite(points[..., 2])
        if not known.any():
            continue
        right, forward, up = row[_NORMAL].astype(float)
        normal = np.array([right, -up, forward])
        if not 0.9 < (length := float(np.linalg.norm(normal))) < 1.1:
            raise DatasetError(f"row {number} of mask_{kind}_paras holds a normal of length {length:.3g}, not 1")
        offset = float(np.median(points[known] @ (normal / length)))
        x, y, z = (normal / length * (-1 if offset > 0 else 1)).tolist()
        yield Plane(kind, region, (x, y, z), abs(offset))
