"""Table tops and shelves seen from near: clutter at arm's length with a room behind it."""

import math
from collections.abc import Iterator

import numpy as np

from theodolite.synth import furniture as f
from theodolite.synth.builder import Builder
from theodolite.synth.illumination import table_light
from theodolite.synth.look import focused, indoor_sensor
from theodolite.synth.material import Material, material, paint, wood
from theodolite.synth.objects import ANY, DESK, KITCHEN, keyboard, laptop, monitor, mouse, scatter
from theodolite.synth.prints import muted
from theodolite.synth.scene import Scene, View
from theodolite.synth.shell import floor_skin, wall_skin
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, glance, looking, off_centre, tilted


def _backdrop(b: Builder, rng: Rng, away: float, height: float) -> None:
    """Floor, a wall at `away` metres and what stands or hangs there; the table top is at `height`."""
    floor = floor_skin(rng, "hall")
    b.box((0, 0, -height - 0.1), (12, 12, 0.2), floor)
    chance = rng.random()
    if chance < 0.6:
        skin = material(rng, "plaster", 2.0, np.clip(muted(rng) * 0.5 + 0.4, 0, 1))
    else:
        skin = wall_skin(rng, pick(rng, "bath", "hall", "hall"))
    b.box((0, away + 0.1, 1.4 - height), (12, 0.2, 2.8), skin)
    b.box((0, 0, 2.8 - height), (12, 12, 0.2), paint(rng, 0.95, 0), shadows=0)
    wall = b.at(0, away, -height)
    for side in (-1, 1):
        b.box((side * rng.uniform(1.5, 4.5), 0, 1.4 - height), (0.2, 12, 2.8), skin)
    for _ in range(int(rng.integers(0, 5))):
        width = rng.uniform(0.2, 0.9)
        wall.box(
            (rng.uniform(-2, 2), -0.012, rng.uniform(1.1, 1.8)),
            (width, 0.024, width * rng.uniform(0.6, 1.4)),
            material(rng, "picture", 0),
        )
    if rng.random() < 0.5:
        wall.box((rng.uniform(-1.5, 1.5), -0.02, 1.0), (0.9, 0.04, 2.0), material(rng, "door", 0))
    if away > 1.0:
        pieces = (f.bookcase, f.sideboard, f.wardrobe, f.fridge, f.big_plant, f.floor_lamp, f.couch, f.television)
        at = -2.5
        while at < 2.2:
            piece = pieces[int(rng.integers(len(pieces)))]
            size = piece(wall.at(at + 0.6, -0.5), rng)
            at += max(size[0], 0.5) + rng.uniform(0.2, 1.5)
    if away > 1.8 and rng.random() < 0.6:
        f.chair(b.at(rng.uniform(-0.5, 0.5), rng.uniform(0.75, 1.1), -height, rng.normal(0, 0.4)), rng)


def _candidates(rng: Rng, size: tuple[float, float], low: bool) -> Iterator[View]:
    for _ in range(16):
        away = rng.uniform(0.35, 1.05)
        lift = rng.uniform(0.05, 0.35) if low else rng.uniform(0.3, 1.2)
        turn = rng.normal(0, 0.45)
        target = (rng.uniform(-0.25, 0.25) * size[0], rng.uniform(-0.2, 0.2) * size[1], rng.uniform(0.0, 0.12))
        eye = (
            target[0] + away * math.sin(turn) * math.cos(lift),
            target[1] - away * math.cos(turn) * math.cos(lift),
            target[2] + away * math.sin(lift) + 0.03,
        )
        yield View(looking(eye, target, tilted(rng, 0.05)), focal_length(rng), off_centre(rng))


def make_still_life(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """Six to thirty things on a table, a desk or a counter, from 0.35 to 1.1 m."""
    kind = str(rng.choice(["table", "desk", "counter", "floor"], p=[0.45, 0.3, 0.2, 0.05]))
    size = (rng.uniform(0.9, 2.0), rng.uniform(0.6, 0.9))
    height = 0.9 if kind == "counter" else rng.uniform(0.7, 0.78)
    against_wall = rng.random() < 0.45 or kind == "counter"
    away = size[1] / 2 + 0.02 if against_wall else rng.uniform(1.3, 3.5)
    b = Builder()
    _backdrop(b, rng, away, height)
    background = len(b.rows)
    if kind == "counter":
        f.kitchen_run(b.at(0, 0.1, -height), rng, 3.0)
        taken: list = [(0, 9, 0.1)]
        scatter(b, rng, (1.4, 0.5), KITCHEN, int(rng.integers(6, 16)), taken)
    else:
        top = f.table(b.at(0, 0, -height), rng, size, height)
        taken = []
        if rng.random() < 0.2:
            cloth: Material = f.cloth(rng, muted(rng))
            top.box((0, 0, 0.002), (min(size[0], 0.8), size[1] * 0.8, 0.004), cloth)
        if kind == "desk":
            _work_place(top, rng, size, taken)
        things = {"table": KITCHEN if rng.random() < 0.5 else ANY, "desk": DESK, "floor": ANY}[kind]
        # Most things near the middle, where the camera looks.
        scatter(top, rng, (min(size[0], 0.9), size[1]), things, int(rng.integers(8, 22)), taken)
        scatter(top, rng, size, things, int(rng.integers(2, 10)), taken)
        if rng.random() < 0.12:
            top.box((rng.uniform(-0.3, 0.3), size[1] / 2 - 0.05, 0.25), (0.6, 0.03, 0.5), wood(rng))
    solids = b.solids()
    lights, surroundings = table_light(rng, away)
    view = best_view(solids, _candidates(rng, size, rng.random() < 0.2), Wish(0.15, (0.2, 1.6), 0.55, 8), background)
    sensor = focused(rng, indoor_sensor(rng, seed), glance(solids, view).depth)
    return Scene(solids, lights, surroundings, view, sensor)


def _work_place(top: Builder, rng: Rng, size: tuple[float, float], taken: list) -> None:
    if rng.random() < 0.6:
        monitor(top.at(0, size[1] / 2 - 0.15, 0, rng.normal(0, 0.1)), rng)
        keyboard(top.at(rng.normal(0, 0.04), -size[1] / 2 + 0.2), rng)
        mouse(top.at(0.32, -size[1] / 2 + 0.2), rng)
        taken += [
            (0, size[1] / 2 - 0.12, 0.2),
            (-0.12, -size[1] / 2 + 0.2, 0.1),
            (0.12, -size[1] / 2 + 0.2, 0.1),
            (0.32, -size[1] / 2 + 0.2, 0.06),
        ]
    else:
        laptop(top.at(rng.normal(0, 0.2), 0.05, 0, rng.normal(0, 0.3)), rng)
        taken.append((0, 0.05, 0.2))
