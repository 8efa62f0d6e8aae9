"""TUM RGB-D folders: rgb.txt and depth.txt list files by time, groundtruth.txt the path of the camera.

Cameras of freiburg1 to 3 are the calibrated ones of the benchmark's page "File formats", with their distortion; a
folder without such a name needs a calibration. Depth is on the pixels of the picture, as the benchmark registered it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from theodolite.apps.trajectory import read_trajectory
from theodolite.apps.view_readers.association import APART, poses_at
from theodolite.apps.view_readers.depth import depth_reader
from theodolite.apps.view_readers.source import Source, checked_pose, gathered, read_text
from theodolite.apps.views import View, Views
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import RadialTangential
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError

STEPS = 5000  # of a metre, in the depth pictures
_PATHS = ("groundtruth.txt", "trajectory.txt", "poses.txt")
_CAMERAS = {
    "freiburg1": ((517.3, 516.5, 318.6, 255.3), RadialTangential(0.2624, -0.9531, -0.0054, 0.0026, 1.1633)),
    "freiburg2": ((520.9, 521.0, 325.1, 249.7), RadialTangential(0.2312, -0.7849, -0.0033, -0.0001, 0.9172)),
    "freiburg3": ((535.4, 539.2, 320.1, 247.6), None),
}


def recognise(root: Path) -> bool:
    return (root / "rgb.txt").is_file()


def read(source: Source) -> Views:
    """Raises: DatasetError, when a list or the path is missing or damaged, or the camera is not known."""
    root = source.root
    path = next((root / name for name in _PATHS if (root / name).is_file()), None)
    if path is None:
        raise DatasetError(f"{root} has pictures but no path of the camera; looked for {', '.join(_PATHS)}.")
    pictures = read_listing(root / "rgb.txt")
    depths = read_listing(root / "depth.txt") if (root / "depth.txt").is_file() else {}
    times = np.array(sorted(pictures))
    poses = poses_at(read_trajectory(path), times)
    depth_times = np.array(sorted(depths))
    cameras = source.calibrated(_camera(root), f"its name has none of {', '.join(_CAMERAS)}, whose cameras are known")

    def view(time: float, pose: np.ndarray) -> View:
        name = pictures[time]
        if np.isnan(pose).any():
            raise DatasetError(f"{root / name}: no pose within {1000 * APART:.0f} ms of its time, {time:.3f} s.")
        picture = root / name if source.images is None else source.images / Path(name).name
        depth = root / depths[_nearest(depth_times, time)] if _near(depth_times, time) else None
        return View(
            name,
            picture,
            cameras.of(picture),
            checked_pose(pose, root / name),
            time=time,
            depth=depth,
            read_depth=None if depth is None else depth_reader(depth, STEPS),
        )

    jobs = zip(times.tolist(), poses, strict=True)
    return gathered("tum", True, (partial(view, time, pose) for time, pose in jobs))


def read_listing(path: Path) -> dict[float, str]:
    """Files by time, s. Raises: DatasetError, naming file and line."""
    files = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            files[float(words[0])] = words[1]
        except (ValueError, IndexError):
            raise DatasetError(f"{path}, line {number}: 'timestamp file' is needed, found {line[:60]!r}.") from None
    return files


def _nearest(times: np.ndarray, time: float) -> float:
    return float(times[np.abs(times - time).argmin()])


def _near(times: np.ndarray, time: float) -> bool:
    return len(times) > 0 and abs(_nearest(times, time) - time) <= APART


def _camera(root: Path) -> CalibratedCamera | None:
    for name, (intrinsics, lens) in _CAMERAS.items():
        if name in root.resolve().name:
            return CalibratedCamera(Camera(*intrinsics, 640, 480, detail=f"TUM {name}"), lens)
    return None
