"""The authors' annotation files: every form of entry becomes a record, wrong ones are told by entry and field."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from theodolite.datasets.annotations import Annotations
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.load import load
from theodolite.datasets.profiles import PROFILES, find_profile
from theodolite.datasets.record import RecordError
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

ENTRY = {"rgb": "rgb/a.png", "depth": "depth/a.png", "cam_in": [700, 701, 600, 180]}


def written(folder, *entries) -> Path:
    path = folder / "annotations.json"
    path.write_text(json.dumps({"files": list(entries)}))
    return path


def only(folder, entry, profile="kitti", roots=None):
    (record,) = Annotations.read(written(folder, entry), profile, roots)
    return record


def test_an_entry_becomes_a_record_with_what_its_profile_knows(tmp_path):
    record = only(tmp_path, ENTRY)
    assert record.files("image") == (tmp_path / "rgb/a.png",)
    assert record.files("depth") == (tmp_path / "depth/a.png",)
    assert record.camera == (700, 701, 600, 180)
    assert (record.kind, record.domain) == (LabelKind.LIDAR, "kitti")
    assert record.depth_encoding == DepthEncoding("png16", scale=256)


def test_an_entry_may_know_its_scale_its_unknown_values_and_its_kind(tmp_path):
    record = only(tmp_path, {**ENTRY, "depth_scale": 5000, "depth_invalid": [0, 65535], "kind": "lidar"}, "frames")
    assert record.depth_encoding == DepthEncoding("png16", scale=5000, invalid_from=65535)
    assert record.kind is LabelKind.LIDAR
    assert record.domain == tmp_path.name


def test_each_kind_of_file_has_its_root(tmp_path):
    entry = {**ENTRY, "sem": "s.png", "depth_mask": "m.npy"}
    record = only(tmp_path, entry, "ddad", {"data": Path("/d"), "depth": Path("/z"), "sem": Path("/s")})
    assert record.image == Path("/d/rgb/a.png")
    assert record.depth == Path("/z/depth/a.png")
    assert record.sky == Path("/s/s.png")
    assert record.sky_encoding.sky == (142,)
    assert record.mask == Path("/d/m.npy")
    with pytest.raises(DatasetError, match="'rgb'"):
        Annotations.read(written(tmp_path, ENTRY), "ddad", {"rgb": Path("/d")})


def test_normals_are_one_file_or_three(tmp_path):
    three = only(tmp_path, {**ENTRY, "normal": {"z": "z.png", "y": "y.png", "x": "x.png"}}, "matterport3d")
    assert three.normals == tuple(tmp_path / f"{axis}.png" for axis in "xyz")
    one = only(tmp_path, {**ENTRY, "normal": "n.png"}, "nyu")
    assert (one.normals, one.normal_convention) == (tmp_path / "n.png", "geonet")
    assert only(tmp_path, {**ENTRY, "normal": "n.png"}, "kitti").normals is None


def test_hypersim_lists_several_pictures_and_the_photograph_is_taken(tmp_path):
    pictures = {"rgb_color": "color.jpg", "rgb_gamma": "gamma.jpg", "rgb_raw": "raw.hdf5"}
    record = only(tmp_path, {"rgbs": pictures, "depth": "d.hdf5", "cam_in": [1, 1, 0, 0]}, "hypersim")
    assert record.image == tmp_path / "color.jpg"
    assert record.depth_encoding.kind == "hdf5"


def test_eth3d_has_other_names_for_its_files(tmp_path):
    record = only(tmp_path, {"rgb_path": "a.jpg", "depth_path": "a.raw", "cam_in": [1, 1, 0, 0]}, "eth3d")
    assert (record.image, record.depth) == (tmp_path / "a.jpg", tmp_path / "a.raw")


def test_taskonomy_keeps_its_camera_in_a_pickle_and_in_another_order(tmp_path):
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"cam_in": np.array([256.0, 255, 512, 511]), "ins_planes": "p.npy"}))
    entry = {"rgb": "a.png", "depth": "d.png", "normal": "n.png", "meta_data": "m.pkl"}
    record = only(tmp_path, entry, "taskonomy")
    assert record.camera == (512, 511, 256, 255)
    assert record.planes == tmp_path / "p.npy"
    assert record.depth_encoding == DepthEncoding("png16", scale=512, invalid_from=60001)


def test_a_malicious_pickle_is_refused_and_nothing_is_run(tmp_path):
    class Malicious:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'trace'}",)

    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"cam_in": Malicious()}))
    with pytest.raises(RecordError, match=r"entry 0: meta_data: .*m\.pkl: .*not plain data"):
        only(tmp_path, {**ENTRY, "meta_data": "m.pkl"})
    assert not (tmp_path / "trace").exists()


def test_entries_without_labels_are_left_out(tmp_path):
    found = Annotations.read(written(tmp_path, {"rgb": "a.png", "cam_in": [1, 1, 0, 0]}, ENTRY), "kitti")
    assert len(found) == 1
    assert found[0].origin.endswith("annotations.json, entry 1")


@pytest.mark.parametrize(
    ("profile", "labels", "field"),
    [
        ("nyu", {"normal": "n.png"}, "normals"),
        ("ddad", {"sem": "s.png"}, "sky"),
        ("taskonomy", {"sem": "s.png"}, "planes"),
        ("taskonomy", {"ins_planes": "s.png"}, "planes"),
    ],
)
def test_entries_with_labels_other_than_depth_are_records_without_depth(tmp_path, profile, labels, field):
    entry = {"rgb": "a.png", "cam_in": [9, 9, 9, 9], "depth": None}
    record = only(tmp_path, entry | labels, profile)
    assert record.files(field) == (tmp_path / next(iter(labels.values())),)
    assert (record.depth, record.depth_encoding) == (None, None)
    # What the profile has no use for is no label.
    assert len(Annotations.read(written(tmp_path, entry | labels), "kitti")) == 0


def test_depth_that_the_metadata_do_not_bring_is_told(tmp_path):
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"cam_in": [1, 1, 0, 0]}))
    with pytest.raises(RecordError, match="entry 0: depth: a path is needed, got None"):
        only(tmp_path, {"rgb": "a.png", "meta_data": "m.pkl"}, "kitti")


def test_depth_of_drivingstereo_is_dense_although_a_lidar_saw_it(tmp_path):
    assert only(tmp_path, ENTRY, "drivingstereo").sparse is False
    assert only(tmp_path, ENTRY, "ddad").sparse is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cam_in": [700, 701, 600]}, "cam_in: four numbers"),
        ({"cam_in": [-700, 701, 600, 180]}, "cam_in: focal lengths must be positive"),
        ({"cam_in": [float("nan"), 701, 600, 180]}, "camera: four finite numbers"),
        ({"cam_in": None}, "cam_in: four numbers"),
        ({"cam_in": {}}, "cam_in: four numbers"),
        ({"rgb": None}, "rgb: a path"),
        ({"rgb": 5}, "rgb: a path"),
        ({"depth": ["d"]}, "depth: a path"),
        ({"depth_scale": 0}, "depth_scale: scale must be a positive number"),
        ({"depth_scale": "many"}, "depth_scale: numbers"),
        ({"depth_invalid": ["x"]}, "depth_scale: numbers"),
        ({"depth_invalid": [float("inf")]}, "invalid_from must be a finite number"),
        ({"kind": "radar"}, "kind: one of"),
        ({"meta_data": "gone.pkl"}, "meta_data: .*no such file"),
        ({"normal": {"x": "x.png"}}, "normal: one path, or one each"),
    ],
)
def test_a_wrong_entry_is_told_in_one_line_and_the_others_are_unharmed(tmp_path, change, words):
    found = Annotations.read(written(tmp_path, ENTRY, {**ENTRY, **change}), "nyu")
    with pytest.raises(RecordError, match=rf"annotations\.json, entry 1: {words}") as caught:
        found[1]
    assert "\n" not in str(caught.value)
    assert found[0].camera == (700, 701, 600, 180)


def test_an_entry_that_is_no_object_is_told(tmp_path):
    with pytest.raises(RecordError, match="entry 0: an object"):
        Annotations.read(written(tmp_path, "a.png"), "kitti")[0]


@pytest.mark.parametrize("content", ["", "[]", '{"files": {}}', '{"file": []}', "\xff"])
def test_what_is_no_annotation_file_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_text(content, encoding="latin-1")
    with pytest.raises(DatasetError, match=r"a\.json: .*files"):
        Annotations.read(tmp_path / "a.json", "kitti")


def test_an_unknown_profile_is_told_with_those_there_are():
    with pytest.raises(DatasetError, match=r"'mars'.*kitti"):
        find_profile("mars")


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_makes_a_record(tmp_path, name):
    entry = {**ENTRY, "sem": "s.png", "normal": "n.png"}
    if name == "matterport3d":
        entry["normal"] = {axis: f"{axis}.png" for axis in "xyz"}
    record = only(tmp_path, entry, name)
    assert record.kind is PROFILES[name].kind
    assert record.to_json()


def test_the_authors_own_demonstration_file_is_read(shared):
    found = Annotations.read(shared / "data/kitti_demo/test_annotations.json", "kitti", {"data": shared})
    assert len(found) == 3
    assert 0.1 < np.isfinite(load(found[0]).depth).mean() < 0.3
