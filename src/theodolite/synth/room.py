"""Rooms to live, sleep, eat, cook, wash and work in, with windows, doors, lamps and things lying about."""

import math
from collections.abc import Callable, Iterator
from functools import partial

from theodolite.synth import furniture as f
from theodolite.synth.builder import Builder
from theodolite.synth.fittings import clock, mirror, socket
from theodolite.synth.illumination import room_light
from theodolite.synth.look import focused, indoor_sensor
from theodolite.synth.material import material, wood
from theodolite.synth.outdoor import person
from theodolite.synth.plan import Opening, Plan, length_of, on_wall, rectangle
from theodolite.synth.scene import Scene, View
from theodolite.synth.shell import build_door, build_outside, build_shell, build_window, make_openings
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, glance, looking, off_centre, tilted

Piece = Callable[[Builder, Rng], f.Size]

# What stands along the walls, and what in the middle, with how often.
KINDS: dict[str, tuple[tuple[Piece, ...], tuple[Piece, ...]]] = {
    "living": (
        (f.couch, f.television, f.bookcase, f.sideboard, f.bookcase, f.armchair, f.floor_lamp, f.big_plant),
        (f.coffee_table, f.armchair),
    ),
    "bedroom": ((f.bed, f.nightstand, f.wardrobe, f.sideboard, f.desk, f.bookcase), (f.cartons,)),
    "dining": ((f.sideboard, f.bookcase, f.sideboard, f.bookcase, f.big_plant, f.cartons), (f.dining, f.dining)),
    "kitchen": ((f.fridge, f.sideboard, f.bin_, f.bookcase), (f.dining, f.stool)),
    "office": (
        (f.desk, f.desk, f.bookcase, f.sideboard, f.wardrobe, f.bin_, f.cartons, f.big_plant),
        (f.desk, f.dining),
    ),
    "bath": ((f.washbasin, f.toilet, f.bathtub, f.sideboard, f.bin_), (f.stool,)),
}


def _wall_things(b: Builder, rng: Rng, plan: Plan, openings: list[Opening]) -> None:
    """Pictures, shelves, a clock, switches: what hangs, clear of doors and windows."""
    for _ in range(int(rng.integers(2, 9))):
        wall = int(rng.integers(4))
        length = length_of(plan, wall)
        width = rng.uniform(0.25, min(1.3, length * 0.4))
        at = rng.uniform(width / 2 + 0.05, length - width / 2 - 0.05)
        if any(o.wall == wall and at - width / 2 < o.high + 0.1 and at + width / 2 > o.low - 0.1 for o in openings):
            continue
        x, y, yaw = on_wall(plan, wall, at, 0)
        side = b.at(x, y, 0, yaw)
        kind = rng.random()
        if kind < 0.06:
            mirror(side, rng, (width * 0.8, rng.uniform(0.6, 1.4)), 1.4)
        elif kind < 0.7:
            height = width * rng.uniform(0.6, 1.5)
            side.box(
                (0, -0.012, rng.uniform(1.45, 1.7)),
                (width, 0.024, min(height, 1.1)),
                material(rng, "picture", 0, 1.0, pick(rng, 0, 0.4)),
            )
        elif kind < 0.88:
            z = rng.uniform(1.2, 1.8)
            side.box((0, -0.12, z), (width, 0.24, 0.025), wood(rng))
            f.shelf_of_books(side.at(0, -0.12, z + 0.0125), rng, width, 0.3, 0.24)
        else:
            socket(side, rng, 1.05)
            clock(side.at(0.3, 0), rng)


def _put(b: Builder, rng: Rng, plan: Plan, piece: Piece, place: tuple[float, float, float]) -> None:
    """Builds a piece at (x, y, yaw), and remembers it as something worth looking at."""
    piece(b.at(place[0], place[1], 0, place[2]), rng)
    plan.targets.append((place[0], place[1], rng.uniform(0.3, 1.2)))


# Footprints wide enough for every random size of a piece, to keep places free before it is built.
_FOOTPRINTS: dict[Piece, f.Size] = {
    f.couch: (2.25, 1.0),
    f.armchair: (1.0, 1.0),
    f.television: (1.8, 0.45),
    f.bookcase: (1.2, 0.36),
    f.sideboard: (1.6, 0.5),
    f.floor_lamp: (0.4, 0.4),
    f.big_plant: (0.7, 0.7),
    f.coffee_table: (1.3, 0.7),
    f.bed: (1.9, 2.2),
    f.nightstand: (0.46, 0.42),
    f.wardrobe: (2.0, 0.62),
    f.desk: (1.8, 1.5),
    f.cartons: (0.65, 0.55),
    f.dining: (2.3, 2.0),
    f.fridge: (0.64, 0.7),
    f.bin_: (0.32, 0.32),
    f.stool: (0.42, 0.42),
    f.washbasin: (0.66, 0.5),
    f.toilet: (0.45, 0.75),
    f.bathtub: (1.7, 0.76),
}


_TALL = {f.wardrobe, f.bookcase, f.fridge, f.television, f.washbasin}
_ONCE = {f.television, f.fridge, f.washbasin, f.toilet, f.bathtub}


def _behind_a_window(plan: Plan, openings: list[Opening], wall: int, at: float, width: float) -> bool:
    """Whether a piece in the middle of `at` would stand before a window of its wall."""
    near = (abs(at - (o.low + o.high) / 2) < (width + o.high - o.low) / 2 for o in openings if o.wall == wall)
    return any(near)


def _along_walls(b: Builder, rng: Rng, plan: Plan, openings: list[Opening], pieces: tuple[Piece, ...]) -> None:
    windows = [o for o in openings if not o.door]
    built: set[Piece] = set()
    for _ in range(int(rng.integers(18, 45))):
        piece = pieces[int(rng.integers(len(pieces)))]
        size = _FOOTPRINTS[piece]
        wall = int(rng.integers(4))
        length = length_of(plan, wall)
        if (piece in _ONCE and piece in built) or length < size[0] + 0.1:
            continue
        at = rng.uniform(size[0] / 2 + 0.02, length - size[0] / 2 - 0.02)
        if piece in _TALL and _behind_a_window(plan, windows, wall, at, size[0]):
            continue
        # A desk's footprint includes its chair, so its middle is nearer to the wall than that of its place.
        depth = 0.85 if piece is f.desk else size[1]
        x, y, yaw = on_wall(plan, wall, at, depth / 2 + 0.02)
        middle_x, middle_y, _ = on_wall(plan, wall, at, size[1] / 2 + 0.01)
        if plan.take(rectangle(middle_x, middle_y, yaw, size)):
            built.add(piece)
            _put(b, rng, plan, piece, (x, y, yaw))


def _in_the_middle(b: Builder, rng: Rng, plan: Plan, pieces: tuple[Piece, ...]) -> None:
    for _ in range(int(rng.integers(4, 10))):
        piece = pieces[int(rng.integers(len(pieces)))]
        yaw = pick(rng, 0, math.pi / 2, math.pi, -math.pi / 2)
        x, y = rng.uniform(0.2, 0.8) * plan.width, rng.uniform(0.2, 0.8) * plan.depth
        if plan.take(rectangle(x, y, yaw, _FOOTPRINTS[piece]), 0.25):
            _put(b, rng, plan, piece, (x, y, yaw + rng.normal(0, 0.05)))
    x, y = rng.uniform(0.3, 0.7) * plan.width, rng.uniform(0.3, 0.7) * plan.depth
    if rng.random() < 0.15 and plan.take((x - 0.3, y - 0.3, x + 0.3, y + 0.3)):
        person(b.at(x, y, 0, rng.uniform(0, 6.3)), rng)


def _furnish(b: Builder, rng: Rng, plan: Plan, openings: list[Opening], kind: str) -> None:
    around, middle = KINDS[kind]
    for o in openings:  # keep doors, and windows down to the floor, clear
        if o.sill < 0.5:
            x, y, yaw = on_wall(plan, o.wall, (o.low + o.high) / 2, 0.5)
            plan.taken.append(rectangle(x, y, yaw, (o.high - o.low, 0.98)))
    if kind == "kitchen":
        for wall in rng.permutation(4)[: int(rng.integers(1, 3))]:
            _kitchen_wall(b, rng, plan, openings, int(wall))
    _along_walls(b, rng, plan, openings, around)
    _in_the_middle(b, rng, plan, middle)
    if rng.random() < 0.45:
        x, y = rng.uniform(0.3, 0.7) * plan.width, rng.uniform(0.3, 0.7) * plan.depth
        turn = pick(rng, 0, math.pi / 2) + rng.normal(0, 0.1)
        size = (rng.uniform(1.2, 2.6), rng.uniform(0.8, 1.8), 0.012)
        b.box((x, y, 0.006), size, material(rng, "rug", 0), (turn, 0, 0))


def _kitchen_wall(b: Builder, rng: Rng, plan: Plan, openings: list[Opening], wall: int) -> None:
    length = length_of(plan, wall)
    blocked = [(o.low, o.high) for o in openings if o.wall == wall and o.sill < 0.92]
    ends = sorted([0.0, length, *(x for pair in blocked for x in pair)])
    gaps = [(a, c) for a, c in zip(ends[::2], ends[1::2], strict=True) if c - a > 1.3]
    for low, high in gaps[:1]:
        run = min(high - low - 0.7, 3.6)
        if run < 1.2:
            continue
        x, y, yaw = on_wall(plan, wall, low + 0.66 + run / 2, 0.33)
        place = rectangle(x, y, yaw, (run, 0.66))
        if plan.take(place):
            _put(b, rng, plan, partial(f.kitchen_run, width=run), (x, y, yaw))


def _candidates(rng: Rng, plan: Plan) -> Iterator[View]:
    close = rng.random() < 0.25
    for _ in range(60):
        target = (
            plan.targets[int(rng.integers(len(plan.targets)))]
            if plan.targets
            else (plan.width / 2, plan.depth / 2, 0.8)
        )
        x, y = rng.uniform(0.25, plan.width - 0.25), rng.uniform(0.25, plan.depth - 0.25)
        away = math.hypot(x - target[0], y - target[1])
        if close != (away < 1.4) or away < 0.7 or not plan.free((x - 0.1, y - 0.1, x + 0.1, y + 0.1), 0.0):
            continue
        height = _eye_level(rng, plan)
        aim = (target[0] + rng.normal(0, 0.2), target[1] + rng.normal(0, 0.2), target[2])
        # Level cameras are common; only half the difference in height is looked down upon.
        aim = (aim[0], aim[1], height + (aim[2] - height) * rng.uniform(0.3, 1.0))
        yield View(looking((x, y, height), aim, tilted(rng)), focal_length(rng), off_centre(rng))
    centre = (plan.width / 2, plan.depth / 2, 0.9)
    yield View(looking((0.3, 0.3, 1.5), centre), 0.7)


def _eye_level(rng: Rng, plan: Plan) -> float:
    """Somebody standing or sitting, a robot on the floor, or a camera below the ceiling."""
    style = rng.random()
    if style < 0.08:
        return rng.uniform(0.2, 0.5)
    if style < 0.2:
        return rng.uniform(0.5, 0.95)
    return rng.uniform(0.95, 1.75) if style < 0.93 else plan.height - rng.uniform(0.15, 0.4)


def make_room(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """A furnished room, seen by somebody standing or sitting in it."""
    kind = str(rng.choice(list(KINDS), p=[0.24, 0.17, 0.15, 0.17, 0.21, 0.06]))
    small = kind == "bath"
    plan = Plan(
        rng.uniform(1.8, 3.0) if small else rng.uniform(2.6, 5.5),
        rng.uniform(2.0, 3.2) if small else rng.uniform(3.0, 6.5),
        rng.uniform(2.35, 2.9),
    )
    b = Builder()
    openings = make_openings(plan, rng, kind)
    build_shell(b, rng, plan, openings, kind)
    background = len(b.rows)
    _furnish(b, rng, plan, openings, kind)
    for o in openings:
        x, y, yaw = on_wall(plan, o.wall, 0, 0)
        (build_door if o.door else build_window)(b.at(x, y, 0, yaw), rng, o)
    _wall_things(b, rng, plan, openings)
    lights, surroundings = room_light(b, rng, plan, openings)
    build_outside(b, rng, plan, openings)
    solids = b.solids()
    view = best_view(solids, _candidates(rng, plan), Wish(0.3, (0.7, 5.5), 0.42, 16, 0.4, relief=2.0), background)
    sensor = indoor_sensor(rng, seed)
    if rng.random() < 0.25:
        sensor = focused(rng, sensor, glance(solids, view).depth)
    return Scene(solids, lights, surroundings, view, sensor)
