"""Courtyards, walled and furnished; never in a training mix, so that they can test transfer to unseen places."""

import math
from collections.abc import Iterator

import numpy as np

from theodolite.synth import furniture as f
from theodolite.synth import outdoor as o
from theodolite.synth import surfaces
from theodolite.synth.builder import Builder
from theodolite.synth.look import outdoor_sensor
from theodolite.synth.material import material, paint
from theodolite.synth.prints import muted
from theodolite.synth.scene import Scene, View
from theodolite.synth.street import block
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, looking
from theodolite.synth.weather import daylight


def _walls(b: Builder, rng: Rng, width: float, depth: float) -> None:
    """Houses or garden walls on the four sides."""
    for x, y, yaw, length in (
        (0, depth / 2, 0.0, width),
        (width / 2, 0, -math.pi / 2, depth),
        (0, -depth / 2, math.pi, width),
        (-width / 2, 0, math.pi / 2, depth),
    ):
        side = b.at(x, y, 0, yaw)
        if rng.random() < 0.5:
            block(side, rng, length)
        else:
            height = rng.uniform(1.8, 3.0)
            side.box((0, 0.15, height / 2), (length, 0.3, height), surfaces.brickwork(rng))
            side.box((0, 0.15, height + 0.04), (length, 0.36, 0.08), material(rng, "concrete", 2.0))
            for _ in range(int(rng.integers(0, 4))):
                o.tree(side.at(rng.uniform(-0.5, 0.5) * length, rng.uniform(2, 8)), rng, rng.uniform(5, 10))


def _things(b: Builder, rng: Rng, width: float, depth: float) -> list[tuple[float, float]]:
    makers = (f.dining, f.stool, f.cartons, f.big_plant, f.bin_, o.bench, o.bicycle, o.litter_bin, o.person, o.car)
    places: list[tuple[float, float]] = []
    for _ in range(40):
        x, y = rng.uniform(-0.42, 0.42) * width, rng.uniform(-0.42, 0.42) * depth
        if all(math.hypot(x - a, y - c) > 2.6 for a, c in places):
            makers[int(rng.integers(len(makers)))](b.at(x, y, 0, rng.uniform(0, 2 * math.pi)), rng)
            places.append((x, y))
        if len(places) >= 9:
            break
    for _ in range(int(rng.integers(2, 8))):
        side = pick(rng, -1, 1)
        o.bush(b.at(rng.uniform(-0.45, 0.45) * width, side * (depth / 2 - 0.7)), rng, rng.uniform(0.6, 1.4))
    return places


def _candidates(rng: Rng, width: float, depth: float, places: list[tuple[float, float]]) -> Iterator[View]:
    for _ in range(24):
        x, y = rng.uniform(-0.45, 0.45) * width, rng.uniform(-0.45, 0.45) * depth
        target = places[int(rng.integers(len(places)))]
        if min(math.hypot(x - a, y - c) for a, c in places) < 1.6:
            continue
        height = rng.uniform(1.2, 1.75)
        aim = (target[0], target[1], height - rng.uniform(0, 0.6))
        yield View(looking((x, y, height), aim, rng.normal(0, 0.03)), focal_length(rng))
    yield View(looking((-0.48 * width, -0.48 * depth, 1.6), (0, 0, 1.0)), 0.8)


def make_courtyard(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """A yard of 7 to 16 m, seen by somebody standing in it."""
    width, depth = rng.uniform(7, 16), rng.uniform(8, 16)
    b = Builder()
    grounds = (surfaces.paving(rng), surfaces.setts(rng), material(rng, "gravel", 1.5), material(rng, "grass", 2.5))
    b.box((0, 0, -0.5), (300, 300, 1.0), grounds[int(rng.integers(4))])
    if rng.random() < 0.5:
        b.box((0, 0, 0.004), (width * 0.5, depth * 0.4, 0.008), material(rng, "grass", 3.0))
    background = len(b.rows)
    _walls(b, rng, width, depth)
    places = _things(b, rng, width, depth)
    if rng.random() < 0.4:  # a washing line
        b.rod((-width / 3, 0, 2.0), (width / 3, 0, 2.0), 0.006, paint(rng, 0.9))
        for x in np.arange(-width / 3 + 0.4, width / 3 - 0.4, 0.7):
            b.box((float(x), 0, 1.7), (0.5, 0.01, 0.6), f.cloth(rng, muted(rng)))
    solids = b.solids()
    lights, surroundings = daylight(rng)
    view = best_view(solids, _candidates(rng, width, depth, places), Wish(0.5, (1.5, 14), 0.5, 10), background)
    return Scene(solids, lights, surroundings, view, outdoor_sensor(rng, seed))
