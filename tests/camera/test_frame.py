"""Copies of pictures: resized, turned, cropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theodolite.camera.exif import Exif
from theodolite.camera.frame import Frame


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000)])
def test_a_picture_as_it_was_taken_is_its_own_frame(size):
    for exif in (Exif(), Exif(pixels=(4000, 3000)), Exif(pixels=(3000, 4000))):
        assert Frame.of(exif, *size) == (Frame(4000, 3000), ())


@given(factor=st.floats(0.03, 2), turned=st.booleans())
def test_a_resized_copy_knows_its_scale(factor, turned):
    size = (max(1, round(4000 * factor)), max(1, round(3000 * factor)))
    frame, notes = Frame.of(Exif(pixels=(4000, 3000)), *(size[::-1] if turned else size))
    assert (frame.longer, frame.shorter) == (4000, 3000)
    assert frame.scale == pytest.approx(size[0] / 4000)
    assert frame.rel_sigma == 0
    assert notes == ()


def test_a_crop_with_a_resize_can_only_be_guessed():
    frame, notes = Frame.of(Exif(pixels=(4000, 3000)), 1000, 500)
    assert frame.scale == pytest.approx(1 / 3, rel=0.3)
    assert frame.rel_sigma > 0.1
    assert "guessed" in notes[0]


def test_a_recorded_size_that_cannot_be_is_ignored():
    frame, notes = Frame.of(Exif(pixels=(160, 120)), 4000, 2000)
    assert (frame.longer, frame.shorter, frame.scale) == (4000, 2000, 1)
    assert "160x120 recorded" in notes[0]
