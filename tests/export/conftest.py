"""A small network of the pocket's kind, exported once for all tests: exporting takes seconds for each layer."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner, Result

from theodolite.cli.export import export
from theodolite.network import Metric3D, Variant, build
from theodolite.network.variants import EfficientNetLite, find
from theodolite.weights import checkpoint


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command("export")(export)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@dataclass(frozen=True)
class Exported:
    """What `theodolite export` left, and what it told."""

    file: Path
    facts: dict
    told: dict


@pytest.fixture(scope="session")
def small_variant() -> Variant:
    return replace(find("pocket-lite0"), encoder=EfficientNetLite(depths=(1, 1, 1, 1, 1, 1, 1)), steps=1)


@pytest.fixture(scope="session")
def net(small_variant) -> Metric3D:
    torch.manual_seed(0)
    net = build(small_variant).eval()
    # Statistics that a fold could get wrong.
    for name, buffer in net.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return net


@pytest.fixture(scope="session")
def weights(net, small_variant, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "model-000010.safetensors"
    said = {"licence": "Apache-2.0", "canvas_pixels": "6144", "training": '{"step": 10}', "encoder": "random"}
    checkpoint.write(path, net.state_dict(), small_variant, 300.0, said)
    return path


@pytest.fixture(scope="session")
def exported(weights, tmp_path_factory) -> Exported:
    folder = tmp_path_factory.mktemp("onnx")
    file, facts = folder / "small.onnx", folder / "small.json"
    result = run(weights, file, "--facts", facts, "--json")
    assert result.exit_code == 0, result.output
    return Exported(file, json.loads(facts.read_text()), json.loads(result.stdout))
