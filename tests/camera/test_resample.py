"""Resizing against OpenCV, against closed forms, and with unknown pixels."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theodolite.camera.resample import (
    nearest_index,
    resize_bilinear,
    resize_bilinear_finite,
    resize_nearest,
    resize_opencv,
    resize_picture,
)
from theodolite.errors import SizeMismatch

side = st.integers(1, 120)


@settings(max_examples=300, deadline=None)
@given(h=side, w=side, new_h=side, new_w=side, seed=st.integers(0, 9), harsh=st.booleans(), halve=st.booleans())
def test_the_8_bit_resize_is_opencvs_to_the_bit(h, w, new_h, new_w, seed, harsh, halve):
    image = np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)
    if harsh:
        image = np.where(image > 127, 255, 0).astype(np.uint8)
    if halve and min(h, w) > 1:
        image, new_h, new_w = image[: h // 2 * 2, : w // 2 * 2], h // 2, w // 2
    ours = resize_opencv(image, new_w, new_h)
    assert np.array_equal(ours, cv2.resize(image, (new_w, new_h), interpolation=cv2.INTER_LINEAR))


@pytest.mark.parametrize(
    ("size", "new"), [((3000, 4000), (588, 784)), ((480, 640), (616, 821)), ((1242, 375), (1064, 321))]
)
def test_the_8_bit_resize_is_opencvs_at_real_sizes(size, new):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    ours = resize_opencv(image, new[1], new[0])
    assert np.array_equal(ours, cv2.resize(image, new[::-1], interpolation=cv2.INTER_LINEAR))


@settings(max_examples=100, deadline=None)
@given(h=side, w=side, new_h=side, new_w=side)
def test_bilinear_maps_agree_with_opencv(h, w, new_h, new_w):
    maps = np.random.default_rng(h).random((2, h, w), dtype=np.float32)
    ours = resize_bilinear(maps, new_h, new_w)
    for plane, expected in zip(ours, maps, strict=True):
        # OpenCV averages whole blocks where a size is exactly halved.
        if (h, w) != (2 * new_h, 2 * new_w):
            np.testing.assert_allclose(plane, cv2.resize(expected, (new_w, new_h)), atol=2e-5)


def test_a_linear_ramp_stays_linear_between_corner_pixels():
    ramp = np.linspace(3, 11, 9, dtype=np.float32)[None].repeat(5, 0)
    resized = resize_bilinear(ramp, 7, 17, align_corners=True)
    np.testing.assert_allclose(resized, np.linspace(3, 11, 17, dtype=np.float32)[None].repeat(7, 0), atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(h=side, w=side, new_h=side, new_w=side, corners=st.booleans())
def test_bilinear_never_leaves_the_range_of_its_input(h, w, new_h, new_w, corners):
    maps = np.random.default_rng(w).random((h, w), dtype=np.float32)
    resized = resize_bilinear(maps, new_h, new_w, align_corners=corners)
    assert resized.shape == (new_h, new_w)
    assert resized.min() >= maps.min() - 1e-6
    assert resized.max() <= maps.max() + 1e-6


def test_bilinear_agrees_with_torch_both_ways():
    torch = pytest.importorskip("torch")
    maps = np.random.default_rng(1).random((3, 20, 31), dtype=np.float32)
    for corners in (False, True):
        theirs = torch.nn.functional.interpolate(
            torch.from_numpy(maps)[None], size=(47, 29), mode="bilinear", align_corners=corners
        )
        np.testing.assert_allclose(
            resize_bilinear(maps, 47, 29, align_corners=corners), theirs[0].numpy(), atol=5e-6
        )  # its positions are float32


def test_unknown_pixels_do_not_spread():
    depth = np.full((20, 30), 4.0, np.float32)
    depth[:, :10] = np.nan
    resized = resize_bilinear_finite(depth, 40, 60)
    assert np.isnan(resized[:, :20]).all()
    np.testing.assert_array_equal(resized[:, 20:], 4.0)


def test_maps_without_unknown_pixels_are_resized_plainly():
    depth = np.random.default_rng(0).random((20, 30), dtype=np.float32)
    np.testing.assert_array_equal(resize_bilinear_finite(depth, 33, 17), resize_bilinear(depth, 33, 17))


@settings(max_examples=50, deadline=None)
@given(h=side, w=side, new_h=side, new_w=side)
def test_nearest_by_corners_is_opencvs(h, w, new_h, new_w):
    labels = np.random.default_rng(h).integers(0, 255, (h, w), dtype=np.uint8)
    theirs = cv2.resize(labels, (new_w, new_h), interpolation=cv2.INTER_NEAREST)
    assert np.array_equal(resize_nearest(labels, new_h, new_w, corner=True), theirs)


def test_nearest_by_centres_is_symmetric():
    index = nearest_index(7, 12)
    assert np.array_equal(index, 6 - index[::-1])


def test_a_shrunken_picture_keeps_its_mean_and_loses_its_checkerboard():
    board = (np.indices((400, 600)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, -1)
    small = resize_picture(board, 60, 40)
    assert np.abs(small.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("resize", [resize_picture, resize_opencv])
def test_the_same_size_changes_nothing(resize, noise):
    assert np.array_equal(resize(noise, 64, 48), noise)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_no_pixels_are_refused(size, noise):
    with pytest.raises(SizeMismatch, match="at least 1x1"):
        resize_opencv(noise, *size)
    with pytest.raises(SizeMismatch):
        resize_bilinear(noise[..., 0], *size)
