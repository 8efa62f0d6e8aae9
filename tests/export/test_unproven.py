"""`theodolite export`: what is not proven is not kept."""

import pytest
from typer.testing import CliRunner

from theodolite.cli.main import app
from theodolite.errors import TheodoliteError
from theodolite.export.parity import Deviation
from theodolite.network import build
from theodolite.weights.checkpoint import write


@pytest.fixture
def weights(tmp_path):
    write(tmp_path / "pocket.safetensors", build("pocket-lite0").state_dict(), "pocket-lite0", 300.0)
    return tmp_path / "pocket.safetensors"


@pytest.mark.parametrize(
    "outcome", [Deviation(0.0, 1.0, 0.0, 0.0, ()), Deviation(0.0, 0.0, 0.0, float("nan"), ()), None]
)
def test_a_file_that_computes_something_else_does_not_stay(weights, monkeypatch, outcome):
    def compare(path, module, stride):
        if outcome is None:
            raise RuntimeError("the runtime could not add 60 to 144")
        return outcome

    monkeypatch.setattr("theodolite.export.onnx.write_onnx", lambda net, path, label, storage: path.write_bytes(b"x"))
    monkeypatch.setattr("theodolite.export.parity.compare_onnx", compare)
    out = weights.parent / "out.onnx"
    out.write_bytes(b"the old one")
    result = CliRunner().invoke(app, ["export", str(weights), str(out), "--overwrite"])
    assert isinstance(result.exception, TheodoliteError)
    assert out.read_bytes() == b"the old one"
    assert {path.name for path in weights.parent.iterdir()} == {"out.onnx", "pocket.safetensors"}
