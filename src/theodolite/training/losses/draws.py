"""Randomness of losses: a generator for each sample, so that its draw depends on nothing but its seed."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from theodolite.types import Int


def generators(seeds: Int[Tensor, " b"], loss: str) -> list[torch.Generator]:
    """One generator for each sample, on the CPU: other devices would draw other numbers from the same seed.

    Args:
        loss: name of whoever draws; two losses given the same seeds draw unrelated numbers.
    """
    return [torch.Generator().manual_seed(_mixed(seed, loss)) for seed in seeds.tolist()]


def _mixed(seed: int, loss: str) -> int:
    # Hashed, because PyTorch's CPU generator looks at the lower 32 bits of its seed only.
    return int.from_bytes(hashlib.blake2b(f"{loss} {seed}".encode(), digest_size=4).digest(), "little")
