"""`theodolite dataset info`: what it says of a data set and of a folder, and how it exits."""

import json

import numpy as np
import pytest
from PIL import Image

from theodolite.cli.main import main
from theodolite.datasets.readers import READERS


@pytest.fixture
def folder(tmp_path):
    """Two sets of a frame each."""
    for name, depth in (("hall", 2000), ("stairs", 4000)):
        data = tmp_path / name
        data.mkdir()
        Image.new("RGB", (64, 48)).save(data / "a.png")
        Image.fromarray(np.full((48, 64), depth, np.uint16)).save(data / "d.png")
        frame = {"rgb": "a.png", "depth": "d.png", "depth_scale": 1000, "cam_in": [60, 60, 31.5, 23.5]}
        (data / "frames.json").write_text(json.dumps({"files": [frame]}))
    return tmp_path


def run(*words) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["dataset", "info", *map(str, words)])
    return stopped.value.code or 0


def test_a_data_set_is_described_with_where_to_get_it(capsys):
    assert run("hypersim") == 0
    out = capsys.readouterr().out
    for words in ("paper", "licence", "layout", "--split", "--truth", "note", "(usual)", "ml-hypersim", "CC BY-SA"):
        assert words in out


def test_a_folder_is_listed_and_measured(folder, capsys):
    assert run("frames", folder) == 0
    captured = capsys.readouterr()
    assert "2 examples in 2 groups: hall (1), stairs (1)" in captured.out
    assert "64x48 (2)" in captured.out
    assert "100.0% of pixels" in captured.out
    assert "2 to 4 m (1st to 99th percentile), median 3 m" in captured.out
    assert "2 tried, 2 loaded, 0 not usable" in captured.out
    assert captured.err == ""


def test_what_cannot_be_loaded_is_told_in_a_line_and_by_the_exit_code(folder, capsys):
    (folder / "hall" / "d.png").unlink()
    assert run("frames", folder) == 1
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("hall/a: ")
    assert "d.png" in line
    assert "2 tried, 1 loaded, 1 not usable" in captured.out


def test_json_is_one_document(folder, capsys):
    (folder / "hall" / "d.png").unlink()
    assert run("frames", folder, "--json", "--most", 5) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["dataset"] == "frames"
    assert document["folder"] == str(folder)
    assert document["about"]["splits"]
    assert document["check"]["checked"] == 2
    assert len(document["check"]["failures"]) == 1
    assert run("frames", "--json") == 0
    assert json.loads(capsys.readouterr().out)["check"] is None


def test_unknown_names_list_those_there_are(folder, capsys):
    assert run("kitty") == 1
    assert "kitti" in capsys.readouterr().err
    assert run("frames", folder, "--split", "tset") == 1
    assert "no split 'tset'; it has all" in capsys.readouterr().err
    assert run("frames", folder, "--truth", "lidar") == 1
    assert "no truth 'lidar'" in capsys.readouterr().err


def test_a_folder_that_is_not_this_data_set_is_refused_and_the_layout_is_still_shown(tmp_path, capsys):
    assert run("frames", tmp_path) == 1
    captured = capsys.readouterr()
    assert "layout" in captured.out
    assert str(tmp_path) in captured.err
    assert run("frames", tmp_path / "gone") == 1
    assert "gone" in capsys.readouterr().err


@pytest.mark.parametrize("name", READERS)
def test_every_data_set_can_be_described_as_text_and_as_json(name, capsys):
    assert run(name) == 0
    assert "--split" in capsys.readouterr().out
    assert run(name, "--json") == 0
    assert json.loads(capsys.readouterr().out)["about"]["title"]


def test_the_list_names_every_reader(capsys):
    with pytest.raises(SystemExit):
        main(["dataset", "list"])
    out = capsys.readouterr().out
    assert "theodolite dataset info NAME:" in out
    with pytest.raises(SystemExit):
        main(["dataset", "list", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert set(document["info"]) == set(READERS)
    for name in READERS:
        assert f"  {name} " in out
