"""Corridors of offices, hotels, schools, flats and cellars: doors at even spacing, lamps in a row, turns and stairs."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from theodolite.synth import fittings as fit
from theodolite.synth import furniture as f
from theodolite.synth import surfaces
from theodolite.synth.builder import SHADOWS_SUN, Builder
from theodolite.synth.illumination import lamp_light
from theodolite.synth.look import indoor_sensor
from theodolite.synth.material import Material, material, metal, paint, wood
from theodolite.synth.outdoor import bicycle, person
from theodolite.synth.prints import muted
from theodolite.synth.scene import Scene, Triple, View
from theodolite.synth.shell import floor_skin
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, looking, off_centre, tilted

THICK = 0.15  # of a wall, metres

WallThing = Callable[[Builder, Rng], None]


@dataclass(frozen=True)
class _Kind:
    """A sort of corridor: ranges in metres, and what hangs on and stands along its walls."""

    width: tuple[float, float]
    length: tuple[float, float]
    height: tuple[float, float]
    spacing: tuple[float, float]
    things: tuple[WallThing, ...]
    lamp: str = "tube"


def _piece(make: Callable[[Builder, Rng], f.Size], deep: float) -> WallThing:
    """A piece of furniture with its back to the wall."""
    return lambda side, rng: (make(side.at(0, -deep / 2 - 0.01), rng), None)[1]


def _cartons(side: Builder, rng: Rng) -> None:
    f.cartons(side.at(0, -0.32), rng)


def _bicycle(side: Builder, rng: Rng) -> None:
    bicycle(side.at(0, -0.28, 0, math.pi / 2), rng)


def _wall_mirror(side: Builder, rng: Rng) -> None:
    fit.mirror(side, rng, (rng.uniform(0.4, 0.7), rng.uniform(0.9, 1.5)), 1.35)


def _wide_lockers(side: Builder, rng: Rng) -> None:
    fit.lockers(side, rng, rng.uniform(1.2, 3.0))


def _radiator(side: Builder, rng: Rng) -> None:
    fit.radiator(side, rng, rng.uniform(0.6, 1.4))


_PLANT, _BIN, _CHAIR = _piece(f.big_plant, 0.7), _piece(f.bin_, 0.34), _piece(f.chair, 0.5)
_CHEST, _BOOKS = _piece(f.sideboard, 0.45), _piece(f.bookcase, 0.32)
_COMMON = (fit.extinguisher, fit.notice_board, fit.poster, fit.poster, _radiator)
KINDS = {
    "office": _Kind((1.5, 2.4), (9, 35), (2.5, 2.9), (2.4, 5.0), (*_COMMON, _PLANT, _BIN, _CHAIR, _CHEST, fit.clock)),
    "hotel": _Kind((1.5, 2.1), (10, 40), (2.4, 2.7), (3.4, 4.4), (fit.poster, fit.poster, _CHEST, _PLANT), "globe"),
    "school": _Kind((2.2, 3.6), (12, 40), (2.9, 3.4), (4, 8), (*_COMMON, _wide_lockers, fit.wall_bench, fit.coats)),
    "flat": _Kind((1.1, 1.9), (4, 9), (2.4, 2.9), (1.2, 2.6), (fit.coats, _CHEST, _wall_mirror, fit.poster, _BOOKS),
                  "globe"),
    "cellar": _Kind((1.2, 2.2), (7, 25), (2.1, 2.4), (2.0, 4.0), (_cartons, _bicycle, _BIN, fit.extinguisher,
                    _cartons), "bulkhead"),
}  # fmt: skip


@dataclass
class _Hall:
    """A corridor along +y from y = 0; `side` -1 is the left wall, 1 the right one."""

    b: Builder
    width: float
    length: float
    height: float

    def at(self, side: int, along: float) -> Builder:
        """A frame of `fittings` on a wall, `along` the corridor."""
        return self.b.at(side * self.width / 2, along, 0, -side * math.pi / 2)

    def wall(self, side: int, skin: Material, gaps: list[tuple[float, float, float]]) -> None:
        """A wall with gaps (from, to, head)."""
        x0, x1 = sorted((side * self.width / 2, side * (self.width / 2 + THICK)))
        at = -1.0
        for low, high, head in sorted(gaps):
            self.b.slab((x0, at, 0), (x1, low, self.height), skin, SHADOWS_SUN)
            self.b.slab((x0, low, head), (x1, high, self.height), skin, SHADOWS_SUN)
            at = high
        self.b.slab((x0, at, 0), (x1, self.length + THICK, self.height), skin, SHADOWS_SUN)


def _skins(rng: Rng, name: str) -> tuple[Material, Material, Material]:
    """Floor, walls and ceiling."""
    pale = np.clip(muted(rng) * 0.4 + rng.uniform(0.4, 0.6), 0, 1)
    if name == "cellar":
        floor = material(rng, "concrete", 3.0, rng.uniform(0.6, 1.0))
        wall = surfaces.brickwork(rng, pick(rng, 1.0, 1.5)) if rng.random() < 0.6 else material(rng, "concrete", 2.5)
        return floor, wall, material(rng, "concrete", 3.0)
    if name == "hotel":
        floor = material(rng, "rug", rng.uniform(1.2, 2.4)) if rng.random() < 0.6 else material(rng, "carpet", 0.5)
        wall = material(rng, "plaster", 2.0, pale)
        if rng.random() < 0.4:
            wall = material(rng, "wallpaper", rng.uniform(0.5, 1.0))
        return floor, wall, paint(rng, 0.95, 0)
    floor = (
        material(rng, "granite", 0.8, rng.uniform(0.7, 1.2), 0.4, 60) if rng.random() < 0.4 else floor_skin(rng, name)
    )
    # Panels of 60 x 60 cm hang below the ceilings of offices and schools: four texture tiles to 2.4 m.
    panels = name != "flat" and rng.random() < 0.5
    wall = surfaces.brickwork(rng) if rng.random() < 0.08 else material(rng, "plaster", 2.0, pale)
    return floor, wall, material(rng, "concrete", 1.2, 1.35) if panels else paint(rng, 0.95, 0)


def _room_behind(side: Builder, rng: Rng, width: float, height: float, skin: Material) -> None:
    """A lit room seen through an open door of this width, with a piece or two in it."""
    deep, wide = rng.uniform(2.5, 4.5), rng.uniform(2.6, 4.0)
    shift = rng.uniform(-0.5, 0.5) * (wide - width - 0.3)
    side.slab((shift - wide / 2, THICK, -0.1), (shift + wide / 2, deep, -0.0), floor_skin(rng, "hall"), SHADOWS_SUN)
    side.slab((shift - wide / 2, deep, 0), (shift + wide / 2, deep + 0.1, height), skin, SHADOWS_SUN)
    for sign in (-1, 1):
        x0, x1 = sorted((shift + sign * wide / 2, shift + sign * (wide / 2 + 0.1)))
        side.slab((x0, THICK, 0), (x1, deep, height), skin, SHADOWS_SUN)
    side.slab((shift - wide / 2, THICK, height), (shift + wide / 2, deep, height + 0.1), skin, SHADOWS_SUN)
    pieces = (f.desk, f.bookcase, f.bed, f.sideboard, f.wardrobe, f.couch, f.big_plant)
    pieces[int(rng.integers(len(pieces)))](side.at(shift, deep - 1.15), rng)
    window = fit.luminous(rng.uniform(0.8, 2.5), (0.85, 0.93, 1.0))
    side.box((shift + rng.uniform(-0.4, 0.4), deep - 0.01, 1.5), (1.2, 0.03, 1.2), window)


def _open_door(side: Builder, rng: Rng, width: float, head: float, leaf: Material) -> None:
    turn = rng.uniform(0.9, 1.8)
    hinge = side.at(-width / 2 + 0.02, THICK, 0, turn)
    hinge.box((width / 2, 0, head / 2), (width - 0.02, 0.04, head - 0.01), leaf)
    hinge.rod((width - 0.08, -0.05, 1.03), (width - 0.19, -0.05, 1.03), 0.01, metal(rng))


def _branch(side: Builder, rng: Rng, wide: float, height: float, skins: tuple[Material, Material, Material]) -> None:
    """Another corridor leading off at a right angle."""
    deep = rng.uniform(4, 12)
    side.slab((-wide / 2, 0, -0.1), (wide / 2, deep, 0), skins[0], SHADOWS_SUN)
    side.slab((-wide / 2, 0, height), (wide / 2, deep, height + 0.1), skins[2], SHADOWS_SUN)
    for sign in (-1, 1):
        x0, x1 = sorted((sign * wide / 2, sign * (wide / 2 + THICK)))
        side.slab((x0, THICK, 0), (x1, deep, height), skins[1], SHADOWS_SUN)
    side.slab((-wide / 2, deep, 0), (wide / 2, deep + 0.1, height), skins[1], SHADOWS_SUN)
    fit.door_leaf(side.at(0, deep), rng, 0.9, 2.05, material(rng, "door", 0), paint(rng, 0.8))
    fit.tube_lamp(side.at(0, deep / 2, height, math.pi / 2), 1.2, 0.2, 3.0)


def _end(hall: _Hall, rng: Rng, skins: tuple[Material, Material, Material], leaf: Material) -> None:
    """What closes the far end: a window, a door, glazed double doors with more corridor behind, or a stair."""
    floor, wall, ceiling = skins
    b, half, high = hall.b.at(0, hall.length), hall.width / 2, hall.height
    kind = rng.random()
    if kind < 0.4 or high < 2.4:
        b.slab((-half, 0, 0), (half, THICK, high), wall, SHADOWS_SUN)
        fit.door_leaf(b, rng, 0.9, 2.03, leaf, paint(rng, 0.85))
    elif kind < 0.65:
        b.slab((-half, 0, 0), (half, THICK, high), wall, SHADOWS_SUN)
        wide, tall = min(1.4, half * 1.4), min(1.4, high - 1.1)
        frame = paint(rng, 0.92)
        b.box((0, -0.01, 0.9 + tall / 2), (wide + 0.1, 0.05, tall + 0.1), frame)
        sky = fit.luminous(rng.uniform(2, 6), (0.85, 0.93, 1.0))
        b.box((0, -0.03, 0.9 + tall / 2), (wide, 0.02, tall), sky)
        for x in (-wide / 2, 0.0, wide / 2):
            b.box((x, -0.045, 0.9 + tall / 2), (0.05, 0.03, tall), frame)
    elif kind < 0.85:
        deep = rng.uniform(3, 10)
        b.slab((-half, 0, -0.1), (half, deep, 0), floor, SHADOWS_SUN)
        b.slab((-half, 0, high), (half, deep, high + 0.1), ceiling, SHADOWS_SUN)
        for sign in (-1, 1):
            x0, x1 = sorted((sign * half, sign * (half + THICK)))
            b.slab((x0, 0, 0), (x1, deep, high), wall, SHADOWS_SUN)
            b.box((sign * (half - 0.05), 0, 1.05), (0.1, 0.08, 2.1), metal(rng, 0.4))
            swung = b.at(sign * (half - 0.1), 0, 0, sign * rng.uniform(1.0, 1.5))
            swung.box((-sign * half * 0.45, 0, 1.03), (half * 0.9, 0.04, 2.05), leaf)
        b.slab((-half, -0.04, 2.1), (half, 0.04, high), wall, SHADOWS_SUN)
        b.slab((-half, deep, 0), (half, deep + 0.1, high), wall, SHADOWS_SUN)
        fit.exit_sign(b.at(0, -0.07, 2.22), rng)
    else:
        fit.flight(b, rng, hall.width, int(high / fit.STEP[0]), floor)
        b.slab((-half, 5.5, 0), (half, 5.6, high + 3), wall, SHADOWS_SUN)
        for sign in (-1, 1):
            x0, x1 = sorted((sign * half, sign * (half + THICK)))
            b.slab((x0, 0, 0), (x1, 5.6, high + 3), wall, SHADOWS_SUN)
        b.slab((-half, 0, high + 2.9), (half, 5.6, high + 3.0), ceiling, SHADOWS_SUN)
        b.slab((-half, -0.1, high), (half, 0, high + 3), wall, SHADOWS_SUN)


def _lamps(hall: _Hall, rng: Rng, kind: _Kind) -> list[Triple]:
    """Luminaires at even spacing; returns where they are."""
    step, glow = rng.uniform(2.2, 4.5), rng.uniform(2.0, 5.0)
    wide, long = (0.6, 0.6) if rng.random() < 0.4 else (0.18, 1.2)
    places = []
    for y in np.arange(rng.uniform(0.8, 2.0), hall.length - 0.3, step):
        below = hall.b.at(0, float(y), hall.height)
        if rng.random() < 0.06:
            continue  # one is broken
        if kind.lamp == "tube":
            fit.tube_lamp(below, long, wide, glow)
        elif kind.lamp == "globe":
            fit.globe_lamp(below, rng, glow)
        else:
            fit.bulkhead_lamp(hall.at(1, float(y)), glow)
        places.append((0.0, float(y), hall.height - 0.25))
    return places


def _candidates(hall: _Hall, rng: Rng, taken: list[tuple[int, float, float]]) -> Iterator[View]:
    for _ in range(20):
        x = rng.uniform(-0.5, 0.5) * (hall.width - 0.6)
        y = rng.uniform(0.2, max(0.5, hall.length * 0.65))
        if any(abs(y - along) < width / 2 + 0.2 and side * x > hall.width / 2 - 0.85 for side, along, width in taken):
            continue
        style = rng.random()
        low, high = (0.2, 0.6) if style < 0.1 else (1.0, 1.75)
        z = min(rng.uniform(low, high) if style < 0.92 else hall.height - 0.25, hall.height - 0.2)
        heading = rng.normal(0, 0.2) if rng.random() < 0.65 else rng.uniform(-1.3, 1.3)
        pitch = rng.normal(-0.04, 0.06) if z < 1.8 else rng.uniform(-0.4, -0.15)
        aim = (x - math.sin(heading), y + math.cos(heading), z + math.tan(pitch))
        yield View(looking((x, y, z), aim, tilted(rng)), focal_length(rng), off_centre(rng))
    yield View(looking((0, 0.3, 1.5), (0.05, 4, 1.4)), 0.8)


def _doors_and_things(hall: _Hall, rng: Rng, kind: _Kind, skins: tuple, leaf: Material) -> list:
    """Fills both walls and says what sticks out: (side, along, width)."""
    frame = paint(rng, pick(rng, 0.92, 0.3)) if rng.random() < 0.6 else wood(rng)
    width, head = rng.uniform(0.82, 0.95), min(rng.uniform(1.98, 2.1), hall.height - 0.08)
    step, first = rng.uniform(*kind.spacing), rng.uniform(0.9, 2.2)
    branch = (pick(rng, -1, 1), rng.uniform(0.3, 0.8) * hall.length, rng.uniform(1.3, 2.0))
    branched = rng.random() < 0.35 and hall.length > 8
    taken: list[tuple[int, float, float]] = []
    for side in (-1, 1):
        gaps = []
        if branched and side == branch[0]:
            gaps.append((branch[1] - branch[2] / 2, branch[1] + branch[2] / 2, hall.height))
            _branch(hall.at(side, branch[1]), rng, branch[2], hall.height, skins)
        shift = 0.0 if rng.random() < 0.5 else rng.uniform(0, step)
        at = first + shift
        while at < hall.length - 0.6:
            place = hall.at(side, at)
            near_branch = branched and side == branch[0] and abs(at - branch[1]) < branch[2] / 2 + width / 2 + 0.2
            if not near_branch and rng.random() < 0.92:
                if rng.random() < 0.14 and len(gaps) < 3:
                    gaps.append((at - width / 2, at + width / 2, head))
                    _room_behind(place, rng, width, hall.height, skins[1])
                    _open_door(place, rng, width, head, leaf)
                else:
                    fit.door_leaf(place, rng, width, head, leaf, frame)
                if rng.random() < 0.5:
                    hall_label = place.at(width / 2 + 0.18, 0)
                    hall_label.box((0, -0.004, 1.55), (0.15, 0.008, 0.1), material(rng, "page", 0))
            middle = at + step / 2
            free = step - width - 0.3
            turned = branched and side == branch[0] and abs(middle - branch[1]) < branch[2] / 2 + 1.0
            if free > 0.6 and not turned and middle < hall.length - 0.8 and rng.random() < 0.75:
                thing = kind.things[int(rng.integers(len(kind.things)))]
                if thing is not _wide_lockers or free > 3.0:
                    thing(hall.at(side, middle), rng)
                    taken.append((side, middle, min(free, 2.0)))
            at += step
        hall.wall(side, skins[1], gaps)
    return taken


def make_corridor(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """A corridor of 4 to 40 m, seen along its length or across it."""
    name = str(rng.choice(list(KINDS), p=[0.3, 0.2, 0.2, 0.18, 0.12]))
    kind = KINDS[name]
    b = Builder()
    hall = _Hall(b, rng.uniform(*kind.width), rng.uniform(*kind.length), rng.uniform(*kind.height))
    skins = _skins(rng, name)
    half = hall.width / 2
    b.slab((-half, -1, -0.2), (half, hall.length, 0), skins[0], SHADOWS_SUN)
    b.slab((-half, -1, hall.height), (half, hall.length, hall.height + 0.2), skins[2], SHADOWS_SUN)
    b.slab((-half, -1 - THICK, 0), (half, -1, hall.height), skins[1], SHADOWS_SUN)
    background = len(b.rows)
    leaf = material(rng, "door", 0, 1.0, 0.2)
    taken = _doors_and_things(hall, rng, kind, skins, leaf)
    if rng.random() < 0.7 and name != "cellar":
        skirting = paint(rng, pick(rng, 0.9, 0.3))
        for side in (-1, 1):
            b.box((side * (half - 0.008), hall.length / 2, 0.04), (0.016, hall.length, 0.08), skirting)
    _end(hall, rng, skins, leaf)
    places = _lamps(hall, rng, kind)
    if name == "cellar":
        fit.pipes(b.at(-half + 0.15, hall.length / 2, hall.height), rng, hall.length)
    elif rng.random() < 0.25:
        fit.exit_sign(b.at(0, rng.uniform(0.4, 0.8) * hall.length, hall.height - 0.12), rng)
    for _ in range(pick(rng, 0, 0, 0, 1, 2)):
        person(b.at(rng.uniform(-0.5, 0.5) * (hall.width - 0.8), rng.uniform(0.3, 0.95) * hall.length, 0,
                    pick(rng, 0, math.pi) + rng.normal(0, 0.3)), rng)  # fmt: skip
    solids = b.solids()
    wish = Wish(0.3, (0.9, 12), 0.42, 10, 0.15, relief=2.5)
    view = best_view(solids, _candidates(hall, rng, taken), wish, background)
    lights, surroundings = lamp_light(rng, places, view.world_from_camera[:3, 3])
    return Scene(solids, lights, surroundings, view, indoor_sensor(rng, seed))
