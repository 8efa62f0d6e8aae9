import numpy as np
import pytest
import torch

from theodolite.geometry.pose import inverse, is_rigid, rigid, transform_normals, transform_points


@pytest.fixture
def motion() -> np.ndarray:
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    return rigid(turn * np.sign(np.linalg.det(turn)), np.array([1.0, -2.0, 3.0]))


def test_a_motion_and_its_inverse_undo_each_other(motion):
    assert is_rigid(motion)
    np.testing.assert_allclose(inverse(motion) @ motion, np.eye(4), atol=1e-12)


def test_points_turn_and_move_while_normals_only_turn(motion):
    points = np.random.default_rng(1).standard_normal((4, 5, 3))
    homogeneous = np.concatenate([points, np.ones((4, 5, 1))], axis=-1) @ motion.T
    np.testing.assert_allclose(transform_points(motion, points), homogeneous[..., :3])
    step = transform_points(motion, points) - transform_points(motion, np.zeros(3))
    np.testing.assert_allclose(transform_normals(motion, points), step)


def test_unknown_points_stay_unknown(motion):
    assert np.isnan(transform_points(motion, np.array([[np.nan, 1, 2]]))).all()


def test_scale_mirror_and_projection_are_not_rigid(motion):
    for spoil in (np.diag([2, 2, 2, 1]), np.diag([1, 1, -1, 1])):
        assert not is_rigid(motion @ spoil)
    projective = motion.copy()
    projective[3, 0] = 0.1
    assert not is_rigid(projective)


def test_batches_in_torch_agree_with_numpy(motion):
    batch = torch.from_numpy(np.stack([motion, np.eye(4)]))
    built = rigid(batch[:, :3, :3], batch[:, :3, 3])
    torch.testing.assert_close(built, batch)
    torch.testing.assert_close(inverse(batch)[0], torch.from_numpy(inverse(motion)))
    assert is_rigid(batch[0])
