"""What floors, walls and roofs are laid of, each unit at its true size: bricks, tiles, planks, slabs, cobbles."""

from theodolite.synth.material import Colour, Material, material
from theodolite.synth.textures import Rng


def brickwork(rng: Rng, tint: Colour = 1.0) -> Material:
    """British or continental format, joints included 22.5 x 7.5 cm or 25 x 8.3 cm."""
    return material(rng, "bricks", 1.8 if rng.random() < 0.5 else 2.0, tint)


def wall_tiles(rng: Rng, gloss: float = 0.4) -> Material:
    """10 to 30 cm, laid square or as bricks."""
    return material(rng, "tiles", rng.uniform(0.8, 1.3), 1.0, gloss)


def floor_tiles(rng: Rng, tint: Colour = 1.0, gloss: float = 0.3) -> Material:
    """15 to 60 cm."""
    return material(rng, "tiles", rng.uniform(1.2, 2.4), tint, gloss, rng.uniform(20, 150), mirror=_polish(rng, 0.15))


def planking(rng: Rng, tint: Colour = 1.0, gloss: float = 0.0) -> Material:
    """Floorboards and laminate, 8 to 17 cm wide."""
    return material(rng, "planks", rng.uniform(1.2, 1.7), tint, gloss, rng.uniform(10, 60), mirror=_polish(rng, 0.06))


def parquetry(rng: Rng, tint: Colour = 1.0, gloss: float = 0.2) -> Material:
    """Mosaic blocks of 20 to 45 cm."""
    return material(rng, "parquet", rng.uniform(1.25, 1.8), tint, gloss, rng.uniform(10, 60), mirror=_polish(rng, 0.1))


def paving(rng: Rng, tint: Colour = 1.0) -> Material:
    """Concrete slabs of 25 to 60 cm."""
    return material(rng, "paving", rng.uniform(1.8, 2.5), tint)


def setts(rng: Rng, tint: Colour = 1.0) -> Material:
    """Cobbles of 10 to 16 cm."""
    return material(rng, "cobbles", rng.uniform(1.8, 2.6), tint)


def roofing(rng: Rng) -> Material:
    return material(rng, "roof_tiles", rng.uniform(2.2, 3.2))


def _polish(rng: Rng, share: float) -> float:
    """Mirror of a floor: mostly none, else up to a freshly waxed one's."""
    return rng.uniform(0.03, 0.15) if rng.random() < share else 0.0
