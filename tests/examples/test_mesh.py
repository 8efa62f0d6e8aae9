"""The example of meshes runs."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_photo_becomes_two_meshes_of_the_same_place(tmp_path):
    command = [sys.executable, str(ROOT / "examples" / "mesh.py"), str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"(\w+)\.glb: (\d+) triangles, ([\d.]+) x ([\d.]+) x ([\d.]+) m", output)
    assert [row[0] for row in rows] == ["courtyard", "light"]
    assert int(rows[1][1]) <= 10_000 < int(rows[0][1]) <= 200_000
    for fine, light in zip(rows[0][2:], rows[1][2:], strict=True):
        assert 0.7 < float(light) / float(fine) < 1.4
