"""Where meshes are put: carried, clear of everything, in sight, and always the same."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from theodolite.synth.builder import Builder
from theodolite.synth.families import sample_scene
from theodolite.synth.mesh_library import MeshLibrary
from theodolite.synth.mesh_place import _floor, _overlap, with_meshes
from theodolite.synth.render import render
from theodolite.synth.scene import Scene
from theodolite.synth.shards import Order, read_shard, write_shards

from .conftest import GREY, plain_scene

pytest.importorskip("embreex")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("meshes")
    sizes = {"stool": (0.4, 0.5, 0.4), "chest": (0.7, 0.6, 0.5), "cup": (0.09, 0.1, 0.09), "book": (0.2, 0.04, 0.15)}
    for name, size in sizes.items():
        trimesh.creation.box(size).export(folder / f"{name}.glb")
    return MeshLibrary(folder)


@pytest.fixture(scope="module")
def furnished(library) -> list[tuple[Scene, Scene]]:
    families = ["room"] * 8 + ["still-life"] * 4
    bare = [sample_scene(name, 2, k) for k, name in enumerate(families)]
    return [(scene, with_meshes(scene, families[k], library, (2, k))) for k, scene in enumerate(bare)]


def test_most_scenes_get_meshes(furnished):
    counts = [len(scene.meshes) for _, scene in furnished]
    assert sum(count > 0 for count in counts) >= 9
    assert sum(counts) >= 24


def test_pieces_keep_clear_of_solids_and_of_each_other(furnished):
    for _, scene in furnished:
        for k, mesh in enumerate(scene.meshes):
            inside = mesh.middle + np.random.default_rng(k).uniform(-0.45, 0.45, (60, 3)) * mesh.piece.size @ (
                mesh.world_from_local.T
            )
            solids = scene.solids
            local = np.einsum("nij,pnj->pni", solids.local_from_world, inside[:, None] - solids.centre)
            assert not (np.abs(local).max(-1) < 1).any()
            for other in scene.meshes[:k]:
                apart = mesh.position[2] >= other.top - 1e-3 or other.position[2] >= mesh.top - 1e-3
                assert apart or not _overlap(mesh.footprint, other.footprint[None])[0]


def test_every_piece_is_carried_and_near_the_floor_or_a_table(furnished):
    for _, scene in furnished:
        for mesh in scene.meshes:
            z = mesh.position[2]
            _, high = scene.solids.bounds
            tops = [*high[:, 2], *(other.top for other in scene.meshes)]
            assert np.abs(np.array(tops) - z).min() < 2e-3
            if mesh.piece.role == "floor":
                assert abs(z - _floor(scene)) < 0.03


def test_pieces_lie_before_the_camera_and_are_seen(furnished):
    seen = placed = 0
    for _, scene in furnished[:3]:
        with_, without = render([scene, replace(scene, meshes=())], 48, 64)
        nearer = with_.depth < without.depth - 1e-4
        placed += len(scene.meshes)
        seen += nearer.any()
        assert not (with_.depth > without.depth + 1e-4).any()
    assert placed
    assert seen >= 2


def test_walls_and_floors_stay_when_furniture_makes_room(furnished):
    dropped = 0
    for before, after in furnished[:8]:
        low, high = before.solids.bounds
        big = (high - low).max(1) > 2.6
        left = {tuple(row) for row in after.solids.centre}
        assert all(tuple(row) in left for row in before.solids.centre[big])
        dropped += len(before.solids) - len(after.solids)
    assert dropped > 50


def test_a_wall_below_a_window_is_no_furniture(library):
    b = Builder()
    b.box((0, 0, -0.1), (8, 8, 0.2), GREY)
    for x in (-2.5, 2.5):
        b.box((x, 3, 1.25), (3.0, 0.2, 2.5), GREY)
    b.box((0, 3, 0.45), (2.0, 0.2, 0.9), GREY)
    scene = plain_scene(b, pose=np.array([[1.0, 0, 0, 0], [0, 0, 1, -1], [0, -1, 0, 1.5], [0, 0, 0, 1]]))
    assert all(len(with_meshes(scene, "room", library, (0, k)).solids) == 4 for k in range(6))


def test_placing_depends_on_seed_and_index_alone(library, furnished):
    for k in (0, 9):
        before, after = furnished[k]
        again = with_meshes(before, "room" if k < 8 else "still-life", MeshLibrary(library.folder), (2, k))
        assert [(m.piece.name, m.position, m.yaw) for m in again.meshes] == [
            (m.piece.name, m.position, m.yaw) for m in after.meshes
        ]
    other = with_meshes(furnished[0][0], "room", library, (3, 0))
    assert [m.position for m in other.meshes] != [m.position for m in furnished[0][1].meshes]


def test_streets_are_left_as_they_are(library):
    scene = sample_scene("street", 0, 0)
    assert with_meshes(scene, "street", library, (0, 0)) is scene


@pytest.mark.parametrize(
    ("shift", "yaw", "meets"), [(0.9, 0.0, True), (1.1, 0.0, False), (1.1, 0.78, True), (1.3, 0.78, False)]
)
def test_turned_rectangles_meet_or_not(shift, yaw, meets):
    square = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
    assert _overlap(square, (square @ turn.T + (shift, 0))[None])[0] == meets


def test_a_shard_with_meshes_differs_and_reads_like_any_other(library, tmp_path):
    bare = Order(tmp_path / "bare", 2, 48, 64, "room", 5)
    orders = bare, replace(bare, folder=tmp_path / "furnished", meshes=library.folder)
    plain, with_ = (read_shard(next(write_shards(order))) for order in orders)
    assert with_.image.shape == plain.image.shape
    assert with_.index == plain.index
    assert (with_.depth != plain.depth).any()
