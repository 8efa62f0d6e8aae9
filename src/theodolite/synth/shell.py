"""The shell of a room: floor, ceiling and walls with their doors and windows, and what is seen through them."""

import numpy as np

from theodolite.synth import furniture as f
from theodolite.synth import surfaces
from theodolite.synth.builder import SHADOWS_NONE, SHADOWS_SUN, Builder
from theodolite.synth.material import Material, material, metal, paint, wood
from theodolite.synth.outdoor import tree
from theodolite.synth.plan import Opening, Plan, length_of, on_wall
from theodolite.synth.prints import muted
from theodolite.synth.textures import Rng, pick


def floor_skin(rng: Rng, kind: str) -> Material:
    if kind in ("bath", "kitchen") and rng.random() < 0.7:
        return surfaces.floor_tiles(rng, rng.uniform(0.6, 1.0), rng.uniform(0.1, 0.5))
    tint, chance = rng.uniform(0.75, 1.1), rng.random()
    if chance < 0.45:
        return surfaces.planking(rng, tint, rng.uniform(0, 0.3))
    if chance < 0.6:
        return surfaces.parquetry(rng, tint, rng.uniform(0, 0.35))
    if chance < 0.85:
        return material(rng, "carpet", rng.uniform(0.4, 0.6), tint)
    return surfaces.floor_tiles(rng, tint) if chance < 0.95 else material(rng, "concrete", 3.0, tint)


def wall_skin(rng: Rng, kind: str) -> Material:
    chance = rng.random()
    if kind == "bath" and chance < 0.7:
        return surfaces.wall_tiles(rng)
    if chance < 0.72:
        return material(rng, "plaster", 2.0, np.clip(muted(rng) * 0.45 + rng.uniform(0.3, 0.55), 0, 1))
    if chance < 0.9:
        return material(rng, "wallpaper", rng.uniform(0.4, 1.2))
    return surfaces.brickwork(rng) if chance < 0.95 else material(rng, "concrete", 3.0)


def make_openings(plan: Plan, rng: Rng, kind: str) -> list[Opening]:
    found: list[Opening] = []
    for door in [True] + [False] * int(rng.choice([0, 1, 2, 3], p=[0.15, 0.4, 0.3, 0.15])):
        for _ in range(6):
            wall = int(rng.integers(4))
            width = rng.uniform(0.8, 0.95) if door else rng.uniform(0.8, min(2.4, length_of(plan, wall) * 0.6))
            low = rng.uniform(0.25, max(0.26, length_of(plan, wall) - width - 0.25))
            clash = any(o.wall == wall and low < o.high + 0.3 and low + width > o.low - 0.3 for o in found)
            if low + width < length_of(plan, wall) - 0.2 and not clash:
                sill = 0.0 if door or rng.random() < 0.15 else rng.uniform(0.75, 1.1)
                head = 2.02 if door else min(plan.height - 0.15, rng.uniform(2.0, 2.35))
                found.append(Opening(wall, low, low + width, sill, head, door))
                break
    return found


def build_shell(b: Builder, rng: Rng, plan: Plan, openings: list[Opening], kind: str) -> None:
    thick = 0.25
    w, d, h = plan.width, plan.depth, plan.height
    b.slab((-thick, -thick, -0.2), (w + thick, d + thick, 0), floor_skin(rng, kind), SHADOWS_SUN)
    white = material(rng, "plaster", 2.0, rng.uniform(0.85, 1.0)) if rng.random() < 0.9 else surfaces.planking(rng, 1.1)
    b.slab((-thick, -thick, h), (w + thick, d + thick, h + 0.2), white, SHADOWS_SUN)
    common = wall_skin(rng, kind)
    other = wall_skin(rng, kind) if rng.random() < 0.3 else common
    skirting = paint(rng, pick(rng, 0.95, 0.95, 0.3)) if rng.random() < 0.75 else None
    for wall in range(4):
        skin = other if wall == 0 else common
        x, y, yaw = on_wall(plan, wall, 0, 0)
        # In this frame the wall runs along x from 0, its inner face is y = 0 and the room lies towards -y.
        side = b.at(x, y, 0, yaw)
        at = 0.0
        length = length_of(plan, wall)
        for o in sorted((o for o in openings if o.wall == wall), key=lambda o: o.low):
            side.slab((at, 0, 0), (o.low, thick, h), skin, SHADOWS_SUN)
            side.slab((o.low, 0, 0), (o.high, thick, o.sill), skin, SHADOWS_SUN)
            side.slab((o.low, 0, o.head), (o.high, thick, h), skin, SHADOWS_SUN)
            if skirting:
                side.slab((at, -0.015, 0), (o.low, 0, 0.08), skirting)
            at = o.high
        side.slab((at, 0, 0), (length, thick, h), skin, SHADOWS_SUN)
        if skirting:
            side.slab((at, -0.015, 0), (length, 0, 0.08), skirting)


def build_door(side: Builder, rng: Rng, o: Opening) -> None:
    frame = paint(rng, 0.92) if rng.random() < 0.7 else wood(rng)
    middle = (o.low + o.high) / 2
    for x in (o.low + 0.02, o.high - 0.02):
        side.box((x, 0.05, o.head / 2), (0.06, 0.2, o.head), frame)
    side.box((middle, 0.05, o.head), (o.high - o.low, 0.2, 0.06), frame)
    leaf, width = material(rng, "door", 0, 1.0, 0.2), o.high - o.low - 0.06
    swing = 0.0 if rng.random() < 0.6 else rng.uniform(0.4, 1.6)
    leaf_at = side.at(o.low + 0.03, 0.04, 0, swing)  # opens outwards, away from the furniture
    leaf_at.box((width / 2, 0, o.head / 2), (width, 0.04, o.head - 0.03), leaf)
    leaf_at.rod((width - 0.07, -0.05, 1.0), (width - 0.18, -0.05, 1.0), 0.01, metal(rng))
    leaf_at.rod((width - 0.07, 0, 1.0), (width - 0.07, -0.05, 1.0), 0.01, metal(rng))
    if swing:  # a corridor behind it
        far, skin = rng.uniform(1.2, 4.0), material(rng, "plaster", 2.0, muted(rng) * 0.4 + 0.4)
        side.slab((middle - 2.5, far, -0.2), (middle + 2.5, far + 0.2, 3.0), skin)
        side.slab((middle - 2.5, 0.25, -0.2), (middle + 2.5, far, 0.0), floor_skin(rng, "hall"))
        side.slab((middle - 2.5, 0.25, 2.6), (middle + 2.5, far, 2.8), skin)
        side.box((middle + rng.uniform(-0.5, 0.5), far - 0.02, 1.5), (0.6, 0.03, 0.8), material(rng, "picture", 0))


def build_window(side: Builder, rng: Rng, o: Opening) -> None:
    frame = paint(rng, pick(rng, 0.95, 0.95, 0.25)) if rng.random() < 0.8 else wood(rng)
    width, height, middle = o.high - o.low, o.head - o.sill, (o.low + o.high) / 2
    for x in np.linspace(o.low, o.high, 2 + int(rng.integers(0, 3))):
        side.box((float(x), 0.12, o.sill + height / 2), (0.06, 0.06, height), frame)
    for z in (o.sill + 0.02, o.head - 0.02, *([o.sill + height * 0.7] if rng.random() < 0.4 else [])):
        side.box((middle, 0.12, z), (width, 0.06, 0.06), frame)
    if o.sill:
        side.box((middle, 0.02, o.sill), (width + 0.1, 0.3, 0.03), frame)
        if rng.random() < 0.5:
            f.scatter(side.at(middle, 0.02, o.sill + 0.015), rng, (width, 0.2), f.SHELF, int(rng.integers(1, 4)))
    dress = rng.random()
    if dress < 0.35:  # curtains, in folds
        skin = f.cloth(rng, muted(rng))
        for sign in (-1, 1):
            for k in range(int(rng.integers(4, 8))):
                x = middle + sign * (width / 2 + 0.15 - 0.07 * k)
                side.tube((x, -0.09, 0.03 if rng.random() < 0.95 else 0.4), 0.045, o.head + 0.12, skin)
        side.rod((o.low - 0.3, -0.09, o.head + 0.16), (o.high + 0.3, -0.09, o.head + 0.16), 0.012, metal(rng))
    elif dress < 0.55:
        drop = rng.uniform(0.2, 0.9) * height
        side.box((middle, 0.05, o.head - drop / 2), (width, 0.01, drop), material(rng, "blinds", 0.8))
    if o.sill > 0.6 and rng.random() < 0.6:  # a radiator below
        side.box((middle, -0.08, 0.4), (min(width, 1.6), 0.1, 0.5), material(rng, "ribbed", 0.8, 1.15))


def build_outside(b: Builder, rng: Rng, plan: Plan, openings: list[Opening]) -> None:
    """Ground, a tree and a house before the windows."""
    if all(o.door for o in openings):
        return
    level = -pick(rng, 0.3, 3.0, 6.0)
    b.box(
        (plan.width / 2, plan.depth / 2, level - 0.5), (120, 120, 1), material(rng, "grass", 4.0), shadows=SHADOWS_NONE
    )
    for o in openings:
        if o.door:
            continue
        x, y, yaw = on_wall(plan, o.wall, (o.low + o.high) / 2, 0)
        side = b.at(x, y, level, yaw)
        away = rng.uniform(9, 35)
        side.box(
            (rng.uniform(-4, 4), away + 5, 6),
            (rng.uniform(8, 25), 10, rng.uniform(6, 16)),
            material(rng, "facade", 12.0),
            shadows=SHADOWS_NONE,
        )
        if rng.random() < 0.5:
            tree(side.at(rng.uniform(-4, 4), rng.uniform(5, 9)), rng, rng.uniform(4, 8))
