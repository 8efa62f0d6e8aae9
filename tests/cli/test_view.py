import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from theodolite.camera.pinhole import Camera
from theodolite.cli.view import view
from theodolite.errors import OutputError
from theodolite.inference.prediction import Prediction


@pytest.fixture
def folder(tmp_path):
    flat = np.full((30, 40), 2.0, np.float32)
    Prediction(
        depth=flat,
        normals=None,
        confidence=flat,
        kappa=None,
        valid=np.ones((30, 40), bool),
        camera=Camera.from_fov(60, 40, 30),
        image=np.zeros((30, 40, 3), np.uint8),
        name="wall.jpg",
    ).save(tmp_path, ["npz"])
    return tmp_path


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(view)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def test_the_page_is_written_beside_the_prediction_and_its_path_printed(folder, run):
    result = run(folder / "wall.npz", "--no-open")
    assert result.exit_code == 0
    assert result.stdout.strip() == str(folder / "wall.html")
    assert "wall.jpg" in (folder / "wall.html").read_text()


def test_the_browser_is_asked_to_open_the_page(folder, run, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    result = run(folder, "--json")
    assert opened == [(folder / "wall.html").as_uri()]
    assert json.loads(result.stdout) == {"page": str(folder / "wall.html"), "opened": True}


def test_without_a_browser_the_page_is_there_and_the_user_told(folder, run, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    result = run(folder, "--out", folder / "pages" / "mine.html")
    assert result.exit_code == 0
    assert (folder / "pages" / "mine.html").is_file()
    assert "open the page yourself" in result.stderr


def test_a_page_can_be_opened_again_without_its_prediction(folder, run, monkeypatch):
    run(folder, "--no-open")
    (folder / "wall.npz").unlink()
    monkeypatch.setattr("webbrowser.open", lambda address: True)
    assert run(folder).stdout.strip() == str(folder / "wall.html")


def test_a_page_is_a_page_however_its_ending_is_written(folder, run):
    (folder / "WALL.HTML").write_text("a page")
    result = run(folder / "WALL.HTML", "--no-open")
    assert result.stdout.strip() == str(folder / "WALL.HTML")


def test_a_name_no_disk_can_hold_is_one_clear_error(run):
    with pytest.raises(OutputError, match="no such file"):
        run("w" * 400 + ".npz", "--no-open")
