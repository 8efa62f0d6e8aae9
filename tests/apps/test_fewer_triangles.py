import numpy as np
import pytest
import trimesh

from theodolite.apps.fewer_triangles import with_fewer_triangles
from theodolite.apps.surface import Surface

pytest.importorskip("fast_simplification")


def ball(at=(3.0, -2.0, 7.0), radius=0.5) -> Surface:
    mesh = trimesh.creation.icosphere(subdivisions=5, radius=radius)
    normals = np.array(mesh.vertices) / radius
    colours = np.where(normals[:, 2:] > 0, [250, 10, 10], [10, 10, 250]).astype(np.uint8)
    return Surface(mesh.vertices + np.array(at), mesh.faces.astype(np.int64), normals, colours)


def test_a_ball_stays_a_ball_with_its_normals_and_colours():
    few = with_fewer_triangles(ball(), 1000)
    assert 900 <= len(few.faces) <= 1000
    out = few.vertices - [3, -2, 7]
    np.testing.assert_allclose(np.linalg.norm(out, axis=-1), 0.5, atol=0.01)
    assert ((out / 0.5) * few.normals).sum(axis=-1).min() > 0.99
    upper = out[:, 2] > 0.05
    assert (few.colours[upper] == [250, 10, 10]).all()
    mesh = trimesh.Trimesh(few.vertices, few.faces, process=False)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.5**3, rel=0.02)


def test_a_mesh_of_few_triangles_is_returned_as_it_is():
    whole = ball()
    assert with_fewer_triangles(whole, len(whole.faces)) is whole


def test_a_border_stays_where_it_is():
    v, u = np.mgrid[:40, :50]
    corner = (v * 50 + u)[:-1, :-1].ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 50, corner + 1], -1), np.stack([corner + 1, corner + 50, corner + 51], -1)]
    )
    points = np.stack([u, v, 0.1 * np.sin(u / 5)], axis=-1).reshape(-1, 3) * 0.05
    flat = Surface(points, faces, np.tile([0.0, 0, -1], (2000, 1)), np.zeros((2000, 3), np.uint8))
    few = with_fewer_triangles(flat, 800)
    assert len(few.faces) <= 800
    np.testing.assert_allclose(few.vertices.min(axis=0)[:2], [0, 0], atol=1e-6)
    np.testing.assert_allclose(few.vertices.max(axis=0)[:2], [2.45, 1.95], atol=1e-6)
