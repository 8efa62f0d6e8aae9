"""DrivingStereo: three layouts of archives, one calibration a sequence."""

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
SEQUENCE = "2018-07-11-14-48-52"
FRAME = f"{SEQUENCE}_2018-07-11-14-50-08-769"
LAYOUTS = {
    "training": (f"train-left-image/{SEQUENCE}", f"train-depth-map/{SEQUENCE}", "half"),
    "test": ("test-left-image/left-image-half-size", "test-depth-map/depth-map-half-size", "half"),
    "weather": ("rainy/left-image-full-size", "rainy/depth-map-full-size", "full"),
}


@pytest.fixture
def drivingstereo(plane, tmp_path):
    """The plane in all layouts; full size has twice the pixels."""
    for images, depth, size in LAYOUTS.values():
        camera = CAMERA if size == "half" else CAMERA.resized(54, 40)
        scene = plane(camera)
        scene.save_image(tmp_path / images / f"{FRAME}.jpg")
        scene.save_depth(tmp_path / depth / f"{FRAME}.png", 256)
        rows = {"S_101": [1762, 800], "P_rect_101": np.c_[camera.K, np.zeros(3)], "P_rect_103": np.zeros((3, 4))}
        text = "".join(f"{name}: {' '.join(map(str, np.ravel(values)))}\n" for name, values in rows.items())
        path = tmp_path / "calib" / f"{size}-image-calib" / f"{SEQUENCE}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def check(samples, plane, widths):
    assert sorted(sample.camera.width for sample in samples) == widths
    for sample in samples:
        assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "drivingstereo", False)
        plane(CAMERA if sample.camera.width == 27 else CAMERA.resized(54, 40)).check(sample, millimetres=2.1)


def test_the_training_part_is_taken_alone(drivingstereo, plane, samples_of, manifest_of):
    check(samples_of("drivingstereo", drivingstereo), plane, [27])
    (record,) = manifest_of("drivingstereo", drivingstereo)
    assert "train-left-image" in record.image.parts


def test_other_parts_are_taken_where_it_is_absent_each_with_its_own_calibration(drivingstereo, plane, samples_of):
    (drivingstereo / "train-left-image").rename(drivingstereo / "elsewhere")
    check(samples_of("drivingstereo", drivingstereo), plane, [27, 54])


def test_a_missing_calibration_is_named(drivingstereo):
    (drivingstereo / "calib/half-image-calib" / f"{SEQUENCE}.txt").unlink()
    with pytest.raises(DatasetError, match=rf"half-image-calib/{SEQUENCE}\.txt: absent"):
        list(find_builder("drivingstereo").records(drivingstereo, drivingstereo / "out"))


def test_a_calibration_without_the_left_camera_is_named(drivingstereo):
    (drivingstereo / "calib/half-image-calib" / f"{SEQUENCE}.txt").write_text("P_rect_103: 1 0 0 0 0 1 0 0 0 0 1 0\n")
    with pytest.raises(DatasetError, match=rf"{SEQUENCE}\.txt.*P_rect_101"):
        list(find_builder("drivingstereo").records(drivingstereo, drivingstereo / "out"))


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no"):
        list(find_builder("drivingstereo").records(tmp_path, tmp_path / "out"))
