"""TUM RGB-D as test data: pairs by time, named by sequence and picture, in metres at the picture's size."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

NAME = "rgbd_dataset_freiburg3_long_office_household"
SHADE = np.arange(480 * 640 * 3, dtype=np.uint8).reshape(480, 640, 3)
STORED = (np.arange(480 * 640, dtype=np.uint32) % 40000 + 1000).astype(np.uint16).reshape(480, 640)


def write(source, name=NAME):
    """Two pairs, and a picture without depth of its moment."""
    sequence = source / name
    for kind, times in (("rgb", ("1.000000", "1.033000", "1.066000")), ("depth", ("1.004000", "1.031000"))):
        (sequence / kind).mkdir(parents=True)
        for time in times:
            stored = STORED.copy()
            stored[0, 0] = 0
            Image.fromarray(SHADE if kind == "rgb" else stored).save(sequence / kind / f"{time}.png")
        lines = ["# timestamp filename", *(f"{time} {kind}/{time}.png" for time in times)]
        (sequence / f"{kind}.txt").write_text("\n".join(lines) + "\n")
    return sequence


def test_pairs_are_listed_and_depth_is_in_metres(tmp_path):
    write(tmp_path)
    found = list_examples("tum-rgbd", tmp_path)
    assert [one.name for one in found] == [f"{NAME}/1.000000", f"{NAME}/1.033000"]
    assert {one.group for one in found} == {NAME}
    example = found[0].load()
    np.testing.assert_array_equal(example.image, SHADE)
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (535.4, 539.2, 320.1, 247.6)
    assert np.isnan(example.depth[0, 0])
    # Nothing is left out for being near: the range is the evaluation's to choose.
    np.testing.assert_allclose(example.depth[STORED > 1000], STORED[STORED > 1000] / 5000, rtol=1e-6)
    assert np.nanmin(example.depth) == pytest.approx(0.2)
    assert np.isfinite(example.depth).sum() == example.depth.size - 1


def test_names_are_the_same_from_inside_a_sequence(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path))
    assert list_examples("tum-rgbd", Path())[0].name == f"{NAME}/1.000000"


def test_another_process_can_load(tmp_path):
    write(tmp_path)
    listed = list_examples("tum-rgbd", tmp_path)[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().depth, listed.load().depth)


@pytest.mark.parametrize("name", ["rgb/1.000000.png", "depth/1.004000.png"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(tmp_path, name, damage):
    path = write(tmp_path) / name
    listed = list_examples("tum-rgbd", tmp_path)[0]
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        listed.load()


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"rgb\.txt"):
        list_examples("tum-rgbd", tmp_path)
    (tmp_path / "my_office").mkdir()
    (tmp_path / "my_office" / "rgb.txt").write_text("")
    with pytest.raises(DatasetError, match=r"my_office.*freiburg1"):
        list_examples("tum-rgbd", tmp_path)
