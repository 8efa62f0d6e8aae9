"""ScanNet as test data: scenes of a list or frames of one, smaller depth, FrameNet's normals."""

import pickle

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_nearest
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError
from theodolite.geometry.unproject import rays

# 27x20 and 20x15, of nearly one shape, as 1296x968 and 640x480 are.
CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
SMALL = CAMERA.resized(20, 15)
SHADE = np.arange(20 * 27 * 3, dtype=np.uint16).astype(np.uint8).reshape(20, 27, 3)
NORMAL = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])
DEPTH = -2 / (rays(SMALL, np.zeros((15, 20))) @ NORMAL)
FRAMES = {"scene0011_00": (0, 10, 9), "scene0011_01": (0,), "scene0707_00": (100,)}


def save(path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def root(tmp_path):
    """Three scenes, one of them in scans_test; the top-left pixel of depth is unknown, its neighbour out of range."""
    stored = np.rint(DEPTH * 1000).astype(np.uint16)
    stored[0, :2] = 0, 65535
    matrix = np.eye(4)
    matrix[:3, :3] = CAMERA.K
    for scene, frames in FRAMES.items():
        folder = tmp_path / ("scans_test" if scene == "scene0707_00" else "scans") / scene
        for frame in frames:
            save(folder / f"color/{frame}.jpg", SHADE)
            save(folder / f"depth/{frame}.png", stored)
        (folder / "intrinsic").mkdir()
        np.savetxt(folder / "intrinsic/intrinsic_color.txt", matrix)
    (tmp_path / "scannetv2_val.txt").write_text("scene0011_00\nscene0011_01\nscene0015_00\n")
    (tmp_path / "scannetv2_test.txt").write_text("scene0707_00\n")
    return tmp_path


def write_normals(root, shape=(15, 20)) -> None:
    """Of the first scene's frame 10: one pixel is mid-grey, one is without a known orientation."""
    stored = np.broadcast_to(np.rint((NORMAL + 1) * 127.5).astype(np.uint8), (*shape, 3)).copy()
    stored[0, 0] = 127
    known = np.full(shape, 255, np.uint8)
    known[4, 5] = 0
    frame = root / "scannet-frames/scene0011_00"
    save(frame / "frame-000010-normal.png", stored)
    save(frame / "frame-000010-orient-mask.png", known)


def names(root, split="", truth="") -> list[str]:
    return [one.name for one in list_examples("scannet", root, split, truth)]


def test_a_split_has_the_unpacked_frames_of_its_scenes_by_number(root):
    assert names(root) == ["scene0011_00/0", "scene0011_00/9", "scene0011_00/10", "scene0011_01/0"]
    assert names(root, "test") == ["scene0707_00/100"]
    assert names(root, "all") == names(root) + names(root, "test")
    assert {one.group for one in list_examples("scannet", root)} == {"scene0011_00", "scene0011_01"}


def test_listed_frames_are_taken_in_the_lists_order(root):
    (root / "test_frames.txt").write_text("scene0707_00 100\n\nscene0011_00/color/10.jpg\nscene0011_00 000009\n")
    assert names(root, "list") == ["scene0707_00/100", "scene0011_00/10", "scene0011_00/9"]
    assert list_examples("scannet", root, "list")[0].load().depth.shape == (15, 20)


def test_a_line_that_is_no_frame_is_named(root):
    (root / "test_frames.txt").write_text("scene0707_00 100\n42\n")
    with pytest.raises(DatasetError, match=r"test_frames\.txt, line 2: a frame such as"):
        names(root, "list")


@pytest.mark.parametrize("scene", ["scene0011_00", "scene0800_00"])
def test_a_listed_frame_that_is_not_unpacked_fails_when_it_is_loaded(root, scene):
    (root / "test_frames.txt").write_text(f"{scene} 30\n")
    with pytest.raises(DatasetError, match=rf"{scene}/color/30\.jpg"):
        list_examples("scannet", root, "list")[0].load()


def test_depth_stays_at_its_own_size(root):
    example = list_examples("scannet", root)[0].load()
    assert example.image.shape == (20, 27, 3)
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.width) == pytest.approx((24, 23.9, 13.2, 9.6, 27))
    assert np.isnan(example.depth[0, :2]).all()
    np.testing.assert_allclose(example.depth.flat[2:], DEPTH.flat[2:], atol=0.5001e-3)
    assert example.truth_camera.fx == pytest.approx(SMALL.fx)
    assert example.normals is None


def test_normals_are_of_the_frames_that_have_them(root):
    write_normals(root)
    first, _, tenth, _ = (one.load() for one in list_examples("scannet", root))
    assert first.normals is None
    assert np.argwhere(np.isnan(tenth.normals[..., 0])).tolist() == [[0, 0], [4, 5]]
    np.testing.assert_allclose(tenth.normals[1:4], np.broadcast_to(NORMAL, (3, 20, 3)), atol=0.006)
    assert np.isfinite(tenth.depth[4, 5])


def test_normals_of_another_size_are_judged_with_the_depth_at_their_pixels(root):
    write_normals(root, (30, 40))
    with pytest.raises(DatasetError, match=r"frame-000010-normal\.png: has 40x30 px, the depth 20x15; .*'normals'"):
        list_examples("scannet", root)[2].load()
    (only,) = list_examples("scannet", root, truth="normals")
    assert only.name == "scene0011_00/10"
    example = only.load()
    assert example.normals.shape == (30, 40, 3)
    measured = resize_nearest(list_examples("scannet", root, truth="sensor")[0].load().depth, 30, 40)
    assert example.depth.shape == (30, 40)
    assert set(np.unique(example.depth[np.isfinite(example.depth)])) <= set(np.unique(measured[np.isfinite(measured)]))


def test_a_mask_of_another_size_is_named(root):
    write_normals(root)
    save(root / "scannet-frames/scene0011_00/frame-000010-orient-mask.png", np.full((15, 19), 255, np.uint8))
    with pytest.raises(DatasetError, match=r"frame-000010-orient-mask\.png: has 19x15 px, the normals 20x15"):
        list_examples("scannet", root)[2].load()


def test_another_process_can_load(root):
    write_normals(root)
    for truth in ("sensor", "normals"):
        found = list_examples("scannet", root, truth=truth)[0]
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).load().depth, found.load().depth)


@pytest.mark.parametrize(
    "name",
    [
        "scene0011_00/color/10.jpg",
        "scene0011_00/depth/10.png",
        "scene0011_00/frame-000010-normal.png",
        "scene0011_00/frame-000010-orient-mask.png",
    ],
)
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(root, name, damage):
    write_normals(root)
    truth = "normals" if "frame" in name else "sensor"
    found = next(one for one in list_examples("scannet", root, truth=truth) if one.name == "scene0011_00/10")
    (path,) = root.glob(f"*/{name}")
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        found.load()


def test_a_camera_file_of_something_else_is_named(root):
    found = list_examples("scannet", root)[0]
    (root / "scans/scene0011_00/intrinsic/intrinsic_color.txt").write_text("1 0 0\n")
    with pytest.raises(DatasetError, match=r"intrinsic_color\.txt.*3 numbers"):
        found.load()


@pytest.mark.parametrize("split", ["val", "test"])
def test_without_a_list_of_scenes_it_is_said_where_to_get_it(root, split):
    (root / f"scannetv2_{split}.txt").unlink()
    with pytest.raises(DatasetError, match=rf"scannetv2_{split}\.txt: .*Tasks/Benchmark.*'all'"):
        names(root, split)


def test_without_a_list_of_frames_it_is_named(root):
    with pytest.raises(DatasetError, match=r"test_frames\.txt"):
        names(root, "list")


def test_a_split_whose_scenes_are_not_unpacked_is_refused(root):
    (root / "scannetv2_val.txt").write_text("scene0015_00\n")
    with pytest.raises(DatasetError, match="holds no example of scannet's split 'val'"):
        names(root)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"intrinsic_color\.txt"):
        names(tmp_path)
