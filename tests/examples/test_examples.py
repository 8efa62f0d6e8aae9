"""Every example runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *arguments: object) -> str:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_table_of_examples_lists_every_file():
    listed = set(re.findall(r"^\| `([^`]+)`", (EXAMPLES / "README.md").read_text(), flags=re.MULTILINE))
    assert listed == {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".jpg")}


def test_measuring_gives_metres_and_their_uncertainty():
    assert re.search(r": \d+\.\d\d m, give or take \d+\.\d\d m", run("measure.py"))


def test_the_point_cloud_is_written(tmp_path):
    output = run("point_cloud.py", tmp_path)
    assert "points" in output
    assert {path.suffix for path in tmp_path.iterdir()} >= {".ply", ".glb", ".html"}


@pytest.mark.slow
def test_a_published_checkpoint_can_be_loaded_by_path(tmp_path):
    torch = pytest.importorskip("torch")
    from theodolite.network import build
    from theodolite.weights.official import to_official

    torch.manual_seed(0)
    state = to_official(build("vit-small").state_dict(), "vit-small")
    torch.save({"model_state_dict": state}, tmp_path / "random.pth")
    output = run("published_checkpoint.py", tmp_path / "random.pth")
    assert "parity         [1064, 616]" in output
