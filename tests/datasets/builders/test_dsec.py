"""DSEC: disparity in the view of the left colour picture, matched by time."""

import numpy as np
import pytest
import yaml
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 24, 13.2, 9.6, 27, 20)
BASELINE = 2.5


@pytest.fixture
def sequence(plane, tmp_path):
    """Three pictures, 50 ms apart; disparity of the first and the last."""
    scene, sequence = plane(CAMERA), tmp_path / "train" / "interlaken_00_c"
    stored = np.rint(CAMERA.fx * BASELINE / scene.depth * 256).astype(np.uint16)
    stored[0, 0] = 0
    (sequence / "disparity/image").mkdir(parents=True)
    for number in range(3):
        scene.save_image(sequence / f"images/left/rectified/{number:06}.png")
    for number in (0, 2):
        Image.fromarray(stored).save(sequence / f"disparity/image/{number:06}.png")
    (sequence / "images/timestamps.txt").write_text("49599300523\n49599350523\n49599400523\n")
    (sequence / "disparity/timestamps.txt").write_text("49599300523\n49599400523\n")
    matrix = [[1.0, 0, 0, -13.2], [0, 1.0, 0, -9.6], [0, 0, 0, 24.0], [0, 0, 1 / BASELINE, 0]]
    calibration = {
        "intrinsics": {"camRect1": {"camera_matrix": [24.0, 24.0, 13.2, 9.6], "resolution": [27, 20]}},
        "disparity_to_depth": {"cams_12": matrix, "cams_03": np.eye(4).tolist()},
    }
    (sequence / "calibration").mkdir()
    (sequence / "calibration/cam_to_cam.yaml").write_text(yaml.safe_dump(calibration))
    return sequence


def test_disparity_is_of_the_picture_of_its_time(sequence, plane, samples_of, manifest_of, tmp_path):
    for sample in samples_of("dsec", tmp_path):
        assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "dsec", True)
        plane(CAMERA).check(sample, millimetres=1)
    assert [record.image.name for record in manifest_of("dsec", tmp_path)] == ["000000.png", "000002.png"]


@pytest.mark.parametrize("missing", ["calibration/cam_to_cam.yaml", "images/timestamps.txt", "images/left/rectified"])
def test_a_missing_part_is_named(sequence, missing, tmp_path):
    (sequence / missing).rename(sequence / "elsewhere")
    with pytest.raises(DatasetError, match=missing):
        list(find_builder("dsec").records(tmp_path, tmp_path / "out"))


def test_disparity_without_a_picture_of_its_time_is_refused(sequence, tmp_path):
    (sequence / "disparity/timestamps.txt").write_text("49599300523\n49599420523\n")
    with pytest.raises(DatasetError, match=r"images/timestamps\.txt: has no picture of 49599420523"):
        list(find_builder("dsec").records(tmp_path, tmp_path / "out"))


def test_times_that_do_not_count_the_pictures_are_refused(sequence, tmp_path):
    (sequence / "images/timestamps.txt").write_text("49599300523\n")
    with pytest.raises(DatasetError, match=r"timestamps\.txt: has 1 lines for 3"):
        list(find_builder("dsec").records(tmp_path, tmp_path / "out"))


def test_a_matrix_of_unequal_principal_points_is_refused(sequence, tmp_path):
    path = sequence / "calibration/cam_to_cam.yaml"
    content = yaml.safe_load(path.read_text())
    content["disparity_to_depth"]["cams_12"][3][3] = 0.7
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(DatasetError, match=r"cam_to_cam\.yaml: cams_12"):
        list(find_builder("dsec").records(tmp_path, tmp_path / "out"))
