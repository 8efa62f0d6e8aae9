"""ETH3D: raw depth under names of JPEGs, COLMAP's lists, and which camera took which photograph."""

import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

# Two sizes, neither of which is that of the real photographs.
CAMERAS = {"0": Camera(33.75, 34.25, 15.25, 11.75, 32, 24), "1": Camera(35.5, 36.5, 17.75, 12.25, 36, 24)}
TAKEN_BY = {"DSC_0307": "1", "DSC_0286": "0"}
LENS = "-0.03 0.06 0.001 -0.002 0.03 -0.06 0.0004 -0.0005"


def cameras_txt() -> str:
    lines = ["# Camera list with one line of data per camera:", "#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]"]
    for number, camera in CAMERAS.items():
        size, focal = f"{camera.width} {camera.height}", f"{camera.fx} {camera.fy}"
        centre = f"{camera.cx + 0.5} {camera.cy + 0.5}"
        lines.append(f"{number} THIN_PRISM_FISHEYE {size} {focal} {centre} {LENS}")
    return "\n".join(lines) + "\n"


def images_txt() -> str:
    """Poses, and points below them: three of them, or none, which leaves an empty line."""
    lines = [
        "# Image list with two lines of data per image:",
        "#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME",
    ]
    for number, (name, camera) in enumerate(TAKEN_BY.items()):
        lines.append(f"{number} 0.88 -0.17 0.43 -0.02 0.65 -0.48 1.4 {camera} dslr_images/{name}.JPG")
        lines.append("10.5 11.5 -1 20.5 1.5 7 3.5 4.5 -1" if number == 0 else "")
    return "\n".join(lines) + "\n"


@pytest.fixture
def scenes(slope):
    return {name: slope(CAMERAS[camera]) for name, camera in TAKEN_BY.items()}


def write(folder, scenes) -> None:
    (folder / "dslr_calibration_jpg").mkdir(parents=True)
    (folder / "dslr_calibration_jpg/cameras.txt").write_text(cameras_txt())
    (folder / "dslr_calibration_jpg/images.txt").write_text(images_txt())
    (folder / "ground_truth_depth/dslr_images").mkdir(parents=True)
    for name, scene in scenes.items():
        scene.save_image(folder / f"images/dslr_images/{name}.JPG")
        depth = scene.depth.astype("<f4")
        depth[1, 2] = np.inf
        (folder / f"ground_truth_depth/dslr_images/{name}.JPG").write_bytes(depth.tobytes())


@pytest.fixture
def root(scenes, tmp_path):
    for scene in ("terrace", "courtyard"):
        write(tmp_path / scene, scenes)
    return tmp_path


def test_scenes_are_groups_and_photographs_are_sorted(root):
    found = list_examples("eth3d", root)
    names = ["courtyard/DSC_0286", "courtyard/DSC_0307", "terrace/DSC_0286", "terrace/DSC_0307"]
    assert [one.name for one in found] == names
    assert [one.group for one in found] == ["courtyard", "courtyard", "terrace", "terrace"]


def test_each_photograph_has_the_camera_that_took_it(root, scenes):
    for one, name in zip(list_examples("eth3d", root)[:2], ("DSC_0286", "DSC_0307"), strict=True):
        example = one.load()
        np.testing.assert_allclose(example.camera.K, CAMERAS[TAKEN_BY[name]].K)
        expected = scenes[name].depth.astype(np.float32)
        expected[1, 2] = np.nan
        np.testing.assert_array_equal(example.depth, expected)
        with Image.open(root / f"courtyard/images/dslr_images/{name}.JPG") as picture:
            np.testing.assert_array_equal(example.image, np.asarray(picture))
        assert not example.masks


def test_a_scene_or_a_folder_around_all_of_them_may_be_given(root):
    assert [one.group for one in list_examples("eth3d", root / "terrace")] == ["terrace"] * 2
    (root / "training").mkdir()
    for scene in ("terrace", "courtyard"):
        shutil.move(root / scene, root / "training" / scene)
    for place in (root, root / "training"):
        assert len(list_examples("eth3d", place)) == 4


def test_scenes_without_depth_are_left_out(root):
    shutil.rmtree(root / "terrace/ground_truth_depth")
    assert {one.group for one in list_examples("eth3d", root)} == {"courtyard"}
    shutil.rmtree(root / "courtyard/ground_truth_depth")
    with pytest.raises(DatasetError, match="ground_truth_depth"):
        list_examples("eth3d", root)


def test_the_mask_is_true_where_nothing_is_marked(root):
    marks = np.zeros((24, 32), np.uint8)
    marks[3, 4], marks[5, 6] = 1, 2
    folder = root / "courtyard/masks_for_images/dslr_images"
    folder.mkdir(parents=True)
    Image.fromarray(marks).save(folder / "DSC_0286.png")
    marked, unmarked = (one.load().masks for one in list_examples("eth3d", root)[:2])
    assert np.argwhere(~marked["image"]).tolist() == [[3, 4], [5, 6]]
    assert unmarked["image"].shape == (24, 36)
    assert unmarked["image"].all()


def test_another_process_can_load(root):
    listed = list_examples("eth3d", root)[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().depth, listed.load().depth)


@pytest.mark.parametrize("place", ["images", "ground_truth_depth"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "else"])
def test_a_file_that_is_not_what_it_should_be_is_named(root, spoil, place, damage):
    listed = list_examples("eth3d", root)[0]
    spoil(root / f"courtyard/{place}/dslr_images/DSC_0286.JPG", damage)
    with pytest.raises(DatasetError, match=rf"{place}/dslr_images/DSC_0286\.JPG: "):
        listed.load()


def test_depth_of_another_size_is_refused(root, scenes):
    (root / "courtyard/ground_truth_depth/dslr_images/DSC_0286.JPG").write_bytes(b"\0" * 4 * 36 * 24)
    with pytest.raises(DatasetError, match=r"ground_truth_depth.*DSC_0286\.JPG: .*3072 of 32x24"):
        list_examples("eth3d", root)[0].load()


def test_a_picture_of_another_size_than_its_camera_is_refused(root, scenes):
    scenes["DSC_0307"].save_image(root / "courtyard/images/dslr_images/DSC_0286.JPG")
    with pytest.raises(DatasetError, match=r"images/dslr_images/DSC_0286\.JPG: .*36x24.*32x24"):
        list_examples("eth3d", root)[0].load()


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("cameras.txt", None, "(?i:no such file)"),
        ("cameras.txt", "0 THIN_PRISM_FISHEYE 32 24 33\n", "THIN_PRISM_FISHEYE"),
        ("cameras.txt", "0 PINHOLE 32 24 33 34 15 11\n", "PINHOLE"),
        ("cameras.txt", f"0 THIN_PRISM_FISHEYE 32 24 33 x 15 11 {LENS}\n", "number"),
        ("cameras.txt", f"0 THIN_PRISM_FISHEYE 32 24 -33 34 15 11 {LENS}\n", "positive"),
        ("images.txt", None, "(?i:no such file)"),
        ("images.txt", "# nothing\n", "no image"),
        ("images.txt", "0 1 0 0 0 0 0 0 7 dslr_images/DSC_0286.JPG\n\n", "no camera '7'"),
    ],
)
def test_a_calibration_that_cannot_be_used_is_named(root, file, content, told):
    path = root / "courtyard/dslr_calibration_jpg" / file
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(DatasetError, match=rf"{file}: .*{told}".replace(".txt", r"\.txt")):
        list_examples("eth3d", root)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="dslr_calibration_jpg"):
        list_examples("eth3d", tmp_path)
