"""Hypersim: distance along the ray, normals in OpenGL axes, and cameras that are shifted, tilted and turned."""

import csv
from pathlib import Path

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.hypersim import read_cameras, scene_camera
from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind
from theodolite.errors import CameraError, DatasetError
from theodolite.geometry.depth import distance_from_depth
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.unproject import unproject

h5py = pytest.importorskip("h5py")

# Rows of the published table: ai_001_001, and ai_038_002, whose lens is shifted by half a picture.
STRAIGHT = (0.5773502886169104, 0, 0, 0, 0.4330127164626828, 0, 0, 0, -1)
SHIFTED = (0.6501238075331314, 0, 0, 0, 0.43483397310392735, 0, 0, -0.22060419015836272, -1.1260474290333964)
WIDTH, HEIGHT = 16, 12


def write_cameras(source: Path, **scenes: tuple[float, ...]) -> None:
    names = [f"M_cam_from_uv_{i}{j}" for i in range(3) for j in range(3)]
    with (source / "metadata_camera_parameters.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["scene_name", "settings_output_img_height", "settings_output_img_width", *names])
        for scene, matrix in scenes.items():
            table.writerow([scene, float(HEIGHT), float(WIDTH), *matrix])


def write_frame(scene, source: Path, name: str, number: int, normals: np.ndarray) -> None:
    images = source / name / "images"
    scene.save_image(images / "scene_cam_00_final_preview" / f"frame.{number:04d}.tonemap.jpg")
    distance = distance_from_depth(scene.depth, scene.camera).astype(np.float32)
    distance[0, 0] = np.nan
    geometry = images / "scene_cam_00_geometry_hdf5" / f"frame.{number:04d}."
    geometry.parent.mkdir(parents=True, exist_ok=True)
    for ending, values in (("depth_meters", distance), ("normal_cam", normals.astype(np.float32))):
        with h5py.File(f"{geometry}{ending}.hdf5", "w") as file:
            file["dataset"] = values


@pytest.fixture
def scene(plane):
    return plane(Camera.from_fov(60, WIDTH, HEIGHT, axis="horizontal"))


@pytest.fixture
def opengl(scene):
    return scene.normals * [1, -1, -1]


def test_distance_becomes_depth_and_normals_opencv_ones(scene, opengl, samples_of, tmp_path):
    # The artist's normals may face away, or be zero.
    opengl[5, 6] *= -1
    opengl[0, 0] = 0
    write_cameras(tmp_path, ai_001_001=STRAIGHT)
    write_frame(scene, tmp_path, "ai_001_001", 0, opengl)
    write_frame(scene, tmp_path, "ai_001_001", 3, opengl)
    samples = samples_of("hypersim", tmp_path)
    assert len(samples) == 2
    for sample in samples:
        assert (sample.kind, sample.domain) == (LabelKind.SYNTHETIC, "hypersim")
        assert np.isnan(sample.depth[0, 0])
        scene.check(sample, millimetres=0.01)


def test_a_shifted_lens_is_a_pinhole_camera_turned(plane, samples_of, tmp_path):
    found = scene_camera(np.reshape(SHIFTED, (3, 3)), WIDTH, HEIGHT)
    assert found.turned == pytest.approx(26.9, abs=0.1)
    scene = plane(found.camera)
    write_cameras(tmp_path, ai_038_002=SHIFTED)
    write_frame(scene, tmp_path, "ai_038_002", 0, scene.normals)
    (sample,) = samples_of("hypersim", tmp_path)
    # Its normals belong to axes of another direction.
    assert sample.normals is None
    scene.check(sample, millimetres=0.01)


@pytest.mark.parametrize("matrix", [STRAIGHT, SHIFTED])
def test_rays_of_the_camera_and_of_the_table_include_the_same_angles(matrix):
    matrix = np.reshape(matrix, (3, 3))
    found = scene_camera(matrix, WIDTH, HEIGHT)
    ours = unproject(np.ones((HEIGHT, WIDTH)), found.camera).reshape(-1, 3)
    u, v = np.meshgrid((np.arange(WIDTH) + 0.5) * 2 / WIDTH - 1, 1 - (np.arange(HEIGHT) + 0.5) * 2 / HEIGHT)
    theirs = np.stack([u, v, np.ones_like(u)], -1).reshape(-1, 3) @ matrix.T
    ours, theirs = (rays / np.linalg.norm(rays, axis=-1, keepdims=True) for rays in (ours, theirs))
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-9)


def test_the_published_straight_camera_is_the_nominal_one():
    found = scene_camera(np.reshape(STRAIGHT, (3, 3)), 1024, 768)
    camera = found.camera
    np.testing.assert_allclose((camera.fx, camera.fy, camera.cx, camera.cy), (886.81, 886.81, 511.5, 383.5), atol=1e-3)
    assert found.turned < 1e-3


def test_skewed_pixels_are_no_pinhole_camera(tmp_path):
    skewed = (0.577, 0.05, 0, 0, 0.433, 0, 0, 0, -1)
    with pytest.raises(CameraError, match="skew"):
        scene_camera(np.reshape(skewed, (3, 3)), WIDTH, HEIGHT)
    write_cameras(tmp_path, ai_001_001=STRAIGHT, ai_001_002=skewed)
    assert list(read_cameras(tmp_path / "metadata_camera_parameters.csv")) == ["ai_001_001"]


def test_only_training_frames_are_taken_where_the_split_is_known(scene, opengl, manifest_of, tmp_path):
    write_cameras(tmp_path, ai_001_001=STRAIGHT)
    for number in (0, 3, 10):
        write_frame(scene, tmp_path, "ai_001_001", number, opengl)
    (tmp_path / "metadata_images_split_scene_v1.csv").write_text(
        "scene_name,camera_name,frame_id,included_in_public_release,exclude_reason,split_partition_name\n"
        "ai_001_001,cam_00,0,True,,train\nai_001_001,cam_00,3,True,,test\nai_001_001,cam_00,10,True,,train\n"
    )
    names = [record.image.name for record in manifest_of("hypersim", tmp_path)]
    assert names == ["frame.0000.tonemap.jpg", "frame.0010.tonemap.jpg"]


def test_without_the_table_the_nominal_camera_is_taken_and_said_to_be(scene, opengl, manifest_of, tmp_path):
    write_frame(scene, tmp_path, "ai_001_001", 0, opengl)
    (record,) = manifest_of("hypersim", tmp_path)
    np.testing.assert_allclose(record.camera, (886.81, 886.81, 511.5, 383.5), atol=1e-3)
    assert "nominal" in record.extra["camera"]
    with pytest.raises(DatasetError, match="1024x768 px, the image 16x12"):
        load(record)


def test_normals_agree_with_depth(scene, opengl, samples_of, tmp_path):
    write_cameras(tmp_path, ai_001_001=STRAIGHT)
    write_frame(scene, tmp_path, "ai_001_001", 0, opengl)
    (sample,) = samples_of("hypersim", tmp_path)
    from_depth = normals_from_depth(sample.depth.astype(np.float64), sample.camera)
    np.testing.assert_allclose(from_depth[1:, 1:], sample.normals[1:, 1:], atol=1e-4)


@pytest.mark.parametrize("ending", ["depth_meters.hdf5", "normal_cam.hdf5"])
def test_a_missing_file_is_named(scene, opengl, manifest_of, tmp_path, ending):
    write_cameras(tmp_path, ai_001_001=STRAIGHT)
    write_frame(scene, tmp_path, "ai_001_001", 0, opengl)
    next(tmp_path.rglob(f"*{ending}")).unlink()
    with pytest.raises(DatasetError, match=rf"frame\.0000\.{ending}: there is no such file"):
        load(manifest_of("hypersim", tmp_path)[0])


def test_a_table_of_something_else_is_named(scene, opengl, manifest_of, tmp_path):
    write_frame(scene, tmp_path, "ai_001_001", 0, opengl)
    (tmp_path / "metadata_camera_parameters.csv").write_text("scene_name,fov\nai_001_001,60\n")
    with pytest.raises(DatasetError, match=r"metadata_camera_parameters\.csv.*ai_001_001"):
        manifest_of("hypersim", tmp_path)


def test_a_folder_of_something_else_is_refused(manifest_of, tmp_path):
    with pytest.raises(DatasetError, match="ai_VVV_NNN"):
        manifest_of("hypersim", tmp_path)
