"""DrivingStereo: a stereo pair and a LiDAR on Chinese roads, with depth filtered out of several sweeps.

From drivingstereo-dataset.github.io; licence as stated there. Source: that page, and public readers of the archives
(file names, calibration, 256 steps a metre).

    <source>/
        train-left-image/<sequence>/<frame>.jpg     train-depth-map/<sequence>/<frame>.png      half size
        test-left-image/left-image-half-size/…      test-depth-map/depth-map-half-size/…
        <weather>/left-image-half-size/…            <weather>/depth-map-half-size/…             also full-size
        [calib/]half-image-calib/<sequence>.txt     P_rect_101: …                               also full-image-calib

Taken: every left picture with a depth map, of the training part, or of the others where that is absent. The sequence is
what a frame's name has before its underscore. Labels count as dense, as in the published training. Left out: disparity
(the same measurements), right pictures.
Not verified on the data: that each sequence of each archive has its calibration under this name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders.source_files import image_size, intrinsics, need, rectified_camera
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

DOMAIN = "drivingstereo"
ENCODING = DepthEncoding("png16", scale=256)
RANGE = (1.0, 200.0)
_LEFT, _DEPTH = "left-image", "depth-map"


def records(source: Path, out: Path) -> Iterator[Record]:
    """Left pictures with depth. Raises: DatasetError."""
    calibrations = {
        (path.parent.name, path.stem): path
        for pattern in ("*-image-calib/*.txt", "*/*-image-calib/*.txt")
        for path in source.glob(pattern)
    }
    cameras: dict[Path, tuple[float, float, float, float]] = {}
    images = set(source.glob(f"train-{_LEFT}/*/*.jpg"))
    for pattern in () if images else (f"*{_LEFT}*/*.jpg", f"*{_LEFT}*/*/*.jpg", f"*/{_LEFT}*/*.jpg"):
        images |= set(source.glob(pattern))
    for image in need(images, source, f"train-{_LEFT}/*/*.jpg"):
        parts = [part.replace(_LEFT, _DEPTH) for part in image.relative_to(source).parts]
        depth = source.joinpath(*parts).with_suffix(".png")
        if not depth.is_file():
            continue
        size = "full" if any("full-size" in part for part in parts) else "half"
        key = f"{size}-image-calib", image.stem.split("_")[0]
        if key not in calibrations:
            raise DatasetError(f"{source / key[0] / key[1]}.txt: absent; the calibration of {image.name} is needed.")
        path = calibrations[key]
        if path not in cameras:
            cameras[path] = intrinsics(rectified_camera(path, "P_rect_101", image_size(image)))
        yield Record(
            image=image,
            camera=cameras[path],
            depth=depth,
            depth_encoding=ENCODING,
            kind=LabelKind.LIDAR,
            sparse=False,
            range=RANGE,
            domain=DOMAIN,
        )
