"""Adapters for models of others: what they hand over, and what they make of what comes back."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.evaluation.callables import load_callable
from theodolite.evaluation.estimate import Estimate

torch = pytest.importorskip("torch")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CAMERA = Camera(50, 52, 4.5, 2.5, 10, 6)
IMAGE = np.random.default_rng(0).integers(0, 256, (6, 10, 3), dtype=np.uint8)
DEPTH = torch.linspace(1, 9, 60).reshape(6, 10)


def stand_in(monkeypatch, name: str, **content):
    """A module of this name, and its parents."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        path = ".".join(parts[:end])
        if path not in sys.modules:
            monkeypatch.setitem(sys.modules, path, ModuleType(path))
    for key, value in content.items():
        monkeypatch.setattr(sys.modules[name], key, value, raising=False)


class Network:
    """Remembers how it was called, and returns what it was given."""

    def __init__(self, returned):
        self.returned, self.called = returned, None

    def to(self, device):
        return self

    def eval(self):
        return self

    def infer(self, *arguments, **named):
        self.called = (arguments, named)
        return self.returned


def estimate(name: str) -> Estimate:
    return Estimate.of(load_callable(f"{EXAMPLES / name.partition(':')[0]}:{name.partition(':')[2]}")(IMAGE, CAMERA))


def test_moge_is_given_the_field_of_view_and_what_it_masks_is_unknown(monkeypatch):
    depth, normals = DEPTH.clone(), torch.zeros(6, 10, 3)
    depth[0] = torch.inf
    normals[..., 2] = 1  # away from the camera
    network = Network({"depth": depth, "normal": normals, "mask": depth < torch.inf})
    stand_in(monkeypatch, "moge.model.v2", MoGeModel=SimpleNamespace(from_pretrained=lambda name: network))
    found = estimate("evaluate_moge.py:MoGe")
    ((pixels,), named) = network.called
    assert pixels.shape == (3, 6, 10)
    np.testing.assert_allclose(pixels.numpy() * 255, np.moveaxis(IMAGE, -1, 0), atol=1e-3)
    assert named["fov_x"] == pytest.approx(CAMERA.fov[0])
    assert np.isnan(found.depth[0]).all()
    np.testing.assert_array_equal(found.depth[1:], DEPTH[1:].numpy())
    np.testing.assert_array_equal(found.normals[2, 3], [0, 0, -1])
    assert found.kind == "metric"


def test_unidepth_is_given_the_camera_and_bytes(monkeypatch):
    network = Network({"depth": DEPTH[None, None], "confidence": DEPTH[None, None] / 9})
    stand_in(monkeypatch, "unidepth.models", UniDepthV2=SimpleNamespace(from_pretrained=lambda name: network))
    stand_in(monkeypatch, "unidepth.utils.camera", Pinhole=lambda K: K)
    found = estimate("evaluate_unidepth.py:UniDepth")
    ((pixels, matrix), _) = network.called
    assert pixels.dtype == torch.uint8
    np.testing.assert_allclose(matrix[0].numpy(), CAMERA.K, rtol=1e-6)
    np.testing.assert_array_equal(found.depth, DEPTH.numpy())
    assert found.confidence is not None
    assert not found.stated_error


@pytest.mark.parametrize(("name", "given"), [("DepthPro", True), ("DepthProAlone", False)])
def test_depth_pro_is_given_the_focal_length_as_a_tensor_or_guesses_it(monkeypatch, name, given):
    network = Network({"depth": DEPTH, "focallength_px": torch.tensor(51.0)})
    make = lambda device: (network, lambda image: torch.from_numpy(image.copy()))  # noqa: E731
    stand_in(monkeypatch, "depth_pro", create_model_and_transforms=make)
    found = estimate(f"evaluate_depth_pro.py:{name}")
    focal = network.called[1]["f_px"]
    assert (focal.squeeze().item() == CAMERA.focal) if given else focal is None
    np.testing.assert_array_equal(found.depth, DEPTH.numpy())


@pytest.mark.parametrize(
    ("name", "kind", "space"),
    [
        ("DepthAnything", "affine_invariant", "inverse_depth"),
        ("DepthAnythingRooms", "metric", "depth"),
        ("DepthAnythingStreets", "metric", "depth"),
    ],
)
def test_pipelines_of_transformers_say_what_their_numbers_mean(monkeypatch, name, kind, space):
    asked = {}

    def pipeline(task, model, device):
        asked.update(task=task, model=model)
        return lambda picture: {"predicted_depth": DEPTH[None], "depth": picture}

    stand_in(monkeypatch, "transformers", pipeline=pipeline)
    found = estimate(f"evaluate_transformers.py:{name}")
    assert asked["task"] == "depth-estimation"
    assert asked["model"].startswith("depth-anything/")
    assert (found.kind, found.space) == (kind, space)
    np.testing.assert_array_equal(found.depth, DEPTH.numpy())
