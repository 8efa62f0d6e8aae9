"""`theodolite evaluate`: tables, files, one JSON document whatever the numbers are, runs that go on, and comparison."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from theodolite.cli.main import main

MODEL = """
import numpy as np


def two(image, camera):
    return np.full(image.shape[:2], 2.0, np.float32)


def far(image, camera):
    return np.full(image.shape[:2], 2.5, np.float32)


def half(image, camera):
    depth = two(image, camera)
    depth[: len(depth) // 2] = np.nan
    return depth
"""


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A set of three frames of a wall, 2 m ahead; where relative paths start."""
    data = tmp_path / "my set"
    data.mkdir()
    files = []
    for number in range(3):
        Image.new("RGB", (64, 48)).save(data / f"{number}.png")
        Image.fromarray(np.full((48, 64), 2000, np.uint16)).save(data / f"{number}_d.png")
        files.append(
            {"rgb": f"{number}.png", "depth": f"{number}_d.png", "depth_scale": 1000, "cam_in": [60, 60, 31.5, 23.5]}
        )
    (data / "frames.json").write_text(json.dumps({"files": files}))
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return data


def run(*words) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", *map(str, words)])
    return stopped.value.code or 0


def test_a_run_prints_tables_and_leaves_its_files(folder, tmp_path, capsys):
    assert run("model.py:far", "frames", "--data", folder) == 0
    printed = capsys.readouterr().out
    for words in ("far on frames, community protocol", "| metric", "| median", "by distance", "0.250"):
        assert words in printed
    out = tmp_path / "out/evaluate/model.py_far-frames-community"
    assert {path.name for path in out.iterdir()} == {
        *("run.json", "outcomes-0.jsonl", "images.csv", "result.json", "report.md", "report.html")
    }
    head, *rows = csv.reader((out / "images.csv").read_text().splitlines())
    assert len(rows) == 3
    assert float(rows[0][head.index("full/metric/abs_rel")]) == pytest.approx(0.25)
    assert json.loads((out / "result.json").read_text(), parse_constant=no_constant)["scored"] == 3
    assert "theodolite evaluate model.py:far frames --data" in (out / "report.md").read_text()


def test_the_same_command_finishes_a_run(folder, capsys):
    assert run("model.py:two", "frames", "--data", folder) == 0
    capsys.readouterr()
    assert run("model.py:two", "frames", "--data", folder, "--no-report") == 0
    assert "3 of 3 images were done already" in capsys.readouterr().err


def test_other_settings_need_another_folder_or_a_new_beginning(folder, capsys):
    assert run("model.py:two", "frames", "--data", folder, "-o", "a", "--no-report") == 0
    assert run("model.py:far", "frames", "--data", folder, "-o", "a", "--no-report") == 1
    assert "--overwrite" in capsys.readouterr().err
    assert run("model.py:far", "frames", "--data", folder, "-o", "a", "--no-report", "--overwrite") == 0


def test_a_frame_that_cannot_be_scored_is_told_and_the_rest_is_done(folder, capsys):
    (folder / "1_d.png").write_bytes(b"no picture")
    assert run("model.py:two", "frames", "--data", folder, "--json") == 1
    captured = capsys.readouterr()
    assert "1_d.png" in captured.err
    document = json.loads(captured.out, parse_constant=no_constant)
    assert (document["scored"], len(document["failures"])) == (2, 1)
    assert "1_d.png" in document["failures"][0]["reason"]


def test_a_listing_without_depth_is_refused_and_not_scored_as_nothing(folder, capsys):
    (folder / "frames.json").write_text(json.dumps({"files": [{"rgb": "0.png"}]}))
    assert run("model.py:two", "frames", "--data", folder) == 1
    assert "holds no example" in capsys.readouterr().err


def test_json_stays_json_where_a_prediction_is_unknown(folder, capsys):
    assert run("model.py:half", "frames", "--data", folder, "--json", "--no-report") == 0
    document = json.loads(capsys.readouterr().out, parse_constant=no_constant)
    assert document["parts"][0]["depth"]["full"]["metric"]["images"]["abs_rel"] is None
    assert document["parts"][0]["unknown_share"] == pytest.approx(0.5)


def test_what_is_unknown_may_be_taken_for_far_and_the_run_says_so(folder, capsys):
    assert run("model.py:half", "frames", "--data", folder, "--unknown", "far", "--farthest", "10", "--no-report") == 0
    printed = capsys.readouterr().out
    assert "far end of the range" in printed
    assert "community (changed: farthest 10) protocol" in printed


def test_an_unknown_benchmark_or_protocol_is_a_wrong_call_that_lists_those_there_are(folder, capsys):
    assert run("pocket", "kitty", "--data", folder) == 2
    assert "kitti" in capsys.readouterr().err
    assert run("pocket", "frames", "--data", folder, "--protocol", "mine") == 2
    assert "community" in capsys.readouterr().err


def test_an_option_that_does_not_belong_to_the_model_is_refused(folder, capsys):
    assert run("model.py:two", "frames", "--data", folder, "--device", "cuda") == 1
    assert "--device does not go with the model" in capsys.readouterr().err


def test_two_runs_are_compared(folder, capsys):
    for name in ("two", "far"):
        assert run(f"model.py:{name}", "frames", "--data", folder, "-o", name, "--no-report") == 0
    capsys.readouterr()
    assert run("compare", "two", "far") == 0
    printed = capsys.readouterr().out
    assert "A: two    B: far" in printed
    line = next(line for line in printed.splitlines() if line.startswith("full/metric/abs_rel"))
    assert "0.2500" in line
    assert "0% of 3" in line
    assert run("compare", "two", "far", "--json") == 0
    document = json.loads(capsys.readouterr().out, parse_constant=no_constant)
    assert document["measures"][0]["numbers"]["difference"] == pytest.approx(0.25)


def test_benchmarks_are_listed_with_their_protocols(capsys):
    assert run("list") == 0
    printed = capsys.readouterr().out
    assert "kitti" in printed
    assert "release: truth 0.1 to 80 m, region eigen" in printed
    assert run("list", "--json") == 0
    assert {"nyuv2", "kitti"} <= {row["benchmark"] for row in json.loads(capsys.readouterr().out)}


def test_help_shows_how_it_is_called(capsys):
    assert run("--help") == 0
    assert "theodolite evaluate MODEL BENCHMARK --data DIR" in " ".join(capsys.readouterr().out.split())
    assert run("run", "--help") == 0
    assert "--processes" in capsys.readouterr().out
