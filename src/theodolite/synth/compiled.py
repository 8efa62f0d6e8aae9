"""torch.compile for the renderer's kernels, or the same functions as they are where it is unwanted or absent."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
import torch._dynamo.config as dynamo

_wanted = True


def available() -> bool:
    """Whether kernels can be compiled here: a C++ compiler is found and THEODOLITE_SYNTH_EAGER is not set."""
    compiler = any(shutil.which(name) for name in (os.environ.get("CXX") or "g++", "clang++"))
    return compiler and not os.environ.get("THEODOLITE_SYNTH_EAGER")


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    # One kernel for each kind of solid and for single-element batches; past the limit torch would stop compiling.
    dynamo.recompile_limit = max(dynamo.recompile_limit, 64)
    # Sizes change from batch to batch; one kernel for all of them is worth more than a slightly faster one for each.
    return torch.compile(function, dynamic=True)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, fused into machine code at its first call; as it is inside `eager()` or without a compiler."""
    return _compiled(function) if _wanted and available() else function


@contextmanager
def eager() -> Iterator[None]:
    """Inside, nothing is compiled: slower, the same numbers up to rounding."""
    global _wanted
    before, _wanted = _wanted, False
    try:
        yield
    finally:
        _wanted = before
