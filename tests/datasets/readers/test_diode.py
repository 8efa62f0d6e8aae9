"""DIODE: NumPy files beside pictures, indoors and outdoors."""

import pickle
import shutil

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

CAMERA = Camera(886.81, 927.06, 512, 384, 1024, 768)
INDOORS = "val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010"
OUTDOOR = "val/outdoor/scene_00022/scan_00193/00022_00193_outdoor_010_000"


@pytest.fixture
def scene(slope):
    return slope(CAMERA.resized(32, 24))


def write(root, scene, name: str) -> None:
    """The scanner saw nothing at one pixel, whose depth is 0, and something wrong at another."""
    path = root / name
    scene.save_image(path.with_name(f"{path.name}.png"))
    depth, mask = scene.depth.astype(np.float32)[..., None].copy(), np.ones(scene.size)
    depth[2, 3], mask[2, 3], mask[4, 5] = 0, 0, 0
    np.save(path.with_name(f"{path.name}_depth.npy"), depth)
    np.save(path.with_name(f"{path.name}_depth_mask.npy"), mask)


def write_normals(root, scene, name: str) -> None:
    """Right, up, backwards; (0, 0, 0) is unknown."""
    stored = (scene.normals * (1, -1, -1)).astype(np.float32)
    stored[0, 0] = 0
    path = root / f"{name}_normal.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, stored)


@pytest.fixture
def root(scene, tmp_path):
    names = (OUTDOOR, INDOORS.replace("_010", "_020"), INDOORS, INDOORS.replace("val", "train", 1))
    for name in names:
        write(tmp_path, scene, name)
    write(tmp_path, scene, OUTDOOR.replace("val", "train", 1))
    return tmp_path


@pytest.mark.parametrize(
    ("split", "groups"),
    [
        ("", ["indoors", "indoors", "outdoor"]),
        ("val-indoors", ["indoors", "indoors"]),
        ("val-outdoor", ["outdoor"]),
        ("train", ["indoors", "outdoor"]),
    ],
)
def test_splits_and_groups_are_those_of_the_folders(root, split, groups):
    found = list_examples("diode", root, split)
    assert [one.group for one in found] == groups
    assert len({one.name for one in found}) == len(found)


def test_names_are_sorted_and_do_not_tell_where_the_data_lies(root):
    names = [one.name for one in list_examples("diode", root)]
    assert names[0] == INDOORS.removeprefix("val/")
    assert names[2] == OUTDOOR.removeprefix("val/")
    assert names == sorted(names)


def test_picture_camera_depth_and_mask_come_out_as_they_went_in(root, scene):
    example = list_examples("diode", root)[0].load()
    np.testing.assert_array_equal(example.image, scene.image)
    np.testing.assert_allclose(example.camera.K, scene.camera.K)
    expected = scene.depth.astype(np.float32)
    expected[2, 3] = np.nan
    np.testing.assert_array_equal(example.depth, expected)
    assert np.argwhere(~example.masks["valid"]).tolist() == [[2, 3], [4, 5]]
    assert example.normals is None


def test_the_camera_of_a_picture_at_full_size_is_that_of_the_devkit(root, slope):
    shutil.rmtree(root)
    write(root, slope(CAMERA), INDOORS)
    camera = list_examples("diode", root, "val-indoors")[0].load().camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (886.81, 927.06, 512, 384)
    assert (camera.width, camera.height) == (1024, 768)


@pytest.mark.parametrize("place", [INDOORS, INDOORS.replace("val/", "val_normals/")])
def test_normals_may_lie_beside_or_in_a_tree_of_their_own(root, scene, place):
    write_normals(root, scene, place)
    normals = list_examples("diode", root)[0].load().normals
    assert np.isnan(normals[0, 0]).all()
    np.testing.assert_allclose(normals.reshape(-1, 3)[1:], scene.normals.reshape(-1, 3)[1:], atol=1e-6)


def test_another_process_can_load(root, scene):
    listed = list_examples("diode", root)[2]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().image, scene.image)


@pytest.mark.parametrize("ending", [".png", "_depth.npy", "_depth_mask.npy", "_normal.npy"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "else"])
def test_a_file_that_is_not_what_it_should_be_is_named(root, scene, spoil, ending, damage):
    write_normals(root, scene, INDOORS)
    listed = list_examples("diode", root)[0]
    spoil(root / f"{INDOORS}{ending}", damage)
    with pytest.raises(DatasetError, match=rf"_010{ending}: ".replace(".", r"\.")):
        listed.load()


@pytest.mark.parametrize("ending", ["_depth.npy", "_depth_mask.npy"])
def test_a_map_of_another_shape_is_refused(root, ending):
    np.save(root / f"{INDOORS}{ending}", np.ones((12, 30), np.float32))
    with pytest.raises(DatasetError, match=r"_010_depth\.npy: .*30x12"):
        list_examples("diode", root)[0].load()


def test_a_part_that_is_missing_is_named(root, tmp_path_factory):
    with pytest.raises(DatasetError, match="val/indoors"):
        list_examples("diode", tmp_path_factory.mktemp("empty"))
    shutil.rmtree(root / "val/outdoor")
    with pytest.raises(DatasetError, match="val/outdoor"):
        list_examples("diode", root)
    assert len(list_examples("diode", root, "val-indoors")) == 2
