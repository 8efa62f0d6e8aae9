"""Argoverse 2: feather tables, half-precision sweeps in the vehicle's axes, poses of the vehicle by nanosecond."""

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

pa = pytest.importorskip("pyarrow")
feather = pytest.importorskip("pyarrow.feather")

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
SWEEP, PICTURE, LATE = 315968112400000000, 315968112427000000, 315968112527000000
NAME = "ring_front_center"


def write_table(path, columns) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    feather.write_feather(pa.table(columns), str(path))


def pose_columns(poses) -> dict:
    names = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")
    rows = [[*pose.quaternion, *pose.place] for pose in poses]
    return {name: [row[number] for row in rows] for number, name in enumerate(names)}


@pytest.fixture
def log(plane, pose, points_of, tmp_path):
    """A log with one sweep, a picture 27 ms after it, and one too late for it."""
    scene, log = plane(CAMERA), tmp_path / "train" / "01bb304d"
    mount = pose((-88, 4, -92), (1.6, 0, 1.4))
    city = [
        pose((0, 0, 130), (747, 1275, -24)),
        pose((0, 0, 131), (748.2, 1276, -24)),
        pose((0, 0, 132), (749, 1277, 0)),
    ]
    intrinsics = {"fx_px": 24.0, "fy_px": 23.9, "cx_px": 13.2, "cy_px": 9.6, "k1": -0.2, "k2": -0.1, "k3": 0.2}
    sizes = {"height_px": [20], "width_px": [27]}
    write_table(
        log / "calibration/intrinsics.feather",
        {"sensor_name": [NAME], **{name: [value] for name, value in intrinsics.items()}, **sizes},
    )
    mounts = {"sensor_name": ["up_lidar", NAME], **pose_columns([pose((0, 0, 0), (1, 0, 1)), mount])}
    write_table(log / "calibration/egovehicle_SE3_sensor.feather", mounts)
    times = {"timestamp_ns": [SWEEP, PICTURE, LATE], **pose_columns(city)}
    write_table(log / "city_SE3_egovehicle.feather", times)
    motion = np.linalg.inv(city[1].matrix @ mount.matrix) @ city[0].matrix
    points = points_of(scene, motion).astype(np.float16)
    sweep = {axis: points[:, column] for column, axis in enumerate("xyz")}
    count = len(points)
    sweep |= {"intensity": np.zeros(count, np.uint8), "offset_ns": np.zeros(count, np.int32)}
    write_table(log / f"sensors/lidar/{SWEEP}.feather", sweep)
    for time in (PICTURE, LATE):
        scene.save_image(log / f"sensors/cameras/{NAME}/{time}.jpg")
    return log


def test_points_meet_the_picture_taken_after_the_car_moved(log, plane, samples_of, tmp_path):
    (sample,) = samples_of("argoverse2", tmp_path)
    assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "argoverse2", True)
    plane(CAMERA).check(sample, millimetres=12)  # half precision


def test_a_picture_without_a_sweep_near_it_is_left_out(log, manifest_of, tmp_path):
    assert [record.image.stem for record in manifest_of("argoverse2", tmp_path)] == [str(PICTURE)]


def test_the_training_part_is_taken_where_others_lie_beside_it(log, manifest_of, tmp_path):
    (tmp_path / "val").mkdir()
    (tmp_path / "val/other").symlink_to(log)
    assert len(manifest_of("argoverse2", tmp_path)) == 1
    assert len(manifest_of("argoverse2", tmp_path / "val")) == 1


@pytest.mark.parametrize(
    "missing", ["calibration/egovehicle_SE3_sensor.feather", "city_SE3_egovehicle.feather", "sensors/cameras"]
)
def test_a_missing_part_is_named(log, missing, tmp_path):
    (log / missing).rename(log / "elsewhere")
    with pytest.raises(DatasetError, match=missing):
        list(find_builder("argoverse2").records(tmp_path, tmp_path / "out"))


def test_a_pose_too_far_in_time_is_refused(log, pose, tmp_path):
    path = log / "city_SE3_egovehicle.feather"
    write_table(path, {"timestamp_ns": [SWEEP], **pose_columns([pose((0, 0, 0), (0, 0, 0))])})
    with pytest.raises(DatasetError, match=f"no pose within 10 ms of {PICTURE}"):
        list(find_builder("argoverse2").records(tmp_path, tmp_path / "out"))


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no calibration/intrinsics\.feather"):
        list(find_builder("argoverse2").records(tmp_path, tmp_path / "out"))
