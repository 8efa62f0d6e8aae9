"""Tests of the mesh: as near as its voxels allow, and without seams."""

import numpy as np
import pytest
from tests.apps import room
from tests.apps.test_tsdf import GRID, fused

from theodolite.apps import surface as module
from theodolite.apps.surface import Surface, extract_surface
from theodolite.apps.tsdf import Volume
from theodolite.apps.voxel_blocks import SIDE, blocks_of, keys_of
from theodolite.geometry.pose import inverse, transform_points

pytest.importorskip("skimage")


@pytest.fixture(scope="module")
def volume() -> Volume:
    return fused()


@pytest.fixture(scope="module")
def mesh(volume) -> Surface:
    return extract_surface(volume)


def borders(mesh: Surface) -> np.ndarray:
    """Edges of one triangle only: pairs of vertices."""
    edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, count = np.unique(edges, axis=0, return_counts=True)
    assert count.max() == 2
    return edges[count == 1]


def test_exact_depth_gives_a_surface_within_a_small_part_of_a_voxel(mesh):
    away = np.abs(room.distance(mesh.vertices)) / GRID.voxel
    assert away.mean() < 0.05
    assert np.percentile(away, 95) < 0.1  # half a voxel is what can be asked for
    assert np.percentile(away, 99.5) < 0.5


def test_the_whole_room_is_covered(mesh):
    inside = transform_points(inverse(room.WORLD_FROM_ROOM), mesh.vertices.astype(float))
    for axis in range(3):
        for side in (-1, 1):
            on_wall = np.abs(inside[:, axis] - side * room.HALF[axis]) < 0.02
            assert on_wall.sum() > 1000


def test_normals_point_into_the_free_room_and_colours_are_those_seen(mesh):
    step = 1e-3
    moved = [
        room.distance(mesh.vertices + step * axis) - room.distance(mesh.vertices - step * axis) for axis in np.eye(3)
    ]
    slope = np.stack(moved, axis=-1) / (2 * step)
    agreement = (slope * mesh.normals).sum(axis=1)
    assert np.median(agreement) > 0.999
    assert np.percentile(agreement, 5) > 0.9
    true = room.colours(transform_points(inverse(room.WORLD_FROM_ROOM), mesh.vertices.astype(float)))
    assert np.median(np.abs(true.astype(int) - mesh.colours)) <= 2


@pytest.mark.parametrize("tile", [1, 3, 20])
def test_the_size_of_the_cubes_changes_nothing(volume, mesh, monkeypatch, tile):
    monkeypatch.setattr(module, "TILE", tile)
    other = extract_surface(volume)
    assert len(other.vertices) == len(mesh.vertices)
    assert len(other.faces) == len(mesh.faces)
    assert len(borders(other)) == len(borders(mesh))
    ours, theirs = (points[np.lexsort(np.round(points, 4).T)] for points in (mesh.vertices, other.vertices))
    assert np.allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0), atol=1e-5)


def test_the_mesh_ends_only_where_nothing_was_seen_beyond(volume, mesh):
    """At every border a voxel around it is unknown."""
    ends = np.rint(mesh.vertices[np.unique(borders(mesh))] / GRID.voxel).astype(int)
    around = np.stack(np.meshgrid(*[[-2, -1, 0, 1, 2]] * 3), axis=-1).reshape(-1, 3)
    unknown = np.stack([np.isnan(volume.distances((ends + step) * GRID.voxel)) for step in around]).any(axis=0)
    assert len(ends) > 0
    assert unknown.all()


def test_a_ball_seen_from_all_sides_is_closed():
    volume = Volume(GRID)
    reach = np.arange(-4, 4)
    places = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
    rows = volume.blocks.add(places)
    within = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (volume.blocks.places[:, None] * SIDE + within) * GRID.voxel
    volume.blocks.distance[rows] = np.clip(np.linalg.norm(points, axis=-1) - 0.7, -0.16, 0.16)[rows]
    volume.blocks.weight[rows] = 1
    mesh = extract_surface(volume)
    assert len(borders(mesh)) == 0
    # Euler's number of a sphere.
    edges = len(mesh.faces) * 3 // 2
    assert len(mesh.vertices) - edges + len(mesh.faces) == 2
    assert np.abs(np.linalg.norm(mesh.vertices, axis=1) - 0.7).max() < 0.1 * GRID.voxel
    assert ((mesh.normals * mesh.vertices).sum(1) > 0).all()


def test_a_surface_through_voxels_centres_is_closed_as_well():
    volume = Volume(GRID)
    reach = np.arange(-2, 2)
    rows = volume.blocks.add(np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3))
    within = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    voxels = volume.blocks.places[:, None] * SIDE + within
    volume.blocks.distance[rows] = (np.abs(voxels).max(axis=-1) - 8)[
        rows
    ] * GRID.voxel  # a box on the borders of blocks
    volume.blocks.weight[rows] = 1
    assert len(borders(extract_surface(volume))) == 0


def test_small_pieces_and_what_few_views_saw_can_be_left_out(volume, mesh):
    largest = extract_surface(volume, least_faces=2000)
    assert 0.5 * len(mesh.faces) < len(largest.faces) <= len(mesh.faces)
    often = extract_surface(volume, least_views=3)
    assert 0 < len(often.faces) < len(mesh.faces)
    assert len(extract_surface(volume, least_faces=10**9).faces) == 0


def test_an_empty_volume_has_an_empty_surface():
    mesh = extract_surface(Volume(GRID))
    assert mesh.vertices.shape == (0, 3)
    assert mesh.faces.shape == (0, 3)
    assert len(mesh.cloud) == 0


def test_blocks_have_one_number_each_on_both_sides_of_the_origin():
    places = np.array([[0, 0, 0], [-1, 5, -1000000], [1000000, -1, 7]])
    assert np.array_equal(blocks_of(keys_of(places)), places)
