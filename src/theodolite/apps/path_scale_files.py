"""Paths brought to metres, as files; and what has to be known about pictures that come with a bare path."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.frames import Pictures, open_frames
from theodolite.apps.path_scale import ViewFactor
from theodolite.apps.slow_scale import SlowScale
from theodolite.apps.trajectory import Trajectory, read_trajectory, write_kitti, write_tum
from theodolite.apps.view_readers.association import APART, poses_at
from theodolite.apps.view_readers.source import Cameras, checked_pose, gathered
from theodolite.apps.views import View, Views
from theodolite.camera.photo import CameraGiven, CameraReport
from theodolite.errors import DatasetError
from theodolite.weights.atomic import writing

FILES = ("trajectory.txt", "trajectory_kitti.txt", "scale.json")


def path_of_views(views: Views, trajectory: Path) -> Trajectory:
    """The path as its file has it, with the poses that have no picture too; of a folder, that of its views."""
    if not trajectory.is_dir():
        return read_trajectory(trajectory)
    times = np.array([view.time for view in views.views])
    return Trajectory(times, np.stack([view.world_from_camera for view in views.views]))


def views_of_path(trajectory: Path, images: Path, given: CameraGiven) -> Views:
    """The pictures of a folder with the poses of a path, by time, or else one by one in their order.

    Raises: DatasetError, when they cannot be matched.
    """
    path, pictures = read_trajectory(trajectory), open_frames(images)
    if not isinstance(pictures, Pictures):
        raise DatasetError(f"{images} is a video; the pictures of a path are needed in a folder.")
    times, poses = path.times, path.world_from_camera
    if pictures.timed and not np.array_equal(times, np.arange(len(path))):
        times = np.array(pictures.times)
        poses = poses_at(path, times)
    elif len(path) != len(pictures):
        raise DatasetError(
            f"{trajectory} has {len(path)} poses, {images} {len(pictures)} pictures whose names are no times: one pose "
            "for each picture is needed."
        )
    cameras = Cameras(given)

    def view(number: int) -> View:
        file = pictures.files[number]
        if np.isnan(poses[number]).any():
            raise DatasetError(f"{file}: no pose within {1000 * APART:.0f} ms of its time, {times[number]:.3f} s.")
        return View(file.name, file, cameras.of(file), checked_pose(poses[number], file), time=float(times[number]))

    return gathered("trajectory", False, (partial(view, number) for number in range(len(pictures))))


def camera_of_pictures(
    folder: Path, assume_fov: float = 60.0, strict: bool = False
) -> tuple[CameraGiven, tuple[str, ...]]:
    """What the first picture says of its camera, for all; and what is worth telling about it.

    Raises: DatasetError, without a picture; UnknownCamera, when `strict` and it does not say.
    """
    pictures = open_frames(folder)
    if not isinstance(pictures, Pictures):
        raise DatasetError(f"{folder} is no folder of pictures.")
    first = pictures.files[0]
    report = CameraReport.of(first, strict=strict, assume_fov=assume_fov)
    return (lambda width, height: report.lens), tuple(f"{first.name} {note}" for note in report.notes)


def facts_of(scale: SlowScale, path: Trajectory, found: Sequence[ViewFactor], views: Views) -> dict[str, Any]:
    """Numbers that JSON can hold; one that is not known is None.

    `sigma` holds what the parts of the path differ by, and the uncertainty of the focal length, by which all predicted
    depth is wrong alike. What a network errs by everywhere alike is not in it.
    """
    sigma = float(np.hypot(scale.sigma, views.views[0].camera.camera.rel_sigma))
    return {
        "poses": len(path),
        "factor": scale.factor,
        "sigma": sigma if np.isfinite(sigma) else None,
        "spread": scale.spread,
        "drift": scale.drift,
        "corners": len(scale.at),
        "curve": [[float(at), float(np.exp(value))] for at, value in zip(scale.at, scale.log_factors, strict=True)],
        "looked_at": len(found),
        "told": sum(bool(each.by) for each in found),
        "told_by": dict(Counter(each.by for each in found if each.by)),
        "length_metres": scale.corrected(path).length,
        "names": list(FILES),
    }


def write_scaled(folder: Path, path: Trajectory, facts: Mapping[str, Any]) -> list[Path]:
    """The path in TUM's and KITTI's form, and the facts. Raises: OutputError."""
    files = [folder / name for name in FILES]
    write_tum(files[0], path)
    write_kitti(files[1], path)
    with writing(files[2]) as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return files
