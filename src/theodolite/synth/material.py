"""What surfaces are made of: a texture of true size, tint and gloss; and the bank that holds all textures."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from theodolite.synth.photo_textures import UNNAMED, pictures, surfaces
from theodolite.synth.prints import PRINTS
from theodolite.synth.textures import SIZE, SURFACES, Rng, Texture

GENERATORS = SURFACES | PRINTS
# How many of each are drawn; what hangs on walls and stands on tables varies most.
VARIANTS = dict.fromkeys(GENERATORS, 6) | {
    "picture": 24, "label": 24, "facade": 20, "office": 8, "books": 12, "screen": 12, "page": 10, "rug": 10,
    "shopfront": 10, "cloud": 10, "planks": 8, "bricks": 8, "tiles": 10, "grain": 10, "leaves": 8, "front": 10,
    "ribbed": 2, "blinds": 3, "brushed": 3, "plaster": 5, "weave": 5,
}  # fmt: skip
Colour = float | Sequence[float] | np.ndarray  # one number for a grey
LEVELS = SIZE.bit_length()
TEXELS = sum((SIZE >> level) ** 2 for level in range(LEVELS))


@lru_cache
def first_of(name: str) -> int:
    """Number in the bank of the first texture of this name."""
    at = 0
    for other in GENERATORS:
        if other == name:
            return at
        at += VARIANTS[other]
    raise KeyError(name)


@dataclass(frozen=True)
class Material:
    """A surface.

    Args:
        texture: number in the bank.
        period: metres that the texture spans before it repeats; 0 stretches it over each face once.
        tint: multiplies the texture's sRGB colour.
        gloss: strength of the reflection, 0 (chalk) to 1 (mirror-like paint).
        shine: exponent of the highlight.
        glow: light given off, relative to white paper in full light.
        offset: start of the texture, in periods.
        mirror: share of the light that is a sharp reflection of the scene.
    """

    texture: int
    period: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gloss: float = 0.0
    shine: float = 30.0
    glow: float = 0.0
    offset: tuple[float, float] = (0.0, 0.0)
    mirror: float = 0.0

    @cached_property
    def row(self) -> tuple[float, ...]:
        return (
            float(self.texture),
            self.period,
            *self.tint,
            self.gloss,
            self.shine,
            self.glow,
            *self.offset,
            self.mirror,
        )


def material(
    rng: Rng,
    name: str,
    period: float = 0.0,
    tint: Colour = 1.0,
    gloss: float = 0.0,
    shine: float = 30.0,
    glow: float = 0.0,
    mirror: float = 0.0,
) -> Material:
    """A random texture of this name; `period` 0 fits it to the face, `tint` is a number or three."""
    # Thousands of calls a second: NumPy's broadcasting would take most of their time.
    red, green, blue = (float(tint),) * 3 if isinstance(tint, int | float) else (float(c) for c in tint)
    number = first_of(name) + int(rng.random() * VARIANTS[name])
    offset = (float(rng.random()), float(rng.random())) if period else (0.0, 0.0)
    return Material(number, period, (red, green, blue), gloss, shine, glow, offset, mirror)


def wood(rng: Rng, tint: Colour = 1.0) -> Material:
    """Furniture wood, matt to varnished."""
    return material(rng, "grain", rng.uniform(0.5, 1.0), tint, rng.uniform(0, 0.35), rng.uniform(10, 80))


def paint(rng: Rng, colour: Colour, gloss: float | None = None) -> Material:
    """One even colour, as of lacquer, plastic or ceramics."""
    gloss = rng.uniform(0.0, 0.6) if gloss is None else gloss
    return material(rng, "plaster", 0.7, colour, gloss, rng.uniform(10, 150))


def cloth(rng: Rng, colour: Colour) -> Material:
    if rng.random() < 0.2:
        return material(rng, "stripes", rng.uniform(0.2, 0.6))
    return material(rng, "weave", rng.uniform(0.08, 0.3), colour)


def metal(rng: Rng, tone: float | None = None) -> Material:
    return material(
        rng,
        "brushed",
        0.4,
        rng.uniform(0.3, 1.1) if tone is None else tone,
        rng.uniform(0.4, 0.9),
        rng.uniform(30, 200),
    )


@dataclass(frozen=True)
class Bank:
    """All textures with their halvings, one integer 0xBBGGRR a texel, so that a look-up is one read."""

    texels: Tensor  # (textures * TEXELS,) int32


def _pack(texture: Texture) -> np.ndarray:
    levels = []
    image: np.ndarray = texture.astype(np.float32) ** 2  # halve in linear light, or bright windows darken with distance
    while True:
        colour = np.clip(np.rint(np.sqrt(image) * 255), 0, 255).astype(np.int32)
        levels.append((colour[..., 0] | colour[..., 1] << 8 | colour[..., 2] << 16).ravel())
        if len(image) == 1:
            return np.concatenate(levels)
        image = (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4


@lru_cache(maxsize=2)
def bank(photographs: Path | None = None, textures: Path | None = None) -> Bank:
    """The textures, always the same.

    Args:
        photographs: a folder whose pictures become the pictures and labels.
        textures: a folder of pictures of surfaces, which take the place of the drawn ones; see `photo_textures`.
    """
    found = surfaces(textures, tuple(GENERATORS)) if textures else {}
    if photographs:
        found |= dict.fromkeys(UNNAMED, pictures(photographs))
    packed: list[np.ndarray] = []
    for name, generate in GENERATORS.items():
        for variant in range(VARIANTS[name]):
            if photos := found.get(name):
                texture = photos[len(packed) % len(photos)]
            else:
                texture = generate(np.random.default_rng([first_of(name), variant]))
            packed.append(_pack(np.clip(texture, 0, 1)))
    return Bank(torch.from_numpy(np.concatenate(packed)))
