"""Hypersim as test data: the authors' split, depth along the axis, normals where they belong to the camera."""

import csv
import pickle

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.hypersim import scene_camera
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError
from theodolite.geometry.depth import distance_from_depth
from theodolite.geometry.unproject import rays

h5py = pytest.importorskip("h5py")

# Rows of the published table: ai_001_001, and ai_038_002, whose lens is shifted by half a picture.
STRAIGHT = (0.5773502886169104, 0, 0, 0, 0.4330127164626828, 0, 0, 0, -1)
SHIFTED = (0.6501238075331314, 0, 0, 0, 0.43483397310392735, 0, 0, -0.22060419015836272, -1.1260474290333964)
WIDTH, HEIGHT = 16, 12
CAMERA = Camera.from_fov(60, WIDTH, HEIGHT, axis="horizontal")
NORMAL = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])
SPLIT = "metadata_images_split_scene_v1.csv"
# The scene of each part, for the table and for the files.
PARTS = {"ai_001_001": "train", "ai_001_002": "val", "ai_038_002": "test", "ai_040_001": "test"}


def plane(camera: Camera) -> np.ndarray:
    """Depth of a slanted plane two metres away."""
    return -2 / (rays(camera, np.zeros((HEIGHT, WIDTH))) @ NORMAL)


@pytest.fixture
def root(tmp_path):
    """Four scenes of two frames, one of them with a shifted lens, and both tables."""
    matrices = {scene: SHIFTED if scene == "ai_038_002" else STRAIGHT for scene in PARTS}
    names = [f"M_cam_from_uv_{i}{j}" for i in range(3) for j in range(3)]
    with (tmp_path / "metadata_camera_parameters.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["scene_name", "settings_output_img_height", "settings_output_img_width", *names])
        table.writerows([scene, float(HEIGHT), float(WIDTH), *matrix] for scene, matrix in matrices.items())
    lines = ["scene_name,camera_name,frame_id,included_in_public_release,exclude_reason,split_partition_name"]
    for scene, part in PARTS.items():
        camera = scene_camera(np.reshape(matrices[scene], (3, 3)), WIDTH, HEIGHT).camera
        for number in (0, 7):
            write_frame(tmp_path / scene / "images", f"frame.{number:04d}", camera)
            lines.append(f"{scene},cam_00,{number},True,,{part}")
    (tmp_path / SPLIT).write_text("\n".join(lines) + "\n")
    return tmp_path


def write_frame(images, frame: str, camera: Camera) -> None:
    picture = images / "scene_cam_00_final_preview" / f"{frame}.tonemap.jpg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 150)).save(picture)
    distance = distance_from_depth(plane(camera), camera).astype(np.float32)
    distance[0, 0] = np.nan
    # OpenGL axes; the artist turned some away from the camera.
    normals = np.broadcast_to(NORMAL * [1, -1, -1], (HEIGHT, WIDTH, 3)).astype(np.float32)
    normals[5, 6] *= -1
    geometry = images / "scene_cam_00_geometry_hdf5"
    geometry.mkdir(exist_ok=True)
    for ending, values in (("depth_meters", distance), ("normal_cam", normals)):
        with h5py.File(geometry / f"{frame}.{ending}.hdf5", "w") as file:
            file["dataset"] = values


def test_a_split_has_the_frames_that_the_table_gives_it(root):
    found = list_examples("hypersim", root)
    assert [one.name for one in found] == [
        f"{scene}/cam_00/{frame}" for scene in ("ai_038_002", "ai_040_001") for frame in ("frame.0000", "frame.0007")
    ]
    assert [one.group for one in found] == ["ai_038_002"] * 2 + ["ai_040_001"] * 2
    assert {one.group for one in list_examples("hypersim", root, "val")} == {"ai_001_002"}
    assert {one.group for one in list_examples("hypersim", root, "train")} == {"ai_001_001"}
    assert {one.group for one in list_examples("hypersim", root, "all")} == set(PARTS)


def test_distance_becomes_depth_and_normals_face_the_camera(root):
    example = list_examples("hypersim", root)[2].load()
    camera = example.camera
    np.testing.assert_allclose((camera.fx, camera.fy), (CAMERA.fx, CAMERA.fy), rtol=1e-6)
    np.testing.assert_allclose((camera.cx, camera.cy), (7.5, 5.5), atol=1e-6)
    assert np.isnan(example.depth[0, 0])
    np.testing.assert_allclose(example.depth.flat[1:], plane(camera).flat[1:], rtol=1e-5)
    np.testing.assert_allclose(example.normals, np.broadcast_to(NORMAL, (HEIGHT, WIDTH, 3)), atol=1e-6)


def test_a_shifted_lens_has_its_own_camera_and_no_normals(root):
    example = list_examples("hypersim", root)[0].load()
    assert example.camera.cy != pytest.approx(5.5, abs=1)
    assert example.normals is None
    np.testing.assert_allclose(example.depth.flat[1:], plane(example.camera).flat[1:], rtol=1e-5)


def test_without_the_table_of_cameras_the_camera_says_that_it_is_nominal(root):
    (root / "metadata_camera_parameters.csv").unlink()
    for picture in root.rglob("*.jpg"):
        Image.new("RGB", (1024, 768)).save(picture)
    example = list_examples("hypersim", root)[0].load()
    assert example.camera.fx == pytest.approx(886.81, abs=0.01)
    assert "nominal" in example.camera.detail


def test_a_picture_of_another_size_than_the_camera_is_refused(root):
    (root / "metadata_camera_parameters.csv").unlink()
    with pytest.raises(DatasetError, match=r"frame\.0000\.tonemap\.jpg: the camera is of 1024x768 px, .* 16x12"):
        list_examples("hypersim", root)[0].load()


def test_without_the_table_of_the_split_it_is_said_where_to_get_it(root):
    (root / SPLIT).unlink()
    for split in ("test", "val", "train"):
        with pytest.raises(DatasetError, match=rf"{SPLIT}: .*'{split}'.*evermotion_dataset/analysis.*'all'"):
            list_examples("hypersim", root, split)
    assert len(list_examples("hypersim", root, "all")) == 8


def test_a_table_of_something_else_is_named(root):
    (root / SPLIT).write_text("scene_name,part\nai_001_001,test\n")
    with pytest.raises(DatasetError, match=SPLIT):
        list_examples("hypersim", root)


def test_another_process_can_load(root):
    listed = list_examples("hypersim", root)[2]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().depth, listed.load().depth)


@pytest.mark.parametrize("ending", ["tonemap.jpg", "depth_meters.hdf5", "normal_cam.hdf5"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(root, ending, damage):
    listed = list_examples("hypersim", root)[2]
    path = next((root / "ai_040_001").rglob(f"frame.0000.{ending}"))
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match=rf"frame\.0000\.{ending}"):
        listed.load()


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="ai_VVV_NNN"):
        list_examples("hypersim", tmp_path, "all")
