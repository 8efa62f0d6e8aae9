"""The pinhole camera: what it refuses, and that it follows its image."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError

CAMERA = Camera(500, 510, 320.5, 241, 640, 480)
pixels = st.integers(1, 3000)


def seen(camera: Camera, u: float, v: float) -> tuple[float, float]:
    """The direction in which a camera sees a pixel, as (X/Z, Y/Z)."""
    return (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"fx": 0}, "positive fx"),
        ({"fy": -3.0}, "positive fy"),
        ({"fx": math.nan}, "finite"),
        ({"cx": math.inf}, "finite"),
        ({"fx": "500"}, "finite"),
        ({"width": 0}, "width"),
        ({"height": math.nan}, "height"),
        ({"width": 10.5}, "width"),
        ({"height": "480"}, "height"),
        ({"rel_sigma": -0.1}, "negative"),
        ({"source": "guessed"}, "source"),
    ],
)
def test_a_camera_that_cannot_be_is_refused(change, word):
    fields = {"fx": 500, "fy": 500, "cx": 320, "cy": 240, "width": 640, "height": 480}
    with pytest.raises(CameraError, match=word):
        Camera(**{**fields, **change})


@given(width=pixels, height=pixels)
def test_resizing_keeps_the_direction_of_every_pixels_corner(width, height):
    resized = CAMERA.resized(width, height)
    for corner in ((-0.5, -0.5), (639.5, 479.5), (100, 200)):
        moved = ((corner[0] + 0.5) * width / 640 - 0.5, (corner[1] + 0.5) * height / 480 - 0.5)
        np.testing.assert_allclose(seen(resized, *moved), seen(CAMERA, *corner), atol=1e-9)


@given(width=pixels, height=pixels)
def test_resizing_there_and_back_changes_nothing(width, height):
    back = CAMERA.resized(width, height).resized(640, 480)
    np.testing.assert_allclose(
        [back.fx, back.fy, back.cx, back.cy], [CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy], rtol=1e-9
    )


def test_cropping_padding_and_flipping_move_the_principal_point_only():
    assert CAMERA.cropped(10, 20, 300, 200) == Camera(500, 510, 310.5, 221, 300, 200)
    assert CAMERA.padded(10, 20, 30, 40) == Camera(500, 510, 330.5, 261, 680, 540)
    assert CAMERA.padded(1, 2, 3, 4).cropped(1, 2, 640, 480) == CAMERA
    assert CAMERA.flipped() == Camera(500, 510, 639 - 320.5, 241, 640, 480)
    assert CAMERA.flipped().flipped() == CAMERA


def test_the_field_of_view_is_the_one_it_was_made_from():
    for axis, index in (("horizontal", 0), ("vertical", 1), ("diagonal", 2)):
        assert Camera.from_fov(73, 400, 300, axis).fov[index] == pytest.approx(73)
    assert Camera.from_fov(60, 300, 400).fov[1] == pytest.approx(60)
    assert Camera.from_fov(60, 300, 400, "shorter").fov[0] == pytest.approx(60)


@pytest.mark.parametrize("degrees", [0, 180, -5, math.nan, "60"])
def test_an_impossible_field_of_view_is_refused(degrees):
    with pytest.raises(CameraError, match="between 0 and 180"):
        Camera.from_fov(degrees, 400, 300)


def test_the_matrix_round_trip_is_exact_and_skew_is_refused():
    assert Camera.from_K(CAMERA.K, 640, 480) == CAMERA
    skewed = CAMERA.K
    skewed[0, 1] = 5
    with pytest.raises(CameraError, match="skew"):
        Camera.from_K(skewed, 640, 480)


def test_a_transposed_matrix_is_refused():
    with pytest.raises(CameraError, match="transposed"):
        Camera.from_K(CAMERA.K.T, 640, 480)


def test_whole_numbers_beyond_floats_are_refused():
    with pytest.raises(CameraError, match="finite number for fx"):
        Camera(10**400, 500, 320, 240, 640, 480)
    with pytest.raises(CameraError, match="width"):
        Camera(500, 500, 320, 240, 10**400, 480)


def test_a_field_of_view_may_be_a_numpy_number():
    assert Camera.from_fov(np.float32(60), 640, 480) == Camera.from_fov(60, 640, 480)
