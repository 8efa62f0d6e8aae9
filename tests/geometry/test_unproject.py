import numpy as np
import pytest
import torch

from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch
from theodolite.geometry.depth import depth_from_distance, distance_from_depth, inverse_depth
from theodolite.geometry.unproject import project, rays, unproject


def pixels(camera: Camera) -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1)


def test_projecting_the_points_of_a_depth_map_gives_its_pixels_back(camera):
    depth = np.random.default_rng(0).uniform(0.1, 90, (camera.height, camera.width))
    np.testing.assert_allclose(project(unproject(depth, camera), camera), pixels(camera), atol=1e-9)
    single = project(unproject(depth.astype(np.float32), camera), camera)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, pixels(camera), rtol=1e-5, atol=2e-5)


def test_axes_are_x_right_y_down_z_forward_and_the_first_pixels_centre_is_zero():
    camera = Camera(10, 20, 1, 2, 4, 5)
    points = unproject(np.full((5, 4), 2.0), camera)
    np.testing.assert_allclose(points[2, 1], [0, 0, 2])
    np.testing.assert_allclose(points[0, 0], [-0.2, -0.2, 2])
    np.testing.assert_allclose(points[4, 3], [0.4, 0.2, 2])


def test_unknown_depth_gives_unknown_points_and_nothing_else_does(camera):
    depth = np.ones((camera.height, camera.width), np.float32)
    depth[3, 4] = np.nan
    assert np.isnan(unproject(depth, camera)).all(axis=-1).sum() == 1


def test_points_beside_or_behind_the_camera_have_no_pixel(camera):
    assert np.isnan(project(np.array([[1.0, 0, 0], [0, 0, -1], [np.nan, 0, 1]]), camera)).any(axis=-1).all()


def test_a_camera_of_another_size_is_refused(camera):
    with pytest.raises(SizeMismatch, match="160x100"):
        unproject(np.ones((10, 10)), camera)


def test_rays_have_unit_depth_and_meet_their_pixels(camera):
    directions = rays(camera)
    assert directions.dtype == np.float32
    assert (directions[..., 2] == 1).all()
    np.testing.assert_allclose(project(directions, camera), pixels(camera), atol=1e-4)


def test_distance_is_the_length_of_the_point_and_turns_back_into_depth(camera):
    depth = np.random.default_rng(1).uniform(0.5, 9, (camera.height, camera.width))
    distance = distance_from_depth(depth, camera)
    np.testing.assert_allclose(distance, np.linalg.norm(unproject(depth, camera), axis=-1))
    np.testing.assert_allclose(depth_from_distance(distance, camera), depth)


def test_inverse_depth_undoes_itself_and_knows_no_depth_of_zero_or_less():
    depth = np.array([0.5, 4.0, np.inf, 0.0, -1.0, np.nan])
    np.testing.assert_array_equal(inverse_depth(depth), [2, 0.25, 0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(inverse_depth(inverse_depth(depth[:2])), depth[:2])


def test_torch_gives_the_same_numbers_with_gradients_and_a_camera_for_each_image(camera):
    other = Camera(150, 155, 60, 50, camera.width, camera.height)
    depth = torch.rand(2, camera.height, camera.width, dtype=torch.float64) + 1
    depth[0, 2, 2] = float("nan")
    depth.requires_grad_()
    intrinsics = torch.tensor([[c.fx, c.fy, c.cx, c.cy] for c in (camera, other)], dtype=torch.float64)
    points = unproject(depth, intrinsics)
    for i, one in enumerate((camera, other)):
        np.testing.assert_allclose(points[i].detach().numpy(), unproject(depth[i].detach().numpy(), one))
    uv = project(points, intrinsics)
    np.testing.assert_allclose(uv[1].detach().numpy(), pixels(camera), atol=1e-9)
    (points.nan_to_num() ** 2).sum().backward()
    assert depth.grad.isfinite().all()
    assert distance_from_depth(depth, intrinsics).shape == depth.shape
