"""NYU Depth V2: frames out of arrays that lie on their sides, two depths, and normals that come from elsewhere."""

import pickle

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

h5py = pytest.importorskip("h5py")
scipy_io = pytest.importorskip("scipy.io")

CAMERA = Camera(518.8579, 519.46961, 325.58245, 253.73617, 640, 480)
SMALL = CAMERA.resized(32, 24)
MAT = "nyu_depth_v2_labeled.mat"
FRAMES = 5


@pytest.fixture
def scene(slope):
    return slope(SMALL)


def pictures(scene) -> list[np.ndarray]:
    return [np.roll(scene.image, frame, axis=1) for frame in range(FRAMES)]


def depths(scene) -> list[np.ndarray]:
    return [(scene.depth + frame).astype(np.float32) for frame in range(FRAMES)]


@pytest.fixture
def root(scene, tmp_path):
    """Five frames, as MATLAB 7.3 and 5 store them; in the raw depth a corner is unknown."""
    raw = np.stack(depths(scene)) + np.float32(0.125)
    raw[:, :2, :3] = 0
    with h5py.File(tmp_path / MAT, "w") as file:
        file["images"] = np.stack(pictures(scene)).transpose(0, 3, 2, 1)
        file["depths"] = np.stack(depths(scene)).transpose(0, 2, 1)
        file["rawDepths"] = raw.transpose(0, 2, 1)
    scipy_io.savemat(
        tmp_path / "splits.mat",
        {"testNdxs": np.array([[2], [5]], np.uint16), "trainNdxs": np.array([[1], [3], [4]], np.uint16)},
    )
    return tmp_path


def add_normals(root, scene, number: int) -> None:
    """As GeoNet's are distributed with DSINE: left, up, towards the camera; black is unknown."""
    stored = np.rint((-scene.normals + 1) * 127.5).astype(np.uint8)
    stored[0, 0] = 0
    path = root / f"dsine_eval/nyuv2/test/{number:06d}_normal.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(stored).save(path)


@pytest.mark.parametrize(
    ("split", "numbers"), [("", [2, 5]), ("test", [2, 5]), ("train", [1, 3, 4]), ("all", [1, 2, 3, 4, 5])]
)
def test_splits_are_those_of_the_lists(root, scene, split, numbers):
    found = list_examples("nyuv2", root, split)
    assert [one.name for one in found] == [f"{number:04d}" for number in numbers]
    for one, number in zip(found, numbers, strict=True):
        example = one.load()
        np.testing.assert_array_equal(example.image, pictures(scene)[number - 1])
        np.testing.assert_array_equal(example.depth, depths(scene)[number - 1])


def test_what_the_sensor_measured_is_a_truth_of_its_own(root, scene):
    example = list_examples("nyuv2", root, truth="raw")[0].load()
    assert np.isnan(example.depth[:2, :3]).all()
    known = np.isfinite(example.depth)
    assert known.sum() == known.size - 6
    np.testing.assert_allclose(example.depth[known], depths(scene)[1][known] + 0.125, rtol=1e-6)


def test_the_camera_is_the_calibrated_one_at_the_pictures_size(root, slope, tmp_path_factory):
    np.testing.assert_allclose(list_examples("nyuv2", root)[0].load().camera.K, SMALL.K)
    whole, folder = slope(CAMERA), tmp_path_factory.mktemp("whole")
    with h5py.File(folder / MAT, "w") as file:
        file["images"] = whole.image.transpose(2, 1, 0)[None]
        file["depths"] = whole.depth.T[None].astype(np.float32)
    scipy_io.savemat(folder / "splits.mat", {"testNdxs": [[1]], "trainNdxs": [[2]]})
    example = list_examples("nyuv2", folder)[0].load()
    assert (example.camera.width, example.camera.height) == (640, 480)
    np.testing.assert_array_equal(example.camera.K, CAMERA.K)


def test_normals_are_there_when_they_were_unpacked(root, scene):
    assert list_examples("nyuv2", root)[0].load().normals is None
    add_normals(root, scene, 1)
    normals = list_examples("nyuv2", root)[0].load().normals
    assert np.isnan(normals[0, 0]).all()
    np.testing.assert_allclose(normals.reshape(-1, 3)[1:], scene.normals.reshape(-1, 3)[1:], atol=0.01)
    assert list_examples("nyuv2", root, "train")[0].load().normals is None


def test_normals_that_are_missing_among_others_are_named(root, scene):
    add_normals(root, scene, 1)
    with pytest.raises(DatasetError, match=r"000004_normal\.png: there is no such file"):
        list_examples("nyuv2", root)[1].load()


def test_another_process_can_load(root, scene):
    listed = list_examples("nyuv2", root)[1]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().depth, depths(scene)[4])


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "else"])
def test_a_mat_file_that_is_not_what_it_should_be_is_named(root, spoil, damage):
    listed = list_examples("nyuv2", root)[0]
    spoil(root / MAT, damage)
    with pytest.raises(DatasetError, match=r"nyu_depth_v2_labeled\.mat"):
        listed.load()


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "else"])
def test_a_split_that_is_not_what_it_should_be_is_named(root, spoil, damage):
    spoil(root / "splits.mat", damage)
    with pytest.raises(DatasetError, match=r"splits\.mat"):
        list_examples("nyuv2", root)


def test_frames_that_the_file_lacks_are_named(root):
    scipy_io.savemat(root / "splits.mat", {"testNdxs": [[6]], "trainNdxs": [[1]]})
    with pytest.raises(DatasetError, match=r"nyu_depth_v2_labeled\.mat: has no frame 6"):
        list_examples("nyuv2", root)[0].load()


def test_arrays_that_the_file_lacks_are_named(root):
    with h5py.File(root / MAT, "a") as file:
        del file["rawDepths"]
    with pytest.raises(DatasetError, match=r"nyu_depth_v2_labeled\.mat: .*rawDepths"):
        list_examples("nyuv2", root, truth="raw")[0].load()


def test_depth_in_millimetres_is_asked_about(root, scene):
    with h5py.File(root / MAT, "a") as file:
        file["depths"][...] *= 1000
    with pytest.raises(DatasetError, match=r"nyu_depth_v2_labeled\.mat: .*implausible"):
        list_examples("nyuv2", root)[0].load()


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"nyu_depth_v2_labeled\.mat"):
        list_examples("nyuv2", tmp_path)
