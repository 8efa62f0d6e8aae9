"""Line segments of drawn pictures, against where they were drawn."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from theodolite.apps.segments import find_segments
from theodolite.camera.pinhole import Camera


def drawn(*polygons, size=(400, 300), grow: int = 4) -> tuple[np.ndarray, Camera]:
    """White polygons on grey, smooth at their edges."""
    picture = Image.new("RGB", (size[0] * grow, size[1] * grow), (90, 90, 90))
    for polygon in polygons:
        ImageDraw.Draw(picture).polygon([(x * grow, y * grow) for x, y in polygon], fill=(230, 230, 230))
    return np.asarray(picture.resize(size, Image.Resampling.BOX)), Camera.from_fov(60, *size)


@pytest.mark.parametrize("degrees", [0, 7, 22.5, 45, 60, 90, 133])
def test_a_square_has_four_sides_of_its_length_and_direction(degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([(-60, -60), (60, -60), (60, 60), (-60, 60)]) @ turn.T + (200, 150)
    segments = find_segments(*drawn([tuple(corner) for corner in corners]))
    assert len(segments) == 4
    np.testing.assert_allclose(segments.length, 120, atol=8)
    along = np.abs(segments.direction @ turn)
    np.testing.assert_allclose(along.max(axis=1), 1, atol=1e-4)
    away = np.abs((segments.middle - (199.5, 149.5)) @ turn).max(axis=1)
    np.testing.assert_allclose(away, 60, atol=0.7)


def test_a_disc_has_no_long_straight_line():
    angles = np.linspace(0, 2 * np.pi, 200)
    circle = [(200 + 90 * np.cos(a), 150 + 90 * np.sin(a)) for a in angles]
    segments = find_segments(*drawn(circle))
    assert (segments.length < 75).all()


def test_a_frame_around_the_picture_is_no_line_of_the_scene():
    image, camera = drawn([(5, 5), (395, 5), (395, 295), (5, 295)])
    assert len(find_segments(image, camera)) == 0


def test_an_even_picture_has_no_lines():
    assert len(find_segments(np.full((60, 80, 3), 128, np.uint8), Camera.from_fov(60, 80, 60))) == 0


def test_large_pictures_are_reduced_and_their_camera_with_them():
    image, camera = drawn([(400, 300), (1200, 350), (1100, 900), (450, 800)], size=(1600, 1200), grow=1)
    segments = find_segments(image, camera)
    assert (segments.camera.width, segments.camera.height) == (800, 600)
    assert segments.middle.max() < 800
    assert segments.camera.fov == pytest.approx(camera.fov)
