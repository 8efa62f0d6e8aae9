"""`theodolite odometry` as a user meets it: a folder, a video cut off, an impatient finger, and again."""

import json
from functools import partial

import numpy as np
import pytest
import typer
from PIL import Image
from tests.apps import slam_scene
from tests.cli.running import run as run_app

from theodolite.apps.trajectory import read_trajectory
from theodolite.cli import odometry as command
from theodolite.errors import OutputError, TheodoliteError
from theodolite.evaluation.trajectory_metrics import absolute_error, associated, scale_error

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(command.odometry)
COUNT = 10
run = partial(run_app, app)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Pictures at ten a second, with exact depth in millimetres beside them."""
    folder = tmp_path_factory.mktemp("room")
    for name in ("rgb", "depth"):
        (folder / name).mkdir()
    for number in range(COUNT):
        frame = slam_scene.frame(number)
        Image.fromarray(frame.image).save(folder / "rgb" / frame.name)
        millimetres = np.rint(1000 * slam_scene.depth(frame)).astype(np.uint16)
        Image.fromarray(millimetres).save(folder / "depth" / frame.name)
    return folder


def usual(room, out, *more):
    return [room, "--depth", room / "depth", "--fov", 75, "--fps", 10, "--out", out, *more]


def test_a_folder_gives_its_path_in_both_forms_and_facts(room, tmp_path, capsys):
    code, out, _ = run(capsys, *usual(room, tmp_path, "--json"))
    facts = json.loads(out)
    assert code == 0
    assert facts["placed"] == COUNT
    estimate, truth = associated(read_trajectory(tmp_path / "trajectory.txt"), slam_scene.truth())
    assert len(estimate) == COUNT
    assert abs(scale_error(estimate, truth)) < 0.02
    assert absolute_error(estimate, truth) < 0.01
    kitti = read_trajectory(tmp_path / "trajectory_kitti.txt")
    np.testing.assert_allclose(kitti.world_from_camera, estimate.world_from_camera, atol=1e-6)
    stored = json.loads((tmp_path / "odometry.json").read_text())
    assert stored["pictures"][0] == "0000.png"
    assert stored["length_metres"] == pytest.approx(estimate.length, rel=1e-4)


def test_text_says_what_was_found(room, tmp_path, capsys):
    _, out, err = run(capsys, *usual(room, tmp_path))
    assert f"{COUNT} pictures placed" in out
    assert "trajectory.txt" in out
    assert err == ""


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(room, tmp_path, capsys, monkeypatch):
    from theodolite.apps.odometry import Tracker

    take, seen = Tracker.take, []

    def impatient(self, frame):
        seen.append(frame.number)
        if frame.number == 6 and seen.count(6) == 1:
            raise KeyboardInterrupt
        return take(self, frame)

    monkeypatch.setattr(Tracker, "take", impatient)
    code, _, _ = run(capsys, *usual(room, tmp_path))
    assert code == 130
    assert len(read_trajectory(tmp_path / "trajectory.txt")) == 6
    run(capsys, *usual(room, tmp_path))
    assert len(read_trajectory(tmp_path / "trajectory.txt")) == COUNT
    assert seen.count(0) == 1  # it did not begin anew
    assert not list(tmp_path.glob(".*"))


def test_another_input_and_somebody_elses_files_are_not_written_over(room, tmp_path, capsys):
    run(capsys, *usual(room, tmp_path))
    with pytest.raises(OutputError, match="another every"):
        run(capsys, *usual(room, tmp_path, "--every", 2))
    code, _, _ = run(capsys, *usual(room, tmp_path, "--every", 2, "--overwrite"))
    assert code == 0
    assert len(read_trajectory(tmp_path / "trajectory.txt")) == COUNT // 2
    (tmp_path / "odometry.npz").unlink()
    with pytest.raises(OutputError, match="is there already"):
        run(capsys, *usual(room, tmp_path))


def test_rgbd_for_slam_is_written_beside(room, tmp_path, capsys):
    _, out, _ = run(capsys, *usual(room, tmp_path / "out", "--export-rgbd", tmp_path / "rgbd"))
    assert f"{COUNT} pictures with depth" in out
    assert len(list((tmp_path / "rgbd/depth").glob("*.png"))) == COUNT
    assert len(read_trajectory(tmp_path / "rgbd/trajectory.txt")) == COUNT
    values = np.asarray(Image.open(tmp_path / "rgbd/depth/0.000000.png"))
    exact = slam_scene.depth(slam_scene.frame(0))
    assert np.median(values / 5000 / exact) == pytest.approx(1, abs=0.02)


def test_a_video_cut_off_in_the_middle_gives_the_first_part_and_one_line(tmp_path, capsys, monkeypatch):
    cv2 = pytest.importorskip("cv2")
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no video")
    for number in range(COUNT):
        writer.write(np.ascontiguousarray(slam_scene.frame(number).image[..., ::-1]))
    writer.release()
    data = film.read_bytes()
    film.write_bytes(data[: int(0.7 * len(data))])
    monkeypatch.setattr(command, "_depth", lambda *given: slam_scene.depth)
    code, out, err = run(capsys, film, "--fov", 75, "--out", tmp_path / "out", "--json")
    assert code == 0
    assert len([line for line in err.splitlines() if line]) == 1
    assert "breaks off after" in err
    assert 3 <= json.loads(out)["placed"] < COUNT


def test_nothing_to_follow_is_said(tmp_path, capsys):
    with pytest.raises(TheodoliteError, match="holds no picture"):
        run(capsys, tmp_path, "--depth", tmp_path)
