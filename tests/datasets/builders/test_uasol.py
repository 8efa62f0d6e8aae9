"""UASOL: a log with the camera in words, and a list of frames."""

import json

import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
LOG = """Date: 2018-05-07
LEFT CAMERA PARAMETERS
Optical center along x axis, defined in pixels: 13.2.
Optical center along y axis, defined in pixels: 9.6.
Focal length in pixels alog x axis: 24.0.
Focal length in pixels alog y axis: 23.9.
Resolution: [27, 20].
RIGHT CAMERA PARAMETERS
Optical center along x axis, defined in pixels: 99.
Focal length in pixels alog x axis: 99.
"""


@pytest.fixture
def sequence(plane, tmp_path):
    scene, sequence = plane(CAMERA), tmp_path / "Engineering"
    frames = []
    for number in range(2):
        names = {"color_frame_left": f"left_{number}", "depth_frame": f"depth_{number}", "m": []}
        scene.save_image(sequence / f"Images/left_{number}.png")
        scene.save_depth(sequence / f"Images/depth_{number}.png", 1000)
        frames.append(names)
    (sequence / "complete.json").write_text(json.dumps({"Data": frames}))
    (sequence / "log.txt").write_text(LOG)
    return sequence


def test_every_listed_frame_has_the_left_camera_and_its_depth(sequence, plane, samples_of, tmp_path):
    samples = samples_of("uasol", tmp_path)
    assert len(samples) == 2
    for sample in samples:
        assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.STEREO, "uasol", False)
        plane(CAMERA).check(sample, millimetres=0.6)


def test_a_missing_log_is_named(sequence, tmp_path):
    (sequence / "log.txt").unlink()
    with pytest.raises(DatasetError, match=r"log\.txt: No such file"):
        list(find_builder("uasol").records(tmp_path, tmp_path / "out"))


def test_a_log_without_a_focal_length_is_named(sequence, tmp_path):
    (sequence / "log.txt").write_text(LOG.replace("Focal length in pixels alog y axis: 23.9.\n", ""))
    with pytest.raises(DatasetError, match=r"log\.txt: gives no focal length along the y axis of the left camera"):
        list(find_builder("uasol").records(tmp_path, tmp_path / "out"))


def test_a_missing_picture_is_named_when_it_is_loaded(sequence, samples_of, tmp_path):
    (sequence / "Images/left_1.png").unlink()
    with pytest.raises(DatasetError, match=r"left_1\.png"):
        samples_of("uasol", tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no complete\.json"):
        list(find_builder("uasol").records(tmp_path, tmp_path / "out"))
