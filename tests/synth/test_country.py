"""Rolling ground: what stands on it touches it."""

import numpy as np
import pytest
import torch

from theodolite.synth import country, terrain
from theodolite.synth.builder import Builder
from theodolite.synth.material import material
from theodolite.synth.shapes import TERRAIN


@pytest.mark.parametrize("seed", range(6))
def test_things_are_placed_at_the_height_of_the_ground_that_is_drawn(seed):
    rng, b = np.random.default_rng(seed), Builder()
    land = country._land(b, rng, material(rng, "grass", 4.0))
    solids = b.solids()
    ground = int(np.flatnonzero(solids.kind == TERRAIN)[0])
    x, y = rng.uniform(-40, 40, 300), rng.uniform(-15, 70, 300)
    (x0, y0, z0), (half_x, half_y, half_z) = solids.centre[ground], solids.half[ground]
    place = (torch.tensor((x - x0) / half_x), torch.tensor((y - y0) / half_y))
    drawn = z0 + half_z * terrain.height(*place, *torch.tensor(solids.shape[ground].astype(float))).numpy()
    placed = [land.height(a, c) for a, c in zip(x, y, strict=True)]
    assert np.abs(placed - drawn).max() < 0.12  # the foot of a tree reaches 0.3 m into the ground
    assert np.abs(placed - drawn).mean() < 0.025


def test_two_things_never_stand_in_one_place():
    rng = np.random.default_rng(0)
    land = country._land(Builder(), rng, material(rng, "grass", 4.0))
    country.park(land, rng)
    spots = np.array(land.spots)
    apart = np.hypot(*(spots[:, None, :2] - spots[None, :, :2]).transpose(2, 0, 1))
    reach = spots[:, None, 2] + spots[None, :, 2]
    assert len(spots) > 15
    assert (apart > reach)[~np.eye(len(spots), dtype=bool)].all()
