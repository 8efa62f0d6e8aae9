"""Records of whatever is named: manifest, folder with frames.json, annotations."""

import numpy as np
import pytest

from theodolite.datasets.check import check
from theodolite.datasets.frames import read_frames
from theodolite.datasets.load import load
from theodolite.datasets.manifest import Manifest, write_manifest
from theodolite.datasets.sources import open_records
from theodolite.errors import DatasetError


def test_a_manifest_is_known_by_its_ending_or_the_lack_of_json(plane):
    write_manifest(plane.folder / "m.jsonl", [plane.record()])
    assert isinstance(open_records(plane.folder / "m.jsonl"), Manifest)
    with pytest.raises(DatasetError, match="--profile and --root are for annotations"):
        open_records(plane.folder / "m.jsonl", profile="kitti")


def test_annotations_need_a_profile(tmp_path):
    (tmp_path / "a.json").write_text('{"files": []}')
    with pytest.raises(DatasetError, match="Give --profile NAME"):
        open_records(tmp_path / "a.json")
    assert len(open_records(tmp_path / "a.json", "kitti")) == 0


def test_a_folder_without_frames_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"has no frames\.json"):
        open_records(tmp_path)


@pytest.mark.parametrize("name", ["nyu_demo", "kitti_demo", "tum_fr1_desk_pair", "driving_multicam_a"])
def test_real_frames_read_as_records_are_those_read_as_frames(shared, name):
    folder = shared / "data" / name
    records, frames = open_records(folder), read_frames(folder)
    assert len(records) == len(frames)
    sample = load(records[0])
    np.testing.assert_array_equal(sample.depth, frames[0].read_depth())
    assert (sample.camera.fx, sample.camera.cy) == (frames[0].intrinsics[0], frames[0].intrinsics[3])
    assert sample.domain == name


def test_all_real_frames_are_good(shared):
    for listing in sorted(shared.glob("data/*/frames.json")):
        report = check(open_records(listing.parent), most=3)
        assert report.failures == (), listing
