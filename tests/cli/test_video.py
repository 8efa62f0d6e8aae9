"""`theodolite video` as a user meets it: a folder, a film cut off, an impatient finger, and again."""

import json
from functools import partial

import numpy as np
import pytest
import typer
from tests.apps import slam_scene
from tests.apps.video.clip_scene import Counting, Knowing, write_pictures
from tests.apps.video.films import cut_off
from tests.cli.running import run as run_app

from theodolite.cli import video as command
from theodolite.errors import OutputError, TheodoliteError, UnknownCamera

for needed in ("av", "cv2", "scipy"):
    pytest.importorskip(needed)

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(command.video)
COUNT = 8
run = partial(run_app, app)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("room"), range(COUNT))


@pytest.fixture(autouse=True)
def knowing(monkeypatch):
    predictor = Knowing()
    monkeypatch.setattr("theodolite.inference.predictor.load", lambda *given, **named: predictor)
    return predictor


def usual(room, out, *more):
    return [room, "--fov", 75, "--fps", 10, "--out", out, *more]


def test_text_says_what_was_done_and_how_much_flicker_is_left(room, tmp_path, capsys):
    code, out, err = run(capsys, *usual(room, tmp_path))
    assert code == 0
    assert err == ""
    assert f"{COUNT} pictures, 0.7 s" in out
    assert "given: --fov: 75 degrees" in out
    assert "flicker scale " in out
    assert "->" in out
    assert "side-by-side.mp4" in out
    assert (tmp_path / "side-by-side.mp4").is_file()


def test_json_is_the_summary(room, tmp_path, capsys):
    _, out, _ = run(capsys, *usual(room, tmp_path, "--json", "--formats", "none", "--near", 1, "--far", 4))
    facts = json.loads(out)
    assert facts["flicker"]["after"]["scale"] < 0.1 * facts["flicker"]["before"]["scale"]
    assert facts["colours"] == {"near": 1, "far": 4}
    assert not (tmp_path / "frames").exists()


def test_again_keeps_what_is_complete_and_refuses_another_wish(room, tmp_path, capsys, knowing):
    run(capsys, *usual(room, tmp_path))
    code, out, _ = run(capsys, *usual(room, tmp_path))
    assert code == 0
    assert "done already, kept" in out
    assert len(knowing.asked) == COUNT
    with pytest.raises(OutputError, match=r"every\. Give another folder"):
        run(capsys, *usual(room, tmp_path, "--every", 2))
    code, out, _ = run(capsys, *usual(room, tmp_path, "--every", 2, "--overwrite"))
    assert f"{COUNT // 2} pictures" in out


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(room, tmp_path, capsys, knowing, monkeypatch):
    predict, seen = Knowing.predict, []

    def impatient(self, image, camera):
        seen.append(image)
        if len(seen) == 6:
            raise KeyboardInterrupt
        return predict(self, image, camera)

    monkeypatch.setattr(Knowing, "predict", impatient)
    code, _, _ = run(capsys, *usual(room, tmp_path))
    assert code == 130
    run(capsys, *usual(room, tmp_path))
    assert len(knowing.asked) == COUNT  # none twice
    assert not list(tmp_path.rglob(".*"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["frames", "side-by-side.mp4", "video.json"]


def test_a_film_cut_off_in_the_middle_keeps_finished_work_and_says_one_line(tmp_path, capsys, monkeypatch):
    from theodolite.apps.clips.film_writer import film_writer

    monkeypatch.setattr("theodolite.inference.predictor.load", lambda *given, **named: Counting())
    with film_writer(tmp_path / "film.mp4", 10) as show:
        for number in range(2 * COUNT):
            show(slam_scene.frame(number).image, number / 10)
    cut_off(tmp_path / "film.mp4", 0.7)
    for again in (False, True):
        code, out, err = run(capsys, tmp_path / "film.mp4", "--fov", 75, "--out", tmp_path / "out", "--json")
        assert code == 1
        assert len(err.strip().splitlines()) == 1
        assert "breaks off after" in err
        facts = json.loads(out)
        assert facts["kept"] is again
        assert 3 <= facts["pictures"] < 2 * COUNT
        assert (tmp_path / "out/side-by-side.mp4").is_file()


def test_an_assumed_camera_is_announced_once_and_may_be_refused_or_estimated(room, tmp_path, capsys):
    _, _, err = run(capsys, room, "--out", tmp_path / "a")
    assert err.count("assumed") == 1
    with pytest.raises(UnknownCamera):
        run(capsys, room, "--out", tmp_path / "b", "--strict-camera")
    _, _, err = run(capsys, room, "--out", tmp_path / "c", "--estimate-focal", "--every", 4)
    assert "estimated from the lines" in err or "the assumption stands" in err


def test_nothing_to_do_and_wrong_wishes_are_said(tmp_path, capsys):
    with pytest.raises(TheodoliteError, match="holds no picture"):
        run(capsys, tmp_path)
    with pytest.raises(typer.BadParameter, match="No file format"):
        run(capsys, tmp_path, "--formats", "exr")
    with pytest.raises(typer.BadParameter, match="near <= far"):
        run(capsys, tmp_path, "--near", 3, "--far", 2)


def test_the_embedded_model_runs_from_a_film_to_files(tmp_path, capsys, monkeypatch):
    monkeypatch.undo()
    from theodolite.apps.clips.film_writer import film_writer
    from theodolite.inference.files import read_depth_png

    with film_writer(tmp_path / "film.mp4", 10) as show:
        for number in range(3):
            show(slam_scene.frame(number).image, number / 10)
    code, _, err = run(capsys, tmp_path / "film.mp4", "--fov", 75, "--out", tmp_path / "out", "--max-side", 160)
    assert (code, err) == (0, "")
    depth = read_depth_png(tmp_path / "out/frames/000002_depth.png")
    assert depth.shape == (120, 160)
    assert np.isfinite(depth).mean() > 0.9
