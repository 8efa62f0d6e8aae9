import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from theodolite.errors import CheckpointError
from theodolite.network import build
from theodolite.weights.checkpoint import load_network
from theodolite.weights.hub import HubModel

JOINT = ["vit-small", "vit-giant2"]


def model_of(tiny, name: str) -> HubModel:
    return HubModel(tiny.network(name)).eval()


def pixels_for(model: HubModel) -> torch.Tensor:
    side = 2 * model.network.multiple
    return torch.randn(2, 3, side, side + model.network.multiple, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", JOINT)
def test_a_joint_network_returns_what_the_reference_names(tiny, name):
    model = model_of(tiny, name)
    pixels = pixels_for(model)
    depth, confidence, rest = model.inference({"input": pixels})
    with torch.inference_mode():
        raw = model.network(pixels, all_steps=True)
    assert torch.equal(depth, raw.canonical_depth)
    assert torch.equal(confidence, raw.confidence)
    assert rest["prediction"] is depth
    assert rest["confidence"] is confidence
    assert rest["pred_logit"] is None
    assert torch.equal(rest["prediction_normal"], torch.cat([raw.normals, raw.kappa], 1))
    assert len(rest["predictions_list"]) == len(rest["confidence_list"]) == model.network.variant.steps
    assert torch.equal(rest["predictions_list"][-1], depth)
    assert torch.equal(rest["confidence_list"][-1], confidence)
    assert torch.equal(rest["normal_out_list"][-1], rest["prediction_normal"])
    assert rest["low_resolution_init"] == []
    assert rest.keys() == {
        "prediction",
        "predictions_list",
        "confidence",
        "confidence_list",
        "pred_logit",
        "prediction_normal",
        "normal_out_list",
        "low_resolution_init",
    }


def test_a_depth_only_network_returns_no_normals(tiny):
    model = model_of(tiny, "convnext-tiny")
    depth, confidence, rest = model.inference({"input": pixels_for(model)})
    assert rest.keys() == {"prediction", "confidence", "pred_logit"}
    assert depth.shape == confidence.shape == (2, 1, 64, 96)


def test_in_training_the_lists_start_before_the_first_step(tiny):
    model = model_of(tiny, "vit-small").train()
    _, _, rest = model({"input": pixels_for(model)})
    assert len(rest["predictions_list"]) == len(rest["normal_out_list"]) == 1 + model.network.variant.steps


def test_inference_keeps_no_gradient_and_forward_does(tiny):
    model = model_of(tiny, "vit-small")
    data = {"input": pixels_for(model), "cam_model": "ignored"}
    assert not model.inference(data)[0].requires_grad
    assert model(data)[0].requires_grad


@pytest.mark.parametrize("name", [*JOINT, "convnext-tiny"])
def test_published_names_are_loaded_by_the_ordinary_call(tiny, name):
    torch.manual_seed(99)
    model = HubModel(build(tiny.TINY[name])).eval()
    model.load_state_dict(tiny.published(name))
    wanted = model_of(tiny, name).state_dict()
    assert all(torch.equal(tensor, wanted[key]) for key, tensor in model.state_dict().items())


def test_published_names_are_loaded_inside_another_module(tiny):
    outer = nn.ModuleDict({"depth": HubModel(build(tiny.TINY["vit-small"]))})
    outer.load_state_dict({f"depth.{name}": tensor for name, tensor in tiny.published("vit-small").items()})
    wanted = tiny.network("vit-small").state_dict()
    assert all(torch.equal(tensor, wanted[key]) for key, tensor in outer["depth"].network.state_dict().items())


def test_its_own_names_are_loaded_too(tiny):
    model = model_of(tiny, "vit-small")
    HubModel(build(tiny.TINY["vit-small"])).load_state_dict(model.state_dict())


def test_another_networks_weights_are_refused_even_when_not_strict(tiny):
    with pytest.raises(CheckpointError):
        model_of(tiny, "vit-small").load_state_dict(tiny.published("vit-giant2"), strict=False)


def test_a_published_file_gives_the_numbers_of_the_reference(shared, tmp_path):
    path = Path(__file__).parents[1] / "parity" / "synthetic.py"
    spec = importlib.util.spec_from_file_location("hub_synthetic", path)
    synthetic = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(synthetic)
    stored = np.load(shared / "goldens" / "vit_small_294x322.npz")
    golden = {name: torch.from_numpy(stored[name]) for name in stored.files if name[:5] in ("depth", "norma", "confi")}
    state = synthetic.official_state(shared / "spec" / "parameters" / "vit_small.tsv")
    torch.save({"model_state_dict": state}, tmp_path / "a.pth")
    network, _ = load_network(tmp_path / "a.pth")
    depth, confidence, rest = HubModel(network).eval().inference({"input": synthetic.pixels(1, 294, 322)})
    assert (depth[:, :, ::2, ::2] - golden["depth"]).abs().max() < 2e-3
    assert (confidence[:, :, ::4, ::4] - golden["confidence"]).abs().max() < 5e-4
    assert (rest["prediction_normal"][:, :, ::4, ::4] - golden["normal"]).abs().max() < 5e-4
    for number in range(4):
        step = f"iter_{number + 1:02d}"
        one_depth, one_normal = rest["predictions_list"][number], rest["normal_out_list"][number]
        assert (one_depth[:, :, ::8, ::8] - golden[f"depth_{step}"]).abs().max() < 2e-3
        assert (one_normal[:, :, ::8, ::8] - golden[f"normal_{step}"]).abs().max() < 5e-4
