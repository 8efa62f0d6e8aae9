"""The example of odometry runs."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.apps import slam_scene

from theodolite.apps.trajectory import read_trajectory

pytest.importorskip("cv2")
pytest.importorskip("scipy")

ROOT = Path(__file__).resolve().parents[2]


def test_a_folder_of_pictures_becomes_a_path(tmp_path):
    (tmp_path / "room").mkdir()
    for number in range(5):
        frame = slam_scene.frame(number)
        Image.fromarray(frame.image).save(tmp_path / "room" / frame.name)
    target = tmp_path / "trajectory.txt"
    command = [sys.executable, str(ROOT / "examples/odometry.py"), str(tmp_path / "room"), str(target), "75"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "5 pictures placed" in output
    assert len(read_trajectory(target)) == 5
