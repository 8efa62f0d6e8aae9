"""Calibrations of KITTI, nuScenes and plain rigs: right frames, and one clear line when something is wrong."""

import json

import numpy as np
import pytest

from theodolite.apps.mounted_camera import read_mounted
from theodolite.errors import CalibrationError
from theodolite.geometry.pose import transform_points

SIZE = (1242, 375)
K = [[700.0, 0, 600], [0, 700.0, 180], [0, 0, 1]]
# Velodyne (x forward, y left, z up) into camera axes, moved by the camera's place: 0.3 m ahead, 0.1 m below.
TR = "0 -1 0 0.0 0 0 -1 -0.1 1 0 0 -0.3"
OBJECT = (
    "P2: 700 0 600 42 0 700 180 0 0 0 1 0\nP3: 700 0 600 -336 0 700 180 0 0 0 1 0\n"
    f"R0_rect: 1 0 0 0 1 0 0 0 1\nTr_velo_to_cam: {TR}\n"
)
POSE = [[0, 0, 1.0, 1.7], [-1, 0, 0, 0.2], [0, -1, 0, 1.5], [0, 0, 0, 1]]


def write(path, text: str):
    path.write_text(text)
    return path


def test_kitti_object_axes_are_forward_left_up(tmp_path):
    mounted = read_mounted(write(tmp_path / "000007.txt", OBJECT), "000007.png", SIZE)
    assert mounted.body == "velodyne"
    assert mounted.lens.camera.fx == 700
    # The second camera's picture stands 42/700 m left of the first: K [I | t] with t = +0.06.
    np.testing.assert_allclose(mounted.body_from_camera[:3, 3], [0.3, 0.06, -0.1], atol=1e-9)
    ahead, right, below = transform_points(mounted.body_from_camera, np.array([[0, 0, 10.0], [2, 0, 0], [0, 1, 0]]))
    np.testing.assert_allclose(ahead - mounted.body_from_camera[:3, 3], [10, 0, 0], atol=1e-9)
    np.testing.assert_allclose(right - mounted.body_from_camera[:3, 3], [0, -2, 0], atol=1e-9)
    np.testing.assert_allclose(below - mounted.body_from_camera[:3, 3], [0, 0, -1], atol=1e-9)


def test_another_camera_stands_beside_the_first(tmp_path):
    path = write(tmp_path / "000007.txt", OBJECT)
    left, right = (read_mounted(path, "000007.png", SIZE, name).body_from_camera for name in ("P2", "P3"))
    assert (left - right)[1, 3] == pytest.approx(378 / 700)


def test_a_folder_of_calibrations_is_searched_by_the_pictures_name(tmp_path):
    write(tmp_path / "000007.txt", OBJECT)
    assert read_mounted(tmp_path, "x/000007.png", SIZE).lens.camera.cx == 600
    with pytest.raises(CalibrationError, match=r"no calibration of 000008\.png; looked for 000008\.txt"):
        read_mounted(tmp_path, "x/000008.png", SIZE)


def test_kitti_odometry_and_raw_agree_with_object(tmp_path):
    wanted = read_mounted(write(tmp_path / "000007.txt", OBJECT), "000007.png", SIZE)
    odometry = OBJECT.replace("R0_rect: 1 0 0 0 1 0 0 0 1\n", "").replace("Tr_velo_to_cam", "Tr")
    found = read_mounted(write(tmp_path / "calib.txt", odometry), "000007.png", SIZE)
    np.testing.assert_allclose(found.body_from_camera, wanted.body_from_camera, atol=1e-9)
    write(
        tmp_path / "calib_cam_to_cam.txt",
        "calib_time: 09-Jan-2012 13:57:47\nS_rect_02: 1242 375\nR_rect_00: 1 0 0 0 1 0 0 0 1\n"
        "P_rect_02: 700 0 600 42 0 700 180 0 0 0 1 0\n",
    )
    write(tmp_path / "calib_velo_to_cam.txt", "R: 0 -1 0 0 0 -1 1 0 0\nT: 0 -0.1 -0.3\n")
    found = read_mounted(tmp_path, "0000000005.png", SIZE)
    np.testing.assert_allclose(found.body_from_camera, wanted.body_from_camera, atol=1e-9)
    assert found.lens.camera == pytest.approx(wanted.lens.camera) or found.lens.camera.fx == wanted.lens.camera.fx


def test_real_kitti_velodyne_to_camera_is_the_published_transform(shared):
    folder = shared / "data/kitti_object_3"
    mounted = read_mounted(folder / "calib/000001.txt", folder / "image_2/000001.png", SIZE)
    # The camera stands 27 cm before the scanner and 7 cm below it.
    np.testing.assert_allclose(mounted.body_from_camera[:3, 3], [0.27, 0.06, -0.07], atol=0.01)


def tables(folder, **changes):
    mount = {
        "token": "m1",
        "sensor_token": "s1",
        "translation": [1.7, 0.2, 1.5],
        "rotation": [0.5, -0.5, 0.5, -0.5],
        "camera_intrinsic": K,
    } | changes
    (folder / "calibrated_sensor.json").write_text(json.dumps([mount]))
    (folder / "sensor.json").write_text(json.dumps([{"token": "s1", "channel": "CAM_FRONT", "modality": "camera"}]))
    data = {"token": "d1", "calibrated_sensor_token": "m1", "filename": "samples/CAM_FRONT/a.jpg"}
    (folder / "sample_data.json").write_text(json.dumps([data]))
    return folder


@pytest.mark.parametrize("channel", [None, "CAM_FRONT"])
def test_nuscenes_tables_give_the_vehicles_axes(tmp_path, channel):
    mounted = read_mounted(tables(tmp_path), "samples/CAM_FRONT/a.jpg", SIZE, channel)
    assert mounted.body == "vehicle"
    np.testing.assert_allclose(mounted.body_from_camera, POSE, atol=1e-9)
    assert mounted.lens.camera.fx == 700


def test_nuscenes_names_the_picture_or_channel_it_lacks(tmp_path):
    with pytest.raises(CalibrationError, match=r"does not list b\.jpg in sample_data\.json"):
        read_mounted(tables(tmp_path), "b.jpg", SIZE)
    with pytest.raises(CalibrationError, match=r"does not list CAM_BACK in sensor\.json"):
        read_mounted(tmp_path, "a.jpg", SIZE, "CAM_BACK")


@pytest.mark.parametrize("key", ["vehicle_from_camera", "sensor_to_vehicle"])
def test_a_plain_json_does_as_well(tmp_path, key):
    path = write(tmp_path / "rig.json", json.dumps({"K": K, key: POSE}))
    np.testing.assert_allclose(read_mounted(path, "a.jpg", SIZE).body_from_camera, POSE)
    path = write(tmp_path / "rig.json", json.dumps({"cameras": {"a": {"K": K, key: POSE}}}))
    assert read_mounted(path, "a.jpg", SIZE).lens.camera.cy == 180
    with pytest.raises(CalibrationError, match=r"no camera for b\.jpg; it has a"):
        read_mounted(path, "b.jpg", SIZE)


def test_intrinsics_of_another_size_are_converted_and_of_another_shape_refused(tmp_path):
    content = {"K": K, "vehicle_from_camera": POSE, "width": 2484, "height": 750}
    path = write(tmp_path / "rig.json", json.dumps(content))
    assert read_mounted(path, "a.jpg", SIZE).lens.camera.fx == 350
    with pytest.raises(CalibrationError, match="another shape"):
        read_mounted(path, "a.jpg", (640, 480))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("c.txt", "", "no named rows"),
        ("c.txt", OBJECT.replace("Tr_velo_to_cam", "Tr_imu"), "gives no Tr_velo_to_cam or Tr_velo_cam or Tr"),
        ("c.txt", OBJECT.replace("R0_rect", "R9"), "gives no R0_rect"),
        ("c.txt", OBJECT.replace("P2", "P9"), "P2"),
        ("c.txt", OBJECT.replace("R0_rect: 1 0", "R0_rect: 1"), "R0_rect has 8 numbers, where 9 were expected"),
        ("c.txt", OBJECT.replace("0 -1 0 0.0", "0 -2 0 0.0"), "no rigid motion"),
        ("c.txt", OBJECT.replace("0 -1 0 0.0", "0 nan 0 0.0"), "nan"),
        ("c.txt", OBJECT.replace("-0.3", "ahead"), "'ahead'"),
        ("c.json", "{", "no JSON"),
        ("c.json", "[1, 2]", "needs K"),
        ("c.json", json.dumps({"K": K}), "needs K"),
        ("c.json", json.dumps({"K": K, "vehicle_from_camera": K}), "16"),
        ("c.json", json.dumps({"K": [[1, 2], [3, 4]], "vehicle_from_camera": POSE}), "K has 4 numbers"),
        ("c.json", json.dumps({"K": K, "vehicle_from_camera": np.diag([1, 1, -1, 1]).tolist()}), "no rigid motion"),
    ],
)
def test_a_wrong_calibration_is_one_line_that_names_the_file(tmp_path, name, text, words):
    path = write(tmp_path / name, text)
    with pytest.raises(CalibrationError) as caught:
        read_mounted(path, "000007.png", SIZE)
    message = str(caught.value)
    assert words in message
    assert name in message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CalibrationError, match=r"no\.txt"):
        read_mounted(tmp_path / "no.txt", "a.png", SIZE)
