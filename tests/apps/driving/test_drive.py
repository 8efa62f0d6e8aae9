"""One picture from depth to files, and what a program reads from them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from theodolite.apps.birds_eye import BACKGROUND, SWEEP, Field, birds_eye
from theodolite.apps.driving import agreements, drive
from theodolite.apps.pseudo_lidar import read_sweep
from theodolite.errors import OutputError
from theodolite.viz import spectral


def test_a_drive_knows_height_level_and_points(road):
    result = drive(road.prediction, road.mounted)
    assert result.ground.height == pytest.approx(road.height, rel=1e-3)
    assert result.ground_level == pytest.approx(-road.body_above, abs=2e-3)
    # Confidence 0.95 states a depth error of 5 %, which all depths share.
    assert result.height_sigma == pytest.approx(0.05 * road.height, rel=0.01)
    assert len(result.points) > 40000


def test_facts_and_files_say_the_same(road, tmp_path):
    result = drive(road.prediction, road.mounted, drive(road.prediction, road.mounted).points)
    sweep, picture, facts = result.save(tmp_path)
    assert [path.name for path in (sweep, picture, facts)] == [
        "000007.bin",
        "000007_birdseye.png",
        "000007_driving.json",
    ]
    np.testing.assert_array_equal(read_sweep(sweep), result.points)
    with Image.open(picture) as opened:
        assert opened.size == (400, 600)
    told = json.loads(facts.read_text())
    assert told["ground"]["camera_height_m"] == result.ground.height
    assert told["sweep"][0]["ratio"] == pytest.approx(1, abs=1e-3)
    with pytest.raises(OutputError, match="--overwrite"):
        result.save(tmp_path)
    assert len(result.save(tmp_path, overwrite=True)) == 3


def test_without_ground_there_is_a_reason_and_everything_else(road, tmp_path):
    sky = replace(road.prediction, normals=-road.prediction.normals)
    result = drive(sky, road.mounted)
    assert result.ground is None
    assert "ground was not found" in result.facts()["ground"]["reason"]
    assert np.isnan(result.height_sigma)
    assert result.ground_level == -1.73
    assert len(result.save(tmp_path)) == 3


def test_seen_from_above_the_box_is_where_it_stands(road, box):
    field = Field((0, 40), 10, 0.2)
    result = drive(road.prediction, road.mounted)
    picture = birds_eye(result.points, result.ground_level, field=field)
    assert picture.shape == (200, 100, 3)
    # Its front is the border of two cells.
    row, column = (int(value[0]) for value in field.cells(np.array([[box["near"] + 0.05, 2.0, 0]])))
    high = spectral()[round((box["top"] + 0.3) / 3.3 * (len(spectral()) - 1))]
    assert np.abs(picture[row : row + 2, column].astype(int) - high).max(axis=-1).min() < 20
    # Nothing is seen behind its front, in the middle of it.
    behind, _ = field.cells(np.array([[box["near"] + 1.5, 2.0, 0]]))
    assert tuple(picture[behind[0], column]) == BACKGROUND


def test_left_is_left_and_ahead_is_up_and_the_sweep_is_black():
    points = np.array([[30.0, 5, 0, 1], [10, -5, 0, 1]])
    field = Field((0, 40), 10, 1.0)
    picture = birds_eye(points[:1], 0.0, sweep=np.array([[10.0, -5, 1.0]]), field=field)
    assert tuple(picture[30, 15]) == SWEEP
    assert tuple(picture[10, 5]) not in (SWEEP, BACKGROUND)


def test_a_rig_of_true_depth_agrees(make_road):
    drives = [drive(r.prediction, r.mounted) for r in (make_road(focal=1000), make_road(focal=2000, aside=0.5))]
    ((first, second, found),) = agreements(drives)
    assert (first, second) == ("000007.png", "000007.png")
    assert found.ratio == pytest.approx(1, abs=5e-3)
