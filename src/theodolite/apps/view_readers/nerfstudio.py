"""nerfstudio's and instant-ngp's ``transforms.json``: camera-to-world matrices of cameras that look along -z, y up.

Source: docs.nerf.studio, "Data conventions".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.view_readers.depth import depth_reader
from theodolite.apps.view_readers.source import (
    Cameras,
    Source,
    checked_pose,
    fitted,
    gathered,
    picture_sizes,
    read_text,
)
from theodolite.apps.views import View, Views
from theodolite.camera.readers import nerfstudio as cameras
from theodolite.errors import DatasetError
from theodolite.geometry.pointcloud import VIEWER_FROM_CAMERA

NAME = "transforms.json"
_FILES = (NAME, "transforms_train.json")
# A file that `theodolite priors` wrote has this key, and what was there before is kept under that name.
PRIORS, KEPT = "theodolite_priors", "transforms.original.json"


def recognise(root: Path) -> bool:
    """A file that only `theodolite priors` wrote does not count: what it was made of is the better source."""
    try:
        return own_file(root) is not None
    except DatasetError:
        return True  # damaged, as whoever reads it is told


def recognise_made(root: Path) -> bool:
    """Whether there is a file of any origin."""
    return _file(root) is not None


def own_file(root: Path) -> Path | None:
    """The file as it was before priors were added; None where there is none but theirs. Raises: DatasetError."""
    file = _file(root)
    if file is None or PRIORS not in content_of(file):
        return file
    return next((path for name in (KEPT, *_FILES[1:]) if (path := root / name).is_file()), None)


def read(source: Source) -> Views:
    """Metric where frames name measured depth, which nerfstudio keeps in the unit of the poses.

    Depth of priors is predicted, not measured: it is left out, and the file they were added to is read in their place.

    Raises: DatasetError, when the file is damaged or no picture is there.
    """
    file = own_file(source.root) or _file(source.root)
    assert file is not None
    content = content_of(file)
    frames = content["frames"]
    given = None if source.calibration is None else Cameras(source.calibration)
    measured = PRIORS not in content
    metric = measured and any("depth_file_path" in frame for frame in frames)
    shared = {name: value for name, value in content.items() if name != "frames"}
    frames = sorted(frames, key=lambda frame: str(frame.get("file_path", "")))

    def view(number: int, frame: Mapping[str, Any]) -> View:
        where = f"{file}, frame {frame.get('file_path', number)}"
        picture = _picture(source, file, frame, where)
        if given is None:
            sizes = picture_sizes(picture)
            camera = fitted(cameras.from_json({**shared, **frame, "frames": []}, sizes[0]), picture, sizes)
        else:
            camera = given.of(picture)
        depth = file.parent / str(frame["depth_file_path"]) if measured and "depth_file_path" in frame else None
        # Millimetres unless the file says otherwise.
        steps = 1 / float(content.get("depth_unit_scale_factor", 1e-3))
        return View(
            str(frame["file_path"]),
            picture,
            camera,
            _pose(frame, where),
            time=float(number),
            depth=depth,
            read_depth=None if depth is None else depth_reader(depth, steps),
        )

    return gathered("nerfstudio", metric, (partial(view, i, frame) for i, frame in enumerate(frames)))


def content_of(file: Path) -> dict[str, Any]:
    """A JSON object with a list of frames. Raises: DatasetError."""
    try:
        content = json.loads(read_text(file))
        frames = content["frames"]
        if not isinstance(frames, list) or not all(isinstance(frame, Mapping) for frame in frames):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DatasetError(f"{file}: a JSON object with a list of frames is needed.") from error
    return content


def _file(root: Path) -> Path | None:
    return next((root / name for name in _FILES if (root / name).is_file()), None)


def _picture(source: Source, file: Path, frame: Mapping[str, Any], where: str) -> Path:
    if not isinstance(frame.get("file_path"), str):
        raise DatasetError(f"{where}: file_path is missing.")
    path = file.parent / frame["file_path"]
    if source.images is not None:
        path = source.images / path.name
    # Blender's scenes leave out the ending.
    return path if path.suffix or path.is_file() else path.with_name(f"{path.name}.png")


def _pose(frame: Mapping[str, Any], where: str) -> np.ndarray:
    try:
        matrix = np.array(frame["transform_matrix"], dtype=float)
        if matrix.shape not in ((4, 4), (3, 4)):
            raise ValueError
    except (KeyError, ValueError, TypeError) as error:
        raise DatasetError(f"{where}: transform_matrix is to be a matrix of 4x4 numbers.") from error
    return checked_pose(matrix, where) @ VIEWER_FROM_CAMERA
