"""Open country on rolling ground: parks with paths, meadows with fences and animals, woods, hillsides with a house."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from theodolite.synth import countryside as c
from theodolite.synth import outdoor as o
from theodolite.synth import terrain
from theodolite.synth.builder import SHADOWS_NONE, Builder
from theodolite.synth.look import outdoor_sensor
from theodolite.synth.material import Material, material
from theodolite.synth.scene import Scene, Triple, View
from theodolite.synth.street import house
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, looking, off_centre, tilted
from theodolite.synth.weather import hour_of, open_air

_EDGE = 160.0  # metres of rolling ground, its middle at y = 40
_MIDDLE = 40.0
# Where things stand, and how finely the ground's height is known there: 2.3 m, a third of its shortest waves or less.
# No more than 2048 numbers, at which torch would share the work among threads that wait for each other.
_LOW, _HIGH = (-46.0, -20.0), (46.0, 76.0)
_COLUMNS, _ROWS = 41, 43


Thing = Callable[[Builder, Rng], object]


@dataclass
class _Land:
    """Rolling ground and what stands on it.

    Args:
        heights: of the ground on a grid over the patch, so that a thing costs no torch call.
        spots: (x, y, radius) in use.
        targets: what is worth looking at.
    """

    b: Builder
    rng: Rng
    heights: np.ndarray
    spots: list[tuple[float, float, float]] = field(default_factory=list)
    targets: list[Triple] = field(default_factory=list)

    def height(self, x: float, y: float) -> float:
        """z of the ground, between the grid's points."""
        u = min(max((x - _LOW[0]) / (_HIGH[0] - _LOW[0]), 0.0), 0.9999) * (_COLUMNS - 1)
        v = min(max((y - _LOW[1]) / (_HIGH[1] - _LOW[1]), 0.0), 0.9999) * (_ROWS - 1)
        i, j = int(v), int(u)
        s, t = v - i, u - j
        low = self.heights[i, j] * (1 - t) + self.heights[i, j + 1] * t
        high = self.heights[i + 1, j] * (1 - t) + self.heights[i + 1, j + 1] * t
        return float(low * (1 - s) + high * s)

    def free(self, x: float, y: float, radius: float) -> bool:
        return all(math.hypot(x - a, y - d) > radius + r for a, d, r in self.spots)

    def put(self, place: Triple, radius: float, make: Thing, aim: float = 0.8) -> None:
        """Builds a thing at (x, y, yaw) if there is room; `aim` is the height to look at, 0 where there is no need."""
        x, y, yaw = place
        if not self.free(x, y, radius):
            return
        self.spots.append((x, y, radius))
        z = self.height(x, y)
        make(self.b.at(x, y, z, yaw), self.rng)
        if aim:
            self.targets.append((x, y, z + aim))


def _land(b: Builder, rng: Rng, skin: Material) -> _Land:
    relief, cycles, seed = (
        math.exp(rng.uniform(math.log(1.0), math.log(12.0))),
        rng.uniform(1.2, 3.0),
        rng.uniform(0, 999),
    )
    b.box((0, 400, -relief / 2 - 1.3), (1600, 2000, 2.0), skin, shadows=SHADOWS_NONE)
    b.terrain((0, _MIDDLE, 0), (_EDGE, _EDGE, relief), skin, seed, cycles)
    x = torch.linspace(_LOW[0], _HIGH[0], _COLUMNS) / (_EDGE / 2)
    y = (torch.linspace(_LOW[1], _HIGH[1], _ROWS) - _MIDDLE) / (_EDGE / 2)
    waves = terrain.height(x[None, :], y[:, None], torch.tensor(seed), torch.tensor(cycles))
    return _Land(b, rng, relief / 2 * waves.numpy())


def _path(land: _Land, rng: Rng) -> Callable[[float], float]:
    """A winding path ahead; returns its x at y."""
    wide, swing, wave = rng.uniform(1.2, 3.0), rng.uniform(0.5, 5.0), rng.uniform(15, 45)
    start = rng.uniform(0, 6.3)
    skin = material(rng, pick(rng, "gravel", "asphalt", "gravel", "carpet"), 1.5, rng.uniform(0.8, 1.1))

    def x_of(y: float) -> float:
        return swing * (math.sin(y / wave * 2 * math.pi + start) - math.sin(start))

    step = 1.5
    for y in np.arange(-12.0, 70.0, step):
        y0, y1 = float(y), float(y) + step
        x0, x1 = x_of(y0), x_of(y1)
        z0, z1 = land.height(x0, y0), land.height(x1, y1)
        flat = math.hypot(x1 - x0, step)
        place = ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2 - 0.02)
        turn = (math.atan2(x0 - x1, step), math.atan2(z1 - z0, flat), 0.0)
        land.b.box(place, (wide, math.hypot(flat, z1 - z0) + 0.15, 0.14), skin, turn, shadows=SHADOWS_NONE)
    return x_of


def _trees(land: _Land, rng: Rng, count: int, near: float, tall: tuple[float, float]) -> None:
    """Trees, none within `near` metres of the origin."""
    for _ in range(count):
        x, y = rng.normal(0, 18), rng.uniform(-5, 70)
        away = math.hypot(x, y)
        if away > near:
            make = partial(o.tree, height=rng.uniform(*tall), fine=away < 22)
            land.put((x, y, 0.0), 0.9, make, 1.2 if away < 18 else 0)


def _along(land: _Land, rng: Rng, x_of: Callable[[float], float], things: tuple[Thing, ...], count: int) -> None:
    """Things beside the path, facing it."""
    for _ in range(count):
        y, side = rng.uniform(2, 35), pick(rng, -1, 1)
        x = x_of(y) + side * rng.uniform(1.8, 4.5)
        land.put((x, y, -side * math.pi / 2), 1.0, pick(rng, *things))


def _around(land: _Land, rng: Rng, middle: float, things: tuple[Thing, ...], count: int) -> None:
    """Things anywhere ahead, about x = `middle`."""
    for _ in range(count):
        place = (middle + rng.normal(0, 8), rng.uniform(3, 29), rng.uniform(0, 2 * math.pi))
        land.put(place, 1.9, pick(rng, *things))


def _walkers(land: _Land, rng: Rng, x_of: Callable[[float], float], count: int) -> None:
    for _ in range(count):
        y, turn = rng.uniform(3, 40), pick(rng, 0.0, math.pi) + rng.normal(0, 0.3)
        land.put((x_of(y) + rng.normal(0, 0.8), y, turn), 0.5, o.person if rng.random() < 0.85 else c.animal, 1.2)


def park(land: _Land, rng: Rng) -> None:
    x_of = _path(land, rng)
    beside = (o.bench, o.bench, o.litter_bin, c.flower_bed, c.picnic_table, c.waymark, o.bicycle)
    _along(land, rng, x_of, beside, int(rng.integers(7, 14)))
    for y in np.arange(rng.uniform(2, 12), 60, rng.uniform(14, 22)):
        land.put((x_of(float(y)) + 2.0, float(y), 0.0), 0.4, o.lamp_post, 0)
    _around(land, rng, 0.0, (c.swing, c.slide, c.picnic, c.tent, c.rock, c.animal, o.person), int(rng.integers(6, 14)))
    _walkers(land, rng, x_of, int(rng.integers(1, 7)))
    for _ in range(int(rng.integers(4, 12))):
        land.put((rng.normal(0, 8), rng.uniform(3, 28), 0.0), 1.0, partial(o.bush, size=rng.uniform(0.6, 1.8)), 0.6)
    _trees(land, rng, int(rng.integers(14, 28)), 3.0, (4, 14))


def _boundary(land: _Land, rng: Rng, x_of: Callable[[float], float]) -> None:
    """A fence or a dry wall beside the path, panel by panel as the ground rises and falls."""
    side, make = pick(rng, -1, 1), c.stone_wall if rng.random() < 0.3 else c.fence
    alike = int(rng.integers(1 << 30))  # a seed for each panel, so that all are of one kind
    for k in range(int(rng.integers(4, 11))):
        y = k * 4.4 - 3
        low, high = (x_of(y) + side * 3.5, y), (x_of(y + 4.4) + side * 3.5, y + 4.4)
        turn = math.atan2(high[1] - low[1], high[0] - low[0])
        make(land.b.at(*low, land.height(*low), turn), np.random.default_rng(alike), 4.4)
        land.targets.append((*low, land.height(*low) + 0.8))


def meadow(land: _Land, rng: Rng) -> None:
    x_of = _path(land, rng) if rng.random() < 0.6 else lambda y: 3.0
    _boundary(land, rng, x_of)
    things = (c.bale, c.animal, c.animal, c.rock, c.hut, c.log, c.waymark, o.person)
    _around(land, rng, x_of(10), things, int(rng.integers(9, 18)))
    _walkers(land, rng, x_of, int(rng.integers(0, 3)))
    _trees(land, rng, int(rng.integers(9, 20)), 6.0, (5, 15))


def wood_land(land: _Land, rng: Rng) -> None:
    x_of = _path(land, rng)
    for _ in range(int(rng.integers(45, 80))):
        x, y = rng.normal(0, 12), rng.uniform(-6, 50)
        if abs(x - x_of(y)) > 1.6:
            near = math.hypot(x, y) < 18
            make = partial(c.trunk, height=rng.uniform(9, 20), fine=near)
            land.put((x, y, 0.0), rng.uniform(0.6, 1.4), make, 1.3 * near)
    for _ in range(int(rng.integers(14, 30))):
        y = rng.uniform(1.5, 18)
        x = x_of(y) + pick(rng, -1, 1) * rng.uniform(1.2, 6)
        land.put((x, y, 0.0), 0.5, pick(rng, c.fern, c.fern, c.rock, c.log), 0.4)
    _walkers(land, rng, x_of, int(rng.integers(0, 3)))


def _cottage(b: Builder, rng: Rng) -> None:
    """A house on a slope, its foot in the ground."""
    house(b.at(0, 0, -0.4), rng, rng.uniform(8, 13))


def hillside(land: _Land, rng: Rng) -> None:
    """A house or two in the open."""
    meadow(land, rng)
    for _ in range(int(rng.integers(1, 3))):
        place = (rng.normal(0, 14), rng.uniform(16, 55), rng.normal(0, 0.6))
        land.put(place, 6.0, _cottage, 2.0)


KINDS: dict[Callable[[_Land, Rng], None], float] = {park: 0.4, meadow: 0.2, wood_land: 0.2, hillside: 0.2}


def _far(b: Builder, rng: Rng) -> None:
    """Hills and woods that close the view."""
    green = material(rng, "leaves", 30.0, rng.uniform(0.6, 1.1))
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(-300, 300), rng.uniform(200, 600)
        b.ball((x, y, -8), (rng.uniform(100, 400), 120, rng.uniform(25, 110)), green)
    for _ in range(int(rng.integers(5, 14))):
        x, y, size = rng.uniform(-110, 110), rng.uniform(90, 170), rng.uniform(7, 18)
        b.ball((x, y, size * 0.2), (size * rng.uniform(0.8, 2), size, size), green)


def _candidates(land: _Land, rng: Rng) -> Iterator[View]:
    for _ in range(16):
        style = rng.random()
        target = land.targets[int(rng.integers(len(land.targets)))]
        reach = rng.uniform(1.8, 10) if style < 0.9 else rng.uniform(5, 18)
        turn = rng.normal(0, 0.5)
        x, y = target[0] + reach * math.sin(turn), target[1] - reach * math.cos(turn)
        up = rng.uniform(1.0, 1.75) if style < 0.8 else rng.uniform(0.25, 0.6) if style < 0.9 else rng.uniform(3, 8)
        if abs(x) > 40 or not -30 < y < 60 or not land.free(x, y, 0.6):
            continue
        eye = (x, y, land.height(x, y) + up)
        aim = (*target[:2], eye[2] + (target[2] - eye[2]) * rng.uniform(0.3, 1.0))
        yield View(looking(eye, aim, tilted(rng)), focal_length(rng), off_centre(rng))
    yield View(looking((0, -14, land.height(0, -14) + 1.6), (0, 10, land.height(0, 10) + 1.5)), 0.8)


def make_country(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """A park, a meadow, a wood or a hillside, seen by somebody on foot, a dog or a drone."""
    kind = list(KINDS)[int(rng.choice(len(KINDS), p=list(KINDS.values())))]
    b = Builder()
    if kind is wood_land:
        skin = (
            material(rng, "leaves", 1.2, (1.5, 1.05, 0.9)) if rng.random() < 0.6 else material(rng, "grass", 2.0, 0.8)
        )
    else:
        skin = material(rng, "grass", rng.uniform(4.0, 9.0), rng.uniform(0.85, 1.15))
    land = _land(b, rng, skin)
    background = len(b.rows)
    kind(land, rng)
    _far(b, rng)
    solids = b.solids()
    view = best_view(solids, _candidates(land, rng), Wish(0.5, (1.5, 60), 0.6, 10, 0.35, 0.5, relief=2.5), background)
    lights, surroundings = open_air(rng, hour_of(rng), [], view.world_from_camera[:3, 3])
    return Scene(solids, lights, surroundings, view, outdoor_sensor(rng, seed))
