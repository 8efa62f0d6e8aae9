"""KITTI, raw recordings with their annotated depth: what the KITTI fine-tuning learns from.

From cvlibs.net/datasets/kitti; CC BY-NC-SA 3.0. Source: Geiger et al., IJRR 2013, and the development kits of the raw
data and of the depth benchmark.

    <source>/
        [raw/]<date>/calib_cam_to_cam.txt  calib_velo_to_cam.txt
        [raw/]<date>/<date>_drive_<number>_sync/image_02/data/0000000005.png …           also image_03
                                               /velodyne_points/data/0000000005.bin …
        [data_depth_annotated/]train/<drive>_sync/proj_depth/groundtruth/image_02/0000000005.png …     also val/
        [split.txt]

Taken: colour pictures of both cameras that have an annotated depth map (256 steps a metre, eleven sweeps together, with
outliers taken out by stereo; the first and last five pictures of a drive have none). `kitti-sweeps` takes single sweeps
instead. A split.txt limits both to its frames, one a line, in either usual form of the Eigen lists:
``2011_09_26/2011_09_26_drive_0002_sync 69 l`` or a path of a picture, with anything after it. It is not shipped;
without it, drives of the Eigen test list are among the pictures.
Left out: grey pictures, IMU, boxes, the benchmark's own test pictures.
Not verified on the data: nothing but where the two archives are unpacked to, which is everybody's own choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import intrinsics, need, read_text, rectified_camera
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

DOMAIN = "kitti"
ENCODING = DepthEncoding("png16", scale=256)
RANGE = (1.0, 120.0)
SPLIT = "split.txt"
_SIDES = {"l": "02", "r": "03", "2": "02", "3": "03"}
_IN_PATH = re.compile(r"(\d{4}_\d\d_\d\d_drive_\d{4}_sync)/image_(0[23])/(?:data/)?(\d{10})")


@dataclass(frozen=True, order=True)
class Frame:
    """One picture of a drive: `eye` is 02, left, or 03, right."""

    drive: str
    eye: str
    number: int

    @property
    def date(self) -> str:
        return self.drive[:10]

    def image(self, raw: Path) -> Path:
        return raw / self.date / self.drive / f"image_{self.eye}/data/{self.number:010}.png"

    def camera(self, raw: Path) -> Camera:
        """Raises: DatasetError."""
        return _camera(raw / self.date / "calib_cam_to_cam.txt", self.eye)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures with annotated depth, those of split.txt where there is one. Raises: DatasetError."""
    wanted, raw = listed_frames(source), raw_folder(source)
    pattern = "*_sync/proj_depth/groundtruth/image_0[23]/*.png"
    parts = [source / top / part for top in ("", "data_depth_annotated") for part in ("train", "val")]
    for depth in need((path for part in parts for path in part.glob(pattern)), source, f"train/{pattern}"):
        frame = Frame(depth.parts[-5], depth.parent.name.removeprefix("image_"), int(depth.stem))
        if wanted is None or frame in wanted:
            yield annotated_record(frame, raw, depth)


def annotated_record(frame: Frame, raw: Path, depth: Path) -> Record:
    """A picture with its annotated depth map. Raises: DatasetError, naming the calibration."""
    camera = frame.camera(raw)
    return Record(
        image=frame.image(raw),
        camera=intrinsics(camera),
        size=(camera.width, camera.height),
        depth=depth,
        depth_encoding=ENCODING,
        kind=LabelKind.LIDAR,
        range=RANGE,
        domain=DOMAIN,
    )


def raw_folder(source: Path) -> Path:
    """The folder of the dates. Raises: DatasetError, when there is none."""
    calibrations = [path for top in ("", "raw/") for path in source.glob(f"{top}*/calib_cam_to_cam.txt")]
    return need(calibrations, source, "<date>/calib_cam_to_cam.txt")[0].parent.parent


def listed_frames(source: Path) -> frozenset[Frame] | None:
    """Frames of the split's list; None when there is no list. Raises: DatasetError, naming a line that is no frame."""
    path = source / SPLIT
    if not path.is_file():
        return None
    lines = enumerate(read_text(path).splitlines(), start=1)
    return frozenset(_listed(line, f"{path}, line {number}") for number, line in lines if line.strip())


def _listed(line: str, where: str) -> Frame:
    if found := _IN_PATH.search(line.split()[0]):
        return Frame(found[1], found[2], int(found[3]))
    match line.split():
        case [folder, number, side] if number.isdigit() and side in _SIDES:
            return Frame(folder.rpartition("/")[2], _SIDES[side], int(number))
    raise DatasetError(f"{where}: a frame such as '2011_09_26/2011_09_26_drive_0002_sync 69 l' is needed.")


@lru_cache(maxsize=16)
def _camera(path: Path, eye: str) -> Camera:
    return rectified_camera(path, f"P_rect_{eye}")
