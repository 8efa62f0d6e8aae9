import numpy as np
import pytest

from theodolite.geometry.rotation import angle_of, from_quaternion, from_vector, to_quaternion

RNG = np.random.default_rng(3)
AXES = np.concatenate([np.eye(3), -np.eye(3), RNG.normal(size=(30, 3))])
AXES /= np.linalg.norm(AXES, axis=1, keepdims=True)
ANGLES = [0.0, 1e-12, 1e-7, 1e-3, 0.5, np.pi / 2, 2.0, np.pi - 1e-3, np.pi - 1e-7, np.pi]


@pytest.mark.parametrize("angle", ANGLES)
def test_matrix_to_quaternion_and_back_is_exact_at_every_angle_up_to_half_a_turn(angle):
    rotation = from_vector(AXES * angle)
    np.testing.assert_allclose(from_quaternion(to_quaternion(rotation)), rotation, atol=1e-14)


@pytest.mark.parametrize("angle", ANGLES)
def test_the_angle_of_a_rotation_about_a_vector_is_its_length(angle):
    np.testing.assert_allclose(angle_of(from_vector(AXES * angle)), angle, atol=1e-14, rtol=1e-9)


def test_quaternions_have_unit_length_and_a_first_element_that_is_not_negative():
    q = to_quaternion(from_quaternion(RNG.normal(size=(200, 4)) * 100))
    np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1, atol=1e-14)
    assert (q[:, 0] >= 0).all()


def test_a_quaternion_and_its_negative_are_one_rotation():
    q = RNG.normal(size=(50, 4))
    np.testing.assert_array_equal(from_quaternion(q), from_quaternion(-q))


def test_rotations_are_orthonormal_and_right_handed():
    rotation = from_vector(RNG.normal(size=(50, 3)) * 2)
    np.testing.assert_allclose(rotation @ rotation.swapaxes(1, 2), np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-14)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)


def test_a_quarter_turn_about_z_takes_x_to_y():
    np.testing.assert_allclose(from_vector(np.array([0, 0, np.pi / 2])) @ [1, 0, 0], [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(
        to_quaternion(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])), [0.5**0.5, 0, 0, 0.5**0.5]
    )
