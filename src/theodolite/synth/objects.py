"""Things that stand on tables and shelves, at their true size; each is placed with its foot at the frame's origin."""

import math
from collections.abc import Callable

from theodolite.synth.builder import Builder
from theodolite.synth.material import cloth, material, metal, paint, wood
from theodolite.synth.prints import muted, vivid
from theodolite.synth.textures import Rng, pick


def mug(b: Builder, rng: Rng) -> None:
    radius, height = rng.uniform(0.035, 0.046), rng.uniform(0.085, 0.11)
    skin = paint(rng, vivid(rng), 0.5) if rng.random() < 0.6 else material(rng, "label", 0, 1.0, 0.4)
    b.tube((0, 0, 0), radius, height, skin, radius * rng.uniform(0.95, 1.1), hollow=True)
    grip, side = paint(rng, vivid(rng), 0.5) if skin.period == 0 else skin, radius + 0.018
    for low, high in (
        ((radius, 0, 0.25), (side, 0, 0.3)),
        ((side, 0, 0.3), (side, 0, 0.7)),
        ((side, 0, 0.7), (radius, 0, 0.75)),
    ):
        b.rod((*low[:2], low[2] * height), (*high[:2], high[2] * height), 0.006, grip)


def bottle(b: Builder, rng: Rng) -> None:
    radius, height = rng.uniform(0.03, 0.046), rng.uniform(0.2, 0.32)
    glass = paint(rng, vivid(rng) * rng.uniform(0.3, 1), 0.8)
    body = height * rng.uniform(0.55, 0.72)
    b.tube((0, 0, 0), radius, body, glass)
    b.tube((0, 0, body), radius, height * 0.14, glass, 0.014)
    b.tube((0, 0, body + height * 0.14), 0.014, height * 0.86 - body, glass)
    b.tube((0, 0, height - 0.02), 0.0165, 0.022, paint(rng, vivid(rng)))
    if rng.random() < 0.8:
        b.tube((0, 0, body * 0.25), radius + 0.0008, body * 0.5, material(rng, "label", 0, 1.0, 0.2))


def glass(b: Builder, rng: Rng) -> None:
    radius = rng.uniform(0.028, 0.04)
    b.tube((0, 0, 0), radius, rng.uniform(0.09, 0.15), paint(rng, 0.75, 0.9), radius * 1.15, hollow=True)


def bowl(b: Builder, rng: Rng) -> None:
    radius = rng.uniform(0.07, 0.14)
    b.tube(
        (0, 0, 0),
        radius * 0.5,
        radius * rng.uniform(0.5, 0.75),
        paint(rng, muted(rng) * 0.5 + 0.45, 0.5),
        radius,
        hollow=True,
    )
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(3, 7))):
            at, away = rng.uniform(0, 2 * math.pi), radius * rng.uniform(0.0, 0.55)
            fruit(b.at(away * math.cos(at), away * math.sin(at), radius * 0.25), rng)


def plate(b: Builder, rng: Rng) -> None:
    radius = rng.uniform(0.09, 0.14)
    b.tube((0, 0, 0), radius * 0.6, 0.022, paint(rng, muted(rng) * 0.4 + 0.55, 0.5), radius, hollow=True)
    if rng.random() < 0.5:
        b.ball((0, 0, 0.025), (radius, radius * 0.8, 0.04), material(rng, "granite", 0.2, vivid(rng)))


def fruit(b: Builder, rng: Rng) -> None:
    size = rng.uniform(0.05, 0.085)
    colour = [(0.85, 0.2, 0.12), (0.95, 0.6, 0.1), (0.55, 0.75, 0.2), (0.95, 0.85, 0.25)][rng.integers(4)]
    b.ball((0, 0, size / 2), (size, size, size * rng.uniform(0.85, 1.05)), paint(rng, colour, 0.3))
    b.rod((0, 0, size * 0.9), (0.004, 0, size * 1.08), 0.002, paint(rng, (0.3, 0.2, 0.1)))


def can(b: Builder, rng: Rng) -> None:
    radius = pick(rng, 0.033, 0.037, 0.05)
    height = pick(rng, 0.115, 0.122, 0.168)
    b.tube((0, 0, 0), radius, height, material(rng, "label", 0, 1.0, 0.6))
    b.tube((0, 0, height), radius * 0.93, 0.003, metal(rng))


def jar(b: Builder, rng: Rng) -> None:
    radius, height = rng.uniform(0.035, 0.06), rng.uniform(0.08, 0.2)
    b.tube((0, 0, 0), radius, height, paint(rng, muted(rng), 0.6))
    b.tube((0, 0, height), radius * 0.95, 0.018, metal(rng) if rng.random() < 0.5 else wood(rng))
    if rng.random() < 0.6:
        b.tube((0, 0, height * 0.2), radius + 0.0008, height * 0.55, material(rng, "label", 0))


def package(b: Builder, rng: Rng) -> None:
    size = (rng.uniform(0.06, 0.22), rng.uniform(0.04, 0.12), rng.uniform(0.05, 0.3))
    b.box((0, 0, size[2] / 2), size, material(rng, "label", 0, 1.0, rng.uniform(0, 0.4)))


def carton(b: Builder, rng: Rng) -> None:
    size = (rng.uniform(0.15, 0.4), rng.uniform(0.12, 0.3), rng.uniform(0.08, 0.3))
    b.box((0, 0, size[2] / 2), size, material(rng, "cardboard", 0))


def book_stack(b: Builder, rng: Rng) -> None:
    z = 0.0
    for _ in range(int(rng.integers(1, 6))):
        thick, wide, long = rng.uniform(0.012, 0.045), rng.uniform(0.12, 0.2), rng.uniform(0.18, 0.28)
        turn = (rng.normal(0, 0.15), 0, 0)
        cover = paint(rng, vivid(rng), 0.2) if rng.random() < 0.5 else material(rng, "label", 0, 1.0, 0.2)
        for level in (0.0015, thick - 0.0015):
            b.box((0, 0, z + level), (wide, long, 0.003), cover, turn)
        b.box(
            (0, 0, z + thick / 2),
            (wide * 0.96, long * 0.97, thick - 0.006),
            material(rng, "weave", 0.05, (0.95, 0.92, 0.85)),
            turn,
        )
        z += thick


def open_book(b: Builder, rng: Rng) -> None:
    for side in (-1, 1):
        b.box((side * 0.075, 0, 0.011), (0.15, 0.22, 0.012), material(rng, "page", 0), (0, 0, side * 0.06))


def papers(b: Builder, rng: Rng) -> None:
    for k in range(int(rng.integers(1, 5))):
        x, y = rng.normal(0, 0.05, 2)
        b.box((x, y, 0.0015 + 0.002 * k), (0.21, 0.297, 0.002), material(rng, "page", 0), (rng.normal(0, 0.4), 0, 0))


def pens(b: Builder, rng: Rng) -> None:
    b.tube((0, 0, 0), 0.038, 0.1, metal(rng) if rng.random() < 0.5 else paint(rng, vivid(rng)), hollow=True)
    for _ in range(int(rng.integers(3, 8))):
        at = rng.uniform(0, 2 * math.pi)
        x, y = 0.03 * math.cos(at), 0.03 * math.sin(at)
        b.rod((-x * 0.6, -y * 0.6, 0.01), (x, y, rng.uniform(0.13, 0.17)), 0.004, paint(rng, vivid(rng)))


def phone(b: Builder, rng: Rng) -> None:
    b.box((0, 0, 0.004), (0.072, 0.148, 0.008), paint(rng, 0.08, 0.6))
    b.box((0, 0, 0.0085), (0.066, 0.14, 0.001), material(rng, "screen", 0, 1.0, 0.6, 100, pick(rng, 0.0, 0.8)))


def laptop(b: Builder, rng: Rng) -> None:
    width, depth = rng.uniform(0.3, 0.37), rng.uniform(0.21, 0.26)
    case = metal(rng) if rng.random() < 0.6 else paint(rng, 0.12)
    b.box((0, 0, 0.009), (width, depth, 0.018), case)
    b.box((0, 0.02, 0.0185), (width * 0.88, depth * 0.5, 0.002), material(rng, "keyboard", 0))
    lean = rng.uniform(0.1, 0.5)
    up, back = math.cos(lean) * depth / 2, math.sin(lean) * depth / 2
    lid = (0, depth / 2 + back, 0.018 + up)
    b.box(lid, (width, 0.008, depth), case, (0, -lean, 0))
    glass_at = (0, lid[1] - 0.005 * math.cos(lean), lid[2] + 0.005 * math.sin(lean))
    b.box(
        glass_at,
        (width * 0.95, 0.004, depth * 0.92),
        material(rng, "screen", 0, 1.0, 0.4, 100, rng.uniform(0.4, 1.4)),
        (0, -lean, 0),
    )


def monitor(b: Builder, rng: Rng) -> None:
    width = rng.uniform(0.45, 0.72)
    height, foot = width * pick(rng, 0.5625, 0.625, 0.43), rng.uniform(0.08, 0.17)
    case = paint(rng, pick(rng, 0.07, 0.12, 0.6))
    b.box((0, 0.02, 0.008), (width * 0.4, 0.2, 0.015), case)
    b.box((0, 0.06, foot / 2 + height * 0.2), (0.06, 0.02, foot + height * 0.4), case)
    b.box((0, 0.035, foot + height / 2), (width, 0.03, height), case)
    glow = pick(rng, 0.0, 0.6, 1.2)
    picture = material(rng, "screen" if rng.random() < 0.7 else "picture", 0, 1.0 if glow else 0.12, 0.5, 100, glow)
    b.box((0, 0.019, foot + height / 2), (width - 0.02, 0.004, height - 0.02), picture)


def keyboard(b: Builder, rng: Rng) -> None:
    b.box((0, 0, 0.01), (pick(rng, 0.3, 0.43), 0.135, 0.02), material(rng, "keyboard", 0))


def mouse(b: Builder, rng: Rng) -> None:
    b.ball((0, 0, 0.012), (0.062, 0.11, 0.05), paint(rng, pick(rng, 0.1, 0.3, 0.85)))


def desk_lamp(b: Builder, rng: Rng) -> None:
    skin, reach = (metal(rng) if rng.random() < 0.5 else paint(rng, vivid(rng))), rng.uniform(0.1, 0.2)
    b.tube((0, 0, 0), 0.085, 0.02, skin)
    b.rod((0, 0, 0.02), (-reach * 0.4, 0, 0.25), 0.007, skin)
    b.rod((-reach * 0.4, 0, 0.25), (reach, 0, 0.42), 0.007, skin)
    b.tube((reach + 0.03, 0, 0.34), 0.075, 0.1, skin, 0.03)


def table_lamp(b: Builder, rng: Rng) -> None:
    b.tube((0, 0, 0), 0.07, 0.02, wood(rng))
    b.tube((0, 0, 0.02), rng.uniform(0.012, 0.05), 0.22, paint(rng, muted(rng)), 0.015)
    b.tube((0, 0, 0.24), 0.14, 0.18, material(rng, "weave", 0.2, (1, 0.95, 0.85), glow=pick(rng, 0.0, 1.5)), 0.1)


def plant(b: Builder, rng: Rng, size: float | None = None) -> None:
    size = rng.uniform(0.1, 0.3) if size is None else size
    pot = size * rng.uniform(0.25, 0.35)
    b.tube((0, 0, 0), pot * 0.75, pot * 1.6, paint(rng, muted(rng)), pot, hollow=True)
    b.tube((0, 0, 0), pot * 0.85, pot * 1.45, material(rng, "gravel", 0.2, 0.6))
    green = material(rng, "leaves", 0.4, rng.uniform(0.8, 1.4))
    for _ in range(int(rng.integers(12, 30))):
        at, lean, long = rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 1.3), size * rng.uniform(0.4, 1.0)
        tip = (
            math.cos(at) * math.sin(lean) * long,
            math.sin(at) * math.sin(lean) * long,
            pot * 1.4 + math.cos(lean) * long,
        )
        b.rod((0, 0, pot * 1.4), tip, 0.003, green)
        b.ball(tip, (0.12 * size + 0.03, 0.3 * size + 0.02, 0.01), green, (at - math.pi / 2, lean - 0.8, 0))


def vase(b: Builder, rng: Rng) -> None:
    radius, height = rng.uniform(0.04, 0.08), rng.uniform(0.15, 0.3)
    skin = paint(rng, muted(rng), 0.6)
    b.tube((0, 0, 0), radius * 0.7, height * 0.5, skin, radius)
    b.tube((0, 0, height * 0.5), radius, height * 0.5, skin, radius * 0.55, hollow=True)
    for _ in range(int(rng.integers(0, 9))):
        x, y = rng.normal(0, 0.07, 2)
        tip = (x, y, height + rng.uniform(0.08, 0.25))
        b.rod((0, 0, height * 0.8), tip, 0.002, paint(rng, (0.25, 0.4, 0.15)))
        b.ball(tip, (0.05, 0.05, 0.04), paint(rng, vivid(rng), 0.0))


def toy(b: Builder, rng: Rng) -> None:
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.normal(0, 0.06, 2)
        size = rng.uniform(0.03, 0.08)
        if rng.random() < 0.6:
            b.box((x, y, size / 2), (size, size, size), paint(rng, vivid(rng), 0.2), (rng.uniform(0, 3), 0, 0))
        else:
            b.ball((x, y, size / 2), (size, size, size), paint(rng, vivid(rng), 0.4))


def tin(b: Builder, rng: Rng) -> None:
    """A pot or pan."""
    radius, height = rng.uniform(0.08, 0.13), rng.uniform(0.05, 0.16)
    skin = metal(rng) if rng.random() < 0.7 else paint(rng, vivid(rng), 0.5)
    b.tube((0, 0, 0), radius, height, skin, hollow=True)
    b.rod((radius, 0, height * 0.85), (radius + rng.uniform(0.04, 0.2), 0, height * 0.9), 0.011, paint(rng, 0.1))


def kettle(b: Builder, rng: Rng) -> None:
    skin = metal(rng) if rng.random() < 0.6 else paint(rng, muted(rng))
    b.tube((0, 0, 0), 0.085, 0.2, skin, 0.06)
    b.tube((0, 0, 0.2), 0.05, 0.025, paint(rng, 0.1), 0.02)
    b.rod((-0.07, 0, 0.19), (-0.13, 0, 0.15), 0.012, paint(rng, 0.1))
    b.rod((-0.13, 0, 0.15), (-0.12, 0, 0.04), 0.012, paint(rng, 0.1))
    b.rod((0.06, 0, 0.13), (0.12, 0, 0.19), 0.015, skin)


def tissue(b: Builder, rng: Rng) -> None:
    b.box((0, 0, 0.045), (0.23, 0.115, 0.09), material(rng, "label", 0))
    b.wedge((0, 0, 0.11), (0.09, 0.04, 0.05), paint(rng, 0.97, 0.0), (0.7, 0.6))


def cushion(b: Builder, rng: Rng) -> None:
    size = rng.uniform(0.35, 0.5)
    b.ball((0, 0, 0.1), (size, size, 0.2), cloth(rng, muted(rng)))


def roll(b: Builder, rng: Rng) -> None:
    b.tube((0, 0, 0), 0.055, pick(rng, 0.1, 0.23), paint(rng, 0.95, 0.0))


KITCHEN: tuple[Callable[[Builder, Rng], None], ...] = (
    mug, bottle, glass, bowl, plate, fruit, can, jar, package, tin, kettle, roll, vase, plant,
)  # fmt: skip
DESK: tuple[Callable[[Builder, Rng], None], ...] = (
    mug, bottle, book_stack, open_book, papers, pens, phone, package, desk_lamp, plant, tissue, can, carton, glass,
)  # fmt: skip
SHELF: tuple[Callable[[Builder, Rng], None], ...] = (
    vase,
    plant,
    jar,
    book_stack,
    package,
    toy,
    bowl,
    table_lamp,
    carton,
)
ANY = tuple(dict.fromkeys(KITCHEN + DESK + SHELF))


def scatter(
    b: Builder, rng: Rng, size: tuple[float, float], things: tuple, count: int, taken: list | None = None
) -> list:
    """Places things on a top of this size, upright, none inside another; returns the circles (x, y, radius) in use."""
    taken = [] if taken is None else taken
    for _ in range(count):
        thing = things[rng.integers(len(things))]
        radius = RADII.get(thing, 0.08)
        if 2 * radius > min(size):
            continue
        for _ in range(8):
            x, y = rng.uniform(-1, 1, 2) * ((size[0] / 2 - radius * 0.8), (size[1] / 2 - radius * 0.8))
            if all(math.hypot(x - a, y - c) > radius + r for a, c, r in taken):
                thing(
                    b.at(
                        x, y, 0, rng.uniform(0, 2 * math.pi) if thing not in (laptop, monitor) else rng.normal(0, 0.3)
                    ),
                    rng,
                )
                taken.append((x, y, radius))
                break
    return taken


RADII = {
    mug: 0.06, bottle: 0.045, glass: 0.045, bowl: 0.13, plate: 0.13, fruit: 0.045, can: 0.05, jar: 0.06, package: 0.11,
    carton: 0.2, book_stack: 0.15, open_book: 0.16, papers: 0.16, pens: 0.045, phone: 0.07, laptop: 0.2, plant: 0.13,
    desk_lamp: 0.12, table_lamp: 0.13, vase: 0.08, toy: 0.11, tin: 0.15, kettle: 0.11, tissue: 0.12, roll: 0.055,
}  # fmt: skip
