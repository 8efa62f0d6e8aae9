"""`theodolite evaluate`: tables, one JSON document whatever the numbers are, and a report."""

import json

import numpy as np
import pytest
from PIL import Image

from theodolite.cli.main import main
from theodolite.inference.predictor import Predictor


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


@pytest.fixture
def folder(tmp_path):
    """A set of one frame, of a wall."""
    data = tmp_path / "my set"
    data.mkdir()
    Image.new("RGB", (64, 48)).save(data / "a.png")
    Image.fromarray(np.full((48, 64), 2000, np.uint16)).save(data / "d.png")
    frame = {"rgb": "a.png", "depth": "d.png", "depth_scale": 1000, "cam_in": [60, 60, 31.5, 23.5]}
    (data / "frames.json").write_text(json.dumps({"files": [frame]}))
    return data


def run(*words) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", *map(str, words)])
    return stopped.value.code or 0


def test_the_real_suite_is_what_runs_without_a_suite(folder, capsys):
    assert run(folder, "--suite", "real") == 0
    named = capsys.readouterr().out
    assert run(folder) == 0
    assert capsys.readouterr().out == named
    for words in ("as predicted", "median-aligned", "my set", "SILog", "normals"):
        assert words in named


def test_an_unknown_suite_is_a_wrong_call_that_lists_those_there_are(folder, capsys):
    assert run(folder, "--suite", "kitty") == 2
    assert "real" in capsys.readouterr().err


def test_a_frame_that_cannot_be_scored_is_told_and_the_rest_is_done(folder, capsys):
    listing = json.loads((folder / "frames.json").read_text())
    listing["files"].append({**listing["files"][0], "depth": "gone.png"})
    (folder / "frames.json").write_text(json.dumps(listing))
    assert run(folder) == 1
    captured = capsys.readouterr()
    assert "gone.png" in captured.err
    assert "1 of 2 frames" in captured.out
    assert run(folder, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["failures"] == 1
    assert document["suite"] == "real"
    assert "gone.png" in document["frames"][1]["reason"]


def test_a_listing_without_depth_is_refused_and_not_scored_as_nothing(folder, capsys):
    (folder / "frames.json").write_text(json.dumps({"files": [{"rgb": "a.png"}]}))
    assert run(folder) == 1
    assert "no frame listed there has depth" in capsys.readouterr().err


def test_the_report_is_written_and_a_file_that_is_there_is_kept(folder, tmp_path, capsys):
    report = tmp_path / "out" / "report.html"
    assert run(folder, "--report", report, "--farthest", "10") == 0
    assert "--farthest 10" in report.read_text()
    assert "&#x27;--suite" not in report.read_text()
    report.write_text("mine")
    assert run(folder, "--report", report) == 1
    assert report.read_text() == "mine"
    assert "--overwrite" in capsys.readouterr().err
    assert run(folder, "--report", report, "--overwrite") == 0
    assert report.read_text() != "mine"


def test_a_report_is_a_file_and_no_folder(folder, tmp_path, capsys):
    assert run(folder, "--report", tmp_path, "--overwrite") == 2
    assert "one HTML file" in capsys.readouterr().err


def test_json_stays_json_where_a_prediction_is_unknown(tmp_path, monkeypatch, capsys):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    Image.fromarray(np.full((48, 64), 2000, np.uint16)).save(tmp_path / "d.png")
    frame = {"rgb": "a.png", "depth": "d.png", "depth_scale": 1000, "cam_in": [60, 60, 31.5, 23.5]}
    (tmp_path / "frames.json").write_text(json.dumps({"files": [frame]}))
    finish = Predictor._finish

    def half_unknown(*arguments):
        prediction = finish(*arguments)
        prediction.valid[:24] = False
        prediction.depth[:24] = np.nan
        return prediction

    monkeypatch.setattr(Predictor, "_finish", half_unknown)
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", str(tmp_path), "--json"])
    assert not stopped.value.code
    (scored,) = json.loads(capsys.readouterr().out, parse_constant=no_constant)["frames"]
    assert scored["metric"]["abs_rel"] is None
