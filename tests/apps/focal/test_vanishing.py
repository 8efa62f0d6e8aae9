"""Directions and focal length from lines of known scenes."""

import numpy as np
import pytest

from theodolite.apps.segments import Segments
from theodolite.apps.vanishing import find_directions
from theodolite.camera.pinhole import Camera
from theodolite.geometry.rotation import from_vector

WIDTH, HEIGHT = 800, 600


def lines_of(focal, turn, rng, count=90, noise=0.003, outliers=0.2) -> Segments:
    """Short lines through random places, each to the vanishing point of one axis, or nowhere."""
    camera = Camera.from_focal(focal, WIDTH, HEIGHT)
    middle = rng.uniform((0, 0), (WIDTH, HEIGHT), (count, 2))
    axis = turn[:, rng.integers(0, 3, count)].T
    ray = (middle - (camera.cx, camera.cy)) / focal
    way = axis[:, :2] - ray * axis[:, 2:]
    angle = np.arctan2(way[:, 1], way[:, 0]) + rng.normal(0, noise, count)
    angle = np.where(rng.random(count) < outliers, rng.uniform(0, np.pi, count), angle)
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return Segments(middle, direction, rng.uniform(30, 120, count), camera)


@pytest.mark.parametrize("view", [25, 45, 60, 75, 95])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_focal_length_is_found_with_outliers_and_within_its_uncertainty(view, seed):
    rng = np.random.default_rng(seed)
    focal = WIDTH / 2 / np.tan(np.radians(view) / 2)
    turn = from_vector(np.array([0.3, 0.65, 0.05]))
    found = find_directions(lines_of(focal, turn, rng))
    error = abs(np.log(found.focal / focal))
    assert error < 0.03
    assert error < 3 * found.log_sigma + 0.01
    assert found.share > 0.7
    # Each axis found is an axis of the scene, in either sense.
    np.testing.assert_allclose(np.abs(turn.T @ found.rotation).max(axis=0), 1, atol=2e-3)


def test_a_view_along_the_axes_does_not_tell_the_focal_length():
    found = find_directions(lines_of(700, np.eye(3), np.random.default_rng(2)))
    assert found.second < 0.05


def test_lines_that_run_anywhere_are_not_explained():
    found = find_directions(lines_of(700, np.eye(3), np.random.default_rng(3), outliers=1.0))
    assert found is None or found.share < 0.45


def test_few_lines_are_no_directions():
    assert find_directions(lines_of(700, np.eye(3), np.random.default_rng(4), count=8)) is None


def test_the_same_seed_gives_the_same_answer():
    lines = lines_of(700, from_vector(np.array([0.3, 0.6, 0.0])), np.random.default_rng(5))
    assert find_directions(lines, seed=3).focal == find_directions(lines, seed=3).focal


def test_normals_decide_between_rotations_that_lines_allow():
    # Lines of one direction only: any turn about it explains them. Normals tell the other two axes.
    turn = from_vector(np.array([0.2, 0.5, 0.0]))
    rng = np.random.default_rng(6)
    camera = Camera.from_focal(700, WIDTH, HEIGHT)
    middle = rng.uniform((0, 0), (WIDTH, HEIGHT), (60, 2))
    way = turn[:2, 0] - (middle - (camera.cx, camera.cy)) / 700 * turn[2, 0]
    direction = way / np.linalg.norm(way, axis=1, keepdims=True)
    lines = Segments(middle, direction, np.full(60, 60.0), camera)
    normals = np.repeat(turn.T[1:], 50, axis=0)
    found = find_directions(lines, normals)
    angles = np.degrees(np.arccos(np.clip(np.abs(normals @ found.rotation).max(axis=1), 0, 1)))
    assert angles.mean() < 15
