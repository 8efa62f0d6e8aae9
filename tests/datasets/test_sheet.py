"""The contact sheet: its size, and that what is on it can be seen."""

from dataclasses import replace

import numpy as np
from PIL import Image

from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind, Sample
from theodolite.datasets.sheet import GAP, LINE, MOST, PANEL, Sheet
from theodolite.viz import UNKNOWN


def test_a_sheet_has_two_samples_a_row_and_is_as_high_as_they_need(plane, tmp_path):
    sheet = Sheet()
    for number in range(3):
        sheet.add(f"{number}.png", load(plane.record()))
    assert len(sheet) == 3
    with Image.open(sheet.write(tmp_path / "out" / "sheet.png")) as picture:
        # 64x48 fits the panel's height.
        assert picture.size == (2 * (2 * PANEL[1] + GAP), 2 * (PANEL[0] + LINE + GAP))
        assert picture.mode == "RGB"


def test_normals_have_a_column_when_any_sample_has_some(plane):
    sample = load(plane.record())
    sheet = Sheet()
    sheet.add("a", sample)
    assert sheet.picture().shape[1] == 2 * PANEL[1] + GAP
    sheet.add("b", replace(sample, normals=plane.normals))
    picture = sheet.picture()
    assert picture.shape[1] == 2 * (3 * PANEL[1] + GAP)
    assert tuple(picture[LINE + 50, 2 * PANEL[1] + 50]) == UNKNOWN


def test_a_panorama_leaves_no_white_below(plane):
    wide = load(plane.record())
    camera = wide.camera.cropped(0, 20, 64, 16)
    sheet = Sheet()
    sheet.add("wide", Sample(wide.image[20:36], camera, wide.depth[20:36]))
    assert sheet.picture().shape[0] == LINE + PANEL[1] // 4 + GAP


def test_single_points_are_seen_on_the_darkened_picture(plane):
    image = np.full((480, 640, 3), 200, np.uint8)
    depth = np.full((480, 640), np.nan, np.float32)
    depth[5::60, 5::80] = 3
    depth[5, 5] = 9
    camera = plane.camera.resized(640, 480)
    sheet = Sheet()
    sheet.add("points", Sample(image, camera, depth, kind=LabelKind.LIDAR))
    panel = sheet.picture()[LINE : LINE + 200, PANEL[1] : PANEL[1] + 267]
    dark = (panel == 70).all(axis=-1)
    assert 0.9 < dark.mean() < 0.99
    assert (~dark).sum() >= 8 * 8 * 6


def test_a_sheet_of_nothing_is_white():
    assert (Sheet().picture() == 255).all()


def test_a_sheet_holds_only_so_many(plane):
    sample, sheet = load(plane.record()), Sheet()
    for _ in range(MOST + 3):
        sheet.add("a", sample)
    assert len(sheet) == MOST


def test_a_name_in_any_script_can_be_drawn(plane):
    sheet = Sheet()
    sheet.add("写真-é.png", load(plane.record()))
    assert sheet.picture().any()
