"""Whatever befalls a calibration file, it is read, or refused in one line."""

import json
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from theodolite.camera.readers import read_camera
from theodolite.errors import CalibrationError

WHOLE = {
    "cameras.txt": b"# list\n1 OPENCV 640 480 500 510 320 240 0.1 0.2 0.3 0.4\n",
    "cameras.bin": struct.pack("<QiiQQ4d", 1, 7, 1, 640, 480, 500, 510, 320, 240),
    "opencv.yaml": b"%YAML:1.0\n---\nimage_width: 640\ncamera_matrix: !!opencv-matrix\n   rows: 3\n   cols: 3\n"
    b"   dt: d\n   data: [ 500., 0., 320., 0., 510., 240., 0., 0., 1. ]\n"
    b"distortion_coefficients: [0.1, 0.2, 0.3, 0.4]\n",
    "opencv.xml": b"<opencv_storage><camera_matrix><rows>3</rows><cols>3</cols><data>5 0 3 0 5 2 0 0 1</data>"
    b"</camera_matrix></opencv_storage>",
    "transforms.json": json.dumps(
        {"fl_x": 500, "w": 640, "h": 480, "k1": 0.1, "frames": [{"file_path": "a"}]}
    ).encode(),
    "kitti.txt": b"P0: 7 0 6 0 0 7 1 0 0 0 1 0\nP2: 7 0 6 4 0 7 1 2 0 0 1 2\n",
    "K.txt": b"500 0 320\n0 510 240\n0 0 1\n",
}


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 400), patch=st.binary(max_size=5), cut=st.integers(0, 5))
def test_damage_is_read_over_or_refused(tmp_path, name, position, patch, cut):
    data = WHOLE[name]
    position %= len(data)
    path = tmp_path / name
    path.write_bytes(data[:position] + patch + data[position + cut :])
    found, refusal = None, ""
    try:
        found = read_camera(path, (640, 480)).camera
    except CalibrationError as error:
        refusal = str(error)
    assert str(path) in refusal or (found is not None and found.fx > 0 and (found.width, found.height) == (640, 480))
