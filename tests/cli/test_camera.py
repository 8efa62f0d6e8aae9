"""`theodolite camera`: what it prints, for people and for programs, and its exit codes."""

import json

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from theodolite.cli import camera_options
from theodolite.cli.camera import camera
from theodolite.errors import CalibrationError

app = typer.Typer()
app.command("camera")(camera)


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 28  # 35 mm equivalent
    Image.new("RGB", (600, 400)).save(tmp_path / "desk.jpg", exif=exif)
    return tmp_path / "desk.jpg"


@pytest.fixture
def plain(tmp_path):
    Image.new("RGB", (400, 300)).save(tmp_path / "plain.jpg")
    return tmp_path / "plain.jpg"


def test_one_photo_is_told_in_a_few_lines(run, photo):
    result = run(photo)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "desk.jpg  600x400 px"
    assert "466.7 px, ±2.3 % (exif)" in lines[1]
    assert "65.5 degrees across, 46.4 down, 75.4 diagonal" in lines[2]
    assert "35 mm equivalent 28 mm" in lines[3]


def test_many_photos_are_a_table_and_doubts_go_to_stderr(run, photo, plain):
    result = run(photo.parent)
    assert result.exit_code == 0
    head, *rows = result.stdout.splitlines()
    assert head.split("  ")[0] == "photo"
    assert [row.split()[0] for row in rows] == ["desk.jpg", "plain.jpg"]
    assert "plain.jpg has no usable focal length; assumed 60 degrees" in result.stderr


def test_json_is_one_document(run, photo, plain):
    result = run(photo, plain, "--json")
    desk, other = json.loads(result.stdout)
    assert desk["photo"] == str(photo)
    assert desk["focal_px"] == pytest.approx(28 / 36 * 600)
    assert (desk["width"], desk["height"], desk["source"], desk["distortion"]) == (600, 400, "exif", None)
    assert desk["fov_degrees"]["horizontal"] == pytest.approx(65.5, abs=0.1)
    assert 0.02 < desk["rel_sigma"] < 0.03
    assert other["source"] == "assumed"
    assert other["notes"]


def test_one_bad_photo_is_reported_and_the_rest_are_done(run, photo, tmp_path):
    (tmp_path / "empty.jpg").touch()
    result = run(tmp_path / "empty.jpg", photo, "--json")
    assert result.exit_code == 1
    bad, good = json.loads(result.stdout)
    assert "empty" in bad["error"]
    assert good["source"] == "exif"
    assert "theodolite: empty.jpg is empty" in result.stderr
    assert "Traceback" not in result.stderr
    table = run(tmp_path / "empty.jpg", photo)
    assert table.exit_code == 1
    assert "desk.jpg" in table.stdout


def test_strict_refuses_to_assume(run, photo, plain):
    assert run(photo, "--strict-camera").exit_code == 0
    result = run(plain, "--strict-camera")
    assert result.exit_code == 1
    assert "Give --focal-px or --fov" in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "focal"),
    [("--focal-px", "321", 321), ("--fov", "90", 200), ("--focal-35mm", "36", 36 / 43.2666 * 500)],
)
def test_an_option_overrides_what_the_photo_says(run, plain, option, value, focal):
    (found,) = json.loads(run(plain, option, value, "--json").stdout)
    assert found["source"] == "given"
    assert found["focal_px"] == pytest.approx(focal, rel=1e-4)


def test_a_calibration_file_is_used_with_its_distortion(run, plain, tmp_path):
    calibration = tmp_path / "cameras.txt"
    calibration.write_text("1 RADIAL 800 600 700 400 300 0.1 0.2\n2 PINHOLE 800 600 900 900 400 300\n")
    (found,) = json.loads(run(plain, "--calibration", f"{calibration}#1", "--json").stdout)
    assert found["fx"] == 350
    zero = dict.fromkeys(("p1", "p2", "k3", "k4", "k5", "k6"), 0.0)
    assert found["distortion"] == {"model": "RadialTangential", "k1": 0.1, "k2": 0.2, **zero}
    assert "lens" in run(plain, "--calibration", f"{calibration}#1").stdout
    result = run(plain, "--calibration", calibration)
    assert result.exit_code == 1
    assert "say which one: 1, 2" in result.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("--focal-px", "300", "--fov", "60"),
        ("--focal-px", "0"),
        ("--focal-px", "nan"),
        ("--fov", "180"),
        ("--focal-35mm", "-1"),
        ("--assume-fov", "0"),
        ("--focal-px", "wide"),
    ],
)
def test_a_wrong_call_is_exit_code_2(run, photo, wrong):
    assert run(photo, *wrong).exit_code == 2


def test_no_photos_are_an_error(run, tmp_path):
    assert run().exit_code == 2
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "no pictures found" in result.stderr


def test_a_saved_camera_is_used_from_then_on(run, plain):
    assert run(plain, "--fov", "90", "--save").exit_code == 0
    (found,) = json.loads(run(plain, "--json").stdout)
    assert found["source"] == "sidecar"
    assert found["focal_px"] == pytest.approx(200)
    again = run(plain, "--fov", "70", "--save")
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    assert run(plain, "--fov", "70", "--save", "--overwrite").exit_code == 0


def test_an_assumption_is_not_saved(run, plain):
    result = run(plain, "--save")
    assert result.exit_code == 1
    assert "assumed" in result.stderr
    assert not plain.with_name("plain.jpg.camera.json").exists()


def test_without_options_there_is_nothing_to_override():
    assert camera_options.resolve_camera_option() is None


def test_a_calibration_that_is_missing_is_named(tmp_path):
    given = camera_options.resolve_camera_option(calibration=tmp_path / "no.yaml")
    with pytest.raises(CalibrationError, match=r"no\.yaml"):
        given(400, 300)


def _chequered(path):
    """The corner of a chequered box: lines along three axes."""
    import numpy as np

    from theodolite.geometry.rotation import from_vector

    u, v = np.meshgrid((np.arange(640) - 319.5) / 600, (np.arange(480) - 239.5) / 600)
    ray = np.stack([u, v, np.ones(u.shape)], axis=-1) @ from_vector(np.array([0.25, 0.6, 0.05]))
    each = np.array([2.5, 1.3, 3.0]) / np.abs(ray)
    axis = each.argmin(-1)
    tiles = np.floor(ray * each.min(-1)[..., None] / 0.55 + 0.01).astype(int)
    parity = (tiles.sum(-1) - np.take_along_axis(tiles, axis[..., None], -1)[..., 0]) % 2
    image = (60 + 130 * parity + 12 * axis).astype(np.uint8)
    Image.fromarray(image).convert("RGB").save(path)
    return path


def test_an_estimate_takes_the_place_of_an_assumption_and_can_be_saved(run, tmp_path):
    room = _chequered(tmp_path / "room.png")
    result = run(room, "--estimate", "--save", "--json")
    assert result.exit_code == 0
    (found,) = json.loads(result.stdout)
    assert found["source"] == "estimated"
    assert found["focal_px"] == pytest.approx(600, rel=0.06)
    assert 0.04 < found["rel_sigma"] < 0.2
    (again,) = json.loads(run(room, "--json").stdout)
    assert again["source"] == "sidecar"
    assert again["focal_px"] == pytest.approx(found["focal_px"])


def test_a_picture_that_does_not_tell_keeps_its_assumption_or_is_refused(run, plain, photo):
    result = run(plain, photo, "--estimate")
    assert result.exit_code == 0
    assert "does not tell its focal length: it has too few straight lines; the assumption stands" in result.stderr
    assert "(exif)" in run(photo, "--estimate").stdout
    strict = run(plain, "--estimate", "--strict-camera")
    assert strict.exit_code == 1
    assert "Give --focal-px or --fov" in strict.stderr
