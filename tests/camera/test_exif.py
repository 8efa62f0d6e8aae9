"""EXIF blocks, true, lying and broken: read without a failure, and nothing believed that cannot be."""

import math
import struct
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from theodolite.camera.exif import Exif
from theodolite.camera.focal import WORST
from theodolite.camera.frame import Frame
from theodolite.camera.photo import Photo

from .conftest import (
    FOCAL,
    FOCAL_35MM,
    MAKE,
    MODEL,
    ORIENTATION,
    PIXELS_X,
    PIXELS_Y,
    PLANE_UNIT,
    PLANE_X,
    PLANE_Y,
    ZOOM,
    encoded,
    exif_block,
)


def read(tags) -> Exif:
    from io import BytesIO

    return Exif.read(Image.open(BytesIO(encoded(Image.new("RGB", (40, 30)), "JPEG", exif=exif_block(tags)))))


def test_every_tag_is_read_with_its_unit():
    exif = read(
        {
            MAKE: "Canon",
            MODEL: "Canon EOS D60",
            ORIENTATION: 6,
            FOCAL: (285, 10),
            FOCAL_35MM: 46,
            ZOOM: (3, 2),
            PLANE_X: (3443946, 1000),
            PLANE_Y: (3442016, 1000),
            PLANE_UNIT: 2,
            PIXELS_X: 3072,
            PIXELS_Y: 2048,
        }
    )
    assert (exif.make, exif.model, exif.orientation) == ("Canon", "Canon EOS D60", 6)
    assert (exif.focal_mm, exif.focal_35mm, exif.digital_zoom) == (28.5, 46, 1.5)
    assert exif.plane_resolution == pytest.approx((135.588, 135.512), abs=1e-3)
    assert exif.pixels == (3072, 2048)
    assert exif.notes == ()
    assert exif.camera == "Canon EOS D60"


@pytest.mark.parametrize(("unit", "millimetres"), [(1, 25.4), (2, 25.4), (3, 10), (4, 1), (5, 0.001)])
def test_the_unit_of_the_focal_plane_resolution(unit, millimetres):
    exif = read({PLANE_X: (2000, 1), PLANE_UNIT: unit})
    assert exif.plane_resolution == pytest.approx((2000 / millimetres,) * 2)


@pytest.mark.parametrize("tag", [FOCAL, FOCAL_35MM, ZOOM, PLANE_X, PIXELS_X])
@pytest.mark.parametrize(
    "lie",
    [
        (0, 0),  # not a number
        (1, 0),  # infinite
        (-28, 1),
        "28 mm",
        "",
        (5, 3, struct.pack("<6I", 28, 1, 29, 1, 30, 1)),  # three numbers
        (7, 4, b"\xff\xff\xff\xff"),  # bytes
        (99, 1, b"\0\0\0\0"),  # no such type
    ],
)
def test_a_lie_is_ignored_and_noted(tag, lie):
    exif = read({tag: lie, MODEL: "X"})
    assert exif.focal_mm is exif.focal_35mm is exif.plane_resolution is exif.pixels is None
    assert exif.digital_zoom == 1
    assert exif.model == "X"
    assert len(exif.notes) <= 1
    assert all("ignored" in note for note in exif.notes)


@pytest.mark.parametrize("tag", [FOCAL, FOCAL_35MM, ZOOM, PLANE_X])
def test_zero_means_unknown_and_needs_no_note(tag):
    exif = read({tag: (0, 1)})
    assert exif == Exif()


@pytest.mark.parametrize("orientation", [0, 9, 77, "up"])
def test_an_orientation_that_is_none_leaves_the_picture_as_it_is(orientation):
    exif = read({ORIENTATION: orientation})
    assert exif.orientation == 1
    assert bool(exif.notes) == (orientation != 0)


def test_a_digital_zoom_below_one_or_beyond_reason_is_ignored():
    for zoom in ((1, 2), (1000, 1)):
        exif = read({ZOOM: zoom})
        assert exif.digital_zoom == 1
        assert "digital zoom" in exif.notes[0]


def test_names_end_at_the_first_nul_and_lose_their_padding():
    exif = read({MAKE: "Trust.\0\0rubbish", MODEL: "  E-P3    "})
    assert (exif.make, exif.model, exif.camera) == ("Trust.", "E-P3", "Trust. E-P3")


def test_the_camera_is_not_named_twice():
    assert (
        Exif(make="EASTMAN KODAK COMPANY", model="KODAK DX4330 DIGITAL CAMERA").camera == "KODAK DX4330 DIGITAL CAMERA"
    )
    assert Exif(make="Jolla", model="Jolla").camera == "Jolla"
    assert Exif(make="NIKON", model="E775").camera == "NIKON E775"
    assert Exif(model="E775").camera == "E775"
    assert Exif(make="NIKON").camera == "NIKON"


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0",
        b"Exif\0\0" + b"garbage" * 9,
        b"Exif\0\0MM\0*\0\0\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12" * 40,
        exif_block({FOCAL: (28, 1)})[:-9],
    ],
)
def test_a_broken_block_costs_the_photo_nothing(block):
    data = encoded(Image.new("RGB", (40, 30)), "JPEG", exif=block)
    assert Photo.open(data).camera.source == "assumed"


number = st.one_of(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    st.text("ab1\0", max_size=9),
)
raw = st.tuples(st.integers(0, 20), st.integers(0, 5), st.binary(max_size=12))
tag = st.sampled_from(
    [MAKE, MODEL, ORIENTATION, FOCAL, FOCAL_35MM, ZOOM, PLANE_X, PLANE_Y, PLANE_UNIT, PIXELS_X, PIXELS_Y]
)


@settings(max_examples=300, deadline=None)
@given(tags=st.dictionaries(tag, st.one_of(number, raw)))
@example(tags={PIXELS_X: 30, PIXELS_Y: 122, FOCAL: 181914, PLANE_X: 1})  # 1.0 degrees, cut to 0.4
def test_no_exif_block_whatever_makes_opening_fail(tags):
    photo = Photo.open(encoded(Image.new("RGB", (40, 30)), "JPEG", exif=exif_block(tags)))
    if photo.camera.source == "assumed":
        assert photo.camera.rel_sigma == WORST
        return
    assert photo.camera.source == "exif"
    assert 0 < photo.camera.rel_sigma <= WORST
    # The frame as taken spans a degree or more, up to the quarter by which two clues may differ and still agree;
    # a copy cut from it spans as much less as it is smaller.
    with warnings.catch_warnings(action="ignore"):
        frame, _ = Frame.of(read(tags), 40, 30)
    diagonal = math.hypot(frame.longer, frame.shorter) * frame.scale
    assert 1 / 1.26 < 2 * math.degrees(math.atan2(diagonal / 2, photo.camera.fx)) < 151


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 400), value=st.integers(0, 255), length=st.integers(1, 6))
def test_no_damage_to_an_exif_block_makes_opening_fail(position, value, length):
    block = bytearray(exif_block({MAKE: "Canon", FOCAL: (28, 1), FOCAL_35MM: 44, PLANE_X: (3000, 1), PIXELS_X: 40}))
    position %= len(block)
    block[position : position + length] = bytes([value]) * len(block[position : position + length])
    Photo.open(encoded(Image.new("RGB", (40, 30)), "JPEG", exif=bytes(block)))
