"""Canvases: within budget, of the picture's shape, and the reference's placement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theodolite.camera.canvas import Canvas, choose_canvas
from theodolite.errors import SizeMismatch

BUDGET = 616 * 1064
side = st.integers(1, 20000)


@given(width=side, height=side, multiple=st.sampled_from([14, 28, 32]), pixels=st.integers(1024, 10**6))
def test_a_canvas_keeps_to_its_steps_and_its_budget(width, height, multiple, pixels):
    canvas = choose_canvas(width, height, multiple, pixels)
    assert canvas.height % multiple == canvas.width % multiple == 0
    assert canvas.height * canvas.width <= pixels
    place = canvas.place(height, width)
    assert place.top + place.height + place.bottom == canvas.height
    assert place.left + place.width + place.right == canvas.width
    assert min(place.height, place.width) >= 1
    assert min(place.top, place.left, place.bottom, place.right) >= 0


@given(width=side, height=side, multiple=st.sampled_from([28, 32]))
def test_a_picture_and_its_quarter_turn_get_the_same_canvas_turned(width, height, multiple):
    lying, standing = choose_canvas(width, height, multiple, BUDGET), choose_canvas(height, width, multiple, BUDGET)
    assert (lying.width, lying.height) == (standing.height, standing.width)


@pytest.mark.parametrize(
    ("width", "height"), [(4000, 3000), (3000, 4000), (6000, 4000), (1920, 1080), (1080, 1920), (1242, 375), (500, 500)]
)
@pytest.mark.parametrize("multiple", [28, 32])
def test_photos_of_common_shapes_fill_their_canvas(width, height, multiple):
    canvas = choose_canvas(width, height, multiple, BUDGET)
    place = canvas.place(height, width)
    assert canvas.height * canvas.width > 0.87 * BUDGET
    assert place.height * place.width > 0.97 * canvas.height * canvas.width


def test_a_portrait_photo_gets_as_many_pixels_as_a_landscape_one_and_more_than_in_the_reference_frame():
    ours, reference = choose_canvas(3000, 4000, 28, BUDGET).place(4000, 3000), Canvas(616, 1064).place(4000, 3000)
    assert ours.height * ours.width > 2.2 * reference.height * reference.width


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1), (64, 48), (2, 3)])
def test_thumbnails_and_strips_do_not_explode(size):
    canvas = choose_canvas(*size, 28, BUDGET)
    assert canvas.height * canvas.width <= BUDGET
    assert max(canvas.height, canvas.width) <= 8 * min(canvas.height, canvas.width)


@pytest.mark.parametrize(("side", "expected"), [(289, 615), (559, 615), (563, 615), (1045, 615), (560, 616)])
def test_the_reference_truncates_what_floating_point_left(side, expected):
    assert Canvas(616, 1064, reference=True).place(side, 100).height == expected
    assert Canvas(616, 1064).place(side, 100).height == 616


def test_nonsense_is_refused():
    with pytest.raises(SizeMismatch):
        Canvas(0, 28)
    with pytest.raises(SizeMismatch, match="at least one pixel"):
        choose_canvas(0, 10, 28, BUDGET)
    with pytest.raises(SizeMismatch, match="at least 784"):
        choose_canvas(10, 10, 28, 100)
