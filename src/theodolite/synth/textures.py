"""Seamless surface textures from noise: wood, stone, cloth, plaster, soil and leaves; square arrays of sRGB in [0, 1].

Noise is shaped in the frequency domain, which makes it periodic by itself, so every texture repeats without a seam.
"""

from functools import lru_cache
from typing import TypeVar

import numpy as np

from theodolite.types import Float

SIZE = 256  # texels along a side; a power of two

Grid = Float[np.ndarray, "size size"]
Texture = Float[np.ndarray, "size size 3"]
Rng = np.random.Generator
T = TypeVar("T")


def pick(rng: Rng, *values: T) -> T:
    """One of some values, each as likely; twenty times as fast as `rng.choice`."""
    return values[int(rng.random() * len(values))]


@lru_cache
def _frequencies() -> tuple[np.ndarray, np.ndarray]:
    return np.fft.fftfreq(SIZE)[:, None] * SIZE, np.fft.rfftfreq(SIZE)[None] * SIZE


def grid() -> tuple[Grid, Grid]:
    """Coordinates u to the right and v downwards, in [0, 1)."""
    v, u = np.mgrid[:SIZE, :SIZE] / SIZE
    return u, v


def noise(rng: Rng, slope: float = 1.0, low: float = 1.0, stretch: tuple[float, float] = (1, 1)) -> Grid:
    """Periodic noise of mean 0 and deviation 1.

    Args:
        slope: the amplitude falls with frequency to this power; 0 is white, 1 natural, 2 soft.
        low: cycles a side below which there is nothing.
        stretch: how much longer features are along u and v.
    """
    fv, fu = _frequencies()
    radius = np.hypot(fu * stretch[0], fv * stretch[1])
    strength = np.where(radius >= low, np.maximum(radius, 1e-3) ** -slope, 0)
    spectrum = np.fft.rfft2(rng.standard_normal((SIZE, SIZE))) * strength
    field = np.fft.irfft2(spectrum, s=(SIZE, SIZE))
    return field / max(field.std(), 1e-9)


def colours(base: tuple[float, float, float] | np.ndarray, *layers: Grid) -> Texture:
    """A base colour made lighter and darker by layers of relative change."""
    change = np.ones((SIZE, SIZE))
    for layer in layers:
        change = change + layer
    return np.clip(np.asarray(base) * change[..., None], 0, 1)


def cells(rng: Rng, columns: int, rows: int, shift: float = 0.0) -> tuple[np.ndarray, Grid, Grid]:
    """A wall of cells: a random number for each texel's cell, and the place in its cell (u, v in [0, 1))."""
    u, v = grid()
    row = np.floor(v * rows).astype(int)
    across = u * columns + (row % 2) * shift
    column = np.floor(across).astype(int) % columns
    return rng.random((rows, columns))[row, column], across % 1, v * rows % 1


def gap(a: Grid, width: float) -> Grid:
    """1 inside, 0 in the joint, where `a` is the place in the cell and `width` the joint's share of it."""
    return np.clip(np.minimum(a, 1 - a) / width * 2 - 0.5, 0, 1)


def cast(rng: Rng) -> np.ndarray:
    """A tint, more often warm or cool than green or pink, as daylight and dyes make it."""
    warm, green = rng.normal(0, 0.09), rng.normal(0, 0.02)
    return np.array([1 + warm, 1 + green, 1 - warm])


def wood_colour(rng: Rng) -> np.ndarray:
    light, dark = np.array([0.80, 0.64, 0.45]), np.array([0.33, 0.20, 0.12])
    return (light + (dark - light) * rng.random() ** 1.3) * cast(rng)


def planks(rng: Rng) -> Texture:
    count = int(rng.integers(10, 15))
    tone, across, along = cells(rng, 1, count, 0.5)
    grain = noise(rng, 1.1, 2, (0.08, 1)) * rng.uniform(0.04, 0.1)
    joint = gap(along, 0.05) * gap(across, 0.005)
    return colours(wood_colour(rng), grain, (tone - 0.5) * rng.uniform(0.1, 0.45), 0.5 * (joint - 1))


def parquet(rng: Rng) -> Texture:
    u, v = grid()
    blocks = int(rng.choice([4, 6]))
    turned = (np.floor(u * blocks) + np.floor(v * blocks)) % 2 == 1
    strips = 5
    across = np.where(turned, u, v) * blocks * strips
    block = np.floor(v * blocks) * blocks + np.floor(u * blocks)
    tone = rng.random(blocks * blocks * strips)[(block * strips + np.floor(across) % strips).astype(int)]
    grain = np.where(turned, noise(rng, 1, 2, (1, 0.1)), noise(rng, 1, 2, (0.1, 1))) * 0.06
    return colours(wood_colour(rng), grain, (tone - 0.5) * 0.3, 0.4 * (gap(across % 1, 0.1) - 1))


def grain(rng: Rng) -> Texture:
    _, v = grid()
    warp = noise(rng, 1.8, 1, (0.25, 1)) * rng.uniform(0.2, 0.8)
    rings = np.sin(2 * np.pi * (v * rng.integers(3, 14) + warp)) * rng.uniform(0.02, 0.1)
    return colours(wood_colour(rng), rings, noise(rng, 0.7, 3, (0.05, 1)) * 0.05)


def bricks(rng: Rng) -> Texture:
    tone, across, along = cells(rng, 8, 24, 0.5)
    brick = np.array([0.58, 0.31, 0.23]) * cast(rng) * rng.uniform(0.7, 1.25)
    mortar = np.full(3, rng.uniform(0.55, 0.8))
    inside = (gap(across, 0.08) * gap(along, 0.24))[..., None]
    face = colours(brick, (tone - 0.5) * rng.uniform(0.2, 0.6), noise(rng, 0.6, 4) * 0.08)
    return inside * face + (1 - inside) * colours(mortar, noise(rng, 0.5, 4) * 0.08)


def tiles(rng: Rng) -> Texture:
    count = int(rng.choice([4, 4, 6, 8]))
    wide = int(rng.choice([1, 2]))
    tone, across, along = cells(rng, count // wide, count, float(rng.choice([0, 0.5])))
    base = np.full(3, rng.uniform(0.45, 0.95)) * cast(rng)
    checker = rng.random() < 0.2
    if checker:
        u, v = grid()
        tone = np.where((np.floor(u * count) + np.floor(v * count)) % 2 == 1, 1.0, -rng.uniform(0, 0.8))
        across, along = u * count % 1, v * count % 1
    joint = (gap(across, 0.03 * count / 4 / wide) * gap(along, 0.03 * count / 4))[..., None]
    face = colours(base, (tone - 0.5) * (0.8 if checker else rng.uniform(0.02, 0.2)), noise(rng, 1.3, 2) * 0.03)
    return joint * face + (1 - joint) * np.full(3, rng.uniform(0.3, 0.85))


def carpet(rng: Rng) -> Texture:
    base = np.full(3, rng.uniform(0.25, 0.8)) * cast(rng)
    return colours(base, noise(rng, 0.2, 8) * rng.uniform(0.06, 0.14), noise(rng, 1.5, 1) * 0.04)


def plaster(rng: Rng) -> Texture:
    return colours(np.full(3, 0.92), noise(rng, 1.2, 1) * rng.uniform(0.006, 0.03), noise(rng, 0.2, 10) * 0.012)


def wallpaper(rng: Rng) -> Texture:
    u, _ = grid()
    base = np.full(3, rng.uniform(0.6, 0.95)) * cast(rng)
    depth, count = rng.uniform(0.05, 0.3), int(rng.choice([4, 6, 8, 12]))
    if rng.random() < 0.4:
        pattern = np.sin(2 * np.pi * u * count) > rng.uniform(-0.5, 0.5)
    else:
        motif = noise(rng, 1.6, 2)
        step = SIZE // (count // 2 if count != 12 else 4)
        tile = motif[:step, :step]
        tile = (tile + tile[:, ::-1]) / 2
        tile = (tile + tile[::-1]) / 2
        pattern = np.tile(tile, (SIZE // step + 1, SIZE // step + 1))[:SIZE, :SIZE] > rng.uniform(0, 0.5)
    return colours(base, -depth * pattern, noise(rng, 0.4, 4) * 0.015)


def weave(rng: Rng) -> Texture:
    u, v = grid()
    threads = int(rng.choice([32, 48, 64]))
    pattern = np.sin(2 * np.pi * u * threads) * np.sin(2 * np.pi * v * threads)
    return colours(np.full(3, 0.85), pattern * 0.08, noise(rng, 0.8, 2) * rng.uniform(0.02, 0.07))


def stripes(rng: Rng) -> Texture:
    count = int(rng.integers(3, 9))
    palette = rng.uniform(0.1, 0.9, (3, 1)) * (1 + rng.normal(0, 0.2, (3, 3)))
    u, v = grid()
    across = palette[(np.floor(u * count * 3) * 7 % 5 % 3).astype(int)]
    if rng.random() < 0.5:
        across = (across + palette[(np.floor(v * count * 3) * 7 % 5 % 3).astype(int)]) / 2
    return np.clip(across * (1 + noise(rng, 0.3, 8) * 0.05)[..., None], 0, 1)


def marble(rng: Rng) -> Texture:
    veins = np.abs(noise(rng, 1.6, 1) + 0.2 * noise(rng, 1, 4)) < 0.07
    base = np.full(3, rng.uniform(0.25, 0.9)) * cast(rng)
    return colours(base, noise(rng, 1.5, 1) * 0.06, veins * rng.uniform(-0.3, 0.3))


def granite(rng: Rng) -> Texture:
    base = np.full(3, rng.uniform(0.2, 0.75)) * cast(rng)
    return colours(base, noise(rng, 0.2, 12) * rng.uniform(0.08, 0.25), noise(rng, 1, 4) * 0.05)


def concrete(rng: Rng) -> Texture:
    u, v = grid()
    seam = gap(v * 2 % 1, 0.015) * gap(u * 2 % 1, 0.015) if rng.random() < 0.5 else np.ones((SIZE, SIZE))
    base = np.full(3, rng.uniform(0.45, 0.78)) * cast(rng)
    return colours(base, noise(rng, 1.3, 1) * 0.07, noise(rng, 0.3, 8) * 0.03, 0.25 * (seam - 1))


def asphalt(rng: Rng) -> Texture:
    base = np.full(3, rng.uniform(0.28, 0.55)) * cast(rng)
    cracks = np.abs(noise(rng, 1.5, 1)) < rng.choice([0.0, 0.015])
    return colours(base, noise(rng, 1.5, 1, (1, 0.3)) * 0.05, noise(rng, 0.1, 10) * 0.08, -0.3 * cracks)


def gravel(rng: Rng) -> Texture:
    base = np.array([0.55, 0.5, 0.43]) * rng.uniform(0.7, 1.25)
    return colours(base, noise(rng, 0.6, 12) * 0.16, noise(rng, 1.4, 1) * 0.08)


def grass(rng: Rng) -> Texture:
    dry = rng.random() ** 2
    base = np.array([0.32, 0.42, 0.18]) * (1 - dry) + np.array([0.52, 0.47, 0.28]) * dry
    texture = colours(base * rng.uniform(0.75, 1.2), noise(rng, 0.5, 6) * 0.2, noise(rng, 1.5, 1) * 0.12)
    texture[..., 0] = np.clip(texture[..., 0] * (1 + noise(rng, 1.5, 1) * 0.1), 0, 1)
    return texture


def leaves(rng: Rng) -> Texture:
    base = np.array([0.30, 0.38, 0.17]) * rng.uniform(0.7, 1.3) * cast(rng)
    return colours(base, noise(rng, 0.55, 6) * 0.3, noise(rng, 1.2, 2) * 0.14)


def bark(rng: Rng) -> Texture:
    return colours(np.array([0.42, 0.34, 0.27]) * rng.uniform(0.6, 1.3), noise(rng, 0.9, 4, (1, 0.15)) * 0.22)


def brushed(rng: Rng) -> Texture:
    return colours(np.full(3, 0.75), noise(rng, 0.3, 4, (0.02, 1)) * 0.03, noise(rng, 1.6, 1) * 0.03)


def ribbed(rng: Rng) -> Texture:
    u, _ = grid()
    return colours(np.full(3, 0.8), np.sin(2 * np.pi * u * 16) * 0.14, noise(rng, 1.2, 1) * 0.03)


def roof_tiles(rng: Rng) -> Texture:
    tone, across, along = cells(rng, 10, 10, 0.5)
    base = np.array([0.55, 0.32, 0.24]) if rng.random() < 0.6 else np.array([0.35, 0.36, 0.38])
    return colours(base, (tone - 0.5) * 0.3, -0.35 * along**3, 0.15 * np.sin(np.pi * across), noise(rng, 0.6, 4) * 0.05)


def paving(rng: Rng) -> Texture:
    count = int(rng.choice([4, 6, 8]))
    tone, across, along = cells(rng, count, count, float(rng.choice([0, 0.5])))
    base = np.full(3, rng.uniform(0.45, 0.72)) * cast(rng)
    joint = gap(across, 0.012 * count) * gap(along, 0.012 * count)
    return colours(base, (tone - 0.5) * 0.15, noise(rng, 0.4, 6) * 0.05, noise(rng, 1.4, 1) * 0.05, 0.35 * (joint - 1))


def cobbles(rng: Rng) -> Texture:
    tone, across, along = cells(rng, 16, 20, 0.5)
    dome = np.sqrt(np.clip(gap(across, 0.6) * gap(along, 0.6), 0, 1))
    base = np.array([0.5, 0.48, 0.46]) * rng.uniform(0.7, 1.2)
    return colours(base, (tone - 0.5) * 0.3, 0.5 * (dome - 1), noise(rng, 0.5, 6) * 0.06)


def cloud(rng: Rng) -> Texture:
    """Cover in [0, 1], not a colour: the sky mixes it in."""
    cover = np.clip(noise(rng, 1.5, 2) * rng.uniform(0.2, 0.5) + rng.uniform(-0.1, 0.6), 0, 1)
    return np.repeat(cover[..., None], 3, 2)


SURFACES = {
    f.__name__: f
    for f in (
        planks, parquet, grain, bricks, tiles, carpet, plaster, wallpaper, weave, stripes, marble, granite, concrete,
        asphalt, gravel, grass, leaves, bark, brushed, ribbed, roof_tiles, paving, cobbles, cloud,
    )
}  # fmt: skip
