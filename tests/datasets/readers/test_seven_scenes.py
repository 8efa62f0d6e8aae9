"""7-Scenes as test data: sequences of a split, depth with two values that mean nothing known."""

import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError

SHADE = np.arange(480 * 640 * 3, dtype=np.uint32).astype(np.uint8).reshape(480, 640, 3)
STORED = (np.arange(480 * 640, dtype=np.uint32) // 80 + 500).astype(np.uint16).reshape(480, 640)
STORED[0, :2] = 0, 65535
# Scene -> sequences; the second and the twelfth are for testing.
SCENES = {"heads": (1, 2), "office": (2, 12, 1)}


@pytest.fixture
def root(tmp_path):
    for scene, sequences in SCENES.items():
        for sequence in sequences:
            folder = tmp_path / scene / f"seq-{sequence:02}"
            folder.mkdir(parents=True)
            for frame in range(2):
                Image.fromarray(SHADE).save(folder / f"frame-{frame:06}.color.png", compress_level=1)
                Image.fromarray(STORED).save(folder / f"frame-{frame:06}.depth.png", compress_level=1)
                (folder / f"frame-{frame:06}.pose.txt").write_text("1 0 0 0\n")
        (tmp_path / scene / "TrainSplit.txt").write_text("sequence1\r\n")
        test = [f"sequence{sequence}" for sequence in sequences if sequence > 1]
        (tmp_path / scene / "TestSplit.txt").write_text("\r\n".join(reversed(test)) + "\r\n")
    return tmp_path


def write_kitchen(shared, root) -> None:
    """A real frame."""
    folder = root / "redkitchen/seq-01"
    folder.mkdir(parents=True)
    for kind, name in (("rgb", "color"), ("depth", "depth")):
        (source,) = (shared / "data/redkitchen_a" / kind).glob("frame-000000.*")
        with Image.open(source) as picture:
            picture.save(folder / f"frame-000000.{name}.png")
    (root / "redkitchen/TestSplit.txt").write_text("sequence1\n")


def test_a_split_has_the_frames_of_its_sequences_grouped_by_scene(root):
    found = list_examples("7scenes", root)
    assert [one.name for one in found] == [
        f"{folder}/frame-00000{frame}"
        for folder in ("heads/seq-02", "office/seq-02", "office/seq-12")
        for frame in "01"
    ]
    assert [one.group for one in found] == ["heads"] * 2 + ["office"] * 4
    assert {one.name.split("/")[1] for one in list_examples("7scenes", root, "train")} == {"seq-01"}


def test_depth_is_in_metres_and_the_camera_the_colour_cameras(root):
    example = list_examples("7scenes", root)[0].load()
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.width) == (525, 525, 320, 240, 640)
    np.testing.assert_array_equal(example.image, SHADE)
    assert np.isnan(example.depth[0, :2]).all()
    np.testing.assert_allclose(example.depth.flat[2:], STORED.flat[2:] / 1000, rtol=1e-6)


def test_registered_depth_is_of_what_the_picture_shows(root):
    depth = list_examples("7scenes", root, truth="registered")[0].load().depth
    # Of the depth camera's pixel (100, 200), whose point is at x = -220/585 z, seen from 2.3 cm to its right.
    z = STORED[200, 100] / 1000
    u, v = 525 * (-220 / 585 * z - 0.023) / z + 320, 525 * -40 / 585 + 240
    assert depth[round(v), round(u)] == pytest.approx(z, abs=2e-3)
    # The colour camera sees more around the edges, and a smooth surface without holes.
    assert np.isnan(depth[[5, -5]]).all()
    assert np.isnan(depth[:, [2, -30]]).all()
    assert np.isfinite(depth[30:450, 40:560]).all()


def test_registered_depth_fits_edges_of_a_real_picture_better(shared, tmp_path):
    write_kitchen(shared, tmp_path)
    fits = []
    for truth in ("sensor", "registered"):
        example = list_examples("7scenes", tmp_path, truth=truth)[0].load()
        brightness = example.image.mean(axis=-1)
        gradient = np.hypot(*np.gradient(brightness))
        jumps = np.abs(np.diff(np.log(example.depth), axis=1)) > 0.08
        fits.append(gradient[:, 1:][jumps].mean() / gradient.mean())
    assert fits[1] > 1.2 * fits[0]


def test_a_single_scene_keeps_its_names(root, monkeypatch):
    expected = [one.name for one in list_examples("7scenes", root)][:2]
    assert [one.name for one in list_examples("7scenes", root / "heads")] == expected
    monkeypatch.chdir(root / "heads")
    assert [one.name for one in list_examples("7scenes", root / "heads")] == expected


def test_another_process_can_load(root):
    found = list_examples("7scenes", root)[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).load().depth, found.load().depth)


@pytest.mark.parametrize("kind", ["color", "depth"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(root, kind, damage):
    found = list_examples("7scenes", root)[0]
    path = root / f"heads/seq-02/frame-000000.{kind}.png"
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match=rf"seq-02/frame-000000\.{kind}\.png"):
        found.load()


def test_a_picture_of_another_size_is_refused_for_its_focal_length_is_unknown(root):
    Image.fromarray(SHADE[:240, :320]).save(root / "heads/seq-02/frame-000000.color.png")
    with pytest.raises(DatasetError, match=r"frame-000000\.color\.png: 640x480 px are needed, found 320x240"):
        list_examples("7scenes", root)[0].load()


def test_a_sequence_that_is_not_unpacked_is_named(root):
    shutil.rmtree(root / "office/seq-12")
    with pytest.raises(DatasetError, match=r"office/seq-12 holds no frame-\*\.color\.png"):
        list_examples("7scenes", root)


def test_an_entry_that_is_no_sequence_is_named(root):
    (root / "heads/TestSplit.txt").write_text("sequence2\nall\n")
    with pytest.raises(DatasetError, match=r"heads/TestSplit\.txt: its entry 2 is 'all'"):
        list_examples("7scenes", root)


def test_real_frames_are_of_the_kitchens_size(shared, tmp_path):
    write_kitchen(shared, tmp_path)
    example = list_examples("7scenes", tmp_path)[0].load()
    assert 1 < np.nanmedian(example.depth) < 4
    assert np.nanmax(example.depth) < 20


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no TestSplit\.txt"):
        list_examples("7scenes", tmp_path)
