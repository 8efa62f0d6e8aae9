"""Tests of the whole way from a folder to a mesh, with depth that is known."""

import json
import struct

import numpy as np
import pytest
from tests.apps import room

from theodolite.apps.depth_view import Grid
from theodolite.apps.mesh_files import write_mesh, write_points
from theodolite.apps.reconstruct import Settings, start
from theodolite.apps.surface import extract_surface
from theodolite.apps.tsdf import Volume
from theodolite.apps.view_readers import read_views
from theodolite.errors import DatasetError, OutputError
from theodolite.inference.files import read_ply

pytest.importorskip("skimage")

COARSE = {"voxel": 0.04, "truncation": 0.12}
FACTORS = [1.2, 0.85, 1.0, 1.1, 0.9, 1.15, 0.95, 1.05]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return room.write_folder(tmp_path_factory.mktemp("room"))


def done(views, predictor=None, **settings):
    scene = start(views, predictor, Settings(**{**COARSE, **settings}))
    list(scene.frames())
    return scene


def test_measured_depth_gives_the_room(folder):
    scene = done(read_views(folder))
    assert scene.fused == 8
    assert not scene.aligned
    away = np.abs(room.distance(scene.surface().vertices))
    assert np.median(away) < 0.1 * 0.04
    assert np.percentile(away, 95) < 0.5 * 0.04


def test_the_factors_of_predictions_are_found_and_undone(folder):
    predictor = room.Exact(folder, FACTORS)
    scene = done(read_views(folder), predictor)
    found = [frame.scale.factor for frame in scene.done]
    assert np.allclose(np.multiply(found, FACTORS), 1, atol=0.03)
    assert {frame.scale.by for frame in scene.done} == {"pictures"}
    aligned = np.abs(room.distance(scene.surface().vertices))
    plain = np.abs(room.distance(done(read_views(folder), predictor, align=False).surface().vertices))
    assert np.mean(aligned) < 0.02
    assert np.mean(plain) > 3 * np.mean(aligned)


def test_poses_of_unknown_unit_give_a_room_in_metres(folder, tmp_path):
    root = room.write_folder(tmp_path, unit=3.0, metric=False)
    scene = done(read_views(root), room.Exact(root, [1.0] * 8))
    assert scene.unit.metres == pytest.approx(3, rel=0.03)
    given = done(read_views(root), room.Exact(root, [1.0] * 8), pose_scale=3.0)
    assert given.unit.by == "given"
    assert np.median(np.abs(room.distance(given.surface().vertices))) < 0.01


def test_a_bad_view_is_told_and_the_rest_is_done(tmp_path):
    views = read_views(room.write_folder(tmp_path))
    views.views[4].image.write_bytes(b"no picture")
    views.views[5].depth.unlink()
    scene = done(views)
    assert [bool(frame.error) for frame in scene.done] == [False] * 4 + [True, True, False, False]
    assert "5_d.png" in scene.done[5].error
    facts = scene.facts()
    assert facts["views"] == {"fused": 6, "failed": 2, "skipped": 0}
    assert len(scene.surface().faces) > 1000


def test_measured_depth_has_to_be_there(tmp_path):
    views = read_views(room.write_folder(tmp_path, metric=False))
    with pytest.raises(DatasetError, match="No view has measured depth"):
        start(views)


def test_every_nth_view_can_be_taken(folder):
    assert [frame.name for frame in done(read_views(folder), every=3).done] == ["0.png", "3.png", "6.png"]


def test_the_grid_follows_the_scene_and_what_is_asked_for(folder):
    views = read_views(folder)
    grid = start(views).grid
    assert (grid.voxel, grid.farthest, grid.growth) == (0.02, 5.0, 0.0)
    street = start(views, room.Exact(folder, [10.0] * 8), Settings(pose_scale=1.0)).grid
    assert street.farthest > 15
    assert street.voxel > 0.05
    assert street.growth > 0
    assert start(views, None, Settings(voxel=0.1, farthest=2.0)).grid == Grid(0.1, 2.0, 0.4)


def glb_colours(path) -> np.ndarray:
    """Vertex colours by the glTF standard; trimesh passes over them where there is a material."""
    data = path.read_bytes()
    (length,) = struct.unpack("<I", data[12:16])
    tree, binary = json.loads(data[20 : 20 + length]), data[28 + length :]
    assert "KHR_materials_unlit" in tree["materials"][0]["extensions"]
    accessor = tree["accessors"][tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]]
    view = tree["bufferViews"][accessor["bufferView"]]
    assert accessor["componentType"] == 5121  # unsigned bytes
    found = np.frombuffer(binary, np.uint8, view["byteLength"], view.get("byteOffset", 0))
    return found[: 4 * accessor["count"]].reshape(-1, 4)[:, :3]


def test_meshes_are_read_back_by_another_program(folder, tmp_path):
    import trimesh

    surface = done(read_views(folder)).surface()
    for name in ("mesh.ply", "mesh.glb"):
        write_mesh(tmp_path / name, surface, "a room")
        mesh = trimesh.load(tmp_path / name, force="mesh", process=False)
        assert np.allclose(mesh.vertices, surface.vertices, atol=1e-6)
        assert np.array_equal(mesh.faces, surface.faces)
    coloured = trimesh.load(tmp_path / "mesh.ply", process=False)
    assert np.array_equal(coloured.visual.vertex_colors[:, :3], surface.colours)
    assert np.array_equal(glb_colours(tmp_path / "mesh.glb"), surface.colours)
    # trimesh makes normals of its own; those of the file are kept beside.
    raw = trimesh.load(tmp_path / "mesh.ply", process=False).metadata["_ply_raw"]["vertex"]["data"]
    assert np.array_equal(np.stack([raw[name] for name in ("nx", "ny", "nz")], axis=-1), surface.normals)
    write_points(tmp_path / "points.ply", surface)
    cloud = read_ply(tmp_path / "points.ply")
    assert np.array_equal(cloud.points, surface.vertices)
    assert np.array_equal(cloud.colours, surface.colours)


def test_a_file_that_is_no_mesh_s_and_a_scene_without_surface_are_refused(tmp_path):
    nothing = extract_surface(Volume(Grid()))
    with pytest.raises(OutputError, match=r"\.ply or \.glb, not as mesh\.obj"):
        write_mesh(tmp_path / "mesh.obj", nothing)
    with pytest.raises(OutputError, match="no surface"):
        write_mesh(tmp_path / "mesh.ply", nothing)
    assert not list(tmp_path.iterdir())


def test_a_real_kitchen_s_halves_agree(shared):
    """Measured depth of every fourth view against that of the views between."""
    metrics = pytest.importorskip("theodolite.evaluation.cloud_metrics")
    from dataclasses import replace

    views = read_views(shared / "data" / "redkitchen_a")
    meshes = [done(replace(views, views=views.views[start::8])).surface().vertices for start in (0, 4)]
    found = metrics.cloud_metrics(*meshes)
    assert found.f_score > 0.85
