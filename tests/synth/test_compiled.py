"""Compiled kernels against the same functions run step by step."""

import numpy as np
import pytest
import torch

from theodolite.synth import compiled as compilation
from theodolite.synth import trace
from theodolite.synth.shapes import BOX, HITS, LOOPED


# The compiler inside PyTorch uses parts of PyTorch that PyTorch calls deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(not compilation.available(), reason="no C++ compiler")
@pytest.mark.parametrize("kind", [BOX, *(pytest.param(kind, marks=pytest.mark.slow) for kind in HITS if kind != BOX)])
def test_compiled_intersections_equal_the_uncompiled_ones(kind, monkeypatch):
    monkeypatch.setattr(compilation, "_wanted", True)
    generator = torch.Generator().manual_seed(kind)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    jobs, pixels = 20, trace.TILE**2
    arguments = (
        kind,
        draw(jobs, trace.CHUNK, 3) * 2,
        draw(jobs, trace.CHUNK, 9),
        draw(jobs, trace.CHUNK, 2).sigmoid() / 2,
        draw(jobs, 3, pixels),
    )
    with compilation.eager():
        expected_t, expected_place = trace._kernel(kind, trace._first_hits)(*arguments)
    t, place = trace._kernel(kind, trace._first_hits)(*arguments)
    # A ray that only touches a ring or a hill may fall to either side.
    assert np.isclose(t, expected_t, rtol=2e-5).mean() > (0.998 if kind in LOOPED else 0.99999)
    assert (place == expected_place).float().mean() > 0.998


def test_inside_eager_nothing_is_compiled():
    with compilation.eager():
        assert compilation.compiled(trace._first_hits) is trace._first_hits


def test_without_a_compiler_the_plain_function_is_used(monkeypatch):
    monkeypatch.setattr(compilation, "_wanted", True)
    monkeypatch.setattr(compilation.shutil, "which", lambda name: None)
    assert compilation.compiled(trace._first_hits) is trace._first_hits
