"""Tests of `theodolite reconstruct`."""

import json
import signal
import sys

import numpy as np
import pytest
import typer
from tests.apps import room
from typer.testing import CliRunner

from theodolite.cli.reconstruct import reconstruct
from theodolite.errors import DatasetError, MissingExtra, OutputError

pytest.importorskip("skimage")

app = typer.Typer()
app.command()(reconstruct)
COARSE = ["--voxel", "0.05", "--truncation", "0.15"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return room.write_folder(tmp_path_factory.mktemp("room"), 5)


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments), *COARSE], catch_exceptions=True)


def test_measured_depth_becomes_a_mesh_and_a_cloud(folder, tmp_path):
    import trimesh

    result = run(folder, "--depth", "sensor", "-o", tmp_path / "mesh.ply", "--cloud", tmp_path / "points.ply")
    assert result.exit_code == 0, result.output
    assert "from 5 views" in result.output
    mesh = trimesh.load(tmp_path / "mesh.ply", process=False)
    assert np.median(np.abs(room.distance(np.asarray(mesh.vertices)))) < 0.01
    assert (tmp_path / "points.ply").is_file()


def test_a_mesh_can_be_made_of_fewer_triangles_and_its_cloud_stays(folder, tmp_path):
    pytest.importorskip("fast_simplification")
    import trimesh

    command = [folder, "--depth", "sensor", "-o", tmp_path / "mesh.glb", "--cloud", tmp_path / "points.ply", "--json"]
    result = run(*command, "--mesh-triangles", 2000)
    assert result.exit_code == 0, result.output
    mesh = trimesh.load(tmp_path / "mesh.glb", force="mesh", process=False)
    assert len(mesh.faces) == json.loads(result.stdout)["faces"] <= 2000
    assert np.median(np.abs(room.distance(np.asarray(mesh.vertices)))) < 0.015
    assert len(trimesh.load(tmp_path / "points.ply").vertices) > 3 * len(mesh.vertices)


def test_fewer_triangles_without_their_library_are_refused_before_the_work(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fast_simplification", None)
    result = run(folder, "--depth", "sensor", "-o", tmp_path / "mesh.ply", "--mesh-triangles", 2000)
    assert isinstance(result.exception, MissingExtra)
    assert "theodolite[recon]" in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_the_embedded_model_does_it_too_and_json_tells_each_factor(folder, tmp_path):
    result = run(folder, "-o", tmp_path / "mesh.glb", "--json", "--every", 2)
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["views"]["fused"] == 3
    assert len(facts["frames"]) == 3
    assert all(frame["factor"] > 0 for frame in facts["frames"])
    assert facts["grid"]["voxel"] == 0.05
    assert facts["files"] == [str(tmp_path / "mesh.glb")]


def test_files_are_kept_unless_told_otherwise(folder, tmp_path):
    (tmp_path / "mesh.ply").write_text("mine")
    result = run(folder, "--depth", "sensor", "-o", tmp_path / "mesh.ply")
    assert isinstance(result.exception, OutputError)
    assert (tmp_path / "mesh.ply").read_text() == "mine"
    assert run(folder, "--depth", "sensor", "-o", tmp_path / "mesh.ply", "--overwrite").exit_code == 0


def test_a_bad_view_is_told_and_the_code_says_so(tmp_path):
    root = room.write_folder(tmp_path / "room", 5)
    (root / "2_d.png").write_bytes(b"no picture")
    result = run(root, "--depth", "sensor", "-o", tmp_path / "mesh.ply")
    assert result.exit_code == 1
    assert "2_d.png" in result.stderr
    assert "from 4 views, 1 failed" in result.stdout
    assert (tmp_path / "mesh.ply").is_file()


def test_an_interrupt_leaves_the_mesh_of_what_is_done(folder, tmp_path, monkeypatch):
    from theodolite.apps.tsdf import Volume

    integrate, calls = Volume.integrate, []

    def interrupted(volume, view):
        calls.append(view)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return integrate(volume, view)

    monkeypatch.setattr(Volume, "integrate", interrupted)
    result = run(folder, "--depth", "sensor", "-o", tmp_path / "mesh.ply")
    assert result.exit_code == 130
    assert "interrupted after 2 of 5 views" in result.stderr
    assert (tmp_path / "mesh.ply").is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--depth", "guess"],
        ["--range", "-1"],
        ["--pose-scale", "nan"],
        ["--focal-px", "5", "--calibration", "x"],
    ],
)
def test_wrong_options_are_called_wrong(folder, tmp_path, wrong):
    result = run(folder, "-o", tmp_path / "mesh.ply", *wrong)
    assert result.exit_code == 2
    assert not (tmp_path / "mesh.ply").exists()


def test_a_grid_that_cannot_be_is_called_wrong(folder, tmp_path):
    arguments = [
        str(folder),
        "--depth",
        "sensor",
        "-o",
        str(tmp_path / "m.ply"),
        "--voxel",
        "0.1",
        "--truncation",
        "0.05",
    ]
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_a_folder_without_poses_and_a_mesh_of_no_kind_are_refused(folder, tmp_path):
    assert isinstance(run(tmp_path, "-o", tmp_path / "mesh.ply").exception, DatasetError)
    assert isinstance(run(folder, "-o", tmp_path / "mesh.obj").exception, OutputError)
