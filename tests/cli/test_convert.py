import json

import numpy as np
import pytest
import trimesh
import typer
from typer.testing import CliRunner

from theodolite.camera.pinhole import Camera
from theodolite.cli.convert import convert
from theodolite.errors import TheodoliteError
from theodolite.inference.files import read_ply
from theodolite.inference.prediction import Prediction


@pytest.fixture
def folder(tmp_path):
    """A slanted wall, saved twice."""
    v, u = np.mgrid[:60, :80].astype(np.float32)
    depth = 1 / (0.4 + 0.001 * u + 0.0005 * v)
    for name in ("wall.jpg", "fence.jpg"):
        Prediction(
            depth=depth,
            normals=None,
            confidence=np.ones_like(depth),
            kappa=None,
            valid=np.ones(depth.shape, bool),
            camera=Camera.from_fov(60, 80, 60),
            image=np.full((60, 80, 3), 90, np.uint8),
            name=name,
        ).save(tmp_path, ["npz"])
    return tmp_path


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(convert)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def test_a_prediction_becomes_a_cloud_and_a_mesh_beside_it(folder, run):
    result = run(folder / "wall.npz")
    assert result.exit_code == 0
    assert result.stdout.split() == [str(folder / "wall.ply"), str(folder / "wall.glb")]
    assert len(read_ply(folder / "wall.ply")) == 4800
    assert len(trimesh.load(folder / "wall.glb", force="mesh").faces) < 4800


def test_all_predictions_of_a_folder_go_into_another(folder, run, tmp_path):
    result = run(folder, "--formats", "mesh-ply", "--out", tmp_path / "models", "--json")
    rows = json.loads(result.stdout)["results"]
    assert [row["files"] for row in rows] == [
        [str(tmp_path / "models" / f"{name}_mesh.ply")] for name in ("fence", "wall")
    ]


def test_options_reach_the_files(folder, run):
    run(folder / "wall.npz", "--mesh-triangles", 0, "--up-axis", "z", "--level", "--formats", "ply,mesh-ply")
    assert len(trimesh.load(folder / "wall_mesh.ply").faces) == 2 * 59 * 79
    assert b"z up" in (folder / "wall.ply").read_bytes()[:200]
    coarse = run(folder / "fence.npz", "--mesh-error", "0.001", "--formats", "glb")
    assert coarse.exit_code == 0


def test_one_bad_file_is_told_and_the_rest_is_done(folder, run):
    (folder / "broken.npz").write_bytes(b"no")
    (folder / "wall.ply").write_bytes(b"somebody's own")
    result = run(folder, "--formats", "ply")
    assert result.exit_code == 1
    assert "broken.npz" in result.stderr
    assert "wall.ply exists already" in result.stderr
    assert result.stdout.split() == [str(folder / "fence.ply")]
    assert (folder / "wall.ply").read_bytes() == b"somebody's own"
    assert run(folder / "wall.npz", "--formats", "ply", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    "wrong", [["--formats", "exe"], ["--formats", ","], ["--up-axis", "x"], ["--mesh-triangles", "7"]]
)
def test_what_means_nothing_is_refused_as_a_wrong_call(folder, run, wrong):
    assert run(folder, *wrong).exit_code == 2


def test_a_folder_without_predictions_is_refused(tmp_path, run):
    with pytest.raises(TheodoliteError, match=r"no prediction.*theodolite predict"):
        run(tmp_path)


def test_two_predictions_of_one_name_do_not_replace_each_other(folder, run, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more/wall.npz").write_bytes((folder / "wall.npz").read_bytes())
    result = run(folder / "wall.npz", tmp_path / "more", "--formats", "ply", "--out", tmp_path / "o", "--overwrite")
    assert result.exit_code == 1
    assert "another prediction was just written" in result.stderr
