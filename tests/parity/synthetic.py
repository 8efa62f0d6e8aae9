"""Weights and inputs that anybody can make again from a formula; see the README of the stored reference numbers."""

import math
import zlib
from pathlib import Path

import numpy as np
import torch

_TOKENS = {"pos_embed", "cls_token", "register_tokens", "mask_token"}
_GAINS = {
    "attn.qkv.": 1.5,
    "flow_head.conv2d.": 0.25,
    "flow_head.conv2n.": 0.5,
    "update_block.mask.2.": 8.0,
    "conv_out_2.prob.": 1.0,
    "conv_out_2.": 2.0,
    "depth_regressor_2.": 1.6,
    "depth_regressor.": 1.5,
    "conv_up_2.": 1.5,
}


def official_shapes(table: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a published checkpoint, from a stored table."""
    shapes = {}
    for line in table.read_text().splitlines():
        name, shape, _ = line.split("\t")
        shapes[name] = tuple(int(side) for side in shape.split(",") if side)
    return shapes


def official_state(table: Path) -> dict[str, torch.Tensor]:
    """A published checkpoint, as if trained to be random."""
    return {name: tensor(name, shape) for name, shape in official_shapes(table).items()}


def tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    name = name.replace(".norm3.", ".downsample.1.")  # aliases
    noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape, dtype=np.float32)
    mean, deviation = _moments(name, shape)
    if name.endswith("running_var"):
        noise = np.abs(noise)
    return torch.from_numpy(np.asarray(np.float32(mean) + np.float32(deviation) * noise))


def _moments(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    kind = name.rpartition(".")[2]
    if kind in _TOKENS:
        return 0.0, 0.5
    if kind == "weight" and len(shape) > 1:
        gain = next((gain for part, gain in _GAINS.items() if part in name), 1.0)
        return 0.0, gain / math.sqrt(math.prod(shape[1:]))
    return {"gamma": (0.5, 0.1), "running_mean": (0.0, 0.02), "running_var": (1.0, 0.1), "bias": (0.0, 0.05)}.get(
        kind, (1.0, 0.1)
    )


def pixels(batch: int, height: int, width: int) -> torch.Tensor:
    """Normalised images: waves, a checkerboard and noise."""
    return torch.from_numpy(np.stack([_image(index, height, width) for index in range(batch)]))


def _image(index: int, height: int, width: int) -> np.ndarray:
    c, i, j = np.meshgrid(np.arange(3), np.arange(height), np.arange(width), indexing="ij")
    y, x = i / height, j / width
    waves = np.sin(2 * np.pi * (3 * x + 2 * y + 0.3 * c + 0.37 * index)) + 0.6 * np.cos(
        2 * np.pi * (9 * x * y + 0.17 * c)
    )
    board = 2 * ((i // 40 + j // 56 + c) % 2) - 1
    noise = np.random.default_rng(zlib.crc32(f"input{index}".encode())).standard_normal(
        (3, height, width), dtype=np.float32
    )
    return (waves + 0.4 * board + 0.2 * noise.astype(np.float64)).astype(np.float32)
