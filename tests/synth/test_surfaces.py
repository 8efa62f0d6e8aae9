"""Bricks, tiles, planks and slabs at their true size, in every scene that uses them."""

import numpy as np
import pytest

from theodolite.synth import textures
from theodolite.synth.families import FAMILIES, sample_scene
from theodolite.synth.material import GENERATORS, VARIANTS, first_of

# Units along u and v of one period of a texture, fewest and most among its variants; a façade's unit is a storey.
UNITS = {
    "bricks": ((8, 8), (24, 24)),
    "tiles": ((2, 8), (4, 8)),
    "planks": ((1, 1), (10, 14)),
    "parquet": ((4, 6), (20, 30)),
    "paving": ((4, 8), (4, 8)),
    "cobbles": ((16, 16), (20, 20)),
    "roof_tiles": ((10, 10), (10, 10)),
    "facade": ((3, 5), (4, 4)),
    "office": ((1, 10), (4, 4)),
    "ribbed": ((16, 16), (1, 1)),
}
# Metres along u and v of one unit with its joint, as builders' merchants sell them.
SIZES = {
    "bricks": ((0.22, 0.26), (0.07, 0.09)),  # 21.5 x 6.5 cm in Britain, 24 x 7.1 cm on the continent; joint 1 cm
    "tiles": ((0.07, 1.25), (0.07, 0.62)),
    "planks": ((1.0, 2.4), (0.07, 0.2)),
    "parquet": ((0.2, 0.5), (0.04, 0.1)),  # a block of five strips, and one strip
    "paving": ((0.19, 0.65), (0.19, 0.65)),
    "cobbles": ((0.09, 0.18), (0.08, 0.15)),
    "roof_tiles": ((0.2, 0.34), (0.2, 0.34)),
    "facade": ((1.9, 5.0), (2.6, 3.6)),
    "office": ((1.0, 15.0), (2.6, 3.6)),
    "ribbed": ((0.035, 0.08), (0.5, 2.0)),
}


def _name_of(number: int) -> str:
    return next(name for name in GENERATORS if 0 <= number - first_of(name) < VARIANTS[name])


def _periods(family: str) -> set[tuple[str, float]]:
    """Texture and period of everything that is tiled in some scenes of a family."""
    found = set()
    for index in range(25):
        rows = sample_scene(family, 21, index).solids.material
        rows = rows[rows[:, 0] >= 0]
        found |= {(_name_of(int(texture)), round(float(period), 4)) for texture, period in rows[:, :2] if period > 0}
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_bricks_tiles_planks_and_storeys_have_their_true_size(family):
    laid = {(name, period) for name, period in _periods(family) if name in UNITS}
    assert laid
    for name, period in laid:
        for (fewest, most), (least, largest) in zip(UNITS[name], SIZES[name], strict=True):
            assert least <= period / most, (name, period)
            assert period / fewest <= largest, (name, period)


@pytest.mark.parametrize("name", ["bricks", "tiles", "planks", "paving", "cobbles", "roof_tiles"])
def test_a_texture_holds_the_units_that_its_period_is_worked_out_from(name, monkeypatch):
    drawn, cells = [], textures.cells

    def record(rng, columns, rows, shift=0.0):
        drawn.append((columns, rows))
        return cells(rng, columns, rows, shift)

    monkeypatch.setattr(textures, "cells", record)
    for variant in range(VARIANTS[name]):
        GENERATORS[name](np.random.default_rng([first_of(name), variant]))
    for counts, (fewest, most) in zip(zip(*drawn, strict=True), UNITS[name], strict=True):
        assert fewest <= min(counts)
        assert max(counts) <= most
