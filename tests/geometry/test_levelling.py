import numpy as np
import pytest

from theodolite.geometry.levelling import up_of
from theodolite.geometry.rotation import from_vector

WHOLE = np.ones((60, 80), bool)


def room(turn: np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Normals of a back wall, two side walls, floor and ceiling, seen by a camera that was turned so."""
    normals = np.empty((60, 80, 3))
    normals[:] = [0, 0, -1]
    normals[:, :20], normals[:, 60:] = [1, 0, 0], [-1, 0, 0]
    normals[42:], normals[:10] = [0, -1, 0], [0, 1, 0]
    normals += noise * np.random.default_rng(0).normal(size=normals.shape)
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True) @ turn.T


def off(normals: np.ndarray, turn: np.ndarray) -> float:
    up = up_of(normals, WHOLE)
    return np.degrees(np.arccos(min(1.0, up @ turn @ [0, -1, 0])))


@pytest.mark.parametrize("vector", [(0, 0, 0), (0.2, 0, 0), (-0.5, 0.3, 0), (0.1, -0.4, 0.2), (0.3, 0.8, -0.3)])
def test_the_up_of_a_room_is_found_from_a_tilted_camera(vector):
    turn = from_vector(np.array(vector, dtype=float))
    # Not zero: the belief in a level camera pulls a little.
    assert off(room(turn), turn) < 0.7
    assert off(room(turn, noise=0.1), turn) < 1.5


def test_one_wall_tells_pitch_and_leaves_roll_to_the_camera():
    turn = from_vector(np.array([0.2, 0.0, 0.0]))
    wall = np.broadcast_to(turn @ [0, 0, -1], (60, 80, 3))
    assert off(wall, turn) < 0.5


def test_without_normals_there_is_no_telling():
    assert up_of(np.full((60, 80, 3), np.nan), WHOLE) is None
    assert up_of(room(np.eye(3)), ~WHOLE) is None
