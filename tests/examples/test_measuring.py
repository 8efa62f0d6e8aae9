"""The example of measuring runs, and a known camera height changes what it says."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/measure_object.py"


def test_an_object_is_measured_with_and_without_a_known_scale(tmp_path):
    command = [sys.executable, str(EXAMPLE), str(tmp_path / "picture.png")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seen, known = (float(text) for text in re.findall(r"height +(\d+\.\d) ±", printed))
    assert known > 1.5 * seen
    assert len(re.findall(r"angle +9\d ± \d°", printed)) == 2
    assert (tmp_path / "picture.png").is_file()
