"""The example of priors runs."""

import subprocess
import sys
from pathlib import Path

from tests.apps.priors import scenes

ROOT = Path(__file__).resolve().parents[2]


def test_a_colmap_folder_gets_priors(tmp_path):
    scenes.colmap(tmp_path / "scene", 3)
    command = [sys.executable, str(ROOT / "examples" / "priors.py"), str(tmp_path / "scene"), str(tmp_path / "out")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "02.png scale by points" in output
    assert "ns-train" in output
    assert "train.py" in output
    assert (tmp_path / "out" / "transforms.json").is_file()
