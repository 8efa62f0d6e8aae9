"""`theodolite export`: a checkpoint becomes a file that predicts, and existing files are kept."""

import hashlib
import sys

import pytest

from theodolite.errors import OutputError


@pytest.fixture
def run(exported):
    # The folder's conftest, wherever the test runner imported it from.
    return sys.modules[type(exported).__module__].run


def test_the_command_tells_size_metadata_and_deviation(exported):
    assert exported.told["megabytes"] == pytest.approx(exported.file.stat().st_size / 1e6, abs=0.01)
    assert exported.told["metadata"]["theodolite.canonical_focal"] == "300.0"
    assert exported.told["metadata"]["theodolite.canvas_pixels"] == "6144"


def test_the_facts_name_checksum_size_and_what_the_checkpoint_said(exported, net):
    facts = exported.facts
    assert facts["sha256"] == hashlib.sha256(exported.file.read_bytes()).hexdigest()
    assert facts["training"] == {"step": 10}
    assert facts["encoder"] == "random"
    assert facts["parameters"] == sum(p.numel() for p in net.parameters())


def test_files_that_are_there_are_kept(run, weights, tmp_path):
    out = tmp_path / "small.onnx"
    out.write_text("mine")
    result = run(weights, out)
    assert isinstance(result.exception, OutputError)
    assert out.read_text() == "mine"
