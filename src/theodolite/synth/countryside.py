"""What stands in parks, meadows and woods, at its true size; on the ground at the frame's origin, facing -y."""

import math

from theodolite.synth.builder import Builder
from theodolite.synth.material import cloth, material, metal, paint, wood
from theodolite.synth.prints import muted, vivid
from theodolite.synth.textures import Rng, pick


def rock(b: Builder, rng: Rng, size: float | None = None) -> None:
    """0.3 to 2 m across, half sunk in."""
    size = math.exp(rng.uniform(-1.2, 0.7)) if size is None else size
    skin = material(rng, pick(rng, "granite", "concrete"), 1.5, rng.uniform(0.6, 1.1))
    for _ in range(int(rng.integers(1, 4))):
        w = size * rng.uniform(0.6, 1.1)
        turn = (rng.uniform(0, 6.3), rng.normal(0, 0.3), rng.normal(0, 0.3))
        x, y = rng.normal(0, size * 0.25, 2)
        if rng.random() < 0.5:
            b.ball((x, y, w * 0.15), (w, w * rng.uniform(0.6, 1), w * rng.uniform(0.5, 0.8)), skin, turn)
        else:
            b.wedge((x, y, w * 0.2), (w, w * rng.uniform(0.6, 1), w * 0.7), skin, tuple(rng.uniform(0.2, 0.7, 2)), turn)


def log(b: Builder, rng: Rng) -> None:
    """A felled trunk of 1.5 to 5 m."""
    long, thick, turn = rng.uniform(0.75, 2.5), rng.uniform(0.1, 0.35), rng.uniform(0, 3.1)
    x, y = long * math.cos(turn), long * math.sin(turn)
    b.rod((-x, -y, thick * 0.9), (x, y, thick * 0.9), thick, material(rng, "bark", 0.8), 0.2)
    b.rod((x, y, thick * 0.9), (x * 1.004, y * 1.004, thick * 0.9), thick * 0.8, wood(rng))


def trunk(b: Builder, rng: Rng, height: float, fine: bool = True) -> None:
    """A tall forest tree: a straight trunk, its crown above; `fine`: with dead twigs."""
    bark, green = material(rng, "bark", 0.8), material(rng, "leaves", 1.5, rng.uniform(0.6, 1.1))
    lean, thick = rng.normal(0, 0.02, 2) * height, height * 0.009 + 0.06
    b.rod((0, 0, -0.3), (lean[0], lean[1], height), thick, bark, 0.7)
    for _ in range(int(rng.integers(1, 5)) if fine else 0):
        z, turn, long = rng.uniform(0.3, 0.6) * height, rng.uniform(0, 6.3), rng.uniform(0.8, 2.2)
        share = z / height
        start = (lean[0] * share, lean[1] * share, z)
        end = (start[0] + long * math.cos(turn), start[1] + long * math.sin(turn), z + rng.uniform(-0.3, 0.5) * long)
        b.rod(start, end, 0.035, bark, 0.7)
    for _ in range(int(rng.integers(4, 7)) if fine else 3):
        share, wide = rng.uniform(0.5, 1.0), height * rng.uniform(0.2, 0.36)
        x, y = rng.normal(0, height * 0.05, 2)
        b.ball((lean[0] * share + x, lean[1] * share + y, share * height), (wide, wide, wide * 0.6), green)


def fern(b: Builder, rng: Rng) -> None:
    """Fronds up to 0.8 m long."""
    green = material(rng, "leaves", 0.3, rng.uniform(0.9, 1.4))
    for _ in range(int(rng.integers(5, 10))):
        turn, lean, long = rng.uniform(0, 6.3), rng.uniform(0.4, 1.2), rng.uniform(0.3, 0.8)
        x, y = long / 2 * math.sin(lean) * math.cos(turn), long / 2 * math.sin(lean) * math.sin(turn)
        b.ball(
            (x, y, long / 2 * math.cos(lean)), (0.12, long, 0.02), green, (turn - math.pi / 2, math.pi / 2 - lean, 0)
        )


def fence(b: Builder, rng: Rng, length: float) -> None:
    """Posts 2.2 m apart with rails or wire, along x from 0."""
    high, skin = rng.uniform(0.9, 1.4), wood(rng, rng.uniform(0.6, 1.1))
    wire = metal(rng, 0.6)
    rails = int(rng.integers(2, 5))
    for k in range(int(length / 2.2) + 1):
        b.box((k * 2.2, 0, high / 2 - 0.1), (0.1, 0.1, high + 0.2), skin)
    for k in range(rails):
        z = high * (k + 0.8) / rails
        if rails > 3:
            b.rod((0, 0, z), (length, 0, z), 0.006, wire)
        else:
            b.box((length / 2, -0.06, z), (length, 0.03, 0.12), skin)


def stone_wall(b: Builder, rng: Rng, length: float) -> None:
    """A dry wall along x from 0."""
    high = rng.uniform(0.7, 1.3)
    skin = material(rng, "cobbles", 2.4, rng.uniform(1.2, 1.7))
    b.wedge((length / 2, 0, high / 2 - 0.1), (length, 0.6, high + 0.2), skin, (0.0, 0.25))


def bale(b: Builder, rng: Rng) -> None:
    """A round bale of straw, 1.2 m wide and 1.5 m across."""
    radius, skin = rng.uniform(0.6, 0.8), material(rng, "carpet", 0.6, (0.95, 0.8, 0.45))
    b.rod((-0.6, 0, radius * 0.97), (0.6, 0, radius * 0.97), radius, skin)


def animal(b: Builder, rng: Rng) -> None:
    """A cow (1.4 m at the shoulder), a horse, a sheep or a dog, its head towards -y."""
    tall = (rng.uniform(1.3, 1.5), rng.uniform(1.5, 1.7), rng.uniform(0.65, 0.8), rng.uniform(0.45, 0.65))[
        rng.integers(4)
    ]
    colours = ((0.35, 0.22, 0.15), (0.85, 0.82, 0.76), (0.12, 0.1, 0.1), (0.6, 0.45, 0.3))
    skin, dark = cloth(rng, colours[rng.integers(4)]), paint(rng, 0.12, 0.2)
    long, body = tall * 1.15, tall * 0.48
    b.ball((0, 0, tall * 0.72), (body * 0.95, long, body), skin)
    b.rod((0, -long * 0.4, tall * 0.8), (0, -long * 0.62, tall * 1.0), body * 0.28, skin, 0.2)
    b.ball((0, -long * 0.7, tall * 1.0), (body * 0.4, body * 0.75, body * 0.42), skin, (0, 0.5, 0))
    b.rod((0, long * 0.48, tall * 0.85), (0, long * 0.56, tall * 0.45), 0.025 * tall, dark)
    for x in (-1, 1):
        for y in (-1, 1):
            foot = (x * body * 0.3, y * long * 0.33 + rng.normal(0, 0.05) * tall, 0.0)
            b.rod((x * body * 0.3, y * long * 0.33, tall * 0.6), foot, tall * 0.06, skin, 0.3)


def picnic_table(b: Builder, rng: Rng) -> None:
    """1.8 m long, table at 74 cm, seats at 45 cm."""
    skin = material(rng, "grain", 0.9, rng.uniform(0.7, 1.1))
    for k in range(5):
        b.box((0, (k - 2) * 0.145, 0.73), (1.8, 0.135, 0.04), skin)
    for side in (-1, 1):
        b.box((0, side * 0.68, 0.44), (1.8, 0.25, 0.04), skin)
        for x in (-0.65, 0.65):
            b.rod((x, side * 0.2, 0.72), (x, side * 0.65, 0.0), 0.045, skin)
    for x in (-0.65, 0.65):
        b.box((x, 0, 0.4), (0.06, 1.5, 0.08), skin)


def swing(b: Builder, rng: Rng) -> None:
    """Two swings on a frame 2.3 m high and 3.4 m wide."""
    steel, seat = paint(rng, vivid(rng), 0.4), paint(rng, 0.1)
    b.rod((-1.7, 0, 2.3), (1.7, 0, 2.3), 0.05, steel)
    for side in (-1, 1):
        for y in (-0.8, 0.8):
            b.rod((side * 1.7, 0, 2.3), (side * 1.8, y, 0), 0.045, steel)
        for x in (-0.22, 0.22):
            b.rod((side * 0.8 + x, 0, 2.28), (side * 0.8 + x, 0, 0.46), 0.008, seat)
        b.box((side * 0.8, 0, 0.45), (0.5, 0.2, 0.03), seat)


def slide(b: Builder, rng: Rng) -> None:
    """A playground slide, its platform at 1.5 m."""
    skin, steel = paint(rng, vivid(rng), 0.5), metal(rng, 0.7)
    b.box((0, 0.9, 1.5), (0.8, 0.8, 0.05), skin)
    b.box((0, -0.75, 0.82), (0.5, 2.85, 0.03), steel, (0, 0.51, 0))
    for x in (-0.38, 0.38):
        for y in (0.52, 1.28):
            b.rod((x, y, 0), (x, y, 2.3), 0.04, skin)
        b.box((x * 0.7, -0.75, 0.9), (0.03, 2.85, 0.16), skin, (0, 0.51, 0))
        b.rod((x, 1.3, 1.5), (x, 2.0, 0), 0.03, skin)
    for k in range(5):
        b.rod((-0.38, 1.36 + 0.13 * k, 1.3 - 0.28 * k), (0.38, 1.36 + 0.13 * k, 1.3 - 0.28 * k), 0.02, skin)
    b.wedge((0, 0.9, 2.5), (1.0, 1.0, 0.45), skin, (0.9, 0.9))


def tent(b: Builder, rng: Rng) -> None:
    """A ridge tent for two: 1.3 m high, 2.1 m long."""
    b.wedge((0, 0, 0.6), (1.7, 2.1, 1.2), paint(rng, vivid(rng) * 0.8, 0.1), (1.0, 0.15))


def waymark(b: Builder, rng: Rng) -> None:
    """A post of 2.2 m with two pointing boards."""
    skin = wood(rng)
    b.box((0, 0, 1.1), (0.1, 0.1, 2.2), skin)
    for z in (1.95, 1.7):
        turn = rng.uniform(0, 6.3)
        x, y = 0.35 * math.cos(turn), 0.35 * math.sin(turn)
        b.box((x, y, z), (0.75, 0.03, 0.16), material(rng, "page", 0, (0.95, 0.85, 0.4)), (turn, 0, 0))


def hut(b: Builder, rng: Rng) -> None:
    """A shed of planks, 2.4 x 3 m, its door 1.9 m high."""
    skin = material(rng, "planks", 1.4, rng.uniform(0.6, 1.1))
    b.box((0, 0, 1.0), (2.4, 3.0, 2.1), skin)
    b.wedge((0, 0, 2.45), (2.8, 3.4, 0.8), material(rng, "roof_tiles", 2.4), (1.0, 0.0))
    b.box((-0.5, -1.51, 0.95), (0.8, 0.03, 1.9), material(rng, "door", 0))
    b.box((0.65, -1.51, 1.3), (0.6, 0.03, 0.6), paint(rng, 0.15, 1.0))


def flower_bed(b: Builder, rng: Rng) -> None:
    """1 to 3 m of soil with flowers."""
    wide, deep = rng.uniform(1, 3), rng.uniform(0.6, 1.2)
    b.box((0, 0, 0.03), (wide, deep, 0.12), material(rng, "gravel", 0.6, (0.5, 0.4, 0.32)))
    skins = [paint(rng, vivid(rng), 0.0) for _ in range(3)]
    green = material(rng, "leaves", 0.3, 1.1)
    for _ in range(int(rng.integers(10, 24))):
        x, y, high = rng.uniform(-0.45, 0.45) * wide, rng.uniform(-0.45, 0.45) * deep, rng.uniform(0.12, 0.4)
        b.ball((x, y, 0.05 + high * 0.4), (high * 0.6, high * 0.6, high * 0.8), green)
        b.ball((x, y, high), (0.09, 0.09, 0.06), skins[int(rng.integers(3))])


def picnic(b: Builder, rng: Rng) -> None:
    """A blanket with a basket: somebody's picnic."""
    b.box((0, 0, 0.02), (1.8, 1.4, 0.02), cloth(rng, vivid(rng)))
    b.tube((0.4, 0.2, 0.03), 0.18, 0.22, material(rng, "weave", 0.1, muted(rng)), 0.22, hollow=True)
