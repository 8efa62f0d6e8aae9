"""Folders of frames: read as listed, wrong ones refused by file and field."""

import json

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.frames import find_frame_folders, read_frames
from theodolite.errors import DatasetError

GOOD = {"rgb": "a.png", "depth": "a_depth.png", "depth_scale": 5000, "cam_in": [500, 501, 320, 240]}


def write(folder, *frames):
    (folder / "frames.json").write_text(json.dumps({"files": list(frames)}))


def test_a_frame_has_the_camera_and_the_metres_it_lists(tmp_path):
    stored = np.array([[0, 5000], [12500, 1]], np.uint16)
    Image.fromarray(stored).save(tmp_path / "a_depth.png")
    write(tmp_path, GOOD)
    (frame,) = read_frames(tmp_path)
    np.testing.assert_allclose(frame.read_depth(), [[np.nan, 1], [2.5, 0.0002]], rtol=1e-6)
    camera = frame.camera(640, 480)
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.source) == (500, 501, 320, 240, "given")


def test_values_that_a_frame_lists_as_no_measurement_are_unknown(tmp_path):
    Image.fromarray(np.array([[0, 5000, 65534, 65535]], np.uint16)).save(tmp_path / "a_depth.png")
    write(tmp_path, {**GOOD, "depth_invalid": [0, 65535]})
    (frame,) = read_frames(tmp_path)
    np.testing.assert_allclose(frame.read_depth(), [[np.nan, 1, 13.1068, np.nan]], rtol=1e-6)


def test_frames_without_depth_are_left_out(tmp_path):
    write(tmp_path, GOOD, {"rgb": "b.png", "cam_in": [1, 1, 0, 0]})
    assert len(read_frames(tmp_path)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depth_scale": 0}, "depth_scale"),
        ({"depth_scale": None}, "depth_scale"),
        ({"cam_in": [500, 500, 320]}, "cam_in"),
        ({"cam_in": [-500, 500, 320, 240]}, "fx"),
        ({"cam_in": [float("nan"), 500, 320, 240]}, "fx"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, change, words):
    write(tmp_path, GOOD | change)
    with pytest.raises(DatasetError, match=words) as refused:
        read_frames(tmp_path)
    assert "frame 0" in str(refused.value)


def test_a_listing_that_is_none_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no frames\.json"):
        read_frames(tmp_path)
    (tmp_path / "frames.json").write_text("[]")
    with pytest.raises(DatasetError, match="files"):
        read_frames(tmp_path)


def test_an_8_bit_depth_is_refused(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a_depth.png")
    write(tmp_path, GOOD)
    with pytest.raises(DatasetError, match="16-bit"):
        read_frames(tmp_path)[0].read_depth()


def test_folders_are_found_at_the_place_or_one_below(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, GOOD)
    assert [folder.name for folder in find_frame_folders(tmp_path)] == ["a", "b"]
    assert find_frame_folders(tmp_path / "a") == [tmp_path / "a"]
