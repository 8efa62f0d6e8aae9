"""The example of reconstruction runs."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.apps import room

pytest.importorskip("skimage")

ROOT = Path(__file__).resolve().parents[2]


def test_a_folder_of_pictures_with_poses_becomes_a_mesh(tmp_path):
    folder = room.write_folder(tmp_path / "room", 4)
    command = [sys.executable, str(ROOT / "examples" / "reconstruct.py"), str(folder), str(tmp_path / "mesh.ply")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "3.png depth times" in output
    assert "vertices from 4 views" in output
    assert (tmp_path / "mesh.ply").is_file()
