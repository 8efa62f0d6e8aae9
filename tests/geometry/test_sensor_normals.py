"""Normals of measured depth: small errors under a Kinect's noise and steps, and none where no plane is."""

import numpy as np
import pytest
import torch

from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.sensor_normals import GROWTH, KINECT, REACH, sensor_normals
from theodolite.geometry.unproject import rays

# A Kinect's focal length, and a small part of its picture.
CAMERA = Camera(520.0, 515.0, 79.3, 58.1, 160, 120)
NORMALS = {"square": (0, 0, -1), "slanted": (0.6, 0, -0.8), "floor": (0.1, -0.8, -0.6)}


def degrees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1)))


def plane(normal, distance: float) -> np.ndarray:
    """Depth of a plane that meets the optical axis at a distance, metres."""
    normal = np.array(normal, dtype=float)
    normal /= np.linalg.norm(normal)
    towards = rays(CAMERA).astype(float) @ normal
    return np.where(towards < -0.05, distance * normal[2] / np.minimum(towards, -0.05), np.nan)


def measured(depth: np.ndarray, seed: int = 0) -> np.ndarray:
    """As a Kinect measures it: noise and steps of inverse depth, stored in millimetres."""
    step = 2 * KINECT
    noise = np.random.default_rng(seed).normal(0, 0.6 * KINECT, depth.shape)
    return np.round(1000 / (np.round((1 / depth + noise) / step) * step)) / 1000


@pytest.mark.parametrize("distance", [0.8, 2.0, 4.0])
@pytest.mark.parametrize("kind", NORMALS)
def test_noise_and_steps_of_a_kinect_turn_the_normal_by_a_few_degrees_at_any_distance(kind, distance):
    depth = measured(plane(NORMALS[kind], distance))
    found = sensor_normals(depth, CAMERA)
    error = degrees(found, np.array(NORMALS[kind]) / np.linalg.norm(NORMALS[kind]))
    assert np.isfinite(found[25:-25, 25:-25, 0]).mean() > 0.7
    assert np.nanmean(error) < 3
    assert np.nanmean(error) < np.nanmean(degrees(normals_from_depth(depth, CAMERA), np.array(NORMALS[kind]))) / 2


@pytest.mark.parametrize("kind", NORMALS)
def test_an_exact_plane_has_its_own_normal(kind):
    found = sensor_normals(plane(NORMALS[kind], 2), CAMERA)
    known = np.isfinite(found[..., 0])
    assert known[30:-30, 30:-30].all()
    assert degrees(found, np.array(NORMALS[kind]) / np.linalg.norm(NORMALS[kind]))[known].max() < 0.01
    np.testing.assert_allclose(np.linalg.norm(found[known], axis=-1), 1, atol=1e-9)


def test_the_plane_is_the_one_that_plain_least_squares_finds():
    depth = measured(plane(NORMALS["slanted"], 2))
    v, u = 60, 80
    spacing = round(GROWTH / REACH * CAMERA.focal * depth[v, u])
    rows, columns = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1] * spacing
    sampled = rays(CAMERA).astype(float)[v + rows, u + columns].reshape(-1, 3)
    solution, *_ = np.linalg.lstsq(sampled, 1 / depth[v + rows, u + columns].ravel(), rcond=None)
    np.testing.assert_allclose(sensor_normals(depth, CAMERA)[v, u], -solution / np.linalg.norm(solution), atol=1e-9)


def test_a_few_samples_of_something_else_take_no_part():
    depth = plane(NORMALS["slanted"], 2)
    depth[np.random.default_rng(1).random(depth.shape) < 0.05] = 3.5
    found = sensor_normals(depth, CAMERA)[25:-25, 25:-25]
    error = degrees(found, np.array(NORMALS["slanted"]))
    assert np.isfinite(error[depth[25:-25, 25:-25] < 3]).mean() > 0.95
    assert np.nanmax(error) < 0.01


def test_holes_and_what_lies_close_beside_them_have_no_normal():
    depth = plane((0, 0, -1), 2.0)
    depth[40:80, 60:110] = np.nan
    known = np.isfinite(sensor_normals(depth, CAMERA)[..., 0])
    assert not known[37:83, 75:95].any()
    assert not known[55:65, 57:113].any()
    assert known[15:25, 20:-20].all()


def test_both_sides_of_a_depth_edge_are_left_out_and_the_surfaces_are_not():
    depth = plane((0, 0, -1), 2.0)
    depth[:, 80:] *= 1.5
    known = np.isfinite(sensor_normals(depth, CAMERA)[..., 0])
    assert not known[:, 79:81].any()
    assert known[30:-30, 30:60].all()
    assert known[30:-30, 110:130].all()


def test_a_step_too_small_to_be_an_edge_is_still_no_plane():
    depth = plane((0, 0, -1), 1.5)
    depth[:, 80:] *= 1.05
    assert not np.isfinite(sensor_normals(depth, CAMERA)[40:80, 79:81, 0]).any()


def test_a_crease_between_two_walls_has_no_normal_though_both_walls_have():
    left, right = plane((0.7, 0, -0.7), 3.0), plane((-0.7, 0, -0.7), 3.0)
    known = np.isfinite(sensor_normals(np.minimum(left, right), CAMERA)[..., 0])
    middle = round(CAMERA.cx)
    assert not known[40:80, middle - 1 : middle + 2].any()
    assert known[40:80, middle - 30].all()
    assert known[40:80, middle + 30].all()


def test_torch_agrees_with_numpy():
    depth = measured(plane(NORMALS["floor"], 2))
    found = sensor_normals(torch.from_numpy(depth), CAMERA)
    np.testing.assert_allclose(found, sensor_normals(depth, CAMERA), atol=1e-9)


def test_a_map_without_depth_has_no_normals():
    assert np.isnan(sensor_normals(np.full((120, 160), np.nan), CAMERA)).all()


def test_the_camera_is_to_be_of_the_maps_size():
    with pytest.raises(SizeMismatch):
        sensor_normals(np.ones((10, 10)), CAMERA)
