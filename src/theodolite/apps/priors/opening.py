"""The views of a folder as it was before priors were written into it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from theodolite.apps.priors.transforms_file import NAME, Transforms, is_only_ours, read_transforms
from theodolite.apps.view_readers import READERS, nerfstudio, read_views
from theodolite.apps.view_readers.depth import depth_reader
from theodolite.apps.view_readers.source import Source
from theodolite.apps.views import View, Views
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.photo import CameraGiven
from theodolite.camera.readers import read_camera
from theodolite.errors import DatasetError


def open_views(
    root: Path,
    images: str | Path | None = None,
    poses: str | Path | None = None,
    calibration: str | Path | CameraGiven | None = None,
) -> tuple[Views, Transforms | None]:
    """The views; and the user's own transforms.json, if that is where they are from.

    Arguments and errors as `read_views`.
    """
    if poses is None and root.is_dir() and is_only_ours(root):
        return _beside_ours(root, images, calibration), None
    views = read_views(root, images, poses, calibration)
    own = read_transforms(root) if views.form == "nerfstudio" else None
    if own is None:
        return views, None
    # Depth that a file of ours names is no measured depth.
    return replace(views, metric=own.measured, views=tuple(_with_own_depth(view, own) for view in views.views)), own


def _with_own_depth(view: View, own: Transforms) -> View:
    """With the measured depth that the user's own file names, or none."""
    named = next((frame for frame in own.content["frames"] if frame.get("file_path") == view.name), None)
    if named is None or "depth_file_path" not in named:
        return replace(view, depth=None, read_depth=None)
    depth = own.path.parent / str(named["depth_file_path"])
    steps = 1 / float(own.content.get("depth_unit_scale_factor", 1e-3))
    return replace(view, depth=depth, read_depth=depth_reader(depth, steps))


def _beside_ours(root: Path, images: str | Path | None, calibration: str | Path | CameraGiven | None) -> Views:
    """Views of the form that a transforms.json of ours was made of."""
    reader = next((reader for reader in READERS if reader is not nerfstudio and reader.recognise(root)), None)
    if reader is None:
        raise DatasetError(f"{root / NAME} was written by `theodolite priors`, and what it was made of is gone.")
    given = calibration
    if isinstance(calibration, (str, Path)):
        path = calibration

        def given(width: int, height: int) -> CalibratedCamera:
            return read_camera(path, (width, height))

    return reader.read(Source(root, None if images is None else Path(images), given))  # type: ignore[arg-type]
