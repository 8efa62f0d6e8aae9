"""Calibration files of each format: read to the digit, recognised by content, refused with file and field."""

import json
import math
import struct

import cv2
import numpy as np
import pytest

from theodolite.camera.distortion import FieldOfView, Fisheye, RadialTangential
from theodolite.camera.readers import read_camera
from theodolite.errors import CalibrationError

K = np.array([[500.0, 0, 320.0], [0, 510.0, 240.0], [0, 0, 1]])
SIZE = (640, 480)


@pytest.fixture
def write(tmp_path):
    def write(content, name="calibration"):
        path = tmp_path / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
        return path

    return write


def numbers(lens):
    c = lens.camera
    return c.fx, c.fy, c.cx, c.cy, c.width, c.height


EXPECTED = (500, 510, 320, 240, 640, 480)


@pytest.mark.parametrize(
    "text",
    [
        "500 0 320\n0 510 240\n0 0 1\n",
        "500,0,320\n0,510,240\n0,0,1",
        "[[500. 0. 320.]\n [0. 510. 240.]\n [0. 0. 1.]]",
        "5.0e2 0 3.2e2 0 510 240 0 0 1",
        "# fx fy cx cy\n500 510 320 240",
        "500 0 320 0\n0 510 240 0\n0 0 1 0\n0 0 0 1",
        json.dumps(K.tolist()),
        json.dumps({"K": K.tolist()}),
        json.dumps({"intrinsics": K.ravel().tolist(), "width": 640, "height": 480}),
        json.dumps({"fx": 500, "fy": 510, "cx": 320, "cy": 240}),
    ],
)
def test_a_bare_matrix_is_read(write, text):
    assert numbers(read_camera(write(text), SIZE)) == EXPECTED


def test_a_numpy_matrix_is_read_and_a_pickle_is_not(tmp_path):
    np.save(tmp_path / "K.npy", K)
    np.savez(tmp_path / "K.npz", K=K, other=3)
    assert numbers(read_camera(tmp_path / "K.npy", SIZE)) == EXPECTED
    assert numbers(read_camera(tmp_path / "K.npz", SIZE)) == EXPECTED
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(CalibrationError, match=r"evil.npy.*plain matrix"):
        read_camera(tmp_path / "evil.npy", SIZE)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "K.npy").read_bytes()[:100])
    with pytest.raises(CalibrationError, match="plain matrix"):
        read_camera(tmp_path / "cut.npy", SIZE)


COLMAP = [
    ("SIMPLE_PINHOLE", [500, 320, 240], None),
    ("PINHOLE", [500, 510, 320, 240], None),
    ("SIMPLE_RADIAL", [500, 320, 240, 0.1], RadialTangential(0.1)),
    ("RADIAL", [500, 320, 240, 0.1, 0.2], RadialTangential(0.1, 0.2)),
    ("OPENCV", [500, 510, 320, 240, 0.1, 0.2, 0.3, 0.4], RadialTangential(0.1, 0.2, 0.3, 0.4)),
    ("OPENCV_FISHEYE", [500, 510, 320, 240, 0.1, 0.2, 0.3, 0.4], Fisheye(0.1, 0.2, 0.3, 0.4)),
    (
        "FULL_OPENCV",
        [500, 510, 320, 240, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        RadialTangential(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    ),
    ("FOV", [500, 510, 320, 240, 0.9], FieldOfView(0.9)),
    ("SIMPLE_RADIAL_FISHEYE", [500, 320, 240, 0.1], Fisheye(0.1)),
    ("RADIAL_FISHEYE", [500, 320, 240, 0.1, 0.2], Fisheye(0.1, 0.2)),
    ("THIN_PRISM_FISHEYE", [500, 510, 320, 240, 0.1, 0.2, 0, 0, 0.3, 0.4, 0, 0], Fisheye(0.1, 0.2, 0.3, 0.4)),
    ("RAD_TAN_THIN_PRISM_FISHEYE", [500, 510, 320, 240, 0.1, 0.2, 0.3, 0.4, *[0] * 8], Fisheye(0.1, 0.2, 0.3, 0.4)),
]


@pytest.mark.parametrize(("model", "parameters", "lens"), COLMAP)
@pytest.mark.parametrize("binary", [False, True])
def test_every_colmap_model_is_read_and_moved_by_half_a_pixel(write, model, parameters, lens, binary):
    number = [row[0] for row in COLMAP].index(model)
    if binary:
        content = struct.pack("<QiiQQ", 1, 7, number, *SIZE) + struct.pack(f"<{len(parameters)}d", *parameters)
        path = write(content, "cameras.bin")
    else:
        path = write(f"# Camera list\n7 {model} 640 480 {' '.join(map(str, parameters))}\n", "cameras.txt")
    found = read_camera(path)
    fy = parameters[0] if len(parameters) in (3, 4, 5) and parameters[1] == 320 else 510
    assert numbers(found) == (500, fy, 319.5, 239.5, 640, 480)
    assert found.distortion == lens
    assert model in found.camera.detail


def test_colmap_cameras_are_chosen_by_id_and_a_folder_is_searched(tmp_path):
    sparse = tmp_path / "sparse" / "0"
    sparse.mkdir(parents=True)
    (sparse / "cameras.txt").write_text("1 PINHOLE 640 480 500 510 320 240\n2 PINHOLE 640 480 700 710 320 240\n")
    assert read_camera(tmp_path, name="2").camera.fx == 700
    with pytest.raises(CalibrationError, match="several cameras; say which one: 1, 2"):
        read_camera(tmp_path)
    with pytest.raises(CalibrationError, match="no camera '3'"):
        read_camera(tmp_path, name="3")
    with pytest.raises(CalibrationError, match="folder without a calibration"):
        read_camera(sparse.parent)


@pytest.mark.parametrize("ending", ["yaml", "xml"])
@pytest.mark.parametrize("coefficients", [0, 4, 5, 8])
def test_opencvs_own_files_are_read_to_the_digit(tmp_path, ending, coefficients):
    matrix = K + np.array([[0.123456789012345, 0, 1 / 3], [0, 1e-5, 0], [0, 0, 0]])
    lens = np.linspace(-0.3, 0.1, coefficients)
    path = tmp_path / f"calibration.{ending}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Sun 22 Nov 2026")
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("camera_matrix", matrix)
    if coefficients:
        storage.write("distortion_coefficients", lens)
    storage.release()
    found = read_camera(path)
    assert numbers(found) == (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], 640, 480)
    assert found.distortion == (RadialTangential(*lens) if coefficients else None)


def test_an_opencv_fisheye_says_so(tmp_path):
    path = tmp_path / "fisheye.yml"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("fisheye_model", 1)
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("camera_matrix", K)
    storage.write("distortion_coefficients", np.array([0.1, 0.2, 0.3, 0.4]))
    storage.release()
    assert read_camera(path).distortion == Fisheye(0.1, 0.2, 0.3, 0.4)


ROS = """
image_width: 640
image_height: 480
camera_name: head
camera_matrix:
  rows: 3
  cols: 3
  data: [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]
distortion_model: {model}
distortion_coefficients:
  rows: 1
  cols: {count}
  data: {data}
rectification_matrix:
  rows: 3
  cols: 3
  data: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
"""


@pytest.mark.parametrize(
    ("model", "data", "lens"),
    [
        ("plumb_bob", [0.1, 0.2, 0.3, 0.4, 0.5], RadialTangential(0.1, 0.2, 0.3, 0.4, 0.5)),
        ("plumb_bob", [0, 0, 0, 0, 0], None),
        ("rational_polynomial", [0.1] * 8, RadialTangential(*[0.1] * 8)),
        ("equidistant", [0.1, 0.2, 0.3, 0.4], Fisheye(0.1, 0.2, 0.3, 0.4)),
        ("equidistant", [0, 0, 0, 0], Fisheye()),
    ],
)
def test_a_ros_camera_info_is_read(write, model, data, lens):
    found = read_camera(write(ROS.format(model=model, count=len(data), data=data)))
    assert numbers(found) == EXPECTED
    assert found.distortion == lens
    assert found.camera.detail == "ROS camera_info"


def test_a_ros_message_as_printed_is_read(write):
    message = (
        "header:\n  seq: 0\nheight: 480\nwidth: 640\ndistortion_model: plumb_bob\nD: [1e-05, 0.0, 0.0, 0.0, 0.0]\n"
    )
    message += "K: [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]\nP: [1, 2]\n---\nheight: 1\n"
    found = read_camera(write(message))
    assert numbers(found) == EXPECTED
    assert found.distortion == RadialTangential(1e-5)


def nerf(**change):
    content = {"camera_model": "OPENCV", "fl_x": 500, "fl_y": 510, "cx": 320.5, "cy": 240.5, "w": 640, "h": 480}
    return {**content, "k1": 0.1, "k2": 0.2, "p1": 0.3, "p2": 0.4, "frames": [{"file_path": "images/1.png"}], **change}


def test_nerfstudios_camera_of_all_frames_is_read(write):
    found = read_camera(write(json.dumps(nerf())))
    assert numbers(found) == EXPECTED
    assert found.distortion == RadialTangential(0.1, 0.2, 0.3, 0.4)
    fisheye = read_camera(write(json.dumps(nerf(camera_model="OPENCV_FISHEYE", k3=0.5, k4=0.6))))
    assert fisheye.distortion == Fisheye(0.1, 0.2, 0.5, 0.6)
    assert read_camera(write(json.dumps(nerf(camera_model="PINHOLE")))).distortion is None


def test_nerfstudios_cameras_of_single_frames_are_chosen_by_name(write):
    frames = [{"file_path": "./images/a.png", "fl_x": 700}, {"file_path": "images/b.png", "fl_x": 800}]
    path = write(json.dumps(nerf(frames=frames)), "transforms.json")
    for name in ("a.png", "images/a.png", "./images/a.png"):
        assert read_camera(path, name=name).camera.fx == 700
    with pytest.raises(CalibrationError, match=r"say which one: .*a.png, images/b.png"):
        read_camera(path)
    with pytest.raises(CalibrationError, match=r"no camera 'c\.png'"):
        read_camera(path, name="c.png")


def test_blenders_angle_is_read(write):
    path = write(json.dumps({"camera_angle_x": math.radians(90), "frames": [{"file_path": "./train/r_0"}]}))
    assert numbers(read_camera(path, (800, 800), name="r_0.png")) == pytest.approx((400, 400, 399.5, 399.5, 800, 800))


def test_kitti_object_and_odometry_calibrations_are_read(shared):
    found = read_camera(shared / "data/kitti_object_3/calib/000000.txt", (1224, 370))
    assert numbers(found) == (707.0493, 707.0493, 604.0814, 180.5066, 1224, 370)
    odometry = read_camera(shared / "data/kitti_odometry_a/calib.txt", (1226, 370), name="P1")
    assert numbers(odometry) == (707.0912, 707.0912, 601.8873, 183.1104, 1226, 370)


def test_a_raw_kitti_calibration_brings_its_size(write):
    text = "calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.950000e-02\nS_02: 1.392e+03 5.12e+02\n"
    text += "K_02: 9.597910e+02 0 6.960217e+02 0 9.569251e+02 2.241806e+02 0 0 1\nS_rect_02: 1.242e+03 3.75e+02\n"
    text += (
        "P_rect_02: 7.215377e+02 0 6.095593e+02 4.485728e+01 0 7.215377e+02 1.72854e+02 2.163791e-01 0 0 1 2.7e-03\n"
    )
    assert numbers(read_camera(write(text))) == (721.5377, 721.5377, 609.5593, 172.854, 1242, 375)


def test_a_calibration_at_another_size_is_converted_when_the_shapes_agree(write):
    path = write("1 PINHOLE 640 480 500 510 320 240", "cameras.txt")
    assert numbers(read_camera(path, (1280, 960))) == (1000, 1020, 639.5, 479.5, 1280, 960)
    with pytest.raises(CalibrationError, match="another shape"):
        read_camera(path, (1280, 720))


BROKEN = [
    ("", "is empty"),
    ("   \n", "is empty"),
    ("hello world", "no known calibration format"),
    ("500 0 320 0 510", "5 numbers"),
    ("500 0 320\n0 nan 240\n0 0 1", "matrix is nan"),
    ("500 0 320\n0 inf 240\n0 0 1", "matrix is inf"),
    ("500 0 320\n0 510 240\n0 0 2", "no calibration matrix"),
    ("500 90 320\n0 510 240\n0 0 1", "no calibration matrix"),
    ("-500 0 320\n0 510 240\n0 0 1", "positive fx"),
    ("{", "no valid JSON"),
    ('{"K": 5}', "list of numbers"),
    ('{"K": [[500, 0, 320], [0, null, 240], [0, 0, 1]]}', "K is None"),
    ('{"what": 1}', "no calibration matrix; looked for K"),
    ('{"fx": NaN, "fy": 1, "cx": 1, "cy": 1}', "fx is nan"),
    ('{"fx": true, "fy": 1, "cx": 1, "cy": 1}', "fx is True"),
    ("[" * 100_000, "0 numbers"),
    ('{"a":' * 100_000, "JSON"),
    ("1 PINHOLE 640 480 500 510 320", "has 4 parameters, found 3"),
    ("1 PINHOLE 640 480 500 510 320 x", "line 1 is 'x'"),
    ("1 PINHOLE 640", "line 1 has 3 words"),
    ("1 MYSTERY 640 480 500 510 320 240", "'MYSTERY' is not supported"),
    ("1 PINHOLE 640 480 -500 510 320 240", "positive fx"),
    ("1 PINHOLE 0 480 500 510 320 240", "width"),
    ("1 THIN_PRISM_FISHEYE 640 480 5 5 3 2 0 0 0 0 0 0 0.1 0", "prism terms"),
    ("%YAML:1.0\n---\ncamera_matrix: [1, 2, 3]", "3 numbers, where 9"),
    ("%YAML:1.0\n---\nnothing: 1", "no camera matrix"),
    ("%YAML:1.0\n---\ncamera_matrix: {{", "no valid YAML"),
    ("a: !!python/object/apply:os.system ['true']", "no valid YAML"),
    ("camera_matrix: &a [*a]", "no valid YAML|camera_matrix"),
    (ROS.format(model="plumb_bob", count=5, data=[0.1, 0.2]), "2 numbers, but its rows and cols say 5"),
    (ROS.format(model="plumb_bob", count=1, data=[".nan"]), "nan"),
    (ROS.format(model="magic", count=4, data=[0.1] * 4), "'magic' is not supported"),
    (ROS.format(model="equidistant", count=5, data=[0.1] * 5), "fisheye has 4"),
    (ROS.format(model="plumb_bob", count=12, data=[0.1] * 12), "thin-prism"),
    (ROS.format(model="plumb_bob", count=3, data=[0.1] * 3), "3 coefficients"),
    (ROS.replace("640", "640.5").format(model="none", count=0, data=[]), "image_width is 640.5"),
    ("<opencv_storage><camera_matrix>", "no valid XML"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><opencv_storage/>', "XML entities"),
    ("<opencv_storage></opencv_storage>", "no camera matrix"),
    (json.dumps(nerf(fl_x="wide")), "fl_x is 'wide'"),
    (json.dumps(nerf(w="wide")), "w is 'wide'"),
    (json.dumps(nerf(frames=5)), "frames is no list"),
    (json.dumps(nerf(k4=0.1)), "k4"),
    (json.dumps(nerf(camera_model="EQUIRECTANGULAR")), "'EQUIRECTANGULAR' is not supported"),
    (json.dumps({"frames": [{"file_path": "a"}], "w": 5, "h": 5}), "no focal length"),
    (json.dumps({"frames": [], "camera_angle_x": 9}), "camera_angle_x is 9"),
    ("P2: 1 2 3", "3 numbers, where a 3x4 projection has 12"),
    ("P2: 7 0 6 4 0 7 x 2 0 0 1 2", "P2 is 'x'"),
    (struct.pack("<Q", 3), "no complete COLMAP"),
    (struct.pack("<QiiQQ3d", 1, 7, 99, 640, 480, 1, 2, 3), "number 99"),
    (struct.pack("<QiiQQ4d", 1, 7, 1, 640, 480, 500, math.nan, 320, 240), "camera 7 is nan"),
    (struct.pack("<QiiQQ4dB", 1, 7, 1, 640, 480, 500, 510, 320, 240, 0), "1 bytes are left over"),
    (b"\xff\xd8\xff\xe0" + bytes(range(256)), "no text, and no complete COLMAP"),
    (b"PK\x03\x04 no zip", "plain matrix"),
]


@pytest.mark.parametrize(("content", "word"), BROKEN)
def test_a_broken_file_is_one_error_that_names_it(write, content, word):
    path = write(content, "bad calibration")
    with pytest.raises(CalibrationError, match=word) as raised:
        read_camera(path, SIZE)
    message = str(raised.value)
    assert str(path) in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["500 0 320\n0 510 240\n0 0 1", json.dumps(K.tolist()), "P2: 7 0 6 4 0 7 1 2 0 0 1 2"])
def test_a_file_without_a_size_asks_for_one(write, text):
    with pytest.raises(CalibrationError, match="image_size"):
        read_camera(write(text))


def test_a_missing_or_huge_file_is_one_error(tmp_path):
    with pytest.raises(CalibrationError, match=r"nothing.txt.*cannot be read"):
        read_camera(tmp_path / "nothing.txt", SIZE)
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(CalibrationError, match="200 MB"):
        read_camera(tmp_path / "huge.json", SIZE)


def test_a_colmap_line_of_twelve_words_is_not_taken_for_kitti(tmp_path):
    (tmp_path / "cameras.txt").write_text("1 OPENCV 640 480 500 510 320 240 0.1 0.2 0.3 0.4\n")
    found = read_camera(tmp_path / "cameras.txt")
    assert found.camera.detail == "COLMAP OPENCV"
    assert found.distortion == RadialTangential(0.1, 0.2, 0.3, 0.4)
