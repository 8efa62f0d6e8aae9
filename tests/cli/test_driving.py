"""`theodolite driving`: what it prints and writes, and what it says of calibrations that are missing or wrong."""

import json

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from theodolite.apps.pseudo_lidar import read_sweep, write_sweep
from theodolite.cli.driving import driving

CALIBRATION = (
    "P2: 150 0 128 0 0 150 39 0 0 0 1 0\nR0_rect: 1 0 0 0 1 0 0 0 1\nTr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0\n"
)
POSE = [[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.6], [0, 0, 0, 1]]


@pytest.fixture
def run(tmp_path):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(driving)
    runner = CliRunner()

    def call(*arguments):
        return runner.invoke(app, [*map(str, arguments), "--out", str(tmp_path / "out")])

    return call


@pytest.fixture
def kitti(tmp_path):
    """One picture in KITTI's layout, with a measured road 1.5 m below the camera."""
    for name in ("image_2", "calib", "depth", "velodyne"):
        (tmp_path / "kitti" / name).mkdir(parents=True)
    y = (np.arange(80)[:, None] - 39) / 150
    depth = np.broadcast_to(np.where(y > 0.02, 1.5 / np.maximum(y, 1e-6), 0), (80, 256))
    Image.fromarray((depth * 256).astype(np.uint16)).save(tmp_path / "kitti/depth/000003.png")
    Image.new("RGB", (256, 80), (100, 110, 120)).save(tmp_path / "kitti/image_2/000003.png")
    (tmp_path / "kitti/calib/000003.txt").write_text(CALIBRATION)
    return tmp_path / "kitti"


def test_a_folder_as_kitti_has_it_needs_no_options(run, kitti, tmp_path):
    result = run(kitti)
    assert result.exit_code == 0
    assert "000003.png  256x80 px, focal length 150 px" in result.stdout
    assert "in the axes of the velodyne" in result.stdout
    assert len(read_sweep(tmp_path / "out/000003.bin")) > 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "000003.bin",
        "000003_birdseye.png",
        "000003_driving.json",
    }


def test_measured_depth_takes_the_networks_place_and_is_compared_with_the_sweep(run, kitti):
    x, y = np.meshgrid(np.linspace(5, 30, 60), np.linspace(-3, 3, 40))
    sweep = np.stack([x.ravel(), y.ravel(), np.full(x.size, -1.5), np.zeros(x.size)], axis=-1)
    write_sweep(kitti / "velodyne/000003.bin", sweep.astype(np.float32))
    result = run(kitti, "--depth", kitti / "depth", "--json")
    (row,) = json.loads(result.stdout)["results"]
    assert row["ground"]["camera_height_m"] == pytest.approx(1.5, rel=2e-3)
    assert row["ground"]["tilt_degrees"] < 0.1
    assert row["sweep"][0]["points"] > 500
    assert row["sweep"][0]["ratio"] == pytest.approx(1, abs=0.03)


def test_two_cameras_of_one_rig_are_compared(run, kitti, tmp_path):
    for name in ("a", "b"):
        Image.open(kitti / "image_2/000003.png").save(tmp_path / f"{name}.png")
        Image.open(kitti / "depth/000003.png").save(kitti / f"depth/{name}.png")
    own = {"K": [[150, 0, 128], [0, 150, 39], [0, 0, 1]], "vehicle_from_camera": POSE}
    rig = tmp_path / "rig.json"
    rig.write_text(json.dumps({"cameras": {"a": own, "b.png": own}}))
    result = run(tmp_path / "a.png", tmp_path / "b.png", "--calibration", rig, "--depth", kitti / "depth")
    assert result.exit_code == 0
    assert "b.png sees at 1.000 of the depth of a.png" in result.stdout
    assert "in the axes of the vehicle" in result.stdout


def test_a_picture_without_calibration_is_reported_and_the_rest_are_done(run, kitti):
    Image.new("RGB", (256, 80)).save(kitti / "image_2/000004.png")
    result = run(kitti, "--json")
    assert result.exit_code == 1
    good, bad = json.loads(result.stdout)["results"]
    assert "ground" in good
    assert "no calibration beside it" in bad["error"]
    assert "Give --calibration." in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no named rows"), (CALIBRATION.replace("Tr_", "X_"), "gives no Tr_velo_to_cam"), ("P2: 1 2", "P2")],
)
def test_a_wrong_calibration_is_one_line(run, kitti, tmp_path, text, words):
    (kitti / "calib/000003.txt").write_text(text)
    result = run(kitti)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert words in line
    assert "000003.txt" in line
    assert not (tmp_path / "out").exists()


def test_files_that_are_there_are_kept(run, kitti, tmp_path):
    assert run(kitti).exit_code == 0
    before = (tmp_path / "out/000003.bin").read_bytes()
    again = run(kitti)
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    assert (tmp_path / "out/000003.bin").read_bytes() == before
    assert run(kitti, "--overwrite").exit_code == 0


@pytest.mark.parametrize("option", ["--sweep", "--depth"])
def test_a_file_that_was_named_and_is_not_there_is_one_line(run, kitti, option):
    result = run(kitti, option, kitti / "nothing")
    assert result.exit_code == 1
    assert "nothing" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_pictures_are_an_error(run, tmp_path):
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "There is no picture" in str(result.exception)


def test_real_lidar_gives_the_known_camera_height(run, shared):
    folder = shared / "data/kitti_object_3"
    result = run(folder / "image_2/000000.png", folder / "image_2/000001.png", "--depth", folder / "depth", "--json")
    rows = json.loads(result.stdout)["results"]
    # KITTI's cameras are mounted 1.65 m above the road.
    for row in rows:
        assert row["ground"]["camera_height_m"] == pytest.approx(1.65, abs=0.09)
        assert row["sweep"][0]["relative"] < 0.001
