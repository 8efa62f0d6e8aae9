"""A room seen askew: its lines, its depth and its normals for any focal length, exactly."""

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.geometry.rotation import from_vector
from theodolite.geometry.unproject import rays
from theodolite.inference.prediction import Prediction

TURN = from_vector(np.array([0.25, 0.6, 0.05]))  # camera_from_room
HALF = np.array([2.5, 1.3, 3.0])


def room(focal: float, width: int = 640, height: int = 480, turn: np.ndarray = TURN) -> Prediction:
    """Walls with stripes along the room's axes, which give lines to see."""
    camera = Camera.from_focal(focal, width, height)
    ray = rays(camera).astype(float) @ turn
    each = HALF / np.maximum(np.abs(ray), 1e-12)
    depth, axis = each.min(-1), each.argmin(-1)
    normals = (-np.sign(np.take_along_axis(ray, axis[..., None], -1)) * np.eye(3)[axis]) @ turn.T
    points = ray * depth[..., None]
    # Squares of a chequerboard, without the axis that is constant on the wall.
    tiles = np.floor(points / 0.55 + 0.01).astype(int)
    parity = (tiles.sum(-1) - np.take_along_axis(tiles, axis[..., None], -1)[..., 0]) % 2
    image = np.where(parity == 0, 60, 190) + 12 * axis
    ones = np.ones(depth.shape, np.float32)
    return Prediction(
        depth.astype(np.float32),
        normals.astype(np.float32),
        0.9 * ones,
        20 * ones,
        np.ones(depth.shape, bool),
        camera,
        np.repeat(image[..., None], 3, axis=-1).astype(np.uint8),
        name="room.png",
    )


@pytest.fixture
def make_room():
    return room


@pytest.fixture
def turn() -> np.ndarray:
    """camera_from_room of the usual view."""
    return TURN
