import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.geometry.mesh import Mesh, grid_mesh, stride_for, whole_triangles
from theodolite.geometry.unproject import rays, unproject


def wall(height=6, width=8, step=None) -> tuple[np.ndarray, np.ndarray]:
    camera = Camera.from_focal(100, width, height)
    depth = np.full((height, width), 2.0)
    if step:
        depth[:, step:] = 5.0
    return unproject(depth, camera), np.ones((height, width), bool)


def face_normals(mesh: Mesh) -> np.ndarray:
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def test_a_whole_grid_gives_two_triangles_a_cell_that_face_the_camera():
    points, valid = wall()
    mesh = grid_mesh(points, valid)
    assert (len(mesh.vertices), len(mesh.faces)) == (48, 2 * 5 * 7)
    assert (face_normals(mesh)[:, 2] < 0).all()
    assert (face_normals(mesh.in_viewer_axes())[:, 2] > 0).all()


def test_triangles_add_up_to_the_surface():
    points, valid = wall()
    area = np.linalg.norm(face_normals(grid_mesh(points, valid)), axis=-1).sum() / 2
    extent = points[-1, -1] - points[0, 0]
    assert area == pytest.approx(extent[0] * extent[1])


def test_the_mesh_is_cut_at_a_depth_edge_and_keeps_both_sides():
    points, valid = wall(step=4)
    mesh = grid_mesh(points, valid)
    assert len(mesh.faces) == 2 * 5 * 6
    depths = mesh.vertices[mesh.faces][..., 2]
    assert (depths.max(axis=1) == depths.min(axis=1)).all()


def test_an_invalid_pixel_takes_its_triangles_with_it_and_no_vertex_is_left_over():
    points, valid = wall()
    valid[2, 3] = False
    mesh = grid_mesh(np.where(valid[..., None], points, np.nan), valid)
    assert len(mesh.faces) == 2 * 5 * 7 - 6
    assert np.isfinite(mesh.vertices).all()
    assert len(np.unique(mesh.faces)) == len(mesh.vertices) == 47


def test_texture_places_point_at_the_pixels_centre_also_with_a_stride():
    points, valid = wall(9, 12)
    mesh = grid_mesh(points, valid, stride=4)
    assert len(mesh.vertices) == 3 * 3
    np.testing.assert_allclose(mesh.uv[0], [0.5 / 12, 0.5 / 9])
    np.testing.assert_allclose(mesh.uv[-1], [8.5 / 12, 8.5 / 9])
    np.testing.assert_allclose(mesh.vertices[-1], points[8, 8])


def test_normals_go_with_their_vertices(sphere):
    valid = np.isfinite(sphere.depth)
    mesh = grid_mesh(unproject(sphere.depth, sphere.camera), valid, sphere.normals)
    np.testing.assert_allclose(
        mesh.vertices - 0.5 * mesh.normals, np.broadcast_to([0.1, -0.05, 2], mesh.vertices.shape)
    )


def test_without_valid_pixels_the_mesh_is_empty():
    points, valid = wall()
    mesh = grid_mesh(points, np.zeros_like(valid))
    assert mesh.faces.shape == (0, 3)
    assert mesh.vertices.shape == (0, 3)


def test_a_floor_seen_flat_stays_whole_as_long_as_the_angle_allows():
    camera = Camera(200, 200, 19.5, -10, 40, 60)  # looking down a little: every row sees the floor
    floor = 1.5 / rays(camera)[..., 1].astype(float)
    upper, lower = whole_triangles(unproject(floor, camera), np.ones(floor.shape, bool))
    assert upper.all()
    assert lower.all()


@pytest.mark.parametrize(("height", "width", "most"), [(1536, 2048, 120_000), (100, 100, 10_000), (37, 3, 100)])
def test_a_stride_keeps_the_number_of_vertices(height, width, most):
    stride = stride_for(height, width, most)

    def count(s: int) -> int:
        return len(range(0, height, s)) * len(range(0, width, s))

    assert count(stride) <= most
    assert stride == 1 or count(stride - 1) > most


def test_vertices_of_unknown_normal_get_that_of_their_triangles():
    points, valid = wall()
    normals = np.full(points.shape, np.nan)
    normals[:3] = [0.6, 0, -0.8]
    mesh = grid_mesh(points, valid, normals).with_all_normals()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=-1), 1)
    np.testing.assert_allclose(mesh.normals[:24], np.broadcast_to([0.6, 0, -0.8], (24, 3)))
    np.testing.assert_allclose(mesh.normals[24:], np.broadcast_to([0, 0, -1], (24, 3)), atol=1e-12)
    np.testing.assert_allclose(grid_mesh(points, valid).with_all_normals().normals[:, 2], -1)


def test_a_mesh_moves_with_its_normals():
    points, valid = wall()
    mesh = grid_mesh(points, valid, np.broadcast_to([0.0, 0.0, -1.0], points.shape))
    turn = np.array([[0.0, 0, 1, 5], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    moved = mesh.transformed(turn)
    np.testing.assert_allclose(moved.vertices[:, 0], 7)
    np.testing.assert_allclose(moved.normals, np.broadcast_to([-1.0, 0, 0], moved.normals.shape))
