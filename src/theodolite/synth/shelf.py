"""Shelves, cupboards and racks seen from near: books, goods, crockery, clothes and tools at 0.3 to 1.5 m."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from theodolite.synth import fittings as fit
from theodolite.synth import furniture as f
from theodolite.synth import surfaces
from theodolite.synth.builder import Builder
from theodolite.synth.illumination import lamp_light
from theodolite.synth.look import focused, indoor_sensor
from theodolite.synth.material import Material, cloth, material, metal, paint, wood
from theodolite.synth.objects import KITCHEN, SHELF, bowl, can, glass, jar, mug, plate, scatter, tin
from theodolite.synth.prints import muted, vivid
from theodolite.synth.scene import Scene, View
from theodolite.synth.shell import floor_skin
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, glance, looking, off_centre, tilted

# Fills one board of this width, height and depth: the frame's origin is the middle of the board, its back at +y.
Filling = Callable[[Builder, Rng, float, float, float], None]


def _in_rows(b: Builder, rng: Rng, width: float, deep: float, step: float, make: Callable[[Builder], None]) -> None:
    """The same thing side by side, one or two deep, with gaps where some are sold."""
    rows = max(1, min(2, int(deep / step)))
    for x in np.arange(-width / 2 + step / 2, width / 2 - step / 2 + 1e-6, step * 1.04):
        for row in range(rows):
            if rng.random() < (0.85 if row == 0 else 0.95):
                y = -deep / 2 + step * (row + 0.55) + rng.normal(0, 0.006)
                make(b.at(float(x), y, 0, rng.normal(0, 0.06)))


def _product(rng: Rng, height: float) -> tuple[float, Callable[[Builder], None]]:
    """One article of a shop: how wide it stands, and how it is built."""
    kind, skin, top = rng.random(), material(rng, "label", 0, 1.0, rng.uniform(0, 0.4)), metal(rng)
    if kind < 0.5:  # a packet
        wide, high = rng.uniform(0.06, 0.2), min(rng.uniform(0.1, 0.32), height * 0.9)
        size = (wide, rng.uniform(0.04, 0.12), high)
        return wide, lambda at: at.box((0, 0, high / 2), size, skin)
    if kind < 0.75:  # a tin
        radius, high = pick(rng, 0.037, 0.05), min(pick(rng, 0.06, 0.11, 0.17), height * 0.9)

        def tin_can(at: Builder) -> None:
            at.tube((0, 0, 0), radius, high, skin)
            at.tube((0, 0, high), radius * 0.93, 0.003, top)

        return 2 * radius, tin_can
    radius, high, glass_ = (
        rng.uniform(0.03, 0.05),
        min(rng.uniform(0.2, 0.33), height * 0.9),
        paint(rng, vivid(rng) * 0.7, 0.8),
    )

    def flask(at: Builder) -> None:
        at.tube((0, 0, 0), radius, high * 0.62, glass_)
        at.tube((0, 0, high * 0.62), radius, high * 0.2, glass_, 0.015)
        at.tube((0, 0, high * 0.82), 0.016, high * 0.18, top)
        at.tube((0, 0, high * 0.15), radius + 0.0008, high * 0.35, skin)

    return 2 * radius, flask


def goods(b: Builder, rng: Rng, width: float, height: float, depth: float) -> None:
    at, rail = -width / 2 + 0.01, paint(rng, pick(rng, 0.9, 0.95))
    b.box((0, -depth / 2 - 0.003, -0.01), (width, 0.006, 0.04), rail)
    while at < width / 2 - 0.12:
        wide, make = _product(rng, height)
        span = min(wide * int(rng.integers(2, 5)) * 1.05, width / 2 - at)
        if span < wide:
            break
        _in_rows(b.at(at + span / 2, 0), rng, span, depth, wide, make)
        b.box((at + span / 2, -depth / 2 - 0.007, -0.01), (0.06, 0.002, 0.035), material(rng, "page", 0))
        at += span + rng.uniform(0.005, 0.04)


def books(b: Builder, rng: Rng, width: float, height: float, depth: float) -> None:
    f.shelf_of_books(b, rng, width, height, depth)


def crockery(b: Builder, rng: Rng, width: float, height: float, depth: float) -> None:
    """Piles of plates and bowls, rows of cups and glasses, jars."""
    at = -width / 2 + 0.02
    while at < width / 2 - 0.14:
        chance = rng.random()
        place = b.at(at + 0.13, rng.normal(0, 0.01))
        if chance < 0.3:
            skin, radius = paint(rng, muted(rng) * 0.3 + 0.65, 0.5), rng.uniform(0.09, 0.12)
            for k in range(int(rng.integers(2, 8))):
                place.tube((0, 0, 0.012 * k), radius * 0.6, 0.02, skin, radius, hollow=True)
            at += 0.26
        elif chance < 0.55:
            make = (mug, glass)[int(rng.integers(2))]
            for x in (-0.06, 0.05):
                for y in (-0.07, 0.06):
                    make(place.at(x, y, 0, rng.uniform(-0.5, 0.5)), rng)
            at += 0.24
        else:
            (bowl, jar, can, tin, plate)[int(rng.integers(5))](place, rng)
            at += 0.28


def linen(b: Builder, rng: Rng, width: float, height: float, depth: float) -> None:
    """Folded clothes and towels in piles, now and then a box."""
    at = -width / 2 + 0.02
    while at < width / 2 - 0.2:
        wide, z = rng.uniform(0.22, 0.36), 0.0
        wide = min(wide, width / 2 - at)
        if rng.random() < 0.15:
            tall = min(height * 0.7, 0.25)
            b.box((at + wide / 2, 0, tall / 2), (wide - 0.02, depth * 0.8, tall), material(rng, "cardboard", 0))
        else:
            while z < height * rng.uniform(0.3, 0.8):
                thick, skin = rng.uniform(0.02, 0.05), cloth(rng, muted(rng) if rng.random() < 0.6 else vivid(rng))
                size = (wide - rng.uniform(0.01, 0.05), depth * rng.uniform(0.65, 0.85), thick)
                b.box((at + wide / 2, -0.01, z + thick / 2), size, skin, (rng.normal(0, 0.03), 0, 0))
                front = (at + wide / 2, -0.01 - size[1] / 2, z + thick / 2)  # the fold is round
                b.rod((front[0] - size[0] / 2, *front[1:]), (front[0] + size[0] / 2, *front[1:]), thick / 2, skin)
                z += thick
        at += wide + rng.uniform(0.01, 0.06)


def store(b: Builder, rng: Rng, width: float, height: float, depth: float) -> None:
    """A cellar or workshop: cartons, cans of paint, bottles, tools, boxes."""
    at = -width / 2 + 0.02
    while at < width / 2 - 0.12:
        wide = min(rng.uniform(0.12, 0.4), width / 2 - at)
        tall, chance = height * rng.uniform(0.4, 0.9), rng.random()
        place = b.at(at + wide / 2, rng.normal(0, 0.02))
        if chance < 0.45:
            skin = material(rng, "cardboard", 0) if rng.random() < 0.6 else paint(rng, vivid(rng), 0.3)
            place.box((0, 0, tall / 2), (wide - 0.02, depth * 0.8, tall), skin, (rng.normal(0, 0.06), 0, 0))
        elif chance < 0.7:
            radius = min(wide / 2 - 0.005, 0.1)
            place.tube((0, 0, 0), radius, min(tall, 0.25), metal(rng))
            place.tube((0, 0, 0.03), radius + 0.001, min(tall, 0.25) * 0.6, material(rng, "label", 0))
            place.torus((0, 0, min(tall, 0.25)), radius * 0.97, 0.012, metal(rng, 0.9))
        else:
            scatter(place, rng, (wide, depth * 0.8), SHELF + KITCHEN, 2)
        at += wide + 0.01


# Filling, height between boards, depth, and how the uprights look.
KINDS: dict[str, tuple[Filling, tuple[float, float], tuple[float, float]]] = {
    "books": (books, (0.26, 0.38), (0.24, 0.32)),
    "shop": (goods, (0.26, 0.42), (0.3, 0.5)),
    "kitchen": (crockery, (0.26, 0.36), (0.28, 0.36)),
    "wardrobe": (linen, (0.3, 0.42), (0.4, 0.55)),
    "store": (store, (0.32, 0.5), (0.35, 0.5)),
}


def _unit(b: Builder, rng: Rng, kind: str, skin: Material, size: tuple[float, float, float], look_at: float) -> None:
    """Boards between two uprights, their front at y = -depth / 2; boards far from the height looked at hold less."""
    fill, (low, high), _ = KINDS[kind]
    width, depth, height = size
    boards = max(2, round(height / rng.uniform(low, high)))
    step = (height - 0.08) / boards
    for side in (-1, 1):
        b.box((side * (width / 2 - 0.01), 0, height / 2), (0.022, depth, height), skin)
    b.box((0, depth / 2 - 0.005, height / 2), (width, 0.01, height), skin)
    for k in range(boards + 1):
        z = 0.06 + k * step
        b.box((0, 0, z), (width - 0.02, depth - 0.01, 0.022), skin)
        board = b.at(0, 0, z + 0.011)
        if k == boards or rng.random() < 0.04:
            continue
        if abs(z + step / 2 - look_at) < 0.75:
            fill(board, rng, width - 0.05, step - 0.03, depth - 0.02)
        else:
            block = material(rng, "books" if kind == "books" else "label" if kind == "shop" else "cardboard", 0.3)
            board.box((0, 0.02, step * 0.35), (width - 0.08, depth * 0.7, step * 0.7), block)


def _surroundings(b: Builder, rng: Rng, depth: float) -> None:
    """Floor, the wall behind, and what is seen past the end of the shelf."""
    skin = material(rng, "plaster", 2.0, np.clip(muted(rng) * 0.5 + 0.4, 0, 1))
    if rng.random() < 0.15:
        skin = surfaces.brickwork(rng)
    b.slab((-5, -5, -0.2), (5, 1, 0), floor_skin(rng, "hall"))
    b.slab((-5, depth / 2 + 0.01, 0), (5, depth / 2 + 0.2, 2.8), skin)
    b.slab((-5, -5, 2.8), (5, 1, 3.0), paint(rng, 0.95, 0), shadows=0)
    for side in (-1, 1):
        away = rng.uniform(2.2, 4.5)
        x0, x1 = sorted((side * away, side * (away + 0.2)))
        b.slab((x0, -5, 0), (x1, 1, 2.8), skin)
        end = b.at(side * away, -1.2, 0, -side * math.pi / 2)
        if rng.random() < 0.5:
            fit.door_leaf(end, rng, 0.9, 2.03, material(rng, "door", 0), paint(rng, 0.9))
        else:
            fit.poster(end, rng)
    b.slab((-5, -5.2, 0), (5, -5, 2.8), skin)


def _candidates(rng: Rng, front: float, reach: float, look_at: float) -> Iterator[View]:
    for _ in range(14):
        away, turn = math.exp(rng.uniform(math.log(0.32), math.log(1.5))), float(np.clip(rng.normal(0, 0.5), -1.2, 1.2))
        lift = rng.normal(0.12, 0.3)
        target = (rng.uniform(-0.5, 0.5) * reach, front, look_at + rng.uniform(-0.25, 0.25))
        eye = (
            target[0] + away * math.sin(turn) * math.cos(lift),
            front - away * math.cos(turn) * math.cos(lift),
            target[2] + away * math.sin(lift),
        )
        if 0.12 < eye[2] < 2.5:
            yield View(looking(eye, target, tilted(rng, 0.05)), focal_length(rng), off_centre(rng))
    yield View(looking((0.05, front - 0.9, look_at + 0.1), (0, front, look_at)), 0.8)


def make_shelf(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """One to four shelf units side by side, seen from arm's length."""
    kind = str(rng.choice(list(KINDS), p=[0.3, 0.25, 0.2, 0.1, 0.15]))
    depth, look_at = rng.uniform(*KINDS[kind][2]), rng.uniform(0.5, 1.6)
    skin = [wood(rng), paint(rng, pick(rng, 0.12, 0.9, 0.95)), metal(rng, rng.uniform(0.4, 0.8))][
        int(rng.choice(3, p=[0.5, 0.3, 0.2]))
    ]
    b = Builder()
    _surroundings(b, rng, depth)
    background = len(b.rows)
    widths = rng.uniform(0.6, 1.1, int(rng.choice([1, 2, 3], p=[0.35, 0.45, 0.2])))
    height, at = rng.uniform(1.7, 2.2), -widths.sum() / 2
    for width in widths:
        _unit(b.at(float(at + width / 2), 0), rng, kind, skin, (float(width), depth, height), look_at)
        if kind in ("kitchen", "wardrobe") and rng.random() < 0.5:  # a door that stands open
            turn = rng.uniform(1.4, 2.4)
            leaf = b.at(float(at), -depth / 2, 0, -turn)
            leaf.box((float(width) / 2, 0, height / 2), (float(width), 0.02, height), material(rng, "front", 0))
        at += width
    if rng.random() < 0.3:
        scatter(b.at(0, 0, height), rng, (float(widths.sum()), depth), SHELF, 3)
    solids = b.solids()
    reach = float(widths.sum())
    wish = Wish(0.14, (0.25, 2.2), 0.5, 12, 0.6, relief=1.25)
    view = best_view(solids, _candidates(rng, -depth / 2, reach, look_at), wish, background)
    eye = view.world_from_camera[:3, 3]
    lamps = [
        (rng.uniform(-1.5, 1.5), -rng.uniform(0.6, 2.0), rng.uniform(2.0, 2.6)) for _ in range(int(rng.integers(1, 4)))
    ]
    lights, surroundings = lamp_light(rng, lamps, eye)
    sensor = focused(rng, indoor_sensor(rng, seed), glance(solids, view).depth)
    return Scene(solids, lights, replace(surroundings, occlusion=rng.uniform(0.08, 0.25)), view, sensor)
