"""The examples of applications run."""

import json
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *arguments: object) -> str:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_focal_length_is_told_and_asked_for():
    output = run("focal_length.py")
    assert re.search(r"Told: +\d+ px, exif", output)
    assert "Estimated:" in output


def test_pseudo_lidar_is_written(tmp_path):
    pose = [[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.6], [0, 0, 0, 1]]
    camera = {"K": [[2233, 0, 966], [0, 2233, 1288], [0, 0, 1]], "vehicle_from_camera": pose}
    (tmp_path / "camera.json").write_text(json.dumps(camera))
    output = run("pseudo_lidar.py", EXAMPLES / "courtyard.jpg", tmp_path / "camera.json", tmp_path / "out")
    assert "points in the axes of the vehicle" in output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "courtyard.bin",
        "courtyard_birdseye.png",
        "courtyard_driving.json",
    }
