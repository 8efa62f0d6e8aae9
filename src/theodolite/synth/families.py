"""The kinds of scenes by name; `sample_scene(family, seed, index)` is all that the rest of the project asks for."""

from collections.abc import Callable

import numpy as np

from theodolite.synth.attic import make_attic
from theodolite.synth.corridor import make_corridor
from theodolite.synth.country import make_country
from theodolite.synth.courtyard import make_courtyard
from theodolite.synth.hall import make_hall
from theodolite.synth.room import make_room
from theodolite.synth.scene import Scene
from theodolite.synth.shelf import make_shelf
from theodolite.synth.still_life import make_still_life
from theodolite.synth.street import make_street
from theodolite.synth.textures import Rng

FAMILIES: dict[str, Callable[[Rng, tuple[int, ...]], Scene]] = {
    "room": make_room,
    "street": make_street,
    "still-life": make_still_life,
    "courtyard": make_courtyard,
    "corridor": make_corridor,
    "hall": make_hall,
    "country": make_country,
    "shelf": make_shelf,
    "attic": make_attic,
}


def sample_scene(family: str, seed: int, index: int) -> Scene:
    """The scene of this number, always the same.

    Args:
        family: a key of `FAMILIES`.
        seed: of a whole set; sets with other seeds share no scene.
    Raises: ValueError, for a family that does not exist.
    """
    if family not in FAMILIES:
        raise ValueError(f"A family is {', '.join(FAMILIES)}, or for many at once see `family_of`; got {family!r}.")
    number = list(FAMILIES).index(family)
    return FAMILIES[family](np.random.default_rng([seed, number, index]), (seed, number, index))


# Shares of a mixed training set; "courtyard" and "attic" are left out, for tests in places that no training has seen.
MIX = {
    "room": 0.27,
    "street": 0.20,
    "still-life": 0.12,
    "corridor": 0.10,
    "hall": 0.12,
    "country": 0.10,
    "shelf": 0.09,
}


def family_of(mix: str, seed: int, index: int) -> str:
    """The family of a sample: `mix` itself, or drawn by the shares of `MIX` when it is "mix"."""
    if mix != "mix":
        return mix
    return str(np.random.default_rng([seed, 999, index]).choice(list(MIX), p=list(MIX.values())))
