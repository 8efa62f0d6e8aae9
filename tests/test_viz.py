import numpy as np
import pytest

from theodolite import viz
from theodolite.errors import SizeMismatch


def test_near_is_red_far_is_violet_and_unknown_is_grey():
    picture = viz.colourise_depth(np.array([[1.0, 10.0, np.nan, 0.0, -2.0]]), near=1, far=10)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[0], [viz.SPECTRAL[0], viz.SPECTRAL[-1], *[viz.UNKNOWN] * 3])


def test_colours_run_evenly_over_inverse_depth():
    middle = 2 / (1 / 1 + 1 / 9)  # half-way between 1 m and 9 m in 1/m
    np.testing.assert_allclose(viz.colourise_depth(np.array([[middle]]), 1, 9)[0, 0], viz.SPECTRAL[5], atol=1)


def test_a_fixed_range_gives_equal_depths_equal_colours_in_every_frame():
    one, two = np.array([[2.0, 3.0]]), np.array([[3.0, 50.0, 0.1]])
    first, second = viz.colourise_depth(one, 1, 20), viz.colourise_depth(two, 1, 20)
    np.testing.assert_array_equal(first[0, 1], second[0, 0])
    np.testing.assert_array_equal(second[0, 1:], [viz.SPECTRAL[-1], viz.SPECTRAL[0]])


def test_the_table_passes_through_the_schemes_eleven_colours():
    table = viz.spectral(1001)
    np.testing.assert_array_equal(table[::100][::-1], viz.SPECTRAL)


def test_outliers_do_not_set_the_range():
    depth = np.full((1000, 400), 3.0)
    depth[:, :200] = 2.0
    depth[0, 0], depth[0, 1] = 1e6, np.nan
    assert viz.depth_range(depth) == pytest.approx((2, 3))
    valid = depth == 3
    assert viz.depth_range(depth, valid) == pytest.approx((3, 3))


@pytest.mark.parametrize("value", [2.5, np.nan])
def test_a_flat_or_unknown_map_has_a_picture_too(value):
    picture = viz.colourise_depth(np.full((4, 5), value, np.float32))
    assert picture.shape == (4, 5, 3)
    assert (picture == picture[0, 0]).all()


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValueError, match="0 < near <= far"):
        viz.colourise_depth(np.ones((2, 2)), near=5, far=2)


def test_normals_have_their_customary_colours():
    normals = np.array([[[0, 0, -1], [1, 0, 0], [0, -1, 0], [np.nan, 0, 0]]], np.float32)
    expected = [[128, 128, 255], [255, 128, 128], [128, 255, 128], viz.UNKNOWN]
    np.testing.assert_array_equal(viz.colourise_normals(normals)[0], expected)


def test_panels_stand_side_by_side_with_gaps():
    row = viz.side_by_side(np.zeros((4, 3, 3), np.uint8), np.full((4, 5, 3), 9, np.uint8), gap=2)
    assert row.shape == (4, 10, 3)
    assert (row[:, 3:5] == 255).all()
    assert (row[:, 5:] == 9).all()


def test_panels_of_different_height_are_refused():
    with pytest.raises(SizeMismatch):
        viz.side_by_side(np.zeros((4, 3, 3), np.uint8), np.zeros((5, 3, 3), np.uint8))
