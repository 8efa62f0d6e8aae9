"""The example of video runs."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.apps.video.clip_scene import write_pictures

for needed in ("av", "cv2", "scipy"):
    pytest.importorskip(needed)

ROOT = Path(__file__).resolve().parents[2]


def test_a_folder_of_pictures_becomes_a_film_side_by_side(tmp_path):
    room = write_pictures(tmp_path / "room", range(4))
    command = [sys.executable, str(ROOT / "examples/video.py"), str(room), str(tmp_path / "out"), "75"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "4 pictures, flicker of scale" in output
    assert (tmp_path / "out/side-by-side.mp4").is_file()
    assert len(list((tmp_path / "out/frames").glob("*_depth.png"))) == 4
