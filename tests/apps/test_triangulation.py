import numpy as np
import pytest
from tests.apps import room, slam_scene

from theodolite.apps.triangulation import intersected, triangulated
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, rigid, transform_points
from theodolite.geometry.rotation import from_vector
from theodolite.geometry.unproject import project

CAMERA = Camera.from_fov(60, 640, 480)
RNG = np.random.default_rng(7)
POINTS = RNG.uniform((-2, -1, 4), (2, 1, 8), (40, 3))
POSES = rigid(from_vector(RNG.normal(0, 0.05, (4, 3))), np.arange(4)[:, None] * (0.3, 0, 0.1))


def seen() -> np.ndarray:
    return np.stack([project(transform_points(inverse(pose), POINTS), CAMERA) for pose in POSES])


def test_lines_of_sight_meet_at_the_points():
    np.testing.assert_allclose(intersected(seen(), [CAMERA] * 4, POSES), POINTS, atol=1e-9)


def test_points_seen_once_or_wrongly_or_without_parallax_are_left_out():
    uv = seen()
    uv[1:, 0] = np.nan
    uv[2, 1] += 8
    assert len(intersected(uv, [CAMERA] * 4, POSES)) == 38
    assert len(intersected(seen()[:1].repeat(4, 0), [CAMERA] * 4, POSES[:1].repeat(4, 0))) == 0


@pytest.mark.parametrize("unit", [1.0, 0.2])
def test_corners_followed_through_the_room_lie_on_its_walls(unit):
    numbers = range(8, 13)
    poses = slam_scene.poses()[list(numbers)]
    poses[:, :3, 3] *= unit
    points = triangulated([slam_scene.frame(n) for n in numbers], poses, 2)
    assert len(points) > 60
    away = np.abs(room.distance(points / unit))
    assert np.median(away) < 0.02
