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


def test_errors_are_white_where_right_blue_where_too_near_and_red_where_too_far():
    truth = np.array([[2.0, 2.0, 2.0, np.nan, 2.0]])
    picture = viz.colourise_error(np.array([[2.0, 0.2, 20.0, 2.0, np.nan]]), truth)
    np.testing.assert_allclose(picture[0, 0], viz.RED_BLUE[3], atol=1)
    np.testing.assert_array_equal(picture[0, 1:], [viz.RED_BLUE[0], viz.RED_BLUE[-1], viz.UNKNOWN, viz.UNKNOWN])


def test_as_many_times_too_near_as_too_far_is_as_dark():
    ends = viz.colourise_error(np.array([[1 / 1.5, 1.5, 1 / 1.49, 1.49]]), np.ones((1, 4)), 1.5)[0]
    np.testing.assert_array_equal(ends[:2], [viz.RED_BLUE[0], viz.RED_BLUE[-1]])
    assert (ends[2:] != ends[:2]).any()


def test_no_point_is_lost_in_a_smaller_picture_and_near_ones_cover_far_ones():
    depth = np.full((60, 80), np.nan)
    depth[7, 9], depth[13, 12], depth[50, 70] = 5.0, 2.0, 9.0
    small = viz.take_points(depth, viz.points_drawn(depth, 6, 8))
    assert np.isfinite(small).sum() == 3
    large = viz.take_points(depth, viz.points_drawn(depth, 6, 8, size=3))
    assert large[0, 0] == 2.0  # both squares cover it; the nearer point is in front
    assert large[1, 1] == 2.0
    assert large[5, 7] == 9.0


def test_two_points_in_one_pixel_show_the_nearer_whatever_their_order():
    for first, second in ((3.0, 4.0), (4.0, 3.0)):
        depth = np.array([[first, second], [np.nan, np.nan]])
        assert viz.take_points(depth, viz.points_drawn(depth, 1, 1))[0, 0] == 3.0


def test_maps_with_vectors_are_taken_at_the_same_places():
    depth = np.full((4, 4), np.nan)
    depth[1, 2] = 1.0
    vectors = np.arange(48.0).reshape(4, 4, 3)
    taken = viz.take_points(vectors, viz.points_drawn(depth, 2, 2))
    np.testing.assert_array_equal(taken[0, 1], vectors[1, 2])
    assert np.isnan(taken[[0, 1, 1], [0, 0, 1]]).all()
