"""The views of a folder as it was before priors were written into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from theodolite.apps.priors.transforms_file import NAME, read_transforms
from theodolite.apps.view_readers import read_views
from theodolite.apps.views import Views
from theodolite.camera.photo import CameraGiven
from theodolite.errors import DatasetError


def open_views(
    root: Path,
    images: str | Path | None = None,
    poses: str | Path | None = None,
    calibration: str | Path | CameraGiven | None = None,
) -> tuple[Views, Mapping[str, Any] | None]:
    """The views; and the user's own transforms.json, if that is where they are from.

    Arguments and errors as `read_views`.
    """
    views = read_views(root, images, poses, calibration)
    if views.form != "nerfstudio":
        return views, None
    own = read_transforms(root)
    if own is None:
        raise DatasetError(f"{root / NAME} was written by `theodolite priors`, and what it was made of is gone.")
    return views, own
