"""Mapillary Planet-Scale Depth: focal lengths in parts of the larger side, depth smaller than its picture."""

import json

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

UPRIGHT = Camera.from_focal(0.85 * 40, 30, 40)


@pytest.fixture
def mapillary(plane, tmp_path):
    """An upright picture with depth of half its size, and one that was not fetched."""
    plane(UPRIGHT).save_image(tmp_path / "train/__epk-nlU2UVQ7bBPQKbiA.jpg")
    plane(UPRIGHT.resized(15, 20)).save_depth(tmp_path / "train/__epk-nlU2UVQ7bBPQKbiA.png", 100)
    entry = {"focal": 0.85, "creator": "someone"}
    (tmp_path / "train.json").write_text(json.dumps({"__epk-nlU2UVQ7bBPQKbiA": entry, "elsewhere": entry}))
    return tmp_path


def test_focal_lengths_are_parts_of_the_larger_side(mapillary, plane, samples_of):
    (sample,) = samples_of("mapillary", mapillary)
    assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.SFM, "mapillary", True)
    assert not sample.kind.metric
    for name in ("fx", "fy", "cx", "cy"):
        assert getattr(sample.camera, name) == pytest.approx(getattr(UPRIGHT, name))
    # Single points, moved to the larger picture one by one: as many as there were, at about the depth they had.
    known = np.isfinite(sample.depth)
    assert known.sum() == 15 * 20 - 1
    np.testing.assert_allclose(sample.depth[known], plane(UPRIGHT).depth[known], rtol=0.05)


def test_the_validation_part_is_used_when_it_is_alone(mapillary, manifest_of):
    (mapillary / "train").rename(mapillary / "val")
    (mapillary / "train.json").rename(mapillary / "val.json")
    assert len(manifest_of("mapillary", mapillary)) == 1


def test_a_missing_list_is_named(mapillary):
    (mapillary / "train.json").unlink()
    with pytest.raises(DatasetError, match=r"train\.json: No such file"):
        list(find_builder("mapillary").records(mapillary, mapillary / "out"))


@pytest.mark.parametrize("focal", [0, -1, None, "wide"])
def test_a_focal_length_that_is_none_is_named(mapillary, focal):
    (mapillary / "train.json").write_text(json.dumps({"__epk-nlU2UVQ7bBPQKbiA": {"focal": focal}}))
    with pytest.raises(DatasetError, match=r"train\.json: __epk.*focal"):
        list(find_builder("mapillary").records(mapillary, mapillary / "out"))


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no train"):
        list(find_builder("mapillary").records(tmp_path, tmp_path / "out"))
