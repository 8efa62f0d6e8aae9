"""The stated uncertainty is the true one: of 500 measurements under the assumed errors, as many are off as ought to."""

from collections import defaultdict

import numpy as np
import pytest
from tests.apps.measuring.rooms import HEIGHT, WIDTH, flat_pixels, rooms

from theodolite.apps.basis import Basis
from theodolite.apps.metrology import angle, distance, height, region
from theodolite.apps.planes import angles
from theodolite.apps.polygon import polygon_areas
from theodolite.apps.vertical import Vertical

DRAWS, TILT = 500, 1.5


def off(rng, *shape):
    """Of hand-set pixels."""
    return rng.normal(0, 0.5, (*shape, 2))


def two_faces(room, flat, rng):
    """Two pixels whose surfaces are neither parallel nor opposite, and the true angle."""
    while True:
        (a, b) = flat[rng.integers(0, len(flat), 2)]
        true = float(angles(room.normals[a[1], a[0]][None], room.normals[b[1], b[0]][None])[0])
        if 20 < true < 160:
            return a, b, true


def upright(room, flat, rng):
    """A foot on a surface, a height, and where in the picture its top is."""
    camera = room.camera
    while True:
        foot, true = flat[rng.integers(0, len(flat))], rng.uniform(0.3, 1.5)
        x, y, z = room.point(foot) + true * room.up
        top = np.array([x / z * camera.fx + camera.cx, y / z * camera.fy + camera.cy])
        if z > 0.1 and 3 < top[0] < WIDTH - 4 and 3 < top[1] < HEIGHT - 4:
            return foot, top, true


def quadrangle(room, flat, rng):
    """Corners on one flat face, and the true area."""
    while True:
        middle = flat[rng.integers(0, len(flat))]
        half = rng.uniform(8, 50, 2)
        corners = middle + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) + rng.uniform(-5, 5, (4, 2))
        (left, top), (right, bottom) = np.floor(corners.min(0)).astype(int) - 2, np.ceil(corners.max(0)).astype(int) + 3
        if left < 0 or top < 0 or right > WIDTH or bottom > HEIGHT:
            continue
        if (room.planes[top:bottom, left:right] == room.planes[middle[1], middle[0]]).all():
            rays = np.array([room.ray(corner) for corner in corners])
            return corners, float(polygon_areas((rays / (rays @ room.plane(middle))[:, None])[None])[0])


@pytest.fixture(scope="module")
def scores():
    """(measured - true) / sigma of each kind."""
    rng = np.random.default_rng(7)
    known = [(room, flat) for room in rooms(12) if len(flat := flat_pixels(room)) > 2000]
    found = defaultdict(list)
    for draw in range(DRAWS):
        room, flat = known[draw % len(known)]
        seen = room.disturbed(rng)
        tilts = Vertical.given(room.up, TILT).tilts
        basis = Basis(vertical=Vertical.given(room.up + tilts.T @ rng.normal(size=2), TILT))

        def note(kind, measured, true):
            found[kind].append((measured.value - true) / measured.sigma)

        a, b = flat[rng.integers(0, len(flat), 2)]
        note("distance", distance(seen, a + off(rng), b + off(rng)), np.linalg.norm(room.point(a) - room.point(b)))
        foot, top, true = upright(room, flat, rng)
        note("height", height(seen, foot + off(rng), top + off(rng), basis), true)
        corners, true = quadrangle(room, flat, rng)
        note("area", region(seen, corners + off(rng, 4), basis), true)
        a, b, true = two_faces(room, flat, rng)
        note("angle of depth", angle(seen, a + off(rng), b + off(rng)), true)
        note("angle of normals", angle(room.turned(rng, a, b), a + off(rng), b + off(rng)), true)
    return {kind: np.array(each) for kind, each in found.items()}


@pytest.mark.parametrize("kind", ["distance", "height", "area", "angle of depth", "angle of normals"])
def test_the_truth_lies_within_one_sigma_in_68_percent_and_within_two_in_95(scores, kind):
    score = np.abs(scores[kind])
    assert len(score) == DRAWS
    assert 0.62 <= (score < 1).mean() <= 0.74
    assert 0.91 <= (score < 2).mean() <= 0.98


@pytest.mark.parametrize("kind", ["distance", "height", "area", "angle of depth", "angle of normals"])
def test_measurements_are_off_to_neither_side(scores, kind):
    assert abs(np.median(scores[kind])) < 0.3
