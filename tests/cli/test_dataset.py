"""`theodolite dataset`: what it prints, where, and how it exits."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.cli.main import main
from theodolite.datasets import builders
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.manifest import Manifest, write_manifest
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind


@pytest.fixture
def record(tmp_path) -> Record:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(rng.integers(1000, 5000, (48, 64)).astype(np.uint16)).save(tmp_path / "d.png")
    return Record(
        image=Path("a.png"),
        camera=(60, 60, 31.5, 23.5),
        kind=LabelKind.SENSOR,
        depth=Path("d.png"),
        depth_encoding=DepthEncoding("png16", scale=1000),
        domain="rooms",
        root=tmp_path,
    )


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in ("dataset", *arguments)])
    return end.value.code or 0


def test_a_good_manifest_is_described_and_ends_well(tmp_path, record, capsys):
    write_manifest(tmp_path / "m.jsonl", [record, record])
    assert run("check", tmp_path / "m.jsonl") == 0
    out, err = capsys.readouterr()
    assert "rooms, sensor: 2 samples" in out
    assert "64x48 (2)" in out
    assert "dense, 100.0% of pixels" in out
    assert "2 checked, 2 good, 0 not usable" in out
    assert err == ""


def test_wrong_records_are_told_on_stderr_the_rest_is_checked_and_the_exit_code_says_so(tmp_path, record, capsys):
    write_manifest(tmp_path / "m.jsonl", [record, replace(record, image=Path("gone.png")), record])
    with (tmp_path / "m.jsonl").open("a") as file:
        file.write('{"image": "a.png", "camera": [-1, 1, 0, 0], "kind": "sensor"}\n')
    assert run("check", tmp_path / "m.jsonl") == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert len(lines) == 2
    assert f"m.jsonl, line 2: image: {tmp_path / 'gone.png'}: there is no such file." in lines[0]
    assert "m.jsonl, line 4: camera: focal lengths must be positive, got fx, fy = [-1, 1]." in lines[1]
    assert "4 checked, 2 good, 2 not usable; image: missing file: 1; camera: 1" in out


def test_a_sheet_is_written_and_its_path_printed(tmp_path, record, capsys):
    write_manifest(tmp_path / "m.jsonl", [record])
    assert run("check", tmp_path / "m.jsonl", "--sheet", tmp_path / "sheet.png") == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.width > 500


def test_json_is_one_document_and_warnings_stay_off_it(tmp_path, record, capsys):
    write_manifest(tmp_path / "m.jsonl", [replace(record, camera=(60, 90, 31.5, 23.5))])
    assert run("check", tmp_path / "m.jsonl", "--json", "--sheet", tmp_path / "s.png", "--most", 1) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["good"] == document["checked"] == 1
    assert document["groups"][0]["sizes"] == {"64x48": 1}
    assert document["warnings"]
    assert err.startswith("warning: rooms, sensor: 1 of 1 samples have fx and fy")


def test_a_manifest_that_is_not_there_is_one_line(tmp_path, capsys):
    assert run("check", tmp_path / "m.jsonl") == 1
    assert (
        capsys.readouterr().err
        == f"theodolite: {tmp_path / 'm.jsonl'}: a manifest was expected: no such file or directory.\n"
    )


def test_real_frames_are_checked_by_their_folder(shared, capsys):
    assert run("check", shared / "data" / "tum_fr1_desk_pair") == 0
    assert "tum_fr1_desk_pair, sensor: 2 samples" in capsys.readouterr().out


def test_known_data_sets_are_listed(capsys):
    assert run("list") == 0
    out = capsys.readouterr().out
    assert "kitti" in out
    assert run("list", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["build"]) == set(builders.BUILDERS)


class OneRecord:
    """Stands for a builder's module."""

    def __init__(self, *records):
        self.found = records

    def records(self, source, out):
        yield from self.found


def test_a_manifest_is_built_and_an_existing_one_is_kept(tmp_path, record, capsys, monkeypatch):
    monkeypatch.setattr(builders, "find_builder", lambda name: OneRecord(record, record))
    out = tmp_path / "lists" / "m.jsonl"
    assert run("build", "any", tmp_path, "--out", out) == 0
    assert capsys.readouterr().out == f"{out}: 2 samples\n"
    assert Manifest.read(out)[1].files("image")[0].resolve() == tmp_path / "a.png"
    assert run("build", "any", tmp_path, "--out", out) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert run("build", "any", tmp_path, "--out", out, "--overwrite") == 0


def test_a_build_that_finds_nothing_leaves_no_manifest(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(builders, "find_builder", lambda name: OneRecord())
    assert run("build", "any", tmp_path, "--out", tmp_path / "m.jsonl") == 1
    assert "holds no sample of any" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_unknown_data_set_and_a_missing_folder_are_told(tmp_path, capsys):
    assert run("build", "mars", tmp_path, "--out", tmp_path / "m.jsonl") == 1
    assert "no builder 'mars'" in capsys.readouterr().err
    name = next(iter(builders.BUILDERS))
    assert run("build", name, tmp_path / "gone", "--out", tmp_path / "m.jsonl") == 1
    assert "gone" in capsys.readouterr().err


@pytest.mark.parametrize("name", builders.BUILDERS)
def test_every_listed_builder_is_there(name):
    assert callable(builders.find_builder(name).records)
