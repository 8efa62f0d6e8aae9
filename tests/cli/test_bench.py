"""`theodolite bench`: what it prints of a measurement, and the subjects it knows."""

import json

from typer.testing import CliRunner

from theodolite.cli.bench import bench
from theodolite.evaluation import speed

runner = CliRunner()


def _app():
    import typer

    app = typer.Typer()
    app.command("bench")(bench)
    return app


def _measured(monkeypatch):
    monkeypatch.setattr(
        speed, "synthetic_scenes", lambda *arguments: speed.Timing(f"synth {arguments}", (4.0, 2.0, 8.0), images=96)
    )


def test_rendered_scenes_are_told_in_images_a_second(monkeypatch):
    _measured(monkeypatch)
    result = runner.invoke(_app(), ["synth", "--device", "cuda", "--processes", "3", "--repeats", "7"])
    assert result.exit_code == 0, result.output
    assert "synth (7, 'cuda', 3)" in result.output
    assert "24.0 images/s" in result.output


def test_json_holds_how_many_images_were_made(monkeypatch):
    _measured(monkeypatch)
    result = runner.invoke(_app(), ["synth", "--json"])
    assert json.loads(result.output)["timings"][0]["images"] == 96


def test_an_unknown_subject_is_a_wrong_call():
    assert runner.invoke(_app(), ["moon"]).exit_code == 2
