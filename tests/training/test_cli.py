"""`theodolite train`: from folders to a model file, stopped and resumed, and called wrongly."""

import json

import pytest
import typer
from typer.testing import CliRunner

from theodolite.cli.train import train
from theodolite.errors import CheckpointError, DatasetError

app = typer.Typer()
app.command("train")(train)


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_short_run_leaves_a_model_a_log_and_its_recipe(run, shards, tmp_path):
    out = tmp_path / "run"
    result = run("smoke", "--data", shards, "--out", out, "--steps", 2, "--held-out", 2, "--threads", 1)
    assert result.exit_code == 0, result.output
    assert "smoke: 10 rendered samples, 0 measured ones, 2 held out" in result.stdout
    assert result.stdout.strip().endswith("model-000002.safetensors")
    assert "AbsRel" in result.stderr
    assert json.loads((out / "recipe.json").read_text())["steps"] == 2
    last = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
    assert last["scores"]["rendered"]["pictures"] == 2


def test_resuming_a_run_that_is_not_there_is_refused(run, shards, tmp_path):
    result = run("smoke", "--data", shards, "--out", tmp_path / "none", "--held-out", 2, "--resume")
    assert isinstance(result.exception, CheckpointError)


def test_a_folder_without_shards_is_refused(run, tmp_path):
    result = run("smoke", "--data", tmp_path, "--out", tmp_path / "run")
    assert isinstance(result.exception, DatasetError)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["unheard-of"], "Known: pocket, smoke"),
        (["smoke", "--steps", "2", "--minutes", "1"], "not both"),
    ],
)
def test_wrong_calls_are_refused_before_anything_is_read(run, tmp_path, arguments, told):
    result = run(*arguments, "--data", tmp_path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
