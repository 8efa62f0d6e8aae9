import numpy as np
import pytest

from theodolite.apps.bundle import Bundle, Trust, refine
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import angle_of, from_vector

CAMERA = Camera.from_fov(60, 640, 480)
RNG = np.random.default_rng(1)
POINTS = RNG.uniform((-2, -1.5, 3), (2, 1.5, 7), (60, 3))
POSES = rigid(from_vector(RNG.normal(0, 0.03, (5, 3))), np.arange(5)[:, None] * (-0.2, 0.01, 0.05))


def exact(factor: float = 1.0, lacking: float = 0.0) -> Bundle:
    """All see all; depth predicted by a factor wrong."""
    picture, point = (grid.ravel() for grid in np.mgrid[0:5, 0:60])
    bundle = Bundle(POSES, POINTS, picture, point, np.zeros((300, 2)), np.zeros(300), np.zeros(5))
    log_depth = np.log(bundle.seen()[:, 2]) + np.log(factor)
    log_depth[RNG.random(300) < lacking] = np.nan
    return Bundle(POSES, POINTS, picture, point, bundle.pixel_errors(CAMERA), log_depth, np.zeros(5))


def shaken(bundle: Bundle, first: int) -> Bundle:
    poses = bundle.camera_from_world.copy()
    poses[first:] = (
        rigid(from_vector(RNG.normal(0, 0.01, (5 - first, 3))), RNG.normal(0, 0.03, (5 - first, 3))) @ poses[first:]
    )
    points = bundle.points * RNG.normal(1, 0.05, (60, 1))
    return Bundle(poses, points, bundle.picture, bundle.point, bundle.uv, bundle.log_depth, bundle.log_factor)


@pytest.mark.parametrize("fixed", [1, 2])
def test_shaken_poses_and_points_return_to_the_truth(fixed):
    found = refine(shaken(exact(), fixed), CAMERA, fixed, Trust(), rounds=60)
    np.testing.assert_allclose(found.camera_from_world[:, :3, 3], POSES[:, :3, 3], atol=4e-3)
    np.testing.assert_allclose(found.points, POINTS, rtol=0.02, atol=0.02)
    assert angle_of(found.camera_from_world[:, :3, :3] @ POSES[:, :3, :3].swapaxes(1, 2)).max() < 1e-3
    np.testing.assert_array_equal(found.camera_from_world[:fixed], POSES[:fixed])


def test_points_without_predicted_depth_are_placed_by_parallax():
    found = refine(shaken(exact(lacking=0.8), 2), CAMERA, 2, Trust(), rounds=60)
    np.testing.assert_allclose(found.points, POINTS, rtol=0.02, atol=0.02)


def test_with_one_picture_fixed_prediction_tells_the_unit_and_with_two_these_do():
    free = refine(exact(factor=1.05), CAMERA, 1, Trust(), rounds=60)
    held = refine(exact(factor=1.05), CAMERA, 2, Trust(), rounds=60)
    ratio = np.linalg.norm(free.camera_from_world[4, :3, 3]) / np.linalg.norm(POSES[4, :3, 3])
    assert ratio == pytest.approx(1.05, abs=0.01)
    np.testing.assert_allclose(held.camera_from_world[:, :3, 3], POSES[:, :3, 3], atol=2e-3)
    np.testing.assert_allclose(held.log_factor, -np.log(1.05), atol=0.01)


def test_a_tenth_of_wrong_observations_hardly_moves_the_result():
    bundle = exact()
    uv = bundle.uv.copy()
    uv[::10] += RNG.normal(0, 60, (30, 2))
    wrong = Bundle(POSES, POINTS, bundle.picture, bundle.point, uv, bundle.log_depth, bundle.log_factor)
    found = refine(shaken(wrong, 2), CAMERA, 2, Trust(), rounds=60)
    np.testing.assert_allclose(found.camera_from_world[:, :3, 3], POSES[:, :3, 3], atol=0.02)
