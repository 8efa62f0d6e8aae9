"""Tests of `theodolite priors`."""

import json
import signal

import pytest
import typer
from tests.apps.priors import scenes
from typer.testing import CliRunner

from theodolite.cli.priors import priors
from theodolite.errors import DatasetError, OutputError

app = typer.Typer()
app.command()(priors)


@pytest.fixture
def folder(tmp_path):
    scenes.colmap(tmp_path / "scene", 4, unit=0.5)
    return tmp_path / "scene"


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments), "--points", "2000"], catch_exceptions=True)


def test_a_colmap_folder_gets_priors_with_the_embedded_model(folder):
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert "priors of 4 views" in result.stdout
    assert "from COLMAP's tracks" in result.stdout
    assert "train.py -s" in result.stdout
    assert (folder / "sparse" / "0" / "depth_params.json").is_file()
    assert (folder / "sparse" / "0" / "points3D.ply").is_file()
    assert len(list((folder / "prior_inverse_depths").iterdir())) == 4


def test_several_trainers_at_once_into_another_folder(folder, tmp_path):
    before = sorted(path for path in folder.rglob("*"))
    trainers = ("nerfstudio", "gaussian-splatting", "dn-splatter", "sdfstudio")
    options = [word for name in trainers for word in ("--for", name)]
    result = run(folder, "--out", tmp_path / "out", "--json", *options)
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert set(facts["written"]) == {"gaussian-splatting", "dn-splatter", "sdfstudio"}
    assert facts["views"] == {"done": 4, "failed": 0, "left_out": 0}
    assert facts["cloud"]["points"] <= 2000
    assert sorted(path for path in folder.rglob("*")) == before
    assert all((tmp_path / "out" / name).exists() for name in ("transforms.json", "sdfstudio", "priors.json", "images"))


def test_priors_that_are_there_are_kept(folder):
    assert run(folder).exit_code == 0
    result = run(folder)
    assert isinstance(result.exception, OutputError)
    assert "--overwrite" in str(result.exception)
    assert run(folder, "--overwrite").exit_code == 0


def test_a_damaged_picture_is_told_and_the_code_says_so(folder):
    path = folder / "images" / "02.png"
    path.write_bytes(path.read_bytes()[:2000])
    result = run(folder, "--for", "nerfstudio")
    assert result.exit_code == 1
    assert "02.png" in result.stderr
    assert "3 views, 1 failed" in result.stdout


@pytest.mark.parametrize(
    "options", [("--align", "shift"), ("--for", "nerf"), ("--pose-scale", "-1"), ("--depth-format", "exr")]
)
def test_options_that_make_no_sense_are_called_wrongly(folder, options):
    result = run(folder, *options)
    assert result.exit_code == 2
    assert not (folder / "priors.json").exists()


def test_a_folder_without_poses_is_told(tmp_path):
    result = run(tmp_path)
    assert isinstance(result.exception, DatasetError)
    assert "no known form" in str(result.exception)


def test_an_interrupt_leaves_what_is_predicted_and_the_next_run_goes_on(folder, monkeypatch):
    from theodolite.inference.predictor import Predictor

    predict, calls = Predictor.predict, []

    def counted(self, *arguments, **more):
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return predict(self, *arguments, **more)

    monkeypatch.setattr(Predictor, "predict", counted)
    result = run(folder)
    assert result.exit_code == 130
    assert "goes on" in result.stderr
    assert len(list((folder / ".priors").glob("*.npz"))) == 2
    assert not (folder / "priors.json").exists()
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert len(calls) == 5
    assert not (folder / ".priors").exists()
