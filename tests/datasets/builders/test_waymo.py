"""Waymo, version 2: range images and distorted pictures in parquet tables, of a plane, by Waymo's own formulas."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from theodolite.camera.distortion import RadialTangential
from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.builders.waymo_tables import in_step
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

CAMERA = Camera(100, 99, 62.3, 43.1, 120, 90)
LENS = RadialTangential(0.04, -0.34, 0.001, -0.002, 0.02)
FRONT, ROOF, BUMPER = 1, 1, 2
TIME = 1550083467346370
# The wall of `plane`, made larger: Waymo's scanner sees from 1 m to 75 m.
FARTHER = 6.0
ROWS, COLUMNS = 40, 900
INCLINATIONS = np.radians(np.linspace(-30, 25, ROWS))
NAMES = ("lidar", "lidar_pose", "lidar_camera_projection", "lidar_calibration", "camera_calibration", "camera_image")
# What turns Waymo's camera axes, x forward and z up, into OpenCV's.
AXES = np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])


def write_table(root, component: str, columns: dict, types: dict | None = None) -> None:
    path = root / component / "10023947602400723454_1120_000_1140_000.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: pa.array(values, (types or {}).get(name)) for name, values in columns.items()}
    parquet.write_table(pa.table(arrays), path)


def write_range_images(root, component: str, part: str, images: dict[tuple[int, int], np.ndarray]) -> None:
    """Range images of scanners at times."""
    field = f"[{part}Component].range_image_return1"
    columns = {
        "key.segment_context_name": ["10023947602400723454_1120_000_1140_000"] * len(images),
        "key.frame_timestamp_micros": [time for time, _ in images],
        "key.laser_name": [laser for _, laser in images],
        f"{field}.values": [image.ravel().tolist() for image in images.values()],
        f"{field}.shape": [list(image.shape) for image in images.values()],
    }
    types = {
        "key.laser_name": pa.int8(),
        f"{field}.values": pa.list_(pa.float32()),
        f"{field}.shape": pa.list_(pa.int32(), 3),
    }
    write_table(root, component, columns, types)


def directions(vehicle_from_scanner) -> np.ndarray:
    """In the scanner's axes, by the formulas of Waymo's range_image_utils."""
    azimuths = ((np.arange(COLUMNS, 0, -1) - 0.5) / COLUMNS * 2 - 1) * np.pi
    azimuths = azimuths - np.arctan2(vehicle_from_scanner[1, 0], vehicle_from_scanner[0, 0])
    up, around = np.meshgrid(INCLINATIONS[::-1], azimuths, indexing="ij")
    return np.stack([np.cos(around) * np.cos(up), np.sin(around) * np.cos(up), np.sin(up)], axis=-1)


@pytest.fixture
def waymo(plane, pose, tmp_path):
    """One frame of the front camera; the car turns and moves while the scanner looks around."""
    scene = plane(CAMERA)
    scanner, mount = pose((0.5, -0.3, 148), (1.4, 0, 2.2)), pose((1.5, -2, 3), (1.5, 0, 2.1))
    car = pose((0, 0, 63), (-2310, 870, 40))
    world_from_camera = car.matrix @ mount.matrix @ np.linalg.inv(AXES)
    # Each column was measured from another place; farther apart than any car drives in a tenth of a second.
    roll_pitch_yaw = np.radians(np.stack(np.broadcast_arrays(1.0, -0.5, 63 + np.linspace(-9, 9, COLUMNS)), axis=-1))
    places = np.array(car.place) + np.linspace(-6, 6, COLUMNS)[:, None] * np.array([0.45, 0.89, 0.0])
    poses = np.broadcast_to(np.concatenate([roll_pitch_yaw, places], axis=-1), (ROWS, COLUMNS, 6))
    rotations = Rotation.from_euler("ZYX", roll_pitch_yaw[:, ::-1]).as_matrix()
    origins = (rotations @ scanner.matrix[:3, 3]) + places
    rays = np.einsum("cij,rcj->rci", rotations @ scanner.matrix[:3, :3], directions(scanner.matrix))
    # The plane in the world: what the camera sees at `scene.depth`, farther away.
    normal = world_from_camera[:3, :3] @ scene.normals[0, 0]
    on_plane = world_from_camera[:3, 3] - 2 * FARTHER * normal
    ranges = ((on_plane - origins) @ normal) / (rays @ normal)
    hit = (ranges > 0) & (ranges < 75)
    points = origins + ranges[..., None] * rays
    seen = (points - world_from_camera[:3, 3]) @ world_from_camera[:3, :3]
    hit &= seen[..., 2] > 0.1
    ideal = seen[..., :2] / np.where(hit, seen[..., 2], 1)[..., None]
    hit &= np.linalg.norm(ideal, axis=-1) < 0.95 * LENS.folds_at()
    focal, centre = (CAMERA.fx, CAMERA.fy), (CAMERA.cx, CAMERA.cy)
    pixels = np.rint(LENS.distort(np.where(hit[..., None], ideal, 0)) * focal + centre)
    inside = hit & (pixels >= 0).all(axis=-1) & (pixels < (CAMERA.width, CAMERA.height)).all(axis=-1)

    lidar = np.stack([np.where(inside, ranges, -1), *[np.zeros_like(ranges)] * 3], axis=-1)
    first = np.where(inside[..., None], np.concatenate([np.full((ROWS, COLUMNS, 1), FRONT), pixels], axis=-1), 0)
    # Every other point names another camera first: a point may be in two pictures.
    other = np.broadcast_to((3.0, 1.0, 1.0), first.shape)
    odd = (np.arange(COLUMNS) % 2 == 1)[None, :, None] & inside[..., None]
    projection = np.concatenate([np.where(odd, other, first), np.where(odd, first, 0)], axis=-1)
    near = np.full((4, 6, 4), 3.0)  # a bumper's scanner, which is not used
    write_range_images(tmp_path, "lidar", "LiDAR", {(TIME, BUMPER): near, (TIME, ROOF): lidar})
    write_range_images(tmp_path, "lidar_pose", "LiDARPose", {(TIME, ROOF): poses})
    write_range_images(tmp_path, "lidar_camera_projection", "LiDARCameraProjection", {(TIME, ROOF): projection})

    part = "[LiDARCalibrationComponent]"
    beams = {f"{part}.beam_inclination.{name}": [None, value] for name, value in (("min", -0.5), ("max", 0.4))}
    columns = {
        "key.laser_name": [BUMPER, ROOF],
        f"{part}.extrinsic.transform": [np.eye(4).ravel().tolist(), scanner.matrix.ravel().tolist()],
        **beams,
        f"{part}.beam_inclination.values": [None, INCLINATIONS.tolist()],
    }
    write_table(tmp_path, "lidar_calibration", columns)
    part = "[CameraCalibrationComponent]"
    lens = (CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy, LENS.k1, LENS.k2, LENS.p1, LENS.p2, LENS.k3)
    names = ("f_u", "f_v", "c_u", "c_v", "k1", "k2", "p1", "p2", "k3")
    columns = {
        "key.camera_name": [FRONT],
        **{f"{part}.intrinsic.{name}": [value] for name, value in zip(names, lens, strict=True)},
        f"{part}.extrinsic.transform": [mount.matrix.ravel().tolist()],
        f"{part}.width": [CAMERA.width],
        f"{part}.height": [CAMERA.height],
    }
    write_table(tmp_path, "camera_calibration", columns)
    part = "[CameraImageComponent]"
    buffer = io.BytesIO()
    Image.new("RGB", (CAMERA.width, CAMERA.height), (90, 120, 150)).save(buffer, "JPEG")
    columns = {
        "key.frame_timestamp_micros": [TIME],
        "key.camera_name": [FRONT],
        f"{part}.image": [buffer.getvalue()],
        f"{part}.pose.transform": [car.matrix.ravel().tolist()],
    }
    write_table(tmp_path, "camera_image", columns)
    return tmp_path


def test_ranges_become_depth_in_the_undistorted_picture(waymo, plane, samples_of):
    (sample,) = samples_of("waymo", waymo)
    assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "waymo", True)
    for name in ("fx", "fy", "cx", "cy", "width", "height"):
        assert getattr(sample.camera, name) == getattr(CAMERA, name)
    known = np.isfinite(sample.depth)
    assert known.sum() > 3000
    # A pixel in whole numbers, twice: a percent or two of a wall this steep.
    np.testing.assert_allclose(sample.depth[known], FARTHER * plane(CAMERA).depth[known], rtol=0.025)
    errors = sample.depth[known] / (FARTHER * plane(CAMERA).depth[known]) - 1
    assert abs(errors.mean()) < 2e-3


def test_the_picture_is_undistorted(waymo, manifest_of):
    (record,) = manifest_of("waymo", waymo)
    assert record.image.suffix == ".jpg"
    assert waymo / "camera_image" not in record.image.parents


def test_uniform_beams_are_spread_over_their_limits():
    from theodolite.datasets.builders.waymo import Scanner

    scanner = Scanner(np.eye(4), (-0.4, 0.2))
    still = np.zeros((3, 8, 6))
    up = np.arcsin(scanner.in_world(np.ones((3, 8)), still)[..., 2])
    np.testing.assert_allclose(up[:, 0], [0.1, -0.1, -0.3])


@pytest.mark.parametrize("missing", [name for name in NAMES if name != "camera_image"])
def test_a_missing_component_is_named(waymo, missing):
    (waymo / missing).rename(waymo / "elsewhere")
    with pytest.raises(DatasetError, match=rf"{missing}/10023"):
        list(find_builder("waymo").records(waymo, waymo / "out"))


def test_a_table_without_a_column_is_named(waymo):
    write_table(waymo, "camera_calibration", {"key.camera_name": [1]})
    with pytest.raises(DatasetError, match=r"camera_calibration/.*parquet: has no column \[CameraCalibration"):
        list(find_builder("waymo").records(waymo, waymo / "out"))


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no camera_image"):
        list(find_builder("waymo").records(tmp_path, tmp_path / "out"))


def test_rows_are_matched_by_time_in_whatever_order_they_come():
    a = [(1, "a1"), (2, "a2"), (3, "a3")]
    b = [(3, "b3"), (1, "b1"), (4, "b4"), (2, "b2")]
    matched = dict(in_step(iter(a), iter(b)))
    assert matched == {1: ("a1", "b1"), 2: ("a2", "b2"), 3: ("a3", "b3")}
