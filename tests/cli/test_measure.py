"""`theodolite measure`: what it prints, draws and refuses."""

import json

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from theodolite.camera.pinhole import Camera
from theodolite.cli.measure import PairsCommand, measure
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction


@pytest.fixture
def run():
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(cls=PairsCommand)(measure)
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def saved(tmp_path):
    """A wall 2 m away; 50 px are a metre."""
    shape = 150, 200
    prediction = Prediction(
        depth=np.full(shape, 2, np.float32),
        normals=np.tile(np.float32([0, 0, -1]), (*shape, 1)),
        confidence=np.full(shape, 0.9, np.float32),
        kappa=np.full(shape, 20, np.float32),
        valid=np.ones(shape, bool),
        camera=Camera(100, 100, 99.5, 74.5, 200, 150),
        image=np.full((*shape, 3), 255, np.uint8),
        name="wall.jpg",
        model="pocket",
        photo_size=(400, 300),
    )
    return prediction.save(tmp_path, ["npz"])[0]


ALL = (
    *("--from", "100,150", "--to", "300,150", "--from", "100,150", "--to", "200,150", "--height", "200,250", "200,50"),
    *("--angle", "50,50", "300,200", "--region", "100,100,300,100,300,200,100,200", "--vertical", "level"),
)


def test_everything_is_measured_at_once_in_a_saved_prediction(run, saved):
    result = run(saved, *ALL, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    values = [
        next(iter(each["quantities"].values()))["value"] for each in found["measurements"] if each["kind"] != "angle"
    ]
    assert values == pytest.approx([2.0, 1.0, 2.0, 2.0], rel=1e-3)
    assert [each["kind"] for each in found["measurements"]] == ["distance", "distance", "height", "angle", "region"]
    assert found["errors"] == []
    assert found["scale"] is None


def test_the_table_says_what_the_uncertainty_comes_from(run, saved):
    result = run(saved, *ALL)
    assert "wall.jpg  400x300 px, focal length 200 px (given), model pocket" in result.stdout
    assert "2.00 ± " in result.stdout
    assert "drift" in result.stdout
    assert "region slope" in result.stdout


def test_a_reference_fixes_the_scale(run, saved):
    reference = ("--reference-object", "100,100", "200,100", "--reference-length", "0.5")
    result = run(saved, "--from", "100,150", "--to", "300,150", *reference, "--json")
    found = json.loads(result.stdout)
    assert found["measurements"][0]["quantities"]["distance"]["value"] == pytest.approx(1.0, rel=1e-3)
    assert found["scale"]["factor"] == pytest.approx(0.5, rel=1e-3)


def test_the_picture_shows_lines_on_white_too(run, saved, tmp_path):
    out = tmp_path / "seen.png"
    assert run(saved, *ALL, "--out", out).exit_code == 0
    pixels = np.asarray(Image.open(out))
    assert pixels.shape == (750, 1000, 3)
    assert (pixels < 60).all(-1).mean() > 0.005
    with pytest.raises(TheodoliteError, match="--overwrite"):
        raise run(saved, *ALL, "--out", out).exception
    assert run(saved, *ALL, "--out", out, "--overwrite").exit_code == 0


def test_one_that_cannot_be_measured_is_told_and_the_rest_are_done(run, saved):
    result = run(saved, "--from", "0,0", "--to", "900,0", "--from", "100,150", "--to", "300,150")
    assert result.exit_code == 1
    assert "outside the photo" in result.stderr
    assert "2.0" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Nothing to measure"),
        (("--from", "1,2"), "needs a --to"),
        (("--from", "1", "--to", "2,3"), "takes a pixel U,V"),
        (("--height", "1,2"), "takes two pixels"),
        (("--region", "1,2,3,4"), "3 or more pixels"),
        (("--angle", "1,2", "3,4", "--vertical", "north"), "auto, level or up"),
        (("--angle", "1,2", "3,4", "--reference-length", "1"), "belong together"),
        (("--angle", "1,2", "3,4", "--camera-height", "-1"), "positive"),
        (("--angle", "1,2", "3,4", "--fov", "60"), "leave the camera options out"),
    ],
)
def test_calls_that_make_no_sense_are_refused(run, saved, arguments, words):
    result = run(saved, *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())


def test_a_photo_is_measured(run, tmp_path):
    Image.new("RGB", (160, 120), (90, 120, 90)).save(tmp_path / "a.jpg")
    result = run(tmp_path / "a.jpg", "--from", "30,60", "--to", "120,60", "--fov", "60", "--no-profile", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["measurements"][0]["quantities"]["distance"]["sigma"] > 0


def test_what_needs_no_scale_is_measured_where_the_reference_fails(run, saved):
    result = run(saved, "--angle", "50,50", "300,200", "--camera-height", "1.5", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [each["kind"] for each in found["measurements"]] == ["angle"]
    assert "No ground is seen" in found["errors"][0]
    assert found["scale"] is None


def test_a_polygon_that_holds_one_line_of_pixels_is_one_line(run, saved):
    result = run(saved, "--region", "100,100.2,300,100.2,300,101.2,100,101.2", "--from", "100,150", "--to", "300,150")
    assert result.exit_code == 1
    assert "lie on one line" in result.stderr
    assert "2.0" in result.stdout


def test_a_profile_cannot_be_named_and_left_out_at_once(run, saved):
    result = run(saved, "--from", "1,2", "--to", "3,4", "--profile", "x.json", "--no-profile")
    assert result.exit_code == 2
    assert "--no-profile" in result.stderr
