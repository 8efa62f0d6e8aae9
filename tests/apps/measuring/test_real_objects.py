"""Objects of known height in real pictures: right with a LiDAR's depth, and not far off with predicted depth."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[3] / "tools/measure_metrology.py"


@pytest.fixture(scope="module")
def rows(shared):
    command = [sys.executable, str(TOOL), str(shared / "data/kitti_object_3")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [[float(word) for word in re.findall(r"\d+\.\d+", line)] for line in printed.splitlines() if " at " in line]


def test_heights_are_right_with_the_lidars_depth(rows):
    assert len(rows) == 6
    for true, *_, lidar, sigma in rows:
        assert lidar == pytest.approx(true, rel=0.06)
        assert sigma < 0.1 * true


def test_the_cameras_known_height_makes_predicted_heights_better(rows):
    off = sorted(abs(predicted / true - 1) for true, predicted, *_ in rows)
    known = sorted(abs(with_height / true - 1) for true, _, _, with_height, *_ in rows)
    assert off[3] < 0.35
    assert known[3] < 0.15
