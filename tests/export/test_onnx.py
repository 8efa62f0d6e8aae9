"""The ONNX file: computes what the network does at any size, says what it is, and is half as large."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from theodolite.errors import CheckpointError
from theodolite.export import parity
from theodolite.export.onnx import Label, fold_batch_norms, label_of, write_onnx
from theodolite.inference.backends.onnx import OnnxBackend
from theodolite.network import build, skeleton
from theodolite.weights.checkpoint import Facts


def test_the_file_computes_what_the_network_does_at_every_size(exported):
    deviation = exported.told["deviation"]
    assert deviation["canonical_depth"] < 1e-4
    assert deviation["normals"] < 1e-4
    assert deviation["confidence"] < 1e-4
    assert len(deviation["sizes"]) == 4


def test_the_sizes_compared_are_of_every_shape():
    assert any(rows < columns for rows, columns in parity.SIZES)
    assert any(rows > columns for rows, columns in parity.SIZES)


def test_half_precision_storage_moves_the_maps_little(exported, net):
    pixels = np.random.default_rng(0).standard_normal((2, 3, 64, 96), np.float32)
    raw = OnnxBackend(exported.file).run(pixels)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(pixels))
    np.testing.assert_allclose(raw.canonical_depth, wanted.canonical_depth, rtol=1e-2)
    np.testing.assert_allclose(raw.normals, wanted.normals, atol=1e-2)


def test_eight_bits_a_weight_take_half_the_room_and_move_the_maps_little(net, exported, tmp_path):
    path = tmp_path / "int8.onnx"
    written = write_onnx(net, path, Label("test", "custom", 300.0, 6144, "Apache-2.0"), storage="int8")
    assert path.stat().st_size < 0.65 * exported.file.stat().st_size
    deviation = parity.compare_onnx(path, written, net.multiple)
    assert deviation.canonical_depth < 1e-4
    assert deviation.normals < 1e-4
    pixels = np.random.default_rng(0).standard_normal((2, 3, 64, 96), np.float32)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(pixels))
    raw = OnnxBackend(path).run(pixels)
    np.testing.assert_allclose(raw.canonical_depth, wanted.canonical_depth, rtol=0.1)
    np.testing.assert_allclose(raw.normals, wanted.normals, atol=0.1)


def test_an_unknown_way_to_store_weights_is_refused(net, tmp_path):
    with pytest.raises(ValueError, match="float32, float16, int8"):
        write_onnx(net, tmp_path / "x.onnx", Label("test", "custom", 300.0, 6144, "Apache-2.0"), storage="int4")


def test_the_file_says_what_it_is(exported):
    facts = OnnxBackend(exported.file).facts
    assert (facts.name, facts.canonical_focal, facts.multiple) == ("model-000010.safetensors", 300.0, 32)
    assert (facts.canvas_pixels, facts.licence, facts.reference_canvas) == (64 * 96, "Apache-2.0", None)


def test_the_file_takes_about_two_bytes_for_each_parameter(exported, net):
    parameters = sum(p.numel() for p in net.parameters())
    assert 2 * parameters < exported.file.stat().st_size < 2.3 * parameters + 150_000


def test_the_file_names_nothing_of_the_machine_that_wrote_it(exported):
    content = exported.file.read_bytes()
    assert b"/src/" not in content
    assert b".py" not in content


def test_folding_batch_norms_changes_nothing_but_the_modules(net):
    pixels = torch.randn(1, 3, 64, 64)
    folded = fold_batch_norms(net)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in net.modules())
    with torch.inference_mode():
        torch.testing.assert_close(folded(pixels).canonical_depth, net(pixels).canonical_depth, rtol=1e-4, atol=1e-4)


def test_weights_beyond_half_precision_are_refused(net, small_variant, tmp_path):
    broken = build(small_variant)
    broken.load_state_dict(net.state_dict())
    broken.decoder.delta.features.weight.data[0] = 1e6
    with pytest.raises(CheckpointError, match="too large for float16"):
        write_onnx(broken, tmp_path / "broken.onnx", Label("test", "custom", 300.0, 6144, "Apache-2.0"))
    assert not list(tmp_path.iterdir())


def test_the_label_comes_from_the_weights(net):
    ours = Facts("model-000900.safetensors", "pocket", 300.0, "Apache-2.0", None, {"canvas_pixels": "65536"})
    assert label_of(net, ours) == Label("model-000900.safetensors", "pocket", 300.0, 65536, "Apache-2.0", far=200.0)
    released = replace(ours, metadata={"release": "pocket"})
    assert label_of(net, released, canvas_pixels=1000).release == "pocket"
    published = Facts("vit-small.official", "vit-small", 1000.0, "none stated", (616, 1064), {})
    label = label_of(net, published)
    assert label.canvas_pixels == 616 * 1064
    assert label.metadata(28)["theodolite.reference_canvas"] == "616x1064"


def test_a_network_too_large_for_one_file_is_refused_before_any_work(tmp_path):
    label = Label("test", "vit-giant2", 1000.0, 616 * 1064, "none")
    with pytest.raises(CheckpointError, match=r"2 GB at most, and these weights take 2\.8 GB"):
        write_onnx(skeleton("vit-giant2"), tmp_path / "giant.onnx", label)
    assert not list(tmp_path.iterdir())
