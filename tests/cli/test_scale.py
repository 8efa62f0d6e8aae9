"""`theodolite scale` as a user meets it: a path of an unknown unit with its pictures, and a COLMAP model."""

import json

import numpy as np
import pytest
import typer
from PIL import Image
from tests.apps import slam_scene

from theodolite.apps.trajectory import read_trajectory, write_kitti, write_tum
from theodolite.cli import scale as command
from theodolite.errors import OutputError, TheodoliteError
from theodolite.evaluation.trajectory_metrics import absolute_error, associated
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.rotation import to_quaternion
from theodolite.geometry.unproject import project, unproject

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(command.scale)
COUNT, UNIT = 12, 0.3


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Pictures, exact depth in millimetres, and the path in a unit of 3.33 m."""
    folder = tmp_path_factory.mktemp("room")
    for name in ("images", "depth"):
        (folder / name).mkdir()
    for number in range(COUNT):
        frame = slam_scene.frame(number)
        Image.fromarray(frame.image).save(folder / "images" / frame.name)
        millimetres = np.rint(1000 * slam_scene.depth(frame)).astype(np.uint16)
        Image.fromarray(millimetres).save(folder / "depth" / frame.name)
    path = truth().scaled(UNIT)
    write_tum(folder / "path.txt", path)
    write_kitti(folder / "path_kitti.txt", path)
    return folder


def truth():
    whole = slam_scene.truth()
    return type(whole)(whole.times[:COUNT], whole.world_from_camera[:COUNT])


def run(capsys, *arguments) -> tuple[str, str]:
    app([str(argument) for argument in arguments], standalone_mode=False)
    captured = capsys.readouterr()
    return captured.out, captured.err


@pytest.mark.parametrize("name", ["path.txt", "path_kitti.txt"])
def test_a_path_comes_out_in_metres(name, room, tmp_path, capsys):
    given = [room / name, "--images", room / "images", "--depth", room / "depth", "--fov", 75, "--out", tmp_path]
    out, err = run(capsys, *given, "--json")
    facts = json.loads(out)
    assert err == ""
    assert facts["factor"] == pytest.approx(1 / UNIT, rel=0.01)
    assert facts["told"] == COUNT
    assert facts["told_by"] == {"tracks": COUNT}
    found = read_trajectory(tmp_path / "trajectory.txt")
    assert absolute_error(found, type(found)(found.times, truth().world_from_camera), "none") < 0.03
    assert json.loads((tmp_path / "scale.json").read_text())["factor"] == facts["factor"]
    with pytest.raises(OutputError, match="is there already"):
        run(capsys, *given)


def test_text_tells_factor_uncertainty_and_drift(room, tmp_path, capsys):
    given = [room / "path.txt", "--images", room / "images", "--depth", room / "depth", "--fov", 75, "--out", tmp_path]
    out, _ = run(capsys, *given, "--constant")
    assert "3.33" in out
    assert "m for each unit ±" in out
    assert "drift   none found" in out


def write_colmap(folder, images) -> None:
    """A model in text, of points on a grid of the first picture's and the last one's."""
    camera, poses = slam_scene.CAMERA, truth().scaled(UNIT).world_from_camera
    points = np.concatenate(
        [
            transform_points(
                poses[n], UNIT * unproject(slam_scene.depth(slam_scene.frame(n)).astype(float), camera)[10::30, 10::30]
            ).reshape(-1, 3)
            for n in (0, COUNT - 1)
        ]
    )
    # COLMAP has the corner of the top-left pixel at (0, 0).
    (folder / "cameras.txt").write_text(
        f"1 PINHOLE {camera.width} {camera.height} {camera.fx} {camera.fy} {camera.cx + 0.5} {camera.cy + 0.5}\n"
    )
    lines = []
    for number, pose in enumerate(poses):
        motion = inverse(pose)
        uv = project(transform_points(motion, points), camera) + 0.5
        seen = [i for i, (u, v) in enumerate(uv) if 0 <= u < camera.width and 0 <= v < camera.height]
        numbers = " ".join(f"{x:.9f}" for x in (*to_quaternion(motion[:3, :3]), *motion[:3, 3]))
        lines += [f"{number + 1} {numbers} 1 {number:04d}.png", " ".join(f"{uv[i, 0]} {uv[i, 1]} {i}" for i in seen)]
    (folder / "images.txt").write_text("\n".join(lines) + "\n")
    rows = (f"{i} {x:.9f} {y:.9f} {z:.9f} 0 0 0 0.5" for i, (x, y, z) in enumerate(points))
    (folder / "points3D.txt").write_text("\n".join(rows) + "\n")


def test_a_colmap_model_is_scaled_by_its_points(room, tmp_path, capsys):
    (tmp_path / "model").mkdir()
    write_colmap(tmp_path / "model", room / "images")
    given = [tmp_path / "model", "--images", room / "images", "--depth", room / "depth", "--out", tmp_path / "out"]
    out, _ = run(capsys, *given, "--json")
    facts = json.loads(out)
    assert facts["told_by"] == {"points": COUNT}
    assert facts["factor"] == pytest.approx(1 / UNIT, rel=0.02)
    found = read_trajectory(tmp_path / "out/trajectory.txt")
    assert absolute_error(*associated(found, type(found)(found.times, truth().world_from_camera)), "none") < 0.05


def test_a_path_without_pictures_is_refused(room, tmp_path, capsys):
    with pytest.raises(TheodoliteError, match="--images"):
        run(capsys, room / "path.txt", "--out", tmp_path)
