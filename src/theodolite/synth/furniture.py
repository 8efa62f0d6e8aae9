"""Furniture at its true size: each piece stands on the floor at the frame's origin, its back to +y, its front to -y."""

import math

from theodolite.synth.builder import Builder
from theodolite.synth.fittings import looking_glass, mirror
from theodolite.synth.material import Material, cloth, material, metal, paint, wood
from theodolite.synth.objects import (
    DESK,
    KITCHEN,
    SHELF,
    cushion,
    keyboard,
    laptop,
    monitor,
    mouse,
    plant,
    scatter,
    table_lamp,
)  # fmt: skip
from theodolite.synth.prints import muted, vivid
from theodolite.synth.surfaces import wall_tiles
from theodolite.synth.textures import Rng, pick

Size = tuple[float, float]  # footprint, metres


def _legs(b: Builder, size: Size, height: float, thick: float, skin: Material, round_: bool) -> None:
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = sx * (size[0] / 2 - thick), sy * (size[1] / 2 - thick)
            if round_:
                b.tube((x, y, 0), thick / 2, height, skin)
            else:
                b.box((x, y, height / 2), (thick, thick, height), skin)


def table(b: Builder, rng: Rng, size: Size, height: float) -> Builder:
    """A bare table; gives the frame of its top."""
    top = wood(rng) if rng.random() < 0.65 else paint(rng, muted(rng) * 0.6 + 0.35)
    thick = rng.uniform(0.02, 0.045)
    frame = top if rng.random() < 0.5 else (metal(rng, 0.3) if rng.random() < 0.5 else paint(rng, pick(rng, 0.1, 0.9)))
    b.box((0, 0, height - thick / 2), (*size, thick), top)
    if rng.random() < 0.8:
        _legs(b, size, height - thick, rng.uniform(0.035, 0.08), frame, rng.random() < 0.4)
    else:
        for side in (-1, 1):
            b.box((side * (size[0] / 2 - 0.02), 0, (height - thick) / 2), (0.03, size[1] * 0.95, height - thick), frame)
    if rng.random() < 0.5:
        b.box((0, size[1] / 2 - 0.06, height - thick - 0.05), (size[0] - 0.1, 0.02, 0.09), frame)
    return b.at(0, 0, height)


def chair(b: Builder, rng: Rng) -> Size:
    seat, wide = rng.uniform(0.43, 0.47), rng.uniform(0.4, 0.46)
    frame = wood(rng) if rng.random() < 0.6 else paint(rng, muted(rng))
    pad = frame if rng.random() < 0.5 else cloth(rng, muted(rng))
    _legs(b, (wide, wide), seat, 0.035, frame, rng.random() < 0.5)
    b.box((0, 0, seat), (wide, wide, rng.uniform(0.02, 0.06)), pad)
    top = rng.uniform(0.8, 1.0)
    for side in (-1, 1):
        b.box((side * (wide / 2 - 0.02), wide / 2 - 0.015, (seat + top) / 2), (0.03, 0.03, top - seat), frame)
    if rng.random() < 0.5:
        b.box((0, wide / 2 - 0.015, top - 0.17), (wide - 0.05, 0.02, 0.3), pad)
    else:
        for k in range(4):
            b.box((0, wide / 2 - 0.015, seat + 0.1 + k * (top - seat - 0.12) / 3), (wide - 0.05, 0.015, 0.04), frame)
    return wide, wide


def office_chair(b: Builder, rng: Rng) -> Size:
    dark, pad = paint(rng, pick(rng, 0.08, 0.5)), cloth(rng, muted(rng) * pick(rng, 0.3, 1.0))
    for k in range(5):
        at = 2 * math.pi * k / 5 + 0.3
        x, y = 0.29 * math.cos(at), 0.29 * math.sin(at)
        b.rod((0, 0, 0.1), (x, y, 0.07), 0.02, dark)
        b.ball((x, y, 0.03), (0.06, 0.06, 0.06), dark)
    b.tube((0, 0, 0.08), 0.025, 0.34, metal(rng))
    b.box((0, 0, 0.46), (0.48, 0.46, 0.08), pad)
    b.box((0, 0.24, 0.78), (0.44, 0.06, 0.55), pad, (0, -0.12, 0))
    for side in (-1, 1):
        b.box((side * 0.27, 0.02, 0.66), (0.05, 0.25, 0.03), dark)
        b.rod((side * 0.27, 0.05, 0.46), (side * 0.27, 0.05, 0.65), 0.015, dark)
    return 0.65, 0.65


def sofa(b: Builder, rng: Rng, seats: int) -> Size:
    width, depth = 0.62 * seats + 0.36, rng.uniform(0.82, 0.98)
    pad = cloth(rng, muted(rng)) if rng.random() < 0.75 else paint(rng, muted(rng) * 0.5, 0.4)
    seat, arm, back = rng.uniform(0.4, 0.46), rng.uniform(0.55, 0.68), rng.uniform(0.75, 0.92)
    b.box((0, 0.05, seat * 0.35 + 0.05), (width, depth - 0.1, seat * 0.7), pad)
    b.box((0, depth / 2 - 0.11, back / 2), (width, 0.2, back), pad, (0, -0.08, 0))
    for side in (-1, 1):
        b.box((side * (width / 2 - 0.09), 0, arm / 2 + 0.03), (0.18, depth, arm - 0.06), pad)
        if rng.random() < 0.5:
            b.rod((side * (width / 2 - 0.09), -depth / 2, arm), (side * (width / 2 - 0.09), depth / 2, arm), 0.09, pad)
    for k in range(seats):
        x = (k - (seats - 1) / 2) * 0.62
        b.box((x, -0.07, seat - 0.06), (0.61, depth - 0.24, 0.14), pad)
        b.wedge((x, depth / 2 - 0.24, seat + 0.22), (0.6, 0.2, 0.42), pad, (0.05, 0.5), (0, -0.15, 0))
    for _ in range(int(rng.integers(0, 4))):
        x = rng.uniform(-0.5, 0.5) * (width - 0.7)
        size = rng.uniform(0.35, 0.48)
        b.ball(
            (x, depth / 2 - 0.36, seat + 0.22),
            (size, 0.16, size),
            cloth(rng, vivid(rng)),
            (rng.normal(0, 0.3), -0.35, 0),
        )
    return width, depth


def shelf_of_books(b: Builder, rng: Rng, width: float, height: float, depth: float) -> None:
    """Fills one board: books one by one, a printed row of them, or things."""
    at, end = -width / 2 + 0.01, width / 2 - 0.03
    kind = rng.random()
    if kind < 0.2:
        scatter(b, rng, (width - 0.06, depth - 0.04), SHELF, int(rng.integers(1, 4)))
        return
    covers = [paint(rng, (muted(rng) + vivid(rng)) / 2, 0.15) for _ in range(5)]
    covers += [material(rng, "label", 0), material(rng, "label", 0)]
    while at < end:
        if kind < 0.45:  # a block of spines drawn on one face
            wide = min(rng.uniform(0.2, 0.4), end - at + 0.02)
            tall, deep = height * rng.uniform(0.65, 0.85), depth * rng.uniform(0.6, 0.8)
            b.box(
                (at + wide / 2, -depth / 2 + 0.02 + deep / 2, tall / 2), (wide, deep, tall), material(rng, "books", 0)
            )
        else:
            wide = min(rng.uniform(0.018, 0.06), 0.06)
            tall, deep = height * rng.uniform(0.55, 0.93), depth * rng.uniform(0.55, 0.85)
            skin = covers[int(rng.random() * len(covers))]
            lean = rng.normal(0, 0.12) if rng.random() < 0.1 else 0.0
            b.box(
                (at + wide / 2, -depth / 2 + 0.02 + deep / 2, tall / 2), (wide - 0.001, deep, tall), skin, (0, 0, lean)
            )
        at += wide + (rng.uniform(0, 0.2) if rng.random() < 0.08 else 0.0)


def bookcase(b: Builder, rng: Rng) -> Size:
    width, depth, height = rng.uniform(0.6, 1.2), rng.uniform(0.26, 0.34), rng.uniform(1.0, 2.1)
    skin = wood(rng) if rng.random() < 0.6 else paint(rng, pick(rng, 0.12, 0.9, 0.95))
    for side in (-1, 1):
        b.box((side * (width / 2 - 0.01), 0, height / 2), (0.02, depth, height), skin)
    b.box((0, depth / 2 - 0.005, height / 2), (width - 0.04, 0.01, height), skin)
    boards = max(2, round(height / rng.uniform(0.3, 0.38)))
    step = (height - 0.08) / boards
    for k in range(boards + 1):
        z = 0.06 + k * step
        b.box((0, 0, z), (width - 0.04, depth - 0.01, 0.02), skin)
        if k < boards and rng.random() < 0.92:
            shelf_of_books(b.at(0, 0, z + 0.01), rng, width - 0.05, step - 0.03, depth)
    if rng.random() < 0.4:
        scatter(b.at(0, 0, height), rng, (width, depth), SHELF, 2)
    return width, depth


def cupboard(b: Builder, rng: Rng, width: float, depth: float, height: float, rows: int) -> Size:
    """A box of doors or drawers: wardrobes, sideboards, chests, lockers."""
    skin = wood(rng) if rng.random() < 0.5 else paint(rng, muted(rng) * 0.6 + 0.35)
    b.box((0, 0.01, height / 2 + 0.02), (width, depth - 0.02, height - 0.04), skin)
    columns = max(1, round(width / rng.uniform(0.42, 0.6)))
    face = material(rng, "front", 0, skin.tint if skin.texture > 60 else 1.0, rng.uniform(0, 0.3))
    high = (height - 0.1) / rows
    for i in range(columns):
        for j in range(rows):
            x, z = (i + 0.5) / columns * width - width / 2, 0.07 + (j + 0.5) * high
            b.box((x, -depth / 2 + 0.01, z), (width / columns - 0.004, 0.02, high - 0.004), face)
    return width, depth


def wardrobe(b: Builder, rng: Rng) -> Size:
    """Doors from floor to top; one in three has a mirror on it."""
    width, depth, height = rng.uniform(0.8, 2.0), rng.uniform(0.55, 0.62), rng.uniform(1.85, 2.3)
    size = cupboard(b, rng, width, depth, height, 1)
    if rng.random() < 1 / 3:
        b.box((0, -depth / 2 - 0.003, height / 2 + 0.05), (width * 0.45, 0.005, height * 0.8), looking_glass())
    return size


def sideboard(b: Builder, rng: Rng) -> Size:
    width, depth, height = rng.uniform(0.7, 1.6), rng.uniform(0.38, 0.5), rng.uniform(0.7, 1.1)
    size = cupboard(b, rng, width, depth, height, int(rng.integers(1, 5)))
    scatter(b.at(0, 0, height), rng, (width, depth), SHELF, int(rng.integers(1, 6)))
    return size


def television(b: Builder, rng: Rng) -> Size:
    width, height = rng.uniform(1.0, 1.8), rng.uniform(0.4, 0.6)
    size = cupboard(b, rng, width, 0.4, height, int(rng.integers(1, 3)))
    screen = min(width * 0.95, rng.uniform(0.9, 1.45))
    tall = screen * 9 / 16
    glow = pick(rng, 0.0, 0.0, 1.0)
    b.box((0, 0.05, height + 0.06 + tall / 2), (screen, 0.05, tall), paint(rng, 0.05, 0.5))
    b.box(
        (0, 0.022, height + 0.06 + tall / 2),
        (screen - 0.02, 0.006, tall - 0.02),
        material(rng, "picture", 0, 1.0 if glow else 0.1, 0.7, 100, glow),
    )
    b.box((0, 0.05, height + 0.03), (0.5, 0.2, 0.06), paint(rng, 0.05))
    return size


def bed(b: Builder, rng: Rng) -> Size:
    width, length, height = pick(rng, 0.9, 1.4, 1.6, 1.8), rng.uniform(1.95, 2.1), rng.uniform(0.42, 0.6)
    frame, sheet, cover = wood(rng), cloth(rng, muted(rng) * 0.3 + 0.65), cloth(rng, muted(rng))
    b.box((0, 0, 0.2), (width + 0.04, length + 0.04, 0.14), frame)
    _legs(b, (width, length), 0.2, 0.06, frame, False)
    b.box((0, 0, height - 0.12), (width, length, 0.22), sheet)
    b.box((0, -length * 0.16, height + 0.01), (width + 0.08, length * 0.68, 0.08), cover)
    for side in (-1, 1):
        b.box((side * (width / 2 + 0.03), -length * 0.16, height - 0.12), (0.03, length * 0.68, 0.26), cover)
    head = rng.uniform(0.8, 1.1)
    b.box((0, length / 2 + 0.03, head / 2), (width + 0.06, 0.05, head), frame)
    for k in range(1 if width < 1.2 else 2):
        x = 0.0 if width < 1.2 else (k - 0.5) * width / 2
        b.ball((x, length / 2 - 0.28, height + 0.06), (0.65, 0.42, 0.18), sheet, (rng.normal(0, 0.1), 0.2, 0))
    if rng.random() < 0.4:
        cushion(b.at(rng.uniform(-0.3, 0.3), 0.3, height + 0.03), rng)
    return width + 0.1, length + 0.1


def nightstand(b: Builder, rng: Rng) -> Size:
    height = rng.uniform(0.45, 0.6)
    size = cupboard(b, rng, 0.45, 0.4, height, 2)
    top = b.at(0, 0, height)
    if rng.random() < 0.7:
        table_lamp(top.at(0, 0.05), rng)
    else:
        scatter(top, rng, (0.42, 0.36), DESK, 2)
    return size


def desk(b: Builder, rng: Rng) -> Size:
    size, height = (rng.uniform(1.1, 1.8), rng.uniform(0.6, 0.8)), rng.uniform(0.71, 0.76)
    top = table(b, rng, size, height)
    taken: list = []
    screens = int(rng.integers(0, 3))
    for k in range(screens):
        x = (k - (screens - 1) / 2) * 0.66 + rng.normal(0, 0.03)
        monitor(top.at(x, size[1] / 2 - 0.18, 0, -0.25 * (k - (screens - 1) / 2) + rng.normal(0, 0.06)), rng)
        taken.append((x, size[1] / 2 - 0.16, 0.22))
    if screens:
        keyboard(top.at(rng.normal(0, 0.05), -size[1] / 2 + 0.16, 0, rng.normal(0, 0.05)), rng)
        mouse(top.at(0.33, -size[1] / 2 + 0.15), rng)
        taken += [
            (-0.1, -size[1] / 2 + 0.16, 0.12),
            (0.1, -size[1] / 2 + 0.16, 0.12),
            (0.33, -size[1] / 2 + 0.15, 0.07),
        ]
    else:
        laptop(top.at(rng.normal(0, 0.1), -0.03, 0, rng.normal(0, 0.15)), rng)
        taken.append((0, 0, 0.24))
    scatter(top, rng, size, DESK, int(rng.integers(3, 12)), taken)
    if rng.random() < 0.6:
        cupboard(b.at(size[0] / 2 - 0.26, 0.03), rng, 0.4, size[1] - 0.12, height - 0.1, int(rng.integers(2, 4)))
    if rng.random() < 0.4:
        b.box((-size[0] / 2 + 0.15, 0.05, 0.22), (0.19, 0.44, 0.42), paint(rng, pick(rng, 0.08, 0.75)))
    seat = b.at(rng.normal(0, 0.15), -size[1] / 2 - rng.uniform(0.05, 0.35), 0, math.pi + rng.normal(0, 0.5))
    (office_chair if rng.random() < 0.7 else chair)(seat, rng)
    return size[0], size[1]


def dining(b: Builder, rng: Rng) -> Size:
    size, height = (rng.uniform(1.1, 2.2), rng.uniform(0.75, 1.0)), rng.uniform(0.73, 0.77)
    top = table(b, rng, size, height)
    scatter(top, rng, size, KITCHEN, int(rng.integers(2, 14)))
    if rng.random() < 0.2:
        top.box((0, 0, 0.003), (size[0] * 0.98, size[1] * 0.98, 0.006), cloth(rng, muted(rng)))
    for side in (-1, 1):
        count = max(1, int(size[0] // 0.6))
        for k in range(count):
            if rng.random() < 0.85:
                x = (k + 0.5) / count * size[0] - size[0] / 2
                away = size[1] / 2 + rng.uniform(-0.1, 0.35)
                chair(b.at(x, side * away, 0, (0 if side > 0 else math.pi) + rng.normal(0, 0.25)), rng)
    return size[0] + 0.2, size[1] + 1.0


def coffee_table(b: Builder, rng: Rng) -> Size:
    size = (rng.uniform(0.7, 1.3), rng.uniform(0.45, 0.7))
    scatter(table(b, rng, size, rng.uniform(0.36, 0.48)), rng, size, DESK + SHELF, int(rng.integers(1, 7)))
    return size


def floor_lamp(b: Builder, rng: Rng) -> Size:
    skin, height = metal(rng, 0.4), rng.uniform(1.35, 1.75)
    b.tube((0, 0, 0), 0.14, 0.03, skin)
    b.tube((0, 0, 0.03), 0.012, height - 0.2, skin)
    b.tube(
        (0, 0, height - 0.25),
        0.2,
        0.28,
        material(rng, "weave", 0.3, (1, 0.95, 0.85), glow=pick(rng, 0.0, 1.5)),
        0.14,
    )
    return 0.4, 0.4


def big_plant(b: Builder, rng: Rng) -> Size:
    plant(b, rng, rng.uniform(0.5, 1.0))
    return 0.6, 0.6


def cartons(b: Builder, rng: Rng) -> Size:
    z = 0.0
    for _ in range(int(rng.integers(1, 4))):
        size = (rng.uniform(0.3, 0.6), rng.uniform(0.25, 0.45), rng.uniform(0.2, 0.4))
        b.box(
            (rng.normal(0, 0.03), rng.normal(0, 0.03), z + size[2] / 2),
            size,
            material(rng, "cardboard", 0),
            (rng.normal(0, 0.2), 0, 0),
        )
        z += size[2]
    return 0.65, 0.5


def bin_(b: Builder, rng: Rng) -> Size:
    b.tube(
        (0, 0, 0),
        0.12,
        rng.uniform(0.28, 0.4),
        metal(rng) if rng.random() < 0.4 else paint(rng, muted(rng)),
        0.15,
        hollow=True,
    )
    return 0.32, 0.32


def stool(b: Builder, rng: Rng) -> Size:
    height, skin = pick(rng, 0.45, 0.65), wood(rng)
    b.tube((0, 0, height - 0.04), 0.17, 0.04, skin)
    for k in range(4):
        at = math.pi / 4 + k * math.pi / 2
        b.rod(
            (0.19 * math.cos(at), 0.19 * math.sin(at), 0),
            (0.12 * math.cos(at), 0.12 * math.sin(at), height - 0.03),
            0.016,
            skin,
        )
    return 0.4, 0.4


def armchair(b: Builder, rng: Rng) -> Size:
    return sofa(b, rng, 1)


def couch(b: Builder, rng: Rng) -> Size:
    return sofa(b, rng, int(rng.integers(2, 4)))


def fridge(b: Builder, rng: Rng) -> Size:
    height, skin = rng.uniform(1.5, 2.0), (metal(rng, 0.85) if rng.random() < 0.5 else paint(rng, 0.93, 0.4))
    split = height * rng.uniform(0.3, 0.7)
    b.box((0, 0.01, height / 2), (0.6, 0.6, height), skin)
    for low, high in ((0.06, split), (split + 0.01, height)):
        b.box((0, -0.31, (low + high) / 2), (0.59, 0.04, high - low - 0.01), skin)
        b.box((-0.25, -0.345, (low + high) / 2), (0.02, 0.03, 0.3), metal(rng))
    for _ in range(int(rng.integers(0, 5))):
        b.box(
            (rng.uniform(-0.2, 0.2), -0.332, rng.uniform(1.0, height - 0.2)),
            (0.1, 0.003, 0.13),
            material(rng, "page", 0),
        )
    return 0.62, 0.66


def kitchen_run(b: Builder, rng: Rng, width: float) -> Size:
    """Base units 0.9 m high with sink, hob and things; cupboards above."""
    base = material(rng, "front", 0, 1.0, rng.uniform(0, 0.4))
    top = [
        wood(rng),
        material(rng, "granite", 0.5, 1.0, 0.4),
        material(rng, "marble", 1.0, 1.0, 0.5),
        paint(rng, muted(rng)),
    ][rng.integers(4)]
    units = max(1, round(width / 0.6))
    unit = width / units
    b.box((0, 0.05, 0.06), (width, 0.5, 0.12), paint(rng, 0.15))
    b.box((0, 0.01, 0.49), (width, 0.58, 0.74), paint(rng, 0.6))
    b.box((0, -0.01, 0.88), (width + 0.01, 0.64, 0.04), top)
    hob = int(rng.integers(units))
    for k in range(units):
        x = (k + 0.5) * unit - width / 2
        if k == hob:  # an oven
            b.box((x, -0.29, 0.49), (unit - 0.006, 0.02, 0.72), paint(rng, 0.1, 0.7))
            b.box((x, -0.33, 0.74), (unit * 0.8, 0.02, 0.02), metal(rng))
            b.box((x, 0, 0.904), (unit * 0.95, 0.5, 0.008), paint(rng, 0.06, 0.8))
            for i in (-1, 1):
                for j in (-1, 1):
                    b.tube((x + i * 0.13, j * 0.12, 0.908), 0.08, 0.006, paint(rng, 0.15))
            b.wedge((x, 0.1, 1.72), (unit, 0.45, 0.2), metal(rng), (0.5, 0.4))
            b.box((x, 0.18, 2.05), (0.25, 0.25, 0.5), metal(rng))
            continue
        rows = pick(rng, 1, 1, 3)
        for j in range(rows):
            b.box((x, -0.29, 0.12 + (j + 0.5) * 0.74 / rows), (unit - 0.004, 0.02, 0.74 / rows - 0.004), base)
        if rng.random() < 0.75:
            b.box((x, 0.135, 1.8), (unit, 0.33, 0.7), paint(rng, 0.8))
            b.box((x, -0.04, 1.8), (unit - 0.004, 0.02, 0.69), base)
    sink = (int(rng.integers(units)) + 0.5) * unit - width / 2
    b.box((sink, -0.02, 0.903), (0.46, 0.4, 0.006), metal(rng))
    b.rod((sink, 0.2, 0.9), (sink, 0.2, 1.15), 0.013, metal(rng, 0.9))
    b.rod((sink, 0.2, 1.15), (sink, 0.02, 1.1), 0.011, metal(rng, 0.9))
    b.box((0, 0.295, 1.175), (width, 0.01, 0.55), wall_tiles(rng))
    scatter(b.at(0, 0.02, 0.9), rng, (width - 0.1, 0.52), KITCHEN, int(rng.integers(4, 14)), [(sink, 0, 0.25)])
    return width, 0.64


def washbasin(b: Builder, rng: Rng) -> Size:
    white = paint(rng, 0.95, 0.6)
    cupboard(b, rng, 0.6, 0.42, 0.75, 1)
    b.box((0, 0, 0.8), (0.64, 0.47, 0.1), white)
    b.ball((0, -0.03, 0.85), (0.46, 0.32, 0.03), paint(rng, 0.75, 0.6))
    b.rod((0, 0.17, 0.85), (0, 0.17, 1.0), 0.014, metal(rng, 0.95))
    b.rod((0, 0.17, 1.0), (0, 0.05, 0.98), 0.011, metal(rng, 0.95))
    if rng.random() < 0.6:
        mirror(b.at(0, 0.24), rng, (rng.uniform(0.45, 0.8), rng.uniform(0.6, 0.95)), 1.5)
    scatter(b.at(0, 0.17, 0.85), rng, (0.6, 0.11), KITCHEN[:2], 2)
    return 0.64, 0.48


def toilet(b: Builder, rng: Rng) -> Size:
    white = paint(rng, 0.95, 0.6)
    b.tube((0, -0.02, 0), 0.13, 0.38, white, 0.19)
    b.ball((0, -0.1, 0.4), (0.38, 0.48, 0.07), white)
    b.box((0, 0.24, 0.6), (0.38, 0.18, 0.4), white)
    return 0.4, 0.7


def bathtub(b: Builder, rng: Rng) -> Size:
    white = paint(rng, 0.95, 0.6)
    for side in (-1, 1):
        b.box((side * 0.81, 0, 0.28), (0.08, 0.72, 0.56), white)
        b.box((0, side * 0.33, 0.28), (1.7, 0.07, 0.56), white)
    b.box((0, 0, 0.08), (1.6, 0.66, 0.14), white)
    b.rod((-0.7, 0.33, 0.56), (-0.7, 0.33, 2.0), 0.012, metal(rng, 0.95))
    return 1.7, 0.74
