import numpy as np
import pytest

from theodolite.geometry.pose import is_rigid, rigid
from theodolite.geometry.rotation import from_vector
from theodolite.geometry.similarity import similarity_between

ROTATION = from_vector(np.array([0.4, -2.1, 1.3]))
POINTS = np.random.default_rng(4).normal(size=(40, 3)) * (5, 1, 3) + (7, -2, 11)
SHIFT = np.array([3.0, -8.0, 120.0])


@pytest.mark.parametrize("scale", [1.0, 0.02, 37.5])
def test_an_exact_similarity_is_found_to_rounding(scale):
    found = similarity_between(POINTS, scale * POINTS @ ROTATION.T + SHIFT)
    assert found.scale == pytest.approx(scale, rel=1e-12)
    np.testing.assert_allclose(found.rotation, ROTATION, atol=1e-12)
    np.testing.assert_allclose(found.translation, SHIFT, atol=1e-10 * max(scale, 1))


def test_a_rigid_alignment_keeps_scale_one_and_finds_the_same_turn():
    found = similarity_between(POINTS, 2 * POINTS @ ROTATION.T + SHIFT, with_scale=False)
    assert found.scale == 1
    np.testing.assert_allclose(found.rotation, ROTATION, atol=1e-12)


def test_a_mirror_image_is_answered_by_a_rotation():
    found = similarity_between(POINTS, POINTS * (1, 1, -1))
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_points_on_a_line_get_a_rotation_that_brings_them_there():
    line = np.linspace(0, 5, 20)[:, None] * (1.0, 2.0, -1.0)
    wanted = 3 * line @ ROTATION.T + SHIFT
    found = similarity_between(line, wanted)
    np.testing.assert_allclose(found.points(line), wanted, atol=1e-9)
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_poses_stay_rigid_and_go_where_their_places_go():
    poses = rigid(np.broadcast_to(ROTATION, (40, 3, 3)), POINTS)
    found = similarity_between(POINTS, 2.5 * POINTS @ ROTATION.T + SHIFT)
    moved = found.poses(poses)
    assert all(is_rigid(pose) for pose in moved)
    np.testing.assert_allclose(moved[:, :3, 3], 2.5 * POINTS @ ROTATION.T + SHIFT, atol=1e-9)
    np.testing.assert_allclose(moved[0, :3, :3], ROTATION @ ROTATION, atol=1e-12)


def test_one_point_or_one_place_has_no_alignment():
    with pytest.raises(ValueError, match="two or more"):
        similarity_between(POINTS[:1], POINTS[:1])
    with pytest.raises(ValueError, match="no scale"):
        similarity_between(np.ones((5, 3)), POINTS[:5])
