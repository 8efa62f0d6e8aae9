"""Where the files of a driving picture are: its calibration, its sweep, and depth measured in place of a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.apps.mounted_camera import MountedCamera, read_mounted
from theodolite.camera.photo import Photo
from theodolite.errors import CalibrationError, DatasetError
from theodolite.inference.bulk import expand
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

# Folders of pictures in KITTI's layouts, and the projections that are theirs.
PROJECTIONS = {"image_2": "P2", "image_3": "P3", "image_02": "P_rect_02", "image_03": "P_rect_03"}
# Steps a metre of KITTI's depth PNGs.
STEPS = 256.0


@dataclass(frozen=True)
class DrivingFiles:
    """One picture and what belongs to it.

    Args:
        calibration: file or folder; see `mounted_camera`.
        name: of the projection or channel, where the layout tells it.
        sweep: float32 x, y, z, intensity in the body's axes; None without.
    """

    picture: Path
    calibration: Path
    name: str | None = None
    sweep: Path | None = None

    def mounted(self, size: tuple[int, int]) -> MountedCamera:
        """Raises: CalibrationError."""
        return read_mounted(self.calibration, self.picture, size, self.name)


def driving_pictures(inputs: Sequence[Path]) -> list[Path]:
    """Pictures named by files and folders; of a folder in KITTI's layouts those of its left colour camera."""
    usual = ("image_2", "image_02/data")
    return expand([next((path / own for own in usual if (path / own).is_dir()), path) for path in inputs])


def driving_files(
    picture: Path, calibration: Path | None = None, sweep: Path | None = None, name: str | None = None
) -> DrivingFiles:
    """A picture with what was given, and beside it what KITTI's layouts put there.

    Args:
        sweep: file, or folder with one of the picture's name.
    Raises: CalibrationError, when there is no calibration; DatasetError, when a sweep that was given is not there.
    """
    raw = picture.parent.name == "data"
    layout = picture.parent.parent if raw else picture.parent
    if calibration is None:
        places = [layout.parent / "calib" / f"{picture.stem}.txt", layout.parent / "calib.txt"]
        if raw:
            places = [layout.parent.parent / "calib_cam_to_cam.txt"]
        own = next((place for place in places if place.is_file()), None)
        if own is None:
            raise CalibrationError(
                f"{picture} has no calibration beside it; looked for {', '.join(map(str, places))}. Give --calibration."
            )
        calibration = own.parent if raw else own
    folder = layout.parent / ("velodyne_points/data" if raw else "velodyne")
    found = _sweep(sweep, picture) if sweep else folder / f"{picture.stem}.bin"
    return DrivingFiles(
        picture, calibration, name or PROJECTIONS.get(layout.name), found if sweep or found.is_file() else None
    )


def measured_prediction(photo: Photo, folder: Path) -> Prediction:
    """Measured depth as if it had been predicted: of KITTI's 16-bit PNGs, metres = value / 256, 0 unknown.

    Args:
        folder: with a PNG of the picture's name and size.
    Raises: DatasetError.
    """
    from PIL import Image

    path = folder / f"{Path(photo.name).stem}.png"
    try:
        with Image.open(path) as opened:
            depth = np.asarray(opened).astype(np.float32) / STEPS
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: {getattr(error, 'strerror', None) or 'is no picture'}.") from error
    if depth.shape != photo.image.shape[:2]:
        height, width = photo.image.shape[:2]
        raise DatasetError(f"{path}: depth of {width}x{height} px is needed, as {photo.name} is, found {depth.shape}.")
    valid = depth > 0
    depth[~valid] = np.nan
    return Prediction(
        depth, None, np.ones_like(depth), None, valid, photo.camera, photo.image, photo.name, model="measured"
    )


def _sweep(given: Path, picture: Path) -> Path:
    path = given / f"{picture.stem}.bin" if given.is_dir() else given
    if not path.is_file():
        raise DatasetError(f"{path} is not there: a sweep of float32 x, y, z, intensity for {picture.name} was wanted.")
    return path


def check_inside(sweep: Float[np.ndarray, "n c"], path: Path) -> Float[np.ndarray, "n c"]:
    """The sweep's finite points. Raises: DatasetError, when there are none."""
    sweep = sweep[np.isfinite(sweep[:, :3]).all(axis=1)]
    if len(sweep) == 0:
        raise DatasetError(f"{path} holds no finite points.")
    return sweep
