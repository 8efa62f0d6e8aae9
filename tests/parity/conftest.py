"""Synthetic weights, the inputs that go with them, and the comparison with stored arrays."""

import importlib.util
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@dataclass(frozen=True)
class Comparison:
    """Arrays of one run of ours, beside the stored ones."""

    stored: dict
    found: dict

    def check(self, pattern: str) -> None:
        """Every array whose name matches lies within the limit that the stored ones come with."""
        names = [name for name in self.stored if re.fullmatch(pattern, name)]
        assert names, f"nothing is called {pattern}"
        for name in names:
            wanted, got = self.stored[name], self.found[name].numpy()
            assert got.shape == wanted.shape, name
            error = np.abs(got - wanted).max()
            assert error <= _limit(name, wanted), f"{name} is off by {error:.2g}"


def _limit(name: str, wanted: np.ndarray) -> float:
    if name.startswith("depth") and name != "depth_logits":
        return 2e-3
    if name.startswith(("normal", "confidence")):
        return 5e-4
    return 2e-4 if name.startswith("state") else 1e-3 * wanted.std()


@pytest.fixture(scope="session")
def compare(shared, synthetic, network_of):
    """Runs a network on the input of a stored run, and sets what it did beside what was stored."""

    def of(archive: str, variant: str, size: tuple[int, int, int], arrays) -> Comparison:
        stored = dict(np.load(shared / "goldens" / f"{archive}.npz"))
        pixels = synthetic.pixels(*size)
        assert np.array_equal(pixels[:, :, ::56, ::56].numpy(), stored.pop("input_check"))
        sums = zip(*(stored.pop(key) for key in ("weight_names", "weight_sum", "weight_abs_sum")), strict=True)
        state = synthetic.official_state(_table(shared, variant))
        for name, total, magnitude in sums:
            assert abs(state[str(name)].double().sum().item() - total) <= 1e-6 * magnitude, name
        return Comparison(stored, arrays(network_of(variant), pixels))

    return of


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("parity_synthetic", Path(__file__).with_name("synthetic.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def network_of(shared, synthetic):
    """Networks with the synthetic weights, each made once."""
    from theodolite.network import skeleton
    from theodolite.weights.official import from_official

    made = {}

    def of(variant: str):
        if variant not in made:
            state = synthetic.official_state(_table(shared, variant))
            made[variant] = skeleton(variant).eval()
            made[variant].load_state_dict(from_official(state, variant), assign=True)
        return made[variant]

    return of


def _table(shared: Path, variant: str) -> Path:
    return shared / "spec" / "parameters" / f"{variant.replace('-', '_')}.tsv"


@pytest.fixture(scope="session")
def watch():
    """While it lasts, keeps what the named parts of a network give, and are given, in a dictionary."""

    @contextmanager
    def watching(network, names):
        given, gives, hooks = {}, {}, []
        for name in names:

            def keep(_, inputs, output, name=name):
                given[name], gives[name] = inputs, output

            hooks.append(network.get_submodule(name).register_forward_hook(keep))
        yield given, gives
        for hook in hooks:
            hook.remove()

    return watching
