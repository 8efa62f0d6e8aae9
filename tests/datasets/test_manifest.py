"""Manifests: written whole, read lazily, wrong lines refused by file, line and field."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from theodolite.datasets.encodings import DepthEncoding, SkyEncoding
from theodolite.datasets.load import load
from theodolite.datasets.manifest import Manifest, write_manifest
from theodolite.datasets.record import Record, RecordError
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

LINE = {
    "image": "a.png",
    "camera": [500, 500, 320, 240],
    "kind": "sensor",
    "depth": "a_depth.png",
    "depth_encoding": {"kind": "png16", "scale": 1000},
}


def write_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_a_record_with_everything_survives_the_file(tmp_path):
    record = Record(
        image=Path("rgb/a.png"),
        camera=(500.5, 501, 320, 240),
        kind=LabelKind.SYNTHETIC,
        size=(640, 480),
        depth=Path("depth/a.png"),
        depth_encoding=DepthEncoding("png16", scale=1000, invalid_from=65500),
        normals=(Path("x.png"), Path("y.png"), Path("z.png")),
        normal_convention="matterport",
        normal_mask=Path("known.png"),
        sky=Path("classes.png"),
        sky_encoding=SkyEncoding("class", (142,), (255,)),
        planes=Path("planes.png"),
        mask=Path("mask.png"),
        range=(0.1, 80),
        sparse=False,
        domain="éclair",
        extra={"pose": [1, 2, 3]},
        root=tmp_path,
    )
    assert write_manifest(tmp_path / "m.jsonl", [record, record]) == 2
    manifest = Manifest.read(tmp_path / "m.jsonl")
    assert len(manifest) == 2
    assert manifest[1] == record
    assert manifest[1].origin == f"{tmp_path / 'm.jsonl'}, line 2"


def test_a_manifest_written_elsewhere_finds_the_files_and_moves_with_them(tmp_path, plane):
    record = plane.record(mask=plane.write_grey("mask.png", (plane.depth > 0).astype("uint8")))
    write_manifest(tmp_path / "lists" / "m.jsonl", [record])
    (read,) = Manifest.read(tmp_path / "lists" / "m.jsonl")
    assert read.image == Path("../image.png")
    load(read)


def test_lines_are_parsed_when_asked_for_and_no_sooner(tmp_path):
    manifest = Manifest.read(write_lines(tmp_path / "m.jsonl", LINE, "nonsense", "", LINE))
    assert len(manifest) == 3
    assert manifest[0] == manifest[-1]
    with pytest.raises(RecordError, match=r"m\.jsonl, line 2: not JSON: Expecting value at character 1\."):
        manifest[1]
    assert manifest[2].origin.endswith("line 4")
    with pytest.raises(IndexError):
        manifest[3]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000, b"\x00"])
def test_a_line_that_is_no_text_is_refused_in_words(tmp_path, content):
    (tmp_path / "m.jsonl").write_bytes(content + b"\n")
    with pytest.raises(RecordError, match="line 1: not JSON"):
        Manifest.read(tmp_path / "m.jsonl")[0]


def test_a_slice_is_a_manifest(tmp_path):
    manifest = Manifest.read(write_lines(tmp_path / "m.jsonl", LINE, {**LINE, "domain": "b"}, {**LINE, "domain": "c"}))
    assert [record.domain for record in manifest[1:]] == ["b", "c"]


def test_what_is_usual_is_left_out_of_the_line():
    record = Record.from_json(LINE)
    assert record.to_json() == LINE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"camera": [-500, 500, 320, 240]}, r"camera: focal lengths must be positive, got fx, fy = \[-500, 500\]"),
        ({"camera": [0, 500, 320, 240]}, "camera: focal"),
        ({"camera": [float("nan"), 500, 320, 240]}, "camera: four finite numbers"),
        ({"camera": [10**400, 500, 320, 240]}, "camera: four finite numbers"),
        ({"camera": [500, 500, 320]}, "camera: four finite numbers"),
        ({"camera": ["500", 500, 320, 240]}, "camera: four finite numbers"),
        ({"camera": None}, "camera: four finite numbers"),
        ({"kind": "radar"}, "kind: one of lidar, sensor"),
        ({"kind": 3}, "kind: one of"),
        ({"size": [640.5, 480]}, "size:"),
        ({"size": [0, 480]}, "size:"),
        ({"depth": 7}, "depth: a path is needed"),
        ({"depth": ["a", "b", "c"]}, "depth: a path is needed"),
        ({"image": ""}, "image: a path is needed"),
        ({"image": None}, "image: a path is needed"),
        ({"depth_encoding": None}, "depth_encoding: is needed"),
        ({"depth_encoding": {"kind": "png16", "scale": -1}}, "depth_encoding: scale must be a positive number, got -1"),
        ({"normals": "n.png"}, "normal_convention: one of opencv"),
        ({"normals": ["x", "y"], "normal_convention": "opencv"}, "normals: a path is needed"),
        ({"normal_mask": "m.png"}, "normal_mask: goes with normals"),
        ({"sky": "s.png"}, "sky_encoding: is needed"),
        ({"sky_encoding": {"kind": "class"}}, "sky_encoding: kind 'class' needs sky"),
        ({"sky_encoding": {"kind": "nonzero"}}, "sky_encoding: kind 'beyond'"),
        ({"range": [80, 0.1]}, "range: metres"),
        ({"range": [0, float("inf")]}, "range: metres"),
        ({"sparse": "yes"}, "sparse:"),
        ({"sparse": 1}, "sparse:"),
        ({"domain": 1}, "domain:"),
        ({"extra": []}, "extra:"),
        ({"Depth": "b"}, "Depth: there is no such field"),
        ({"root": "/"}, "root: there is no such field"),
        ({"depth": None, "depth_encoding": None}, "depth: or at least normals"),
    ],
)
def test_a_wrong_line_is_refused_in_one_line_by_file_line_and_field(tmp_path, change, words):
    manifest = Manifest.read(write_lines(tmp_path / "m.jsonl", LINE, {**LINE, **change}))
    with pytest.raises(RecordError, match=rf"m\.jsonl, line 2: {words}") as caught:
        manifest[1]
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert manifest[0]


@pytest.mark.parametrize("name", ["image", "camera", "kind"])
def test_what_every_record_needs_is_missed(name):
    with pytest.raises(RecordError, match=f"{name}: is missing"):
        Record.from_json({key: value for key, value in LINE.items() if key != name})


def test_a_line_that_is_no_object_is_refused():
    with pytest.raises(RecordError, match="here: a JSON object is needed, got 3"):
        Record.from_json(3, origin="here")


def test_a_manifest_that_is_missing_or_empty_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no such file"):
        Manifest.read(tmp_path / "m.jsonl")
    with pytest.raises(DatasetError, match="empty"):
        Manifest.read(write_lines(tmp_path / "m.jsonl", "", " "))


def test_a_manifest_that_fails_half_way_leaves_nothing(tmp_path):
    def records():
        yield Record.from_json(LINE)
        raise DatasetError("the third is broken")

    with pytest.raises(DatasetError, match="third"):
        write_manifest(tmp_path / "m.jsonl", records())
    assert not list(tmp_path.iterdir())


def test_a_record_is_equal_wherever_it_was_found():
    record = Record.from_json(LINE)
    assert replace(record, origin="elsewhere") == record
