"""Runtimes agree, and refuse what they cannot run."""

import numpy as np
import pytest

import theodolite
from theodolite.errors import CheckpointError, TheodoliteError


def test_a_prediction_says_which_runtime_made_it():
    photo = np.zeros((64, 64, 3), np.uint8)
    assert theodolite.load().predict(photo).provenance["runtime"].startswith("onnxruntime")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """The network of the embedded model, with random weights, as PyTorch takes it."""
    torch = pytest.importorskip("torch")
    from theodolite.network import build
    from theodolite.weights.checkpoint import write

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    write(
        path,
        build("pocket-lite0").state_dict(),
        "pocket-lite0",
        300.0,
        {"canvas_pixels": "24576", "licence": "CC0-1.0"},
    )
    return path


def test_pytorch_runs_a_checkpoint_by_what_it_says_of_itself(checkpoint):
    model = theodolite.load(checkpoint)
    assert (model.facts.canonical_focal, model.facts.canvas_pixels, model.facts.multiple) == (300.0, 24576, 32)
    assert model.facts.licence == "CC0-1.0"
    scene = model.predict(np.zeros((48, 64, 3), np.uint8))
    assert scene.depth.shape == (48, 64)
    assert scene.provenance["runtime"].startswith("torch")


def test_bfloat16_is_near_float32(checkpoint):
    photo = np.linspace(0, 255, 48 * 64 * 3).astype(np.uint8).reshape(48, 64, 3)
    exact = theodolite.load(checkpoint).predict(photo).depth
    near = theodolite.load(checkpoint, dtype="bfloat16").predict(photo).depth
    assert near.dtype == np.float32
    assert 0 < np.nanmean(np.abs(near / exact - 1)) < 0.05


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"backend": "tensorrt"}, "onnx"),
        ({"device": "tpu"}, "cuda"),
        ({"dtype": "float16"}, "PyTorch"),
        ({"backend": "torch"}, "PyTorch needs"),
    ],
)
def test_what_onnx_runtime_cannot_do_is_refused_with_what_it_can(choice, words):
    with pytest.raises(TheodoliteError, match=words):
        theodolite.load("pocket", **choice)


@pytest.mark.parametrize(
    ("choice", "words"),
    [({"dtype": "int4"}, "bfloat16"), ({"device": "warp9"}, "warp9"), ({"backend": "onnx"}, "theodolite export")],
)
def test_what_pytorch_cannot_do_is_refused_with_what_it_can(checkpoint, choice, words):
    with pytest.raises(TheodoliteError, match=words):
        theodolite.load(checkpoint, **choice)


def test_an_onnx_network_of_others_is_refused(tmp_path):
    onnx = pytest.importorskip("onnx")
    nothing = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    same = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [nothing], [same])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(CheckpointError, match="not one exported by"):
        theodolite.load(tmp_path / "other.onnx")
