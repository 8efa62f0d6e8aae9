import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parents[1]
ENTRIES = ["convnext_large", "convnext_tiny", "vit_giant2", "vit_large", "vit_small"]


def load(entry: str, **options):
    return torch.hub.load(str(REPOSITORY), f"metric3d_{entry}", source="local", **options)


@pytest.fixture
def entry_points() -> dict[str, object]:
    """What torch.hub takes for entry points: every public callable."""
    spec = importlib.util.spec_from_file_location("hubconf", REPOSITORY / "hubconf.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if callable(value) and not name.startswith("_")}


def test_the_entries_are_the_references_five(entry_points):
    assert sorted(entry_points) == [f"metric3d_{entry}" for entry in ENTRIES]


def test_each_entry_has_help(entry_points):
    for name, entry in entry_points.items():
        assert entry.__name__ == name
        assert "pretrain: with the published weights" in entry.__doc__


def test_a_model_with_random_weights_is_made_and_called_as_the_references():
    model = load("vit_small", pretrain=False)
    assert isinstance(model, torch.nn.Module)
    assert not model.training
    depth, confidence, rest = model.inference({"input": torch.zeros(1, 3, 56, 84)})
    assert depth.shape == confidence.shape == (1, 1, 56, 84)
    assert rest["prediction_normal"].shape == (1, 4, 56, 84)


def test_without_an_argument_the_weights_are_random_as_in_the_reference():
    assert load("convnext_tiny").inference({"input": torch.zeros(1, 3, 64, 64)})[0].shape == (1, 1, 64, 64)


@pytest.mark.parametrize("wrong", ["pretrained", "pretain", "weights"])
def test_an_unknown_keyword_is_refused_with_the_right_one(wrong):
    with pytest.raises(TypeError, match=f"takes `pretrain` and nothing else; got '{wrong}'"):
        load("vit_small", **{wrong: True})


def test_published_weights_pass_the_licence_gate(monkeypatch, tmp_path):
    from theodolite.errors import LicenceNotAccepted

    monkeypatch.setenv("THEODOLITE_CACHE", str(tmp_path))
    monkeypatch.delenv("THEODOLITE_ACCEPT_LICENSE", raising=False)
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(LicenceNotAccepted, match="THEODOLITE_ACCEPT_LICENSE=1"):
        load("vit_large", pretrain=True)


def test_once_accepted_the_published_weights_are_fetched_and_loaded(monkeypatch, tmp_path):
    from theodolite.network import build
    from theodolite.weights.official import to_official

    network = build("convnext-tiny").eval()

    def fetch(release, target):
        assert release.name == "convnext-tiny.official"
        target.parent.mkdir(parents=True)
        torch.save({"model_state_dict": to_official(network.state_dict(), "convnext-tiny")}, target)

    monkeypatch.setenv("THEODOLITE_CACHE", str(tmp_path))
    monkeypatch.setenv("THEODOLITE_ACCEPT_LICENSE", "1")
    monkeypatch.setattr("theodolite.weights.download.fetch", fetch)
    pixels = torch.ones(1, 3, 64, 96)
    depth, _, _ = load("convnext_tiny", pretrain=True).inference({"input": pixels})
    with torch.inference_mode():
        assert torch.equal(depth, network(pixels).canonical_depth)


def test_a_bare_checkout_is_enough():
    # -S leaves the installed (editable) package out of the path; what torch needs is put back by hand.
    code = f"""
import sys, site
sys.path[:0] = [p for p in {[p for p in sys.path if "site-packages" in p]!r}]
sys.meta_path[:] = [finder for finder in sys.meta_path if 'editable' not in str(finder).lower()]
import torch
model = torch.hub.load({str(REPOSITORY)!r}, "metric3d_vit_small", source="local")
import theodolite
assert theodolite.__file__ == {str(REPOSITORY / "src/theodolite/__init__.py")!r}, theodolite.__file__
assert not any(path.endswith("src") for path in sys.path), sys.path
print(type(model).__name__)
"""
    result = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd="/", check=False)
    assert result.stdout.strip() == "HubModel", result.stderr
