"""SUN RGB-D: folders out of a list from its authors' machine, depth whose bits are turned."""

import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

scipy_io = pytest.importorskip("scipy.io")

CAMERA = Camera(33.75, 34.25, 15.25, 11.75, 32, 24)
TEST = [
    "xtion/sun3ddata/brown_bm_1/brown_bm_1/0000024-000000787053",
    "kv1/NYUdata/NYU0002",
    "kv2/kinect2data/000002_2014-05-26_14-23-37_260595134347_rgbf000103-resize",
    "realsense/lg/2014_10_21-18_16_30-1311000073",
]
TRAIN = ["kv1/b3dodata/img_0063"]
ALLSPLIT = "SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat"


@pytest.fixture
def scene(slope):
    return slope(CAMERA)


def rotated(millimetres: np.ndarray) -> np.ndarray:
    """As the toolbox undoes it: v = (stored >> 3) | (stored << 13), on 16 bits."""
    wide = millimetres.astype(np.uint32)
    return ((wide << 3) | (wide >> 13)).astype(np.uint16)


def millimetres(scene) -> np.ndarray:
    """One pixel is unknown, one so far that its upper bits come round, as do those beyond the toolbox's 8 m."""
    stored = np.rint(scene.depth * 1000).astype(np.uint16)
    stored[0, 0], stored[0, 1], stored[0, 2] = 0, 9123, 8001
    return stored


def write(root, scene, name: str) -> None:
    folder = root / "SUNRGBD" / name
    scene.save_image(folder / "image" / "0000024.jpg")
    for kind, more in (("depth_bfx", 0), ("depth", 100)):
        stored = millimetres(scene)
        stored[1:] += more
        (folder / kind).mkdir()
        Image.fromarray(rotated(stored)).save(folder / kind / "0000024-abs.png")
    (folder / "intrinsics.txt").write_text("33.750000 0 15.250000 \n0 34.250000 11.750000 \n0 0 1 \n")


def cells(names: list[str]) -> np.ndarray:
    """A row of cells, paths as they were on the authors' machine, some of which end in a slash."""
    row = np.empty((1, len(names)), object)
    row[0, :] = [f"/n/fs/sun3d/data/SUNRGBD/{name}{'/' * (index % 2)}" for index, name in enumerate(names)]
    return row


@pytest.fixture
def root(scene, tmp_path):
    for name in TEST + TRAIN:
        write(tmp_path, scene, name)
    (tmp_path / ALLSPLIT).parent.mkdir(parents=True)
    scipy_io.savemat(tmp_path / ALLSPLIT, {"alltest": cells(TEST), "alltrain": cells(TRAIN)})
    return tmp_path


def test_splits_are_those_of_the_list_and_groups_are_the_cameras(root):
    found = list_examples("sunrgbd", root)
    assert [one.name for one in found] == TEST
    assert [one.group for one in found] == ["xtion", "kv1", "kv2", "realsense"]
    assert [one.name for one in list_examples("sunrgbd", root, "train")] == TRAIN


def test_depth_is_read_to_the_millimetre(root, scene):
    for one in list_examples("sunrgbd", root):
        example = one.load()
        expected = millimetres(scene) / np.float32(1000)
        expected[0, 0] = np.nan
        np.testing.assert_allclose(example.depth, expected, rtol=1e-6)
        assert example.depth[0, 1] == np.float32(9.123)
        np.testing.assert_allclose(example.depth[1:], scene.depth[1:], atol=6e-4)


def test_what_the_camera_measured_is_a_truth_of_its_own(root, scene):
    example = list_examples("sunrgbd", root, truth="raw")[0].load()
    np.testing.assert_allclose(example.depth[1:], scene.depth[1:] + 0.1, atol=6e-4)


def test_picture_and_camera_come_out_as_they_went_in(root):
    example = list_examples("sunrgbd", root)[0].load()
    with Image.open(root / "SUNRGBD" / TEST[0] / "image/0000024.jpg") as picture:
        np.testing.assert_array_equal(example.image, np.asarray(picture))
    np.testing.assert_allclose(example.camera.K, CAMERA.K)
    assert (example.normals, example.masks) == (None, {})


def test_another_process_can_load(root):
    listed = list_examples("sunrgbd", root)[1]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().depth, listed.load().depth)


@pytest.mark.parametrize("file", ["image/0000024.jpg", "depth_bfx/0000024-abs.png", "intrinsics.txt"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "else"])
def test_a_file_that_is_not_what_it_should_be_is_named(root, spoil, file, damage):
    listed = list_examples("sunrgbd", root)[0]
    spoil(root / "SUNRGBD" / TEST[0] / file, damage)
    told = file.split("/")[0] if damage == "gone" else file
    with pytest.raises(DatasetError, match=rf"0000024-000000787053.*{told}"):
        listed.load()


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "else"])
def test_a_list_that_is_not_what_it_should_be_is_named(root, spoil, damage):
    spoil(root / ALLSPLIT, damage)
    with pytest.raises(DatasetError, match=r"allsplit\.mat"):
        list_examples("sunrgbd", root)


def test_a_list_of_something_else_is_refused(root):
    scipy_io.savemat(root / ALLSPLIT, {"alltest": np.arange(3), "alltrain": cells(TRAIN)})
    with pytest.raises(DatasetError, match=r"allsplit\.mat: .*below SUNRGBD"):
        list_examples("sunrgbd", root)


def test_eight_bits_are_no_depth(root):
    folder = root / "SUNRGBD" / TEST[0] / "depth_bfx"
    Image.fromarray(np.ones((24, 32), np.uint8)).save(folder / "0000024-abs.png")
    with pytest.raises(DatasetError, match=r"depth_bfx/0000024-abs\.png: .*16-bit"):
        list_examples("sunrgbd", root)[0].load()


def test_depth_of_another_shape_is_refused(root):
    folder = root / "SUNRGBD" / TEST[0] / "depth_bfx"
    Image.fromarray(rotated(np.full((24, 24), 1500))).save(folder / "0000024-abs.png")
    with pytest.raises(DatasetError, match=r"depth_bfx/0000024-abs\.png: .*24x24"):
        list_examples("sunrgbd", root)[0].load()


def test_a_folder_of_something_else_or_without_pictures_is_refused(root, tmp_path_factory):
    with pytest.raises(DatasetError, match=r"allsplit\.mat"):
        list_examples("sunrgbd", tmp_path_factory.mktemp("empty"))
    shutil.rmtree(root / "SUNRGBD")
    with pytest.raises(DatasetError, match="holds no SUNRGBD"):
        list_examples("sunrgbd", root)
