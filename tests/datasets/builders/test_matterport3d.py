"""Matterport3D: a camera counted from the lower left corner, normals in three 16-bit files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

POSE = "0.9 0.2 0.3 -2.9 0.4 -0.6 -0.6 -14.4 0.01 0.7 -0.6 1.3 0 0 0 1"


@pytest.fixture
def cameras():
    """One for each way the tripod's cameras look; their axes are off the middle, each elsewhere."""
    return [Camera(17, 17.2, 9.3, 6.1, 20, 16), Camera(18, 18.1, 8.8, 9.4, 20, 16)]


def write(plane, cameras, source: Path) -> list:
    building = source / "1pXnuDYAj8r" / "1pXnuDYAj8r"
    lines = ["dataset matterport", "n_images 2", "depth_directory undistorted_depth_images", ""]
    scenes = [plane(camera) for camera in cameras]
    for index, scene in enumerate(scenes):
        camera, name = scene.camera, f"03a8_d{index}_3"
        below = camera.height - (camera.cy + 0.5)
        lines += [
            f"intrinsics_matrix {camera.fx} 0 {camera.cx + 0.5}  0 {camera.fy} {below}  0 0 1",
            f"scan {name}.png 03a8_i{index}_3.jpg {POSE}",
        ]
        scene.save_image(building / "undistorted_color_images" / f"03a8_i{index}_3.jpg")
        scene.save_depth(building / "undistorted_depth_images" / f"{name}.png", 4000)
        (building / "undistorted_normal_images").mkdir(exist_ok=True)
        for axis, values in zip("xyz", np.moveaxis(scene.normals * [1, -1, -1], -1, 0), strict=True):
            stored = np.rint(32768 * (1 + values)).astype(np.uint16)
            stored[0, 0] = 0
            Image.fromarray(stored).save(building / "undistorted_normal_images" / f"{name}_n{axis}.png")
    (building / "undistorted_camera_parameters").mkdir()
    (building / "undistorted_camera_parameters" / "1pXnuDYAj8r.conf").write_text("\n".join(lines))
    return scenes


def test_camera_depth_and_normals_belong_together(plane, cameras, samples_of, tmp_path):
    scenes = write(plane, cameras, tmp_path)
    samples = samples_of("matterport3d", tmp_path)
    assert len(samples) == 2
    for scene, sample in zip(scenes, samples, strict=True):
        assert (sample.kind, sample.domain) == (LabelKind.SENSOR, "matterport3d")
        assert np.isnan(sample.depth[0, 0])
        assert np.isnan(sample.normals[0, 0]).all()
        scene.check(sample, millimetres=0.2)


def test_one_building_may_be_given_alone(plane, cameras, manifest_of, tmp_path):
    write(plane, cameras, tmp_path)
    assert len(manifest_of("matterport3d", tmp_path / "1pXnuDYAj8r" / "1pXnuDYAj8r")) == 2


def test_values_that_stand_for_nothing_are_no_depth(plane, cameras, samples_of, tmp_path):
    write(plane, cameras, tmp_path)
    path = next(tmp_path.rglob("03a8_d0_3.png"))
    stored = np.array(Image.open(path))
    stored[5, 5] = 65535
    Image.fromarray(stored).save(path)
    assert np.isnan(samples_of("matterport3d", tmp_path)[0].depth[5, 5])


def test_without_normal_images_there_is_depth(plane, cameras, samples_of, tmp_path):
    write(plane, cameras, tmp_path)
    normals = next(tmp_path.rglob("undistorted_normal_images"))
    normals.rename(normals.with_name("elsewhere"))
    assert all(sample.normals is None for sample in samples_of("matterport3d", tmp_path))


@pytest.mark.parametrize("name", ["03a8_d1_3.png", "03a8_d1_3_nx.png"])
def test_a_missing_file_is_named(plane, cameras, manifest_of, tmp_path, name):
    write(plane, cameras, tmp_path)
    next(tmp_path.rglob(name)).unlink()
    with pytest.raises(DatasetError, match=f"{name}: there is no such file"):
        load(manifest_of("matterport3d", tmp_path)[1])


def test_a_line_that_is_cut_short_is_named(plane, cameras, manifest_of, tmp_path):
    write(plane, cameras, tmp_path)
    configuration = next(tmp_path.rglob("*.conf"))
    configuration.write_text("dataset matterport\nintrinsics_matrix 1076 0 631\n")
    with pytest.raises(DatasetError, match=r"1pXnuDYAj8r\.conf, line 2"):
        manifest_of("matterport3d", tmp_path)


def test_a_folder_of_something_else_is_refused(manifest_of, tmp_path):
    with pytest.raises(DatasetError, match="undistorted_camera_parameters"):
        manifest_of("matterport3d", tmp_path)
