"""`theodolite synth`, run as a user runs it."""

from typer.testing import CliRunner

from theodolite.cli.synth import synth
from theodolite.synth.compiled import eager
from theodolite.synth.shards import read_shard

runner = CliRunner()


def _app():
    import typer

    app = typer.Typer()
    app.command("synth")(synth)
    return app


def test_it_writes_shards_and_a_preview(tmp_path):
    with eager():
        arguments = ["--out", str(tmp_path), "--count", "2", "--size", "32x48", "--family", "room", "--preview"]
        result = runner.invoke(_app(), arguments)
    assert result.exit_code == 0, result.output
    assert result.output.split() == [str(tmp_path / "room-0-00000.npz"), str(tmp_path / "preview.png")]
    assert read_shard(tmp_path / "room-0-00000.npz").image.shape == (2, 32, 48, 3)
    assert (tmp_path / "preview.png").stat().st_size > 0


def test_focal_lengths_are_those_asked_for(tmp_path):
    with eager():
        arguments = ["--out", str(tmp_path), "--count", "2", "--size", "32x48", "--family", "room", "--focal", "0.7"]
        result = runner.invoke(_app(), arguments)
    assert result.exit_code == 0, result.output
    for camera in read_shard(tmp_path / "room-0-00000.npz").cameras:
        assert abs(camera.fx / 48 - 0.7) < 1e-6


def test_an_option_that_makes_no_sense_is_a_wrong_call(tmp_path):
    wrong_calls = (
        ["--size", "big"],
        ["--size", "4x4"],
        ["--family", "moon"],
        ["--device", "abacus"],
        ["--device", "cuda:99"],
        ["--textures", str(tmp_path / "none")],
        ["--focal", "wide"],
        ["--focal", "2:1"],
        ["--focal", "nan"],
    )
    for wrong in wrong_calls:
        result = runner.invoke(_app(), ["--out", str(tmp_path), "--count", "1", *wrong])
        assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []
