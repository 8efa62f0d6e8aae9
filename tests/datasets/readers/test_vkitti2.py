"""Virtual KITTI 2 as test data: which pictures a split has, and that the sky is nowhere near."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

SHADE = np.arange(20 * 27 * 3, dtype=np.uint16).astype(np.uint8).reshape(20, 27, 3)
STORED = np.arange(20 * 27, dtype=np.uint16).reshape(20, 27) * 120 + 50
STORED[:2] = 65535


@pytest.fixture
def root(tmp_path):
    """Two scenes in two variations by two cameras, two frames each; the top two rows are sky."""
    for scene in ("Scene01", "Scene20"):
        for variation in ("clone", "fog"):
            folder = tmp_path / scene / variation
            lines = ["frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]"]
            for eye in range(2):
                for kind in ("rgb", "depth"):
                    (folder / "frames" / kind / f"Camera_{eye}").mkdir(parents=True)
                for frame in range(2):
                    Image.fromarray(SHADE).save(folder / f"frames/rgb/Camera_{eye}/rgb_{frame:05}.jpg")
                    Image.fromarray(STORED).save(folder / f"frames/depth/Camera_{eye}/depth_{frame:05}.png")
                    lines.append(f"{frame} {eye} 24.0 23.9 {13.2 + eye} {9.6 + frame}")
            (folder / "intrinsic.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_the_usual_split_is_the_left_camera_of_the_clones(root):
    found = list_examples("vkitti2", root)
    assert [one.name for one in found] == [
        f"{scene}/clone/Camera_0/{frame}" for scene in ("Scene01", "Scene20") for frame in ("00000", "00001")
    ]
    assert [one.group for one in found] == ["Scene01", "Scene01", "Scene20", "Scene20"]


def test_all_is_every_picture(root):
    names = [one.name for one in list_examples("vkitti2", root, "all")]
    assert len(set(names)) == len(names) == 16
    assert "Scene20/fog/Camera_1/00001" in names
    assert set(names) > {one.name for one in list_examples("vkitti2", root)}


def test_depth_is_in_metres_and_unknown_in_the_sky(root):
    example = list_examples("vkitti2", root)[1].load()
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.width) == (24, 23.9, 13.2, 10.6, 27)
    assert np.isnan(example.depth[:2]).all()
    # What a range would leave out in training is kept.
    assert example.depth[2:].max() > 600
    np.testing.assert_allclose(example.depth[2:], STORED[2:] / 100, rtol=1e-6)
    assert example.image.shape == (20, 27, 3)


def test_class_maps_change_nothing(root):
    before = list_examples("vkitti2", root)[0].load()
    for eye in range(2):
        path = root / f"Scene01/clone/frames/classSegmentation/Camera_{eye}/classgt_00000.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.full((20, 27, 3), (90, 200, 255), np.uint8)).save(path)
    np.testing.assert_array_equal(list_examples("vkitti2", root)[0].load().depth, before.depth)


def test_names_are_the_same_from_inside_a_scene(root, monkeypatch):
    monkeypatch.chdir(root / "Scene20")
    assert list_examples("vkitti2", Path())[0].name == "Scene20/clone/Camera_0/00000"


def test_another_process_can_load(root):
    listed = list_examples("vkitti2", root)[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().depth, listed.load().depth)


@pytest.mark.parametrize("name", ["rgb/Camera_0/rgb_00000.jpg", "depth/Camera_0/depth_00000.png"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(root, name, damage):
    listed = list_examples("vkitti2", root)[0]
    path = root / "Scene01/clone/frames" / name
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        listed.load()


def test_depth_of_another_shape_than_the_picture_is_named(root):
    Image.fromarray(STORED[:9]).save(root / "Scene01/clone/frames/depth/Camera_0/depth_00000.png")
    with pytest.raises(DatasetError, match=r"depth_00000\.png: .*another shape"):
        list_examples("vkitti2", root)[0].load()


def test_a_missing_calibration_is_named(root):
    (root / "Scene01/clone/intrinsic.txt").unlink()
    with pytest.raises(DatasetError, match=r"clone/intrinsic\.txt"):
        list_examples("vkitti2", root)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no frames/rgb"):
        list_examples("vkitti2", tmp_path)
