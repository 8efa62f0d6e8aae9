"""Focal lengths from EXIF clues, worked out by hand, and the choice between clues that disagree."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theodolite.camera.exif import Exif
from theodolite.camera.focal import WORST, focal_from_equivalent, focal_from_exif
from theodolite.camera.photo import CameraReport
from theodolite.errors import CameraError


def found(width=4032, height=3024, **tags):
    focal, reasons = focal_from_exif(Exif(**tags), width, height)
    assert focal is not None, reasons
    return focal


def test_a_phone_at_26_mm_sees_79_degrees_corner_to_corner_not_20():
    focal = found(focal_35mm=26, focal_mm=4.25, make="Apple", model="iPhone 11 Pro")
    assert focal.pixels == pytest.approx(26 / math.hypot(36, 24) * 5040)
    assert math.degrees(2 * math.atan(5040 / 2 / focal.pixels)) == pytest.approx(79.5, abs=0.1)
    assert "3029 px by the diagonal rule, 2912 px by the width rule; diagonal taken" in focal.detail


def test_both_rules_agree_on_a_3_to_2_picture():
    focal = found(6000, 4000, focal_35mm=50)
    assert focal.pixels == pytest.approx(50 / 36 * 6000)
    assert "alike" in focal.detail
    assert focal.rel_sigma < found(4000, 3000, focal_35mm=50).rel_sigma


def test_the_sensor_width_decides_between_the_rules():
    # The P6000's sensor is 7.44 mm wide; 6 mm on it is 28 mm by the diagonal.
    diagonal = found(640, 480, focal_35mm=28, focal_mm=6, make="NIKON", model="COOLPIX P6000")
    assert "diagonal taken, agreeing with 6 mm with 7.44 mm of sensor, known for NIKON COOLPIX P6000" in diagonal.detail
    # Were the lens 5.79 mm long, the width rule would fit.
    width = found(640, 480, focal_35mm=28, focal_mm=5.787, make="NIKON", model="COOLPIX P6000")
    assert "width taken" in width.detail
    assert width.pixels == pytest.approx(28 / 36 * 640)


def test_a_16_to_9_picture_takes_the_middle_way():
    focal = found(4032, 2268, focal_35mm=26)
    assert focal.pixels == pytest.approx(26 / 36 * 4032)
    crop = 26 / math.hypot(36, 24) * math.hypot(4032, 2268)
    sensor = 26 / math.hypot(36, 24) * 5040
    assert crop < focal.pixels < sensor


@given(side=st.integers(200, 6000), focal_35mm=st.integers(10, 800))
def test_portrait_and_landscape_have_the_same_focal_length(side, focal_35mm):
    lying, standing = found(side, 150, focal_35mm=focal_35mm), found(150, side, focal_35mm=focal_35mm)
    assert lying == standing


def test_the_pixel_pitch_gives_the_focal_length():
    # A20: 1600 px at 305.79 px/mm is a sensor 5.23 mm wide, near the 5.33 mm of the table.
    focal = found(
        1600, 1200, focal_mm=6.59375, plane_resolution=(305.787, 304.8), make="Canon", model="Canon PowerShot A20"
    )
    assert focal.pixels == pytest.approx(6.59375 * 305.787)
    assert "focal plane resolution, close to what is known for Canon PowerShot A20" in focal.detail
    alone = found(1600, 1200, focal_mm=6.59375, plane_resolution=(305.787, 304.8))
    assert alone.pixels == focal.pixels
    assert alone.rel_sigma > 2 * focal.rel_sigma


def test_the_pixel_pitch_of_the_whole_picture_holds_for_a_resized_copy():
    whole = found(5184, 3456, focal_mm=33, plane_resolution=(225.5, 228.7), pixels=(5184, 3456))
    copy = found(1152, 768, focal_mm=33, plane_resolution=(225.5, 228.7), pixels=(5184, 3456))
    assert copy.pixels == pytest.approx(whole.pixels * 1152 / 5184)


def test_a_stale_pixel_pitch_gives_way_to_the_sensor_table():
    # A program resized the picture and rewrote its size, but not the resolution: it means a sensor of 13 mm.
    tags = {"focal_mm": 28.0, "plane_resolution": (135.6, 135.5), "make": "Canon", "model": "Canon EOS D60"}
    focal, reasons = focal_from_exif(Exif(**tags), 1772, 1181)
    assert focal.pixels == pytest.approx(28 / 22.7 * 1772)
    assert "sensor 13.1 mm wide, against 28 mm with 22.7 mm" in reasons[0]


def test_digital_zoom_multiplies_what_the_sensor_table_gives():
    plain = found(2272, 1704, focal_mm=21.3125, make="Canon", model="Canon PowerShot S40")
    zoomed = found(2272, 1704, focal_mm=21.3125, make="Canon", model="Canon PowerShot S40", digital_zoom=2.5)
    assert zoomed.pixels == pytest.approx(2.5 * plain.pixels)
    assert "digital zoom 2.5" in zoomed.detail


@pytest.mark.parametrize("plane", [872.4, 872.4 / 2.7308])
def test_digital_zoom_is_applied_once_whether_the_pixel_pitch_includes_it_or_not(plane):
    focal = found(
        2272,
        1704,
        focal_mm=21.3125,
        plane_resolution=(plane, plane),
        digital_zoom=2.7308,
        make="Canon",
        model="Canon PowerShot S40",
    )
    assert focal.pixels == pytest.approx(21.3125 * 872.4, rel=1e-4)


def test_digital_zoom_and_the_35_mm_tag_are_reconciled_by_the_sensor():
    tags = {"focal_mm": 6.0, "make": "NIKON", "model": "COOLPIX P6000", "digital_zoom": 2.0}
    included, excluded = found(640, 480, focal_35mm=56, **tags), found(640, 480, focal_35mm=28, **tags)
    assert included.pixels == pytest.approx(excluded.pixels, rel=0.05)
    assert "times digital zoom 2" in excluded.detail
    unknown = found(640, 480, focal_35mm=56, digital_zoom=2.0)
    assert unknown.pixels == pytest.approx(56 / math.hypot(36, 24) * 800)
    assert unknown.rel_sigma > 0.2


def test_clues_that_contradict_each_other_are_told_and_cost_certainty():
    tags = {
        "focal_35mm": 114.0,
        "focal_mm": 24.0,
        "make": "EASTMAN KODAK COMPANY",
        "model": "KODAK DX4330 DIGITAL CAMERA",
    }
    focal, reasons = focal_from_exif(Exif(**tags), 2160, 1440)
    assert focal.pixels == pytest.approx(6840)
    assert "contradict" in reasons[0]
    assert focal.rel_sigma > 0.1


@pytest.mark.parametrize(
    "tags",
    [
        {"focal_35mm": 10000.0},
        {"focal_35mm": 1.0},
        {"focal_mm": 600.0, "make": "Apple", "model": "iPhone 4"},
        {"focal_mm": 0.01, "make": "Apple", "model": "iPhone 4"},
        {"focal_mm": 50.0, "plane_resolution": (1e6, 1e6)},
    ],
)
def test_a_focal_length_that_the_sensor_cannot_mean_is_refused_with_the_reason(tags):
    focal, reasons = focal_from_exif(Exif(**tags), 4000, 3000)
    assert focal is None
    assert "not believable" in reasons[0]


def test_an_unbelievable_clue_leaves_the_word_to_the_next():
    focal = found(1296, 968, focal_35mm=9999, focal_mm=3.85, make="Apple", model="iPhone 4")
    assert focal.pixels == pytest.approx(3.85 / 4.54 * 1296)


def test_a_focal_length_without_a_sensor_is_not_enough():
    focal, reasons = focal_from_exif(Exif(focal_mm=4.0, make="Jolla", model="Jolla"), 3264, 2448)
    assert focal is None
    assert "4 mm, but not the sensor size, and Jolla is unknown" in reasons[0]


def test_a_pure_crop_keeps_the_focal_length_in_pixels():
    whole = found(4000, 3000, focal_35mm=26)
    for size in ((2000, 3000), (4000, 1700)):
        focal, reasons = focal_from_exif(Exif(focal_35mm=26, pixels=(4000, 3000)), *size)
        assert focal.pixels == pytest.approx(whole.pixels)
        assert "cropped from 4000x3000" in reasons[0]


def test_a_square_picture_is_taken_for_a_crop():
    focal, reasons = focal_from_exif(Exif(focal_35mm=26), 3024, 3024)
    assert focal.pixels == pytest.approx(found(focal_35mm=26).pixels)
    assert "square" in reasons[0]
    assert focal.rel_sigma > 0.1


def test_uncertainty_is_never_worse_than_a_guess():
    focal, reasons = focal_from_exif(Exif(focal_35mm=26, digital_zoom=8.0), 9000, 1500)
    assert focal.rel_sigma == WORST
    assert "panorama" in reasons[0]


def test_a_given_equivalent_is_read_like_the_tag():
    assert focal_from_equivalent(26, 4032, 3024) == found(focal_35mm=26)
    for wrong in (0, -5, math.nan, "26"):
        with pytest.raises(CameraError, match="positive"):
            focal_from_equivalent(wrong, 4032, 3024)
    with pytest.raises(CameraError, match="believable"):
        focal_from_equivalent(90000, 4032, 3024)


# Focal lengths, px, that follow from the data sheets: equivalent focal length or sensor, by hand.
KNOWN = {
    "IMG_2927.HEIC": (3029, 0.03),
    "exif-at-eof.heic": (3029, 0.03),
    "Canon_EOS_D60.jpg": (2186, 0.03),  # 28 mm, 22.7 mm sensor
    "Canon_EOS_REBEL_T3i.jpg": (1705, 0.05),  # 33 mm, 22.3 mm sensor
    "Canon_IXUS_400.jpg": (1728, 0.05),  # 1/1.8 inch
    "Canon_PowerShot_S40_2.jpg": (18597, 0.05),  # 21.3 mm on 7.11 mm, digital zoom 2.73
    "FujiFilm_FinePix4900Zoom.jpg": (14500, 0.05),  # 210 mm equivalent at 46.8 mm
    "Kodak_DX4330.jpg": (6840, 0.05),
    "Kodak_PIXPRO_FZ201.jpg": (66564, 0.05),
    "Olympus_PEN_E-P3.jpg": (1258, 0.03),  # 17 mm, 17.3 mm sensor
    "Panasonic_DMC-LC40.jpg": (4530, 0.05),
    "Sony_DSC-P12.jpg": (4465, 0.05),
    "Nikon_E775.jpg": (3482, 0.05),
    "Apple_iPhone_4.jpg": (1099, 0.05),
    "odd/DSCN0010.jpg": (2071, 0.05),
    "odd/canon-ixus.jpg": (1322, 0.05),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_focal_length_of_example_photos_is_the_one_in_the_data_sheet(shared, name):
    camera = CameraReport.of(shared / "data/exif_photos" / name).lens.camera
    expected, tolerance = KNOWN[name]
    assert camera.source == "exif"
    assert camera.focal == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize(
    "name", ["odd/no_exif.jpg", "odd/sony-d700.jpg", "odd/jolla.jpg", "odd/45-gps_ifd.jpg", "odd/samplefilehub.heif"]
)
def test_example_photos_that_tell_nothing_are_assumed(shared, name):
    report = CameraReport.of(shared / "data/exif_photos" / name)
    assert report.lens.camera.source == "assumed"
    assert any("assumed 60 degrees" in note for note in report.notes)
