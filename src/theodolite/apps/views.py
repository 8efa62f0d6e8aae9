"""Pictures with poses, as other programs leave them: one list of views, whatever the folder's form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.types import Float


@dataclass(frozen=True, eq=False)
class View:
    """One picture, its camera, and where it was taken from.

    Args:
        name: as the program that gave the pose calls it.
        image: file.
        camera: of the picture as stored, with its lens's distortion.
        world_from_camera: rigid; OpenCV camera axes; metres, or the unit of a reconstruction that is known up to scale.
        time: seconds, or the number of the view.
        depth: file of measured depth of the same view, where there is one; read by `read_depth`.
        read_depth: metres along z, at the picture's size or another of its shape; NaN where unknown.
        points: sparse points of the reconstruction that this view sees, in the world; None without.
    """

    name: str
    image: Path
    camera: CalibratedCamera
    world_from_camera: Float[np.ndarray, "4 4"]
    time: float = 0.0
    depth: Path | None = None
    read_depth: Callable[[], Float[np.ndarray, "h w"]] | None = None
    points: Float[np.ndarray, "n 3"] | None = None


@dataclass(frozen=True)
class Views:
    """All views of a folder, in the order of time or name.

    Args:
        form: of the folder: "colmap", "nerfstudio", "tum", "kitti", "scannet", "7scenes", "frames" or "trajectory".
        metric: whether the unit of the poses is the metre.
        skipped: pictures without a usable pose, and why, a line each.
    """

    form: str
    views: tuple[View, ...]
    metric: bool
    skipped: tuple[str, ...] = field(default=())
