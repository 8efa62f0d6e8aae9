"""Pictures with poses from the folders of other programs, recognised by their content.

COLMAP, nerfstudio, TUM RGB-D, KITTI odometry, ScanNet, 7-Scenes, frames.json; or pictures with a trajectory.
"""

from __future__ import annotations

from pathlib import Path

from theodolite.apps.view_readers import colmap, frames, kitti, listed, nerfstudio, scannet, seven_scenes, tum
from theodolite.apps.view_readers.source import Source
from theodolite.apps.views import Views
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.photo import CameraGiven
from theodolite.camera.readers import read_camera
from theodolite.errors import DatasetError

# Files that only one program writes come first.
READERS = (frames, nerfstudio, colmap, tum, seven_scenes, scannet, kitti)
_WANTED = (
    "frames.json, transforms.json (nerfstudio), cameras and images (COLMAP), rgb.txt and groundtruth.txt (TUM), "
    "frame-*.pose.txt (7-Scenes), color/ and pose/ (ScanNet), image_2/ and poses.txt (KITTI)"
)


def read_views(
    folder: str | Path,
    images: str | Path | None = None,
    poses: str | Path | None = None,
    calibration: str | Path | CameraGiven | None = None,
) -> Views:
    """The views of a folder, in the order of time or name.

    Args:
        folder: of any form in `READERS`; or, with `poses`, of pictures.
        images: folder of the pictures, where it is not the usual one.
        poses: a trajectory of TUM's or KITTI's form, of camera-to-world motions in metres.
        calibration: camera of the pictures, or a file with it (`camera.readers`), in place of what the folder says.
    Raises: DatasetError, CameraError, naming what is missing or damaged. Single pictures that cannot be used are a
        line each in `Views.skipped`.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DatasetError(f"{root} is no folder; one with pictures and poses is needed.")
    if images is not None and not Path(images).is_dir():
        raise DatasetError(f"{images} is no folder; that of the pictures is needed.")
    source = Source(root, None if images is None else Path(images), _given(calibration))
    if poses is not None:
        return listed.read(source, Path(poses))
    for reader in READERS:
        if reader.recognise(root):
            return reader.read(source)
    for maker in (nerfstudio, colmap):
        if maker.recognise_made(root):
            return maker.read(source)
    inside = [child.name for child in sorted(root.iterdir()) if child.is_dir() and _recognised(child)]
    if inside:
        raise DatasetError(f"{root} holds {len(inside)} sequences ({', '.join(inside[:5])}); give one of them.")
    raise DatasetError(
        f"{root} is in no known form of pictures with poses; looked for {_WANTED}. Pictures with a trajectory "
        "need --poses FILE and --calibration FILE."
    )


def _recognised(folder: Path) -> bool:
    return any(reader.recognise(folder) for reader in READERS)


def _given(calibration: str | Path | CameraGiven | None) -> CameraGiven | None:
    if not isinstance(calibration, (str, Path)):
        return calibration
    path = calibration

    def camera(width: int, height: int) -> CalibratedCamera:
        return read_camera(path, (width, height))

    return camera


__all__ = ["read_views"]
