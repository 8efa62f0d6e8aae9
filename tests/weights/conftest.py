"""An empty cache for every test here, a Hub on the loopback interface, and networks small enough to be quick."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _helper(name: str):
    # The tests are no package, so what they share is loaded by its path.
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"weights_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch) -> Path:
    """The cache folder of this test; nobody has accepted anything, and nobody is there to be asked."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("THEODOLITE_CACHE", str(folder))
    monkeypatch.delenv("THEODOLITE_ACCEPT_LICENSE", raising=False)
    monkeypatch.setattr("sys.stdin", None)
    return folder


@pytest.fixture
def hub(monkeypatch):
    """A Hub that serves 200 kB under every name; its content and faults can be changed before use."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1024)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with _helper("hub").FakeHub(bytes(range(250)) * 800) as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        yield fake


@pytest.fixture
def tiny(monkeypatch):
    """Tiny networks in the table, in place of those of the same names; all that loops over it uses them."""
    from theodolite.network.variants import VARIANTS

    helper = _helper("tiny")
    for name, row in helper.TINY.items():
        monkeypatch.setitem(VARIANTS, name, row)
    return helper
