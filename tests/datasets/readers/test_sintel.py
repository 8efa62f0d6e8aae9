"""MPI Sintel: its binary depth and cameras, and archives unpacked beside or into each other."""

import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.readers import list_examples
from theodolite.datasets.readers.sintel import read_camera
from theodolite.errors import DatasetError

CHECK = np.float32(202021.25).tobytes()
DEPTH = np.linspace(0.5, 80, 18 * 40, dtype=np.float32).reshape(18, 40)
K = np.array([[56.5, 0, 19.5], [0, 57.5, 8.5], [0, 0, 1]])
ARCHIVE = "MPI-Sintel-depth-training-20150305"


def shade(split: str, sequence: str) -> np.ndarray:
    return np.full((18, 40, 3), (len(split), len(sequence), 7), np.uint8)


@pytest.fixture
def root(tmp_path):
    """Two sequences of two frames; depth as its archive is unpacked, beside the pictures."""
    for sequence in ("ambush_2", "alley_1"):
        for frame in ("frame_0001", "frame_0002"):
            files = {f"{ARCHIVE}/training/depth/{sequence}/{frame}.dpt": depth_file(DEPTH)}
            files |= {f"{ARCHIVE}/training/camdata_left/{sequence}/{frame}.cam": camera_file(K)}
            for name, content in files.items():
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_bytes(content)
            for split in ("clean", "final"):
                path = tmp_path / f"training/{split}/{sequence}/{frame}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(shade(split, sequence)).save(path)
    return tmp_path


def depth_file(depth: np.ndarray) -> bytes:
    height, width = depth.shape
    return CHECK + np.array([width, height], "<i4").tobytes() + depth.astype("<f4").tobytes()


def camera_file(matrix: np.ndarray) -> bytes:
    return CHECK + matrix.astype("<f8").tobytes() + np.eye(3, 4).astype("<f8").tobytes()


def test_frames_have_their_camera_and_depth(root):
    found = list_examples("sintel", root)
    assert [one.name for one in found] == [
        "alley_1/frame_0001",
        "alley_1/frame_0002",
        "ambush_2/frame_0001",
        "ambush_2/frame_0002",
    ]
    assert [one.group for one in found] == ["alley_1", "alley_1", "ambush_2", "ambush_2"]
    example = found[2].load()
    np.testing.assert_array_equal(example.image, shade("final", "ambush_2"))
    np.testing.assert_array_equal(example.depth, DEPTH)
    np.testing.assert_array_equal(example.camera.K, K)


def test_clean_is_a_split_of_the_same_names(root):
    clean, final = list_examples("sintel", root, "clean"), list_examples("sintel", root)
    assert [one.name for one in clean] == [one.name for one in final]
    np.testing.assert_array_equal(clean[0].load().image, shade("clean", "alley_1"))


def test_archives_may_be_unpacked_into_each_other(root):
    for what in ("depth", "camdata_left"):
        shutil.move(root / ARCHIVE / "training" / what, root / "training" / what)
    shutil.rmtree(root / ARCHIVE)
    for place in (root, root / "training"):
        found = list_examples("sintel", place)
        assert len(found) == 4
        np.testing.assert_array_equal(found[0].load().depth, DEPTH)


def test_depth_that_is_not_finite_is_unknown(root):
    depth = DEPTH.copy()
    depth[0, :3] = np.inf, np.nan, 0
    (root / ARCHIVE / "training/depth/alley_1/frame_0001.dpt").write_bytes(depth_file(depth))
    example = list_examples("sintel", root)[0].load()
    assert np.isnan(example.depth[0, :3]).all()
    np.testing.assert_array_equal(example.depth[1:], DEPTH[1:])


def test_a_sky_that_fills_the_frame_is_no_reason_to_refuse_it(root):
    depth = np.full_like(DEPTH, 1e10)
    depth[-1] = 7
    (root / ARCHIVE / "training/depth/alley_1/frame_0001.dpt").write_bytes(depth_file(depth))
    np.testing.assert_array_equal(list_examples("sintel", root)[0].load().depth, depth)


def test_depth_of_another_shape_than_the_picture_is_named(root):
    (root / ARCHIVE / "training/depth/alley_1/frame_0001.dpt").write_bytes(depth_file(DEPTH[:9]))
    with pytest.raises(DatasetError, match=r"frame_0001\.dpt: .*40x9 px.* another shape"):
        list_examples("sintel", root)[0].load()


def test_another_process_can_load(root):
    listed = list_examples("sintel", root)[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().depth, DEPTH)


@pytest.mark.parametrize("name", ["depth/alley_1/frame_0001.dpt", "camdata_left/alley_1/frame_0001.cam", "picture"])
@pytest.mark.parametrize("damage", ["gone", "cut", "empty", "else"])
def test_a_file_that_is_not_what_it_should_be_is_named(root, name, damage):
    listed = list_examples("sintel", root)[0]
    if name == "picture":
        name, path = "final/alley_1/frame_0001.png", root / "training/final/alley_1/frame_0001.png"
    else:
        path = root / ARCHIVE / "training" / name
    content = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes({"cut": content[:60], "empty": b"", "else": b"\x01" * len(content)}[damage])
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        listed.load()


def test_a_camera_that_cannot_be_is_named(tmp_path):
    path = tmp_path / "frame_0001.cam"
    path.write_bytes(camera_file(K.T))
    with pytest.raises(DatasetError, match=r"frame_0001\.cam: .*transposed"):
        read_camera(path, 40, 18)


def test_a_folder_of_something_else_or_without_pictures_is_refused(root, tmp_path_factory):
    with pytest.raises(DatasetError, match="training/depth"):
        list_examples("sintel", tmp_path_factory.mktemp("empty"))
    shutil.rmtree(root / "training/final")
    with pytest.raises(DatasetError, match="training/final"):
        list_examples("sintel", root)
