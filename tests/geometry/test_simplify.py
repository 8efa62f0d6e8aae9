import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.geometry.mesh import Mesh, grid_mesh
from theodolite.geometry.simplify import simplified_mesh
from theodolite.geometry.unproject import unproject

# Of a size that is whole blocks, so that every pixel is a place of the grid.
CAMERA = Camera.from_fov(60, 97, 81)
V, U = np.mgrid[:81, :97].astype(float)
ALL = np.ones((81, 97), bool)
# A slanted plane: inverse depth is linear in the pixels.
PLANE = 1 / (0.3 + 0.002 * U + 0.001 * V)
HILLS = PLANE * (1 + 0.03 * np.sin(U / 9) * np.cos(V / 7))


def areas(mesh: Mesh) -> np.ndarray:
    """In the picture, square pixels; positive where a triangle faces the camera."""
    a, b, c = np.moveaxis(mesh.uv[mesh.faces].astype(float) * (97, 81), 1, 0)
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    return (uy * vx - ux * vy) / 2


def depth_on(mesh: Mesh) -> np.ndarray:
    """Of the nearest triangle behind each pixel, by trying all of them; NaN where there is none."""
    corners = mesh.vertices[mesh.faces]
    rays = unproject(np.ones((81, 97)), CAMERA).reshape(-1, 3)
    weights = np.einsum("nij,mj->mni", np.linalg.inv(corners.transpose(0, 2, 1)), rays)
    inside = (weights > -1e-6).all(axis=-1)
    depth = np.where(inside, 1 / np.where(inside, weights.sum(-1), 1), np.inf).min(axis=1)
    return np.where(np.isfinite(depth), depth, np.nan).reshape(81, 97)


def test_a_plane_needs_no_more_than_the_blocks_of_the_grid():
    mesh = simplified_mesh(unproject(PLANE, CAMERA), ALL).mesh
    assert len(mesh.faces) < len(grid_mesh(unproject(PLANE, CAMERA), ALL).faces) / 10
    assert (areas(mesh) > 0).all()
    assert areas(mesh).sum() == pytest.approx(96 * 80)


@pytest.mark.parametrize("metres", [0.002, 0.01, 0.05])
def test_no_pixel_is_further_off_than_asked_for(metres):
    points = unproject(HILLS, CAMERA)
    found = simplified_mesh(points, ALL, metres=metres)
    assert areas(found.mesh).sum() == pytest.approx(96 * 80)
    off = np.abs(depth_on(found.mesh) / HILLS - 1) * np.linalg.norm(points, axis=-1)
    assert 0.1 * metres < off.max() <= metres * 1.01


def test_a_looser_limit_makes_fewer_triangles_and_the_default_is_a_thousandth():
    points = unproject(HILLS, CAMERA)
    count = [len(simplified_mesh(points, ALL, metres=m).mesh.faces) for m in (0.0005, 0.001, 0.002, 0.005)]
    assert count == sorted(count, reverse=True)
    assert len(set(count)) == 4
    found = simplified_mesh(points, ALL)
    assert np.nanmax(np.abs(depth_on(found.mesh) / HILLS - 1)) <= 0.001 * 1.01
    assert 0.0005 < found.off.max() <= 0.001


def test_pixels_passed_over_to_make_whole_blocks_are_hardly_further_off():
    own = np.s_[:78, :95]
    camera, hills = Camera(CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy, 95, 78), HILLS[own]
    found = simplified_mesh(unproject(hills, camera), ALL[own]).mesh
    assert found.uv.min(axis=0) == pytest.approx([0.5 / 95, 0.5 / 78])
    assert found.uv.max(axis=0) == pytest.approx([94.5 / 95, 77.5 / 78])
    off = np.abs(depth_on(found)[own] / hills - 1)
    assert np.mean(off < 0.001 * 1.01) > 0.99
    assert np.nanmax(off) < 0.002


@pytest.mark.parametrize("most", [400, 1000, 4000])
def test_there_are_no_more_triangles_than_allowed(most):
    rough = HILLS.copy()
    rough[20:60, 30:50] = 1.0
    found = simplified_mesh(unproject(rough, CAMERA), ALL, most=most, metres=0.0)
    assert 0.4 * most < len(found.mesh.faces) <= most


def test_a_depth_jump_is_cut_at_the_pixel_and_no_triangle_spans_it():
    depth = PLANE.copy()
    depth[(U - 50) ** 2 + (V - 40) ** 2 < 15**2] = 1.0
    points = unproject(depth, CAMERA)
    few, all_ = simplified_mesh(points, ALL).mesh, grid_mesh(points, ALL)
    near = few.vertices[few.faces][..., 2] < 1.2
    assert (near.all(axis=1) | ~near.any(axis=1)).all()
    assert near.any()
    # Half a cell more or less at the outline: the diagonals of the two grids are not the same.
    assert areas(few).sum() == pytest.approx(areas(all_).sum(), abs=40)
    assert len(few.faces) < len(all_.faces) / 4


@pytest.mark.parametrize(("height", "width"), [(81, 97), (80, 96), (75, 90)])
def test_a_floor_at_a_grazing_angle_stays_whole(height, width):
    own = np.s_[:height, :width]
    camera = Camera(1500, 1500, 47.5, -12, width, height)  # from 16 to 125 times its height away, 0.5 to 4 degrees
    depth = 1.5 * 1500 / (V[own] + 12)
    mesh = simplified_mesh(unproject(depth, camera), ALL[own]).mesh
    assert areas(mesh).sum() / (97 * 81) * (height * width) == pytest.approx((width - 1) * (height - 1))


def test_holes_stay_holes():
    valid = ALL.copy()
    valid[30:45, 20:37] = False
    points = np.where(valid[..., None], unproject(PLANE, CAMERA), np.nan)
    mesh = simplified_mesh(points, valid).mesh
    assert np.isfinite(mesh.vertices).all()
    assert areas(mesh).sum() == pytest.approx(96 * 80 - 16 * 18, abs=8)


def test_vertices_are_pixels_with_their_normals_and_places():
    points = unproject(HILLS, CAMERA)
    normals = np.stack([U, V, np.ones_like(U)], axis=-1)  # no normals, but they tell which pixel they are of
    mesh = simplified_mesh(points, ALL, normals).mesh
    column, row = (mesh.uv * (97, 81) - 0.5).round().astype(int).T
    np.testing.assert_array_equal(mesh.vertices, points[row, column])
    np.testing.assert_array_equal(mesh.normals[:, :2], np.stack([column, row], axis=-1))


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (2, 2), (2, 40), (3, 7), (33, 18)])
def test_small_and_narrow_maps_are_meshed_whole(shape):
    points = unproject(np.full(shape, 2.0), Camera.from_focal(50, shape[1], shape[0]))
    mesh = simplified_mesh(points, np.ones(shape, bool)).mesh
    a, b, c = np.moveaxis(mesh.uv[mesh.faces].astype(float) * shape[::-1], 1, 0)
    area = np.abs(np.linalg.det(np.stack([b - a, c - a], axis=-1))).sum() / 2
    assert area == pytest.approx((shape[0] - 1) * (shape[1] - 1))


def test_nothing_known_is_no_triangle():
    nothing = np.full((20, 30, 3), np.nan)
    assert simplified_mesh(nothing, np.zeros((20, 30), bool)).mesh.faces.shape == (0, 3)
