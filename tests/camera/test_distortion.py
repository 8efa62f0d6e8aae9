"""Lens models against OpenCV, there and back, and the way to a pinhole image."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import FieldOfView, Fisheye, RadialTangential, to_pinhole
from theodolite.camera.pinhole import Camera
from theodolite.errors import CalibrationError, CameraError, SizeMismatch

# Real lenses: an action camera, a phone, a machine-vision lens with a rational model, a fisheye.
RADIAL = [
    RadialTangential(),
    RadialTangential(-0.28, 0.07, 0.001, -0.0006, -0.01),
    RadialTangential(0.09, -0.23, 0.0, 0.0, 0.15),
    RadialTangential(1.2, 0.5, -0.0004, 0.0003, 0.02, 1.5, 0.9, 0.1),
]
FISHEYES = [Fisheye(), Fisheye(0.05, -0.01, 0.003, -0.0005), Fisheye(-0.03, 0.01, -0.008, 0.001)]
OTHERS = [FieldOfView(0.92)]


def points(seed: int, reach: float) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-reach, reach, (500, 2))


@pytest.mark.parametrize("lens", RADIAL)
def test_radial_distortion_is_opencvs(lens):
    xy = points(0, 0.8)
    coefficients = np.array([lens.k1, lens.k2, lens.p1, lens.p2, lens.k3, lens.k4, lens.k5, lens.k6])
    rays = np.concatenate([xy, np.ones((500, 1))], 1)
    theirs, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), np.eye(3), coefficients)
    np.testing.assert_allclose(lens.distort(xy), theirs[:, 0], atol=1e-12)


@pytest.mark.parametrize("lens", FISHEYES)
def test_fisheye_distortion_is_opencvs(lens):
    xy = points(0, 3)
    theirs = cv2.fisheye.distortPoints(xy[None], np.eye(3), np.array([lens.k1, lens.k2, lens.k3, lens.k4]))
    np.testing.assert_allclose(lens.distort(xy), theirs[0], atol=1e-12)


@pytest.mark.parametrize("lens", RADIAL + FISHEYES + OTHERS)
def test_undistorting_undoes_distorting(lens):
    xy = np.concatenate([points(1, 0.8), [[0, 0], [1e-12, 0], [0, 0.5]]])
    np.testing.assert_allclose(lens.undistort(lens.distort(xy)), xy, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(k1=st.floats(-0.3, 0.5), k2=st.floats(-0.05, 0.1), p1=st.floats(-0.003, 0.003), p2=st.floats(-0.003, 0.003))
def test_undistorting_undoes_distorting_for_every_moderate_lens(k1, k2, p1, p2):
    lens = RadialTangential(k1, k2, p1, p2)
    xy = points(2, 0.55)
    np.testing.assert_allclose(lens.undistort(lens.distort(xy)), xy, atol=1e-9)


def test_the_same_formulas_run_in_torch_and_let_gradients_through():
    torch = pytest.importorskip("torch")
    xy = points(3, 0.7)
    for lens in [*RADIAL, *FISHEYES, *OTHERS]:
        tensor = torch.from_numpy(xy).requires_grad_()
        distorted = lens.distort(tensor)
        np.testing.assert_allclose(distorted.detach().numpy(), lens.distort(xy), atol=1e-12)
        distorted.sum().backward()
        assert torch.isfinite(tensor.grad).all()
        back = lens.undistort(distorted.detach())
        np.testing.assert_allclose(back.numpy(), xy, atol=1e-9)


def test_what_no_ray_can_reach_is_unknown_not_wrong():
    barrel = RadialTangential(-0.3)  # its image ends at radius 0.70
    assert np.isnan(barrel.undistort(np.array([[0.9, 0.0]]))).all()
    assert barrel.folds_at() == pytest.approx(1 / math.sqrt(0.9), abs=2e-3)
    assert np.isnan(Fisheye().undistort(np.array([[math.pi / 2 + 0.01, 0.0]]))).all()
    assert np.isnan(FieldOfView(1.0).undistort(np.array([[1.6, 0.0]]))).all()


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.1", None])
def test_coefficients_that_are_no_numbers_are_refused(value):
    for lens in (RadialTangential, Fisheye, FieldOfView):
        with pytest.raises(CameraError, match="finite number"):
            lens(value)
    with pytest.raises(CameraError, match="omega"):
        FieldOfView(0.0)


def smooth(height: int = 240, width: int = 320) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3)


def test_the_pinhole_image_is_opencvs():
    image, lens, camera = smooth(), RADIAL[1], Camera(250, 255, 160, 120, 320, 240)
    ours, pinhole = to_pinhole(image, camera, lens)
    theirs = cv2.undistort(image, camera.K, np.array([lens.k1, lens.k2, lens.p1, lens.p2, lens.k3]))
    difference = np.abs(ours.astype(int) - theirs)[3:-3, 3:-3]
    assert difference.max() <= 2
    assert difference.mean() < 0.1
    assert pinhole == camera


def test_the_fisheye_pinhole_image_is_opencvs():
    image, lens, camera = smooth(), FISHEYES[1], Camera(120, 120, 160, 120, 320, 240)
    ours, _ = to_pinhole(image, camera, lens)
    theirs = cv2.fisheye.undistortImage(image, camera.K, np.array([lens.k1, lens.k2, lens.k3, lens.k4]), Knew=camera.K)
    inner = (slice(20, -20), slice(20, -20))
    assert np.abs(ours.astype(int) - theirs)[inner].max() <= 3


def test_a_straight_line_photographed_through_the_lens_is_straight_again():
    camera, lens = Camera(150, 150, 159.5, 119.5, 320, 240), RADIAL[1]
    u, v = np.meshgrid(np.arange(320.0), np.arange(240.0))
    xy = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy], -1)
    # The lens's picture of a wall, dark left of the line x = 0.4.
    edge = np.nan_to_num(lens.undistort(xy)[..., 0], nan=9)
    picture = np.repeat((np.clip((edge - 0.4) * 40 + 0.5, 0, 1) * 255).astype(np.uint8)[..., None], 3, -1)
    straight, _ = to_pinhole(picture, camera, lens)
    crossing = [np.interp(127, row[150:], np.arange(150, 320)) for row in straight[40:200, :, 0].astype(float)]
    assert np.ptp(crossing) < 0.3
    assert np.mean(crossing) == pytest.approx(0.4 * camera.fx + camera.cx, abs=0.3)


def test_beyond_the_lens_the_picture_is_flat_grey():
    image = np.full((100, 100, 3), 255, np.uint8)
    pincushion, _ = to_pinhole(image, Camera(60, 60, 49.5, 49.5, 100, 100), RadialTangential(0.3))
    assert tuple(pincushion[0, 0]) == (124, 116, 104)
    assert tuple(pincushion[50, 50]) == (255, 255, 255)
    folding, _ = to_pinhole(image, Camera(30, 30, 49.5, 49.5, 100, 100), RadialTangential(-0.3))
    assert tuple(folding[0, 0]) == (124, 116, 104)


def test_a_camera_of_another_size_is_refused():
    with pytest.raises(SizeMismatch, match="describes 100x100"):
        to_pinhole(smooth(), Camera.from_focal(50, 100, 100), Fisheye())


def test_a_calibration_serves_resized_copies_but_no_crops():
    lens = CalibratedCamera(Camera(3000, 3010, 2010, 1490, 4000, 3000), RADIAL[1])
    small = lens.for_size(1000, 750)
    assert small.camera == lens.camera.resized(1000, 750)
    assert small.distortion is lens.distortion
    assert lens.for_size(4000, 3000) is lens
    assert lens.for_size(1001, 751).camera.width == 1001
    for size in ((3000, 4000), (4000, 2250), (1000, 700)):
        with pytest.raises(CalibrationError, match="another shape"):
            lens.for_size(*size)


def test_a_pinhole_calibration_leaves_the_image_alone():
    image = smooth()
    same, camera = CalibratedCamera(Camera.from_focal(200, 320, 240)).pinhole(image)
    assert same is image
    assert camera.focal == 200
