"""The road's plane and the camera's height, against scenes where both are known."""

import numpy as np
import pytest

from theodolite.apps.ground import fit_ground
from theodolite.errors import TheodoliteError


def up(road) -> np.ndarray:
    return road.mounted.body_from_camera[2, :3]


@pytest.mark.parametrize(("height", "pitch", "roll"), [(1.65, 0, 0), (1.65, 2, 0.5), (1.2, -4, -3), (2.6, 8, 1)])
@pytest.mark.parametrize("with_normals", [True, False])
def test_height_and_tilt_are_exact_with_a_box_on_the_road(make_road, height, pitch, roll, with_normals):
    road = make_road(height, pitch, roll)
    scene = road.prediction
    ground = fit_ground(scene.points(), up(road), scene.normals if with_normals else None)
    assert ground.height == pytest.approx(height, rel=1e-3)
    np.testing.assert_allclose(ground.normal, up(road), atol=1e-3)
    assert ground.sigma < 1e-3
    assert ground.tilt(up(road)) < 0.1


def test_heights_above_the_ground_are_those_of_the_scene(road, box):
    scene = road.prediction
    ground = fit_ground(scene.points(), up(road), scene.normals)
    above = ground.above(scene.points())
    red = scene.image[..., 0] == 200
    assert np.abs(above[(scene.image[..., 0] == 90) & scene.valid]).max() < 0.02
    assert np.nanmax(above[red]) == pytest.approx(box["top"], abs=0.06)


def test_a_scale_error_of_all_depths_is_in_the_height_and_noise_is_in_its_uncertainty(road):
    rng = np.random.default_rng(0)
    scene = road.prediction
    columns = np.exp(np.repeat(rng.normal(0, 0.03, 12), 52)[: scene.depth.shape[1]])
    points = scene.points() * (1.2 * columns)[None, :, None]
    ground = fit_ground(points, up(road), scene.normals)
    assert ground.height == pytest.approx(1.2 * road.height, rel=0.03)
    assert 0.004 < ground.sigma < 0.06
    assert abs(ground.height - 1.2 * road.height) < 3 * ground.sigma


def test_a_kerb_and_cars_do_not_lift_the_ground(road):
    rng = np.random.default_rng(1)
    points = road.prediction.points()
    body = points @ road.mounted.body_from_camera[:3, :3].T
    # A third of the near points are something 0.6 m high.
    drop = (rng.random(points.shape[:2]) < 0.33) & (body[..., 0] < 20)
    points[drop] *= 0.65
    ground = fit_ground(points, up(road))
    assert ground.height == pytest.approx(road.height, rel=0.01)


def test_a_wall_is_no_ground(road):
    wall = np.full((100, 200, 3), np.nan)
    u, v = np.meshgrid(np.linspace(-1, 1, 200), np.linspace(-0.5, 0.5, 100))
    wall[...] = np.stack([5 * u, 5 * v, np.full(u.shape, 5.0)], axis=-1)
    normals = np.broadcast_to([0, 0, -1.0], wall.shape)
    with pytest.raises(TheodoliteError, match="face up, 60 are needed"):
        fit_ground(wall, np.array([0, -1.0, 0]), normals)
    with pytest.raises(TheodoliteError, match="ground was not found"):
        fit_ground(wall, np.array([0, -1.0, 0]))


def test_nothing_known_is_one_line():
    with pytest.raises(TheodoliteError, match="0 pixels"):
        fit_ground(np.full((4, 5, 3), np.nan), np.array([0, -1.0, 0]))
