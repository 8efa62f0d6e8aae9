"""What every reader of posed pictures shares: what was asked for, cameras, checked poses, one line a failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.apps.views import View, Views
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.decode import read_header
from theodolite.camera.photo import CameraGiven
from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, DatasetError, PhotoError
from theodolite.geometry.pose import is_rigid
from theodolite.types import Float

# Poses come with as few as six decimals; a scale of a per mille is a scale.
_RIGID = 1e-3


@dataclass(frozen=True)
class Source:
    """What the user gave.

    Args:
        root: the folder.
        images: folder of the pictures, where it is not the usual one.
        calibration: camera of all pictures, in place of the folder's own.
    """

    root: Path
    images: Path | None = None
    calibration: CameraGiven | None = None

    def pictures_folder(self, *usual: str) -> Path:
        """The folder given, or the first of the usual ones that is there. Raises: DatasetError."""
        if self.images is not None:
            return self.images
        for name in usual:
            if (self.root / name).is_dir():
                return self.root / name
        raise DatasetError(f"{self.root} has no folder of pictures; looked for {', '.join(usual)}. Say where they are.")

    def calibrated(self, own: CameraGiven | None, wanted: str) -> Cameras:
        """Cameras from the calibration given, or the folder's own.

        Args:
            wanted: where the own one would be, for the message.
        Raises: DatasetError, when there is neither.
        """
        given = self.calibration or own
        if given is None:
            raise DatasetError(f"{self.root} has no calibration: {wanted}. Give one, for example with --calibration.")
        return Cameras(given)


class Cameras:
    """The camera of each picture from one calibration: all pictures have to be of one shape.

    A calibration that gives no size is taken to be for the first picture that is asked for.
    """

    def __init__(self, given: CameraGiven) -> None:
        self._given = given
        self._known: CalibratedCamera | None = None

    def of(self, picture: Path) -> CalibratedCamera:
        """Raises: PhotoError, CameraError, naming the picture."""
        sizes = picture_sizes(picture)
        if self._known is None:
            found = self._given(*sizes[0]) if callable(self._given) else self._given
            self._known = CalibratedCamera(found) if isinstance(found, Camera) else found
        return fitted(self._known, picture, sizes)


def fitted(
    camera: CalibratedCamera, picture: Path, sizes: tuple[tuple[int, int], ...] | None = None
) -> CalibratedCamera:
    """The camera at the size of a picture: as stored, or else upright. Raises: PhotoError, DatasetError."""
    sizes = sizes or picture_sizes(picture)
    for size in sizes:
        try:
            return camera.for_size(*size)
        except CameraError:
            continue
    width, height = camera.camera.width, camera.camera.height
    found = " or ".join(f"{w}x{h}" for w, h in sizes)
    raise DatasetError(f"{picture} has {found} px, but its camera is for {width}x{height}, another shape.")


def picture_sizes(picture: Path) -> tuple[tuple[int, int], ...]:
    """(width, height) as stored, and upright where EXIF turns the picture on its side. Raises: PhotoError."""
    if not picture.is_file():
        raise PhotoError(f"{picture} is not there.")
    header = read_header(picture, str(picture))
    upright = header.original_size
    return (upright[::-1], upright) if header.exif.orientation >= 5 else (upright,)


def gathered(form: str, metric: bool, attempts: Iterable[Callable[[], View]]) -> Views:
    """The views that could be made, and a line for each that could not.

    Raises: DatasetError, when there is none at all, with the first reason.
    """
    views, skipped = [], []
    for attempt in attempts:
        try:
            views.append(attempt())
        except (CameraError, PhotoError, DatasetError) as error:
            skipped.append(str(error))
    if not views:
        raise DatasetError(f"No picture can be used. {skipped[0] if skipped else 'There is none.'}")
    return Views(form, tuple(views), metric, tuple(skipped))


def checked_pose(matrix: Float[np.ndarray, "_ 4"], where: object) -> Float[np.ndarray, "4 4"]:
    """A rigid motion, freed of the rounding of its file.

    Args:
        matrix: of three or four rows.
        where: what it was read from, for the message.
    Raises: DatasetError, when it is not finite or not rigid.
    """
    if not np.isfinite(matrix).all():
        raise DatasetError(f"{where}: its pose is not finite; the tracker was lost there.")
    pose = np.eye(4)
    pose[: len(matrix)] = matrix
    if not is_rigid(pose, _RIGID):
        size = float(np.linalg.det(pose[:3, :3]))
        raise DatasetError(
            f"{where}: its pose is no rigid motion (the rotation has determinant {size:.4g}); "
            "poses with scale, shear or mirror images cannot be used."
        )
    left, _, right = np.linalg.svd(pose[:3, :3])
    pose[:3, :3] = left @ right
    return pose


def read_matrix(path: Path) -> Float[np.ndarray, "rows columns"]:
    """Numbers in rows, "inf" and "nan" among them. Raises: DatasetError, naming the file."""
    try:
        rows = [[float(word) for word in line.replace(",", " ").split()] for line in read_text(path).splitlines()]
    except ValueError as error:
        raise DatasetError(f"{path}: the numbers of a matrix are needed ({error}).") from error
    rows = [row for row in rows if row]
    if not rows or len({len(row) for row in rows}) != 1:
        raise DatasetError(f"{path}: rows of equal length are needed, found {[len(row) for row in rows][:6]} numbers.")
    return np.array(rows)


def read_pose(path: Path) -> Float[np.ndarray, "4 4"]:
    """`checked_pose` of a file with a 4x4 or 3x4 matrix. Raises: DatasetError."""
    matrix = read_matrix(path)
    if matrix.shape not in ((4, 4), (3, 4)):
        raise DatasetError(f"{path}: a matrix of 4x4 or 3x4 numbers is needed, found {matrix.shape}.")
    return checked_pose(matrix, path)


def read_text(path: Path) -> str:
    """Raises: DatasetError, naming the file."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text.") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error


def natural(path: Path) -> tuple[tuple[int, str], ...]:
    """A key that puts 2.jpg before 10.jpg."""
    words = re.findall(r"\d+|\D+", path.name)
    return tuple((int(word), "") if word.isdigit() else (-1, word) for word in words)
