"""Waymo Open Dataset, perception, version 2: five cameras and the LiDAR on the roof, in parquet components.

From waymo.com/open; non-commercial, own terms. Source: `waymo_open_dataset/v2` of waymo-research/waymo-open-dataset
(components and columns), and issue 53 there (pictures are distributed with their distortion).

    <source>/[training/]<component>/<segment>.parquet
        camera_image camera_calibration lidar lidar_calibration lidar_camera_projection lidar_pose

Taken: every picture with the first returns of the roof's scanner. Where a point falls in the picture is what Waymo says
(lidar_camera_projection, which knows of distortion and rolling shutter); how far away it is follows from its range, its
beam's direction, the pose of the vehicle when it was measured (lidar_pose) and when the picture was taken. Pictures are
inside the tables, so they are written to `out`, undistorted, as JPEG, and the points are moved to where they then are.
Left out: the four short-range scanners, whose points have no poses of their own; second returns; labels; other parts,
where training/ lies beside them.
Not verified on the data: whether c_u and c_v count from the middle or the corner of the first pixel, half a pixel
apart; they are taken as given.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import RadialTangential
from theodolite.datasets.builders.lidar import Shot, nearest_depth
from theodolite.datasets.builders.source_files import camera_of, entry, folders_with, need, training_part
from theodolite.datasets.builders.waymo_tables import TIME, as_array, in_step, range_images, read_rows
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse, rigid, transform_points
from theodolite.types import Float, Int, UInt8
from theodolite.weights.atomic import writing

DOMAIN = "waymo"
CAMERAS = {1: "front", 2: "front_left", 3: "front_right", 4: "side_left", 5: "side_right"}
_ROOF = 1
# Waymo's camera axes are x forward, y left, z up.
_OPENCV_FROM_WAYMO = np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
_QUALITY = 95


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of all cameras of all segments. Raises: DatasetError."""
    for root in folders_with(training_part(source, "training"), "camera_image", levels=1):
        for images in need(root.glob("camera_image/*.parquet"), root, "camera_image/*.parquet"):
            yield from _segment_records(root, images.name, out / images.stem)


def _segment_records(root: Path, segment: str, out: Path) -> Iterator[Record]:
    calibrations, images = root / "camera_calibration" / segment, root / "camera_image" / segment
    cameras, scanner = _cameras(calibrations), _scanner(root / "lidar_calibration" / segment)
    pictures: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in read_rows(images, _PICTURE):  # a thousand JPEGs: some hundred megabytes, in no order to rely on
        pictures[row[TIME]].append(row)
    parts = [
        range_images(root / component / segment, f"[{part}Component].range_image_return1", _ROOF)
        for component, part in _RANGE_IMAGES.items()
    ]
    for time, flat in in_step(*parts):
        ranges, poses, projections = map(as_array, flat)
        echoes = ranges[..., 0] > 0
        points, where = scanner.in_world(ranges[..., 0], poses)[echoes], projections[echoes].astype(int)
        for row in pictures.pop(time, []):
            number = row["key.camera_name"]
            camera, vehicle_from_camera = entry(cameras, calibrations, number)
            world_from_vehicle = np.reshape(row["[CameraImageComponent].pose.transform"], (4, 4)).astype(float)
            world_from_camera = world_from_vehicle @ vehicle_from_camera
            depth = (points - world_from_camera[:3, 3]) @ world_from_camera[:3, 2]
            file = out / CAMERAS.get(number, str(number)) / f"{time}.jpg"
            picture = _undistorted(row["[CameraImageComponent].image"], camera, file, images)
            shot = Shot(picture, camera.camera, file.with_suffix(".png"), DOMAIN)
            yield from shot.with_depth(partial(_depth, where, number, depth, camera))


_PICTURE = (TIME, "key.camera_name", "[CameraImageComponent].image", "[CameraImageComponent].pose.transform")
_RANGE_IMAGES = {"lidar": "LiDAR", "lidar_pose": "LiDARPose", "lidar_camera_projection": "LiDARCameraProjection"}


def _depth(
    where: Int[np.ndarray, "n 6"], camera_name: int, depth: Float[np.ndarray, " n"], camera: CalibratedCamera
) -> Float[np.ndarray, "h w"]:
    """Depth of the points one camera sees, in its undistorted picture.

    Args:
        where: camera, column and row, twice: each point may be in two pictures.
    """
    pixels = np.full((len(where), 2), np.nan)
    for names, uv in ((where[:, 3], where[:, 4:6]), (where[:, 0], where[:, 1:3])):
        pixels[names == camera_name] = uv[names == camera_name]
    pinhole = camera.camera
    if camera.distortion is not None:
        focal, centre = np.array([pinhole.fx, pinhole.fy]), np.array([pinhole.cx, pinhole.cy])
        seen = np.isfinite(pixels).all(axis=-1)
        if seen.any():
            pixels[seen] = camera.distortion.undistort((pixels[seen] - centre) / focal) * focal + centre
    return nearest_depth(pixels, depth, pinhole.height, pinhole.width)


def _undistorted(data: bytes, camera: CalibratedCamera, path: Path, table: Path) -> Path:
    """The picture of a row as a file; one that is there already is kept."""
    from PIL import Image

    if path.is_file():
        return path
    try:
        with Image.open(io.BytesIO(data)) as file:
            picture: UInt8[np.ndarray, "h w 3"] = np.asarray(file.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise DatasetError(f"{table}: holds an unreadable picture for {path.stem} ({error}).") from error
    size = (camera.camera.height, camera.camera.width)
    if picture.shape[:2] != size:
        raise DatasetError(f"{table}: a picture has {picture.shape[1]}x{picture.shape[0]} px, its camera {size[::-1]}.")
    with writing(path) as temporary:
        Image.fromarray(camera.pinhole(picture)[0]).save(temporary, "JPEG", quality=_QUALITY)
    return path


@dataclass(frozen=True)
class Scanner:
    """How the pixels of a range image look out from the vehicle.

    Args:
        vehicle_from_scanner: x forward, y left, z up, both.
        inclinations: of the beams, radians, from the lowest up.
    """

    vehicle_from_scanner: Float[np.ndarray, "4 4"]
    inclinations: Float[np.ndarray, " rows"] | tuple[float, float]

    def in_world(
        self, distance: Float[np.ndarray, "rows columns"], poses: Float[np.ndarray, "rows columns 6"]
    ) -> Float[np.ndarray, "rows columns 3"]:
        """Points of a range image, each by the pose of the vehicle at its own time: roll, pitch, yaw, x, y, z."""
        on_vehicle = transform_points(self.vehicle_from_scanner, distance[..., None] * self._rays(*distance.shape))
        return np.einsum("...ij,...j->...i", _rotations(poses[..., :3]), on_vehicle) + poses[..., 3:]

    def _rays(self, rows: int, columns: int) -> Float[np.ndarray, "rows columns 3"]:
        """Directions in the scanner's axes. Row 0 is the highest beam; column 0 looks back, then they turn right."""
        if isinstance(self.inclinations, tuple):
            low, high = self.inclinations
            up = low + (np.arange(rows) + 0.5) / rows * (high - low)
        else:
            up = self.inclinations
        if len(up) != rows:
            raise DatasetError(f"A range image of {rows} rows does not fit a scanner of {len(up)} beams.")
        # Azimuths count from the vehicle's x axis, so the scanner's own turn is taken off.
        turned = np.arctan2(self.vehicle_from_scanner[1, 0], self.vehicle_from_scanner[0, 0])
        around = ((columns - np.arange(columns) - 0.5) / columns * 2 - 1) * np.pi - turned
        around, up = np.broadcast_arrays(around[None, :], up[::-1, None])
        return np.stack([np.cos(around) * np.cos(up), np.sin(around) * np.cos(up), np.sin(up)], axis=-1)


def _rotations(angles: Float[np.ndarray, "*any 3"]) -> Float[np.ndarray, "*any 3 3"]:
    """World from vehicle, of roll, pitch and yaw: about x, then y, then z."""
    (cr, cp, cy), (sr, sp, sy) = np.moveaxis(np.cos(angles), -1, 0), np.moveaxis(np.sin(angles), -1, 0)
    rows = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _cameras(path: Path) -> dict[int, tuple[CalibratedCamera, Float[np.ndarray, "4 4"]]]:
    """Camera and vehicle-from-camera in OpenCV's axes, by number."""
    part = "[CameraCalibrationComponent]"
    lens = [f"{part}.intrinsic.{name}" for name in ("f_u", "f_v", "c_u", "c_v", "k1", "k2", "p1", "p2", "k3")]
    columns = ("key.camera_name", f"{part}.width", f"{part}.height", f"{part}.extrinsic.transform", *lens)
    cameras = {}
    for row in read_rows(path, columns):
        values = [row[name] for name in lens]
        camera = camera_of(path, values[:4], (row[f"{part}.width"], row[f"{part}.height"]))
        extrinsic = np.reshape(row[f"{part}.extrinsic.transform"], (4, 4)).astype(float)
        calibrated = CalibratedCamera(camera, RadialTangential(*values[4:]))
        cameras[row["key.camera_name"]] = calibrated, extrinsic @ inverse(_OPENCV_FROM_WAYMO)
    return cameras


def _scanner(path: Path) -> Scanner:
    part = "[LiDARCalibrationComponent]"
    beams = [f"{part}.beam_inclination.{name}" for name in ("min", "max", "values")]
    for row in read_rows(path, ("key.laser_name", f"{part}.extrinsic.transform", *beams)):
        if row["key.laser_name"] != _ROOF:
            continue
        low, high, values = (row[name] for name in beams)
        extrinsic = np.reshape(row[f"{part}.extrinsic.transform"], (4, 4)).astype(float)
        motion = rigid(extrinsic[:3, :3], extrinsic[:3, 3])
        return Scanner(motion, (low, high) if values is None else np.asarray(values, dtype=float))
    raise DatasetError(f"{path}: has no calibration of the roof's scanner.")
