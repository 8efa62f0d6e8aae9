"""Attics under a gable roof; never in a training mix, so that they can test transfer to unseen places indoors."""

import math
from collections.abc import Iterator

from theodolite.synth import fittings as fit
from theodolite.synth import furniture as f
from theodolite.synth import surfaces
from theodolite.synth.builder import SHADOWS_SUN, Builder
from theodolite.synth.hall_things import suitcase
from theodolite.synth.illumination import lamp_light
from theodolite.synth.look import indoor_sensor
from theodolite.synth.material import Material, material, wood
from theodolite.synth.plan import Plan, rectangle
from theodolite.synth.prints import muted
from theodolite.synth.scene import Scene, Triple, View
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, looking, off_centre, tilted

_KNEE = 0.9  # metres, height of the walls that the roof rests on


class _Roof:
    """Two slopes over a floor from (0, 0) to (width, depth), their ridge along y."""

    def __init__(self, b: Builder, width: float, depth: float, ridge: float) -> None:
        self.half, self.depth = width / 2, depth
        self.pitch = math.atan2(ridge - _KNEE, self.half)
        self.length = math.hypot(ridge - _KNEE, self.half)
        self.b = b.at(self.half, 0, _KNEE)

    def board(self, side: int, along: tuple[float, float], y: float, size: Triple, skin: Material) -> None:
        """A box lying on the inside of a slope.

        Args:
            along: how far up the slope its middle is, and how far below the slope's face, metres.
            size: up the slope, along y, and thick.
        """
        up, below = along[0] / self.length, along[1]
        x = self.half * (1 - up) - below * math.sin(self.pitch)
        z = self.half * math.tan(self.pitch) * up - below * math.cos(self.pitch)
        self.b.box((side * x, y, z), size, skin, (0, 0, side * self.pitch), SHADOWS_SUN)


def _shell(b: Builder, rng: Rng, roof: _Roof, plan: Plan) -> list[Triple]:
    """Floor, gables, slopes, rafters and windows; returns where light comes in."""
    lining = pick(rng, surfaces.planking(rng, 1.1), material(rng, "plaster", 2.0, muted(rng) * 0.3 + 0.65))
    gable = surfaces.brickwork(rng) if rng.random() < 0.5 else lining
    w, d = plan.width, plan.depth
    b.slab((-0.2, -0.2, -0.2), (w + 0.2, d + 0.2, 0), surfaces.planking(rng, 0.9), SHADOWS_SUN)
    for y in (-0.2, d):
        b.slab((-0.2, y, 0), (w + 0.2, y + 0.2, plan.height + 0.2), gable, SHADOWS_SUN)
    lights: list[Triple] = []
    for side in (-1, 1):
        x = 0.0 if side < 0 else w
        b.slab((min(x, x + side * 0.2), 0, 0), (max(x, x + side * 0.2), d, _KNEE), lining, SHADOWS_SUN)
        roof.board(side, (roof.length / 2, -0.1), d / 2, (roof.length + 0.3, d, 0.2), lining)
        for k in range(int(rng.integers(0, 3))):
            y, up = (k + rng.uniform(0.3, 0.7)) * d / 3, roof.length * rng.uniform(0.4, 0.6)
            roof.board(side, (up, 0.01), y, (1.3, 0.9, 0.03), wood(rng))
            roof.board(side, (up, 0.03), y, (1.18, 0.78, 0.02), fit.luminous(rng.uniform(1.5, 5), (0.85, 0.93, 1.0)))
            lights.append((w / 2 + side * (roof.half - up * math.cos(roof.pitch) - 0.25), y, plan.height * 0.7))
    if not lights or rng.random() < 0.4:
        fit.globe_lamp(b.at(w / 2, d / 2, plan.height - 0.4), rng, 4.0)
        lights.append((w / 2, d / 2, plan.height - 0.7))
    beam = wood(rng, 0.8)
    if rng.random() < 0.7:
        step = rng.uniform(0.8, 1.2)
        for k in range(int(d / step)):
            for side in (-1, 1):
                roof.board(side, (roof.length / 2, 0.07), (k + 0.5) * step, (roof.length, 0.09, 0.14), beam)
            if k % 2 and plan.height > 2.9:
                b.slab((w * 0.25, (k + 0.45) * step, 2.15), (w * 0.75, (k + 0.55) * step, 2.29), beam)
    return lights


_PIECES = {
    f.cartons: (0.65, 0.55), f.stool: (0.42, 0.42), f.armchair: (1.0, 1.0), f.big_plant: (0.7, 0.7),
    f.nightstand: (0.46, 0.42), f.coffee_table: (1.3, 0.7), f.floor_lamp: (0.4, 0.4), f.couch: (2.25, 1.0),
    suitcase: (0.5, 0.35), f.chair: (0.5, 0.5), f.bin_: (0.32, 0.32),
}  # fmt: skip


def _furnish(b: Builder, rng: Rng, plan: Plan) -> None:
    for _ in range(int(rng.integers(25, 50))):
        piece = list(_PIECES)[int(rng.integers(len(_PIECES)))]
        x, y, turn = rng.uniform(0.3, plan.width - 0.3), rng.uniform(0.3, plan.depth - 0.3), pick(rng, 0, 1, 2, 3)
        yaw = turn * math.pi / 2
        low = x < 1.0 or x > plan.width - 1.0  # under the eaves
        if low and piece in (f.floor_lamp, f.big_plant, f.couch):
            continue
        if plan.take(rectangle(x, y, yaw, _PIECES[piece]), 0.05):
            piece(b.at(x, y, 0, yaw), rng)
            plan.targets.append((x, y, rng.uniform(0.3, 0.9)))


def _candidates(rng: Rng, plan: Plan) -> Iterator[View]:
    for _ in range(30):
        target = plan.targets[int(rng.integers(len(plan.targets)))]
        x, y = rng.uniform(1.2, plan.width - 1.2), rng.uniform(0.3, plan.depth - 0.3)
        away = math.hypot(x - target[0], y - target[1])
        if away < 0.9 or not plan.free((x - 0.15, y - 0.15, x + 0.15, y + 0.15), 0.0):
            continue
        z = rng.uniform(1.0, 1.65)
        aim = (*target[:2], z + (target[2] - z) * rng.uniform(0.2, 0.9))
        yield View(looking((x, y, z), aim, tilted(rng)), focal_length(rng), off_centre(rng))
    yield View(looking((plan.width / 2, 0.3, 1.5), (plan.width / 2 + 0.1, plan.depth, 1.0)), 0.7)


def make_attic(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """A loft of 4 to 7 m by 5 to 9 m, seen by somebody standing in its middle."""
    plan = Plan(rng.uniform(4.2, 7.0), rng.uniform(5.0, 9.0), rng.uniform(2.7, 3.8))
    b = Builder()
    places = _shell(b, rng, _Roof(b, plan.width, plan.depth, plan.height), plan)
    background = len(b.rows)
    _furnish(b, rng, plan)
    solids = b.solids()
    view = best_view(solids, _candidates(rng, plan), Wish(0.3, (0.8, 7), 0.45, 10, 0.3, relief=2.0), background)
    lights, surroundings = lamp_light(rng, places, view.world_from_camera[:3, 3], (3000, 7500))
    return Scene(solids, lights, surroundings, view, indoor_sensor(rng, seed))
