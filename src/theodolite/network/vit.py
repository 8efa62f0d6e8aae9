"""Vision transformer encoder with register tokens, as trained by DINOv2.

Source: Dosovitskiy et al., An Image is Worth 16x16 Words (ICLR 2021); Oquab et al., DINOv2 (2023); Darcet et al.,
Vision Transformers Need Registers (ICLR 2024).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from theodolite.network.layers import exactly, precise
from theodolite.network.variants import ViT
from theodolite.types import Float

_EPS = 1e-6
# Added to the wanted grid before the stored one divides it: a remnant of DINOv2 that the weights were trained with.
_GRID_OFFSET = 0.1

Sequence = Float[Tensor, "b n c"]


class Tokens(NamedTuple):
    """What a transformer gives the decoder: class and register tokens, and a map of patch tokens."""

    special: Float[Tensor, "b s c"]
    patches: Float[Tensor, "b h w c"]


class Partway(NamedTuple):
    """What the first blocks have made of a picture.

    Args:
        sequence: class, register and patch tokens, after the last of these blocks.
        taps: the same, of those of them that are tapped.
        grid: rows and columns of patches.
        blocks: how many have been gone through.
    """

    sequence: Float[Tensor, "b n c"]
    taps: tuple[Float[Tensor, "b n c"], ...]
    grid: tuple[int, int]
    blocks: int


class ViTEncoder(nn.Module):
    """Tokens of four depths; those of the last block, normalised, four times, where the variant names no taps."""

    def __init__(self, spec: ViT) -> None:
        super().__init__()
        self.spec = spec
        self.channels = (spec.dim,) * 4
        self.multiple = spec.multiple
        self.patch = nn.Conv2d(3, spec.dim, spec.patch, stride=spec.patch)
        self.position = PositionEmbedding(spec.dim, spec.positions)
        self.class_token = nn.Parameter(torch.zeros(1, 1, spec.dim))
        self.registers = nn.Parameter(torch.zeros(1, spec.registers, spec.dim))
        self.blocks = nn.ModuleList(Block(spec) for _ in range(spec.depth))
        self.norm = nn.LayerNorm(spec.dim, eps=_EPS)
        # Stood for hidden patches in pre-training, never used since; held so that no published weight gets lost.
        self.mask_token = nn.Parameter(torch.zeros(1, spec.dim), requires_grad=False)
        if spec.taps:
            self.norm.requires_grad_(False)  # unused then, and held for the same reason
        self.apply(_initialise)
        for tokens in (self.class_token, self.registers):
            nn.init.normal_(tokens, std=1e-6)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> list[Tokens]:
        return self.finish(self.begin(pixels, 0))

    def begin(self, pixels: Float[Tensor, "b 3 h w"], blocks: int) -> Partway:
        """The first so many blocks; `finish` goes on from what they give."""
        patches = self.patch(_fill_patches(pixels, self.spec.patch))
        rows, columns = patches.shape[-2:]
        return self._through(Partway(self._embed(patches), (), (rows, columns), 0), blocks)

    def finish(self, partway: Partway) -> list[Tokens]:
        """The blocks that are left, and the tokens for the decoder."""
        x, taps, grid, _ = self._through(partway, len(self.blocks))
        found = list(taps) if self.spec.taps else [self.norm(x)] * 4
        return [self._split(tap, *grid) for tap in found]

    def _through(self, partway: Partway, last: int) -> Partway:
        x, taps, grid, first = partway
        for number in range(first + 1, last + 1):
            x = self.blocks[number - 1](x)
            if number in self.spec.taps:
                taps = (*taps, F.layer_norm(x, x.shape[-1:]) if self.spec.level_taps else x)
        return Partway(x, taps, grid, max(first, last))

    def _embed(self, patches: Float[Tensor, "b c h w"]) -> Sequence:
        """The sequence [class, registers, patches]; registers have no position."""
        batch, _, rows, columns = patches.shape
        on_class, on_patches = self.position(rows, columns)
        special = torch.cat([self.class_token + on_class, self.registers], dim=1)
        return torch.cat([special.expand(batch, -1, -1), patches.flatten(2).transpose(1, 2) + on_patches], dim=1)

    def _split(self, x: Sequence, rows: int, columns: int) -> Tokens:
        special = 1 + self.spec.registers
        return Tokens(x[:, :special], x[:, special:].unflatten(1, (rows, columns)))


class PositionEmbedding(nn.Module):
    """A learned vector for the class token and for each place of a square grid, resampled to the grid at hand."""

    def __init__(self, dim: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.grid = nn.Parameter(torch.zeros(1, 1 + side * side, dim))
        nn.init.trunc_normal_(self.grid, std=0.02)
        self._latest: tuple[Tensor, tuple[int, int], Tensor] | None = None

    def forward(self, rows: int, columns: int) -> tuple[Float[Tensor, "1 1 c"], Float[Tensor, "1 n c"]]:
        on_class, on_patches = self.grid[:, :1], self.grid[:, 1:]
        if rows == columns == self.side:
            return on_class, on_patches
        return on_class, self._resampled(on_patches, rows, columns)

    def _resampled(self, on_patches: Float[Tensor, "1 m c"], rows: int, columns: int) -> Float[Tensor, "1 n c"]:
        if torch.is_grad_enabled() or torch.compiler.is_compiling() or self.grid.device.type != "cpu":
            return self._resample(on_patches, rows, columns)
        # Pictures come in runs of one size. Only a copy tells for sure that the weights are still the same: written
        # through `.data`, as averaged weights often are, they keep their version.
        latest = self._latest  # once, because another thread may replace it
        if latest is None or latest[1] != (rows, columns) or not _same(latest[0], self.grid):
            kept = self.grid.detach().clone(), (rows, columns), self._resample(on_patches, rows, columns)
            self._latest = latest = kept
        return latest[2]

    def _resample(self, on_patches: Float[Tensor, "1 m c"], rows: int, columns: int) -> Float[Tensor, "1 n c"]:
        stored = precise(on_patches).unflatten(1, (self.side, self.side))[0]
        with exactly(stored):
            by_row = _bicubic(rows, self.side, stored) @ stored.flatten(1)
            sampled = _bicubic(columns, self.side, stored) @ by_row.unflatten(1, (self.side, -1))
        return sampled.to(self.grid.dtype).flatten(0, 1)[None]


def _bicubic(places: int, stored: int, like: Float[Tensor, "..."]) -> Float[Tensor, "places stored"]:
    """How much of each stored place goes into each of those wanted, as a matrix.

    As PyTorch's own bicubic resize has it (A = -0.75, without anti-aliasing). That one takes its factors for constants
    when a network is exported, and the file would fit pictures of a single size.
    """
    at = (torch.arange(places, dtype=like.dtype, device=like.device) + 0.5) * (stored / (places + _GRID_OFFSET)) - 0.5
    neighbours = at.floor()[:, None] + torch.arange(-1, 3, dtype=like.dtype, device=like.device)
    d = (at[:, None] - neighbours).abs()
    near, far = (1.25 * d - 2.25) * d * d + 1, ((-0.75 * d + 3.75) * d - 6) * d + 3
    weights = torch.where(d < 1, near, far)
    # Beyond the border the place at the border counts again.
    chosen = neighbours.clamp(0, stored - 1)[..., None] == torch.arange(stored, dtype=like.dtype, device=like.device)
    return (weights[..., None] * chosen).sum(1)


def _same(one: Tensor, other: Tensor) -> bool:
    return one.device == other.device and one.dtype == other.dtype and torch.equal(one, other)


class Block(nn.Module):
    """Attention and a feed-forward network, each on normalised tokens, scaled and added to them."""

    def __init__(self, spec: ViT) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(spec.dim, eps=_EPS)
        self.attention = Attention(spec.dim, spec.heads)
        self.scale1 = nn.Parameter(torch.full((spec.dim,), 1e-5))
        self.norm2 = nn.LayerNorm(spec.dim, eps=_EPS)
        self.ffn: nn.Module = (GatedFeedForward if spec.gated else FeedForward)(spec.dim, spec.ffn)
        self.scale2 = nn.Parameter(torch.full((spec.dim,), 1e-5))

    def forward(self, x: Sequence) -> Sequence:
        x = x + self.scale1 * self.attention(self.norm1(x))
        return x + self.scale2 * self.ffn(self.norm2(x))


class Attention(nn.Module):
    """Every token attends to every token."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Sequence) -> Sequence:
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two linear layers around a GELU."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, width)
        self.project = nn.Linear(width, dim)

    def forward(self, x: Sequence) -> Sequence:
        return self.project(F.gelu(self.expand(x)))


class GatedFeedForward(nn.Module):
    """SwiGLU: one half of the expanded channels gates the other. Source: Shazeer, GLU Variants (2020)."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, 2 * width)
        self.project = nn.Linear(width, dim)

    def forward(self, x: Sequence) -> Sequence:
        gate, content = self.expand(x).chunk(2, dim=-1)
        return self.project(F.silu(gate) * content)


def _fill_patches(pixels: Float[Tensor, "b 3 h w"], patch: int) -> Float[Tensor, "b 3 ph pw"]:
    """Stretched, where a side is no multiple of the patch, to the next one."""
    height, width = (-(-side // patch) * patch for side in pixels.shape[-2:])
    if (height, width) == tuple(pixels.shape[-2:]):
        return pixels
    return F.interpolate(pixels, size=(height, width), mode="bilinear", align_corners=False)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
