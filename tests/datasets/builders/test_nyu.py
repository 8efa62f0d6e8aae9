"""NYU Depth V2: the labelled .mat, whose arrays lie on their sides, and the sampled videos."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

h5py = pytest.importorskip("h5py")
scipy_io = pytest.importorskip("scipy.io")

CAMERA = Camera(518.8579, 519.46961, 325.58245, 253.73617, 640, 480)


@pytest.fixture
def scene(plane):
    return plane(CAMERA)


def write_mat(scene, source: Path, frames: int = 3) -> np.ndarray:
    """Returns the picture of each frame, (frames, h, w, 3)."""
    ramp = np.arange(640, dtype=np.uint8)[None, :, None] + np.zeros((480, 1, 3), np.uint8)
    images = np.stack([ramp + np.uint8(frame) for frame in range(frames)])
    with h5py.File(source / "nyu_depth_v2_labeled.mat", "w") as file:
        file["images"] = images.transpose(0, 3, 2, 1)
        file["depths"] = np.repeat(scene.depth.T[None].astype(np.float32), frames, axis=0)
    scipy_io.savemat(source / "splits.mat", {"trainNdxs": [[1], [3]], "testNdxs": [[2]]})
    return images


def test_training_frames_come_out_of_the_mat_upright(scene, samples_of, tmp_path):
    images = write_mat(scene, tmp_path)
    samples = samples_of("nyu", tmp_path)
    assert len(samples) == 2
    for sample, image in zip(samples, images[[0, 2]], strict=True):
        np.testing.assert_array_equal(sample.image, image)
        assert (sample.kind, sample.domain) == (LabelKind.SENSOR, "nyu")
        camera = sample.camera
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy)


def test_labels_count_in_the_evaluated_region_only(scene, samples_of, tmp_path):
    write_mat(scene, tmp_path, frames=3)
    sample = samples_of("nyu", tmp_path)[0]
    expected = np.full((480, 640), np.nan)
    expected[45:471, 41:601] = scene.depth[45:471, 41:601]
    np.testing.assert_allclose(sample.depth, expected, atol=1e-4)


def test_the_split_is_needed(scene, manifest_of, tmp_path):
    write_mat(scene, tmp_path)
    (tmp_path / "splits.mat").unlink()
    with pytest.raises(DatasetError, match=r"splits\.mat"):
        manifest_of("nyu", tmp_path)


@pytest.mark.parametrize("name", ["nyu_depth_v2_labeled.mat", "splits.mat"])
def test_a_damaged_file_is_named(scene, manifest_of, tmp_path, name):
    write_mat(scene, tmp_path)
    (tmp_path / name).write_bytes(b"no data")
    with pytest.raises(DatasetError, match=name):
        manifest_of("nyu", tmp_path)


def test_a_folder_of_something_else_is_refused(manifest_of, tmp_path):
    with pytest.raises(DatasetError, match=r"nyu_depth_v2_labeled\.mat"):
        manifest_of("nyu", tmp_path)


def test_sampled_videos_are_read_where_they_are(scene, samples_of, tmp_path):
    for number in (0, 45):
        scene.save_image(tmp_path / "kitchen_0028b" / f"rgb_{number:05d}.jpg")
        scene.save_depth(tmp_path / "kitchen_0028b" / f"sync_depth_{number:05d}.png", 1000)
    samples = samples_of("nyu-sync", tmp_path)
    assert len(samples) == 2
    np.testing.assert_allclose(samples[1].depth[45:471, 41:601], scene.depth[45:471, 41:601], atol=6e-4)
    assert np.isnan(samples[1].depth[:45]).all()


def test_a_missing_picture_is_named(scene, manifest_of, tmp_path):
    scene.save_depth(tmp_path / "kitchen_0028b" / "sync_depth_00045.png", 1000)
    with pytest.raises(DatasetError, match=r"rgb_00045\.jpg: there is no such file"):
        load(manifest_of("nyu-sync", tmp_path)[0])


def test_real_frames_of_a_sampled_video_load(shared, samples_of, tmp_path):
    (tmp_path / "scene").mkdir()
    for path in (*(shared / "data/nyu_demo/rgb").iterdir(), *(shared / "data/nyu_demo/depth").iterdir()):
        shutil.copy(path, tmp_path / "scene")
    samples = samples_of("nyu-sync", tmp_path)
    assert len(samples) == 3
    for sample in samples:
        assert 0.5 < np.nanmedian(sample.depth) < 6
