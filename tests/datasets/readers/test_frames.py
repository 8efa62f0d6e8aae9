"""Folders of frames as examples: names, cameras and depth as listed, wrong files named."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

SHADE = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
STORED = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) + 1000


def write(folder, *pictures, **changes):
    """A frame for each picture; all share one depth map, whose first row is unknown."""
    stored = STORED.copy()
    stored[0] = 0
    for picture in pictures:
        (folder / picture).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(SHADE).save(folder / picture)
    Image.fromarray(stored).save(folder / "d.png")
    facts = {"depth": "d.png", "depth_scale": 500, "cam_in": [60, 61, 30, 20], **changes}
    (folder / "frames.json").write_text(json.dumps({"files": [{"rgb": picture, **facts} for picture in pictures]}))
    return folder


def test_picture_camera_and_depth_are_as_listed(tmp_path):
    (listed,) = list_examples("frames", write(tmp_path / "hall", "rgb/a.png"))
    assert (listed.name, listed.group) == ("hall/a", "hall")
    example = listed.load()
    np.testing.assert_array_equal(example.image, SHADE)
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height) == (60, 61, 30, 20, 64, 48)
    assert "frames.json" in camera.detail
    np.testing.assert_allclose(example.depth[1:], STORED[1:] / 500, rtol=1e-6)
    assert np.isnan(example.depth[0]).all()
    assert example.normals is None


def test_folders_side_by_side_are_groups(tmp_path):
    for name in ("stairs", "hall"):
        write(tmp_path / name, "a.png", "b.png")
    found = list_examples("frames", tmp_path)
    assert [one.name for one in found] == ["hall/a", "hall/b", "stairs/a", "stairs/b"]
    assert {one.group for one in found} == {"hall", "stairs"}


def test_pictures_of_one_stem_are_told_apart_by_their_paths(tmp_path):
    found = list_examples("frames", write(tmp_path / "rig", "left/1.png", "right/1.png", "right/2.png"))
    assert [one.name for one in found] == ["rig/left/1.png", "rig/right/1.png", "rig/2"]


def test_a_picture_listed_twice_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"frames\.json: lists a\.png twice"):
        list_examples("frames", write(tmp_path / "hall", "a.png", "a.png"))


def test_a_folder_is_named_alike_from_inside_it(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path / "hall", "a.png"))
    assert [one.name for one in list_examples("frames", Path())] == ["hall/a"]


def test_another_process_can_load(tmp_path):
    (listed,) = list_examples("frames", write(tmp_path / "hall", "a.png"))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().image, SHADE)


@pytest.mark.parametrize("name", ["a.png", "d.png"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(tmp_path, name, damage):
    (listed,) = list_examples("frames", write(tmp_path / "hall", "a.png"))
    path = tmp_path / "hall" / name
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        listed.load()


def test_depth_of_another_size_than_the_picture_is_refused(tmp_path):
    (listed,) = list_examples("frames", write(tmp_path / "hall", "a.png"))
    Image.fromarray(STORED[::2, ::2].copy()).save(tmp_path / "hall" / "d.png")
    with pytest.raises(DatasetError, match=r"d\.png: has 32x24 px, its picture 64x48"):
        listed.load()


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no frames\.json"):
        list_examples("frames", tmp_path)


def test_real_frames_load_under_the_names_they_have(shared):
    found = list_examples("frames", shared / "data")
    names = [one.name for one in found]
    assert len(set(names)) == len(names) >= 85
    assert {"nyu_demo/rgb_00000", "kitti_demo/0000000050", "tum_fr1_desk_pair/1"} <= set(names)
    first = {one.group: one for one in reversed(found)}
    for one in first.values():
        example = one.load()
        assert example.depth.shape == example.image.shape[:2]
        assert 0.3 < np.nanmedian(example.depth) < 60
