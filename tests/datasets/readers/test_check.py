"""Checking a folder of test data: what is counted and measured, and that failures are told and stop nothing."""

from functools import partial

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.example import Example, Listed, Plane
from theodolite.datasets.readers import READERS, find_reader, list_examples
from theodolite.datasets.readers.check import check, check_listed
from theodolite.errors import DatasetError, MissingExtra

CAMERA = Camera(60, 60, 31.5, 23.5, 64, 48)


def example(depth: np.ndarray, **more) -> Example:
    return Example(np.zeros((48, 64, 3), np.uint8), CAMERA, depth.astype(np.float32), **more)


def listed(name: str, load, group: str = "") -> Listed:
    return Listed(name, group, load)


def ramp(low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, 24 * 32).reshape(24, 32)


def missing() -> Example:
    raise DatasetError("b.png:\n there is no such file.")


def test_sizes_focal_lengths_shares_and_depth_are_of_all_examples():
    half = ramp(1, 101)
    half[:12] = np.nan
    found = check_listed([listed("a", lambda: example(ramp(1, 101)), "x"), listed("b", lambda: example(half), "y")])
    assert (found.listed, found.checked, found.failures) == (2, 2, ())
    assert found.groups == {"x": 1, "y": 1}
    assert found.pictures == {"64x48": 2}
    assert found.truths == {"32x24": 2}
    assert found.focal == (60, 60)
    assert found.known == (0.5, 0.75, 1)
    # Half of all depth is spread over 1 to 101, the other half over 51 to 101.
    np.testing.assert_allclose(found.depth, (3, 67.67, 100.33), atol=0.3)


def test_an_example_without_depth_has_no_part_in_percentiles():
    found = check_listed([listed("a", lambda: example(np.full((24, 32), np.nan)))])
    assert found.depth is None
    assert found.known == (0, 0, 0)
    assert found.groups == {"": 1}


def test_what_else_there_is_of_the_truth_is_counted():
    flat = np.ones((24, 32), bool)
    full = partial(
        example,
        ramp(1, 2),
        normals=np.full((24, 32, 3), np.nan, np.float32),
        edges=flat,
        masks={"official": flat},
        planes=(Plane("wall", flat, (0, 0, -1), 2),),
    )
    found = check_listed([listed("a", full), listed("b", lambda: example(ramp(1, 2)))])
    assert found.having == {"normals": 1, "edges": 1, "planes": 1, "mask official": 1}


def test_a_failure_is_told_in_one_line_and_the_rest_is_loaded():
    found = check_listed([listed("a/b", missing), listed("c", lambda: example(ramp(1, 2)))])
    assert found.failures == ("a/b: b.png: there is no such file.",)
    assert (found.checked, found.pictures) == (2, {"64x48": 1})


def test_where_nothing_can_be_loaded_nothing_is_measured():
    found = check_listed([listed("a", missing)])
    assert (found.focal, found.known, found.depth, found.having) == (None, None, None, {})


def test_only_so_many_are_loaded_from_first_to_last():
    loaded = []

    def load(number: int) -> Example:
        loaded.append(number)
        return example(ramp(1, 2))

    found = check_listed([listed(str(number), partial(load, number)) for number in range(9)], most=3)
    assert loaded == [0, 4, 8]
    assert (found.listed, found.checked) == (9, 3)


def test_a_missing_extra_concerns_all_and_is_not_told_for_each():
    def load() -> Example:
        raise MissingExtra("needs h5py")

    with pytest.raises(MissingExtra):
        check_listed([listed("a", load)])


def test_a_folder_is_checked_by_the_name_of_its_reader(shared):
    found = check("frames", shared / "data", most=4)
    assert (found.checked, found.failures) == (4, ())
    assert found.groups["nyu_demo"] == 3
    assert 0.1 < found.depth[0] < found.depth[1] < found.depth[2] < 200


def test_an_unknown_name_or_split_lists_those_there_are(tmp_path):
    with pytest.raises(DatasetError, match="kitti"):
        check("kitty", tmp_path)
    with pytest.raises(DatasetError, match="no split 'tset'; it has"):
        check("frames", tmp_path, split="tset")


@pytest.mark.parametrize("name", READERS)
def test_every_data_set_is_described_in_full(name):
    about = find_reader(name).ABOUT
    texts = [about.title, about.source, about.licence, about.layout, about.paper, *about.notes]
    for choices in (about.splits, about.truths):
        assert choices
        texts += [*choices, *choices.values()]
    assert all(isinstance(text, str) and text.strip() for text in texts)
    assert all("\n" not in text for text in texts if text != about.layout)
    assert not isinstance(about.notes, str)


@pytest.mark.parametrize("name", READERS)
def test_every_reader_refuses_a_folder_of_something_else(name, tmp_path):
    for split in find_reader(name).ABOUT.splits:
        with pytest.raises(DatasetError) as refused:
            list_examples(name, tmp_path, split)
        assert str(tmp_path) in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1
