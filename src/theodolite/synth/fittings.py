"""What is fixed to the walls and ceilings of buildings, at its true size.

In each frame the wall runs along x, its face is y = 0 and the room lies towards -y; z = 0 is the floor.
"""

import math

from theodolite.synth.builder import SHADOWS_NONE, Builder
from theodolite.synth.material import Material, cloth, first_of, material, metal, paint, wood
from theodolite.synth.prints import muted, vivid
from theodolite.synth.scene import Triple
from theodolite.synth.textures import Rng, pick

STEP = (0.17, 0.28)  # rise and going of a comfortable stair, metres


def luminous(glow: float, colour: Triple = (1.0, 0.96, 0.88)) -> Material:
    """The bright face of a lamp or a lit sign."""
    return Material(first_of("plaster"), 1.0, colour, glow=glow)


def mirror(side: Builder, rng: Rng, size: tuple[float, float], z: float) -> None:
    """A framed mirror whose middle hangs at height z."""
    edge = rng.uniform(0.015, 0.05)
    side.box((0, -0.012, z), (size[0] + 2 * edge, 0.024, size[1] + 2 * edge), wood(rng) if edge > 0.03 else metal(rng))
    side.box((0, -0.0255, z), (size[0], 0.003, size[1]), looking_glass())


def looking_glass() -> Material:
    """The silvered face of a mirror."""
    return Material(first_of("plaster"), 1.0, (0.75, 0.78, 0.78), 0.5, 200.0, mirror=0.88)


def door_leaf(side: Builder, rng: Rng, width: float, height: float, leaf: Material, frame: Material) -> None:
    """A closed door with its frame and handle, its middle at x = 0."""
    for sign in (-1, 1):
        side.box((sign * (width / 2 + 0.03), -0.01, height / 2), (0.06, 0.05, height), frame)
    side.box((0, -0.01, height + 0.03), (width + 0.12, 0.05, 0.06), frame)
    side.box((0, 0.0, height / 2), (width, 0.024, height), leaf)
    hinge = 1 if rng.random() < 0.5 else -1
    grip = metal(rng)
    x = hinge * (width / 2 - 0.07)
    side.rod((x, -0.012, 1.03), (x, -0.06, 1.03), 0.01, grip)
    side.rod((x, -0.06, 1.03), (x - hinge * 0.11, -0.06, 1.03), 0.009, grip)


def radiator(side: Builder, rng: Rng, width: float, height: float = 0.6) -> None:
    """Ribs 5 cm apart, 12 cm above the floor, with the pipe that feeds it."""
    side.box((0, -0.085, 0.12 + height / 2), (width, 0.09, height), material(rng, "ribbed", 0.8, 1.15))
    pipe = paint(rng, 0.92, 0.2)
    side.rod((width / 2 + 0.02, -0.08, 0.0), (width / 2 + 0.02, -0.08, 0.2), 0.01, pipe)
    side.tube((width / 2 + 0.05, -0.085, 0.12 + height * 0.9), 0.022, 0.06, pipe)


def extinguisher(side: Builder, rng: Rng) -> None:
    """Six kilograms: 50 cm tall, 15 cm wide, its foot 60 cm above the floor, a sign of 20 cm above it."""
    red, black = paint(rng, (0.75, 0.06, 0.05), 0.5), paint(rng, 0.08)
    side.tube((0, -0.09, 0.6), 0.075, 0.42, red)
    side.ball((0, -0.09, 1.02), (0.15, 0.15, 0.12), red)
    side.tube((0, -0.09, 1.06), 0.02, 0.07, black)
    side.rod((0.02, -0.09, 1.1), (0.09, -0.1, 0.75), 0.011, black)
    side.box((0, -0.003, 1.75), (0.2, 0.006, 0.2), red)


def exit_sign(b: Builder, rng: Rng) -> None:
    """Green and lit, 30 x 15 cm, its middle at the origin; seen from -y."""
    b.box((0, 0, 0), (0.32, 0.04, 0.17), paint(rng, 0.9))
    b.box((0, -0.022, 0), (0.3, 0.004, 0.15), luminous(1.4, (0.1, 0.65, 0.35)))
    b.box((-0.05, -0.025, 0), (0.05, 0.003, 0.1), luminous(1.4, (0.95, 1.0, 0.95)))


def notice_board(side: Builder, rng: Rng) -> None:
    """Cork of 0.9 to 1.8 m with A4 sheets."""
    width, height = rng.uniform(0.9, 1.8), rng.uniform(0.6, 1.2)
    side.box((0, -0.01, 1.5), (width, 0.02, height), material(rng, "carpet", 0.4, (0.95, 0.75, 0.5)))
    sheets = [material(rng, "page", 0), material(rng, "picture", 0), material(rng, "label", 0)]
    for _ in range(int(rng.integers(3, 10))):
        x, z = rng.uniform(-0.5, 0.5) * (width - 0.25), 1.5 + rng.uniform(-0.5, 0.5) * (height - 0.32)
        lean = (0, 0, rng.normal(0, 0.04))
        side.box((x, -0.021, z), (0.21, 0.003, 0.297), sheets[int(rng.integers(3))], lean)


def poster(side: Builder, rng: Rng) -> None:
    """A framed picture from A4 to A1."""
    width = pick(rng, 0.21, 0.297, 0.42, 0.594)
    size = (width, width * 1.414) if rng.random() < 0.6 else (width * 1.414, width)
    side.box((0, -0.01, rng.uniform(1.45, 1.65)), (size[0], 0.02, size[1]), material(rng, "picture", 0))


def clock(side: Builder, rng: Rng) -> None:
    side.rod((0, 0, 2.1), (0, -0.04, 2.1), 0.16, paint(rng, 0.1))
    side.rod((0, -0.04, 2.1), (0, -0.043, 2.1), 0.145, paint(rng, 0.95, 0.1))
    dark = paint(rng, 0.05)
    for length, turn in ((0.11, rng.uniform(0, 6.3)), (0.07, rng.uniform(0, 6.3))):
        x, z = length / 2 * math.cos(turn), length / 2 * math.sin(turn)
        side.box((x, -0.046, 2.1 + z), (length, 0.004, 0.012), dark, (0, 0, -turn))


def lockers(side: Builder, rng: Rng, width: float) -> None:
    """Steel doors 30 cm wide and 1.8 m tall."""
    skin = paint(rng, vivid(rng) * 0.6 + 0.25, 0.3)
    count = max(1, round(width / 0.3))
    side.box((0, -0.24, 0.95), (count * 0.3, 0.48, 1.9), paint(rng, 0.4))
    for k in range(count):
        x = (k - (count - 1) / 2) * 0.3
        side.box((x, -0.488, 0.98), (0.292, 0.02, 1.76), skin)
        side.box((x + 0.1, -0.502, 1.05), (0.02, 0.012, 0.1), metal(rng, 0.6))
        side.box((x, -0.499, 1.65), (0.14, 0.004, 0.06), paint(rng, 0.15))


def wall_bench(side: Builder, rng: Rng) -> None:
    """A seat of slats at 45 cm on steel feet."""
    length = rng.uniform(1.2, 2.2)
    plank, leg = wood(rng), metal(rng, 0.35)
    for k in range(3):
        side.box((0, -0.12 - 0.13 * k, 0.44), (length, 0.11, 0.03), plank)
    for sign in (-1, 1):
        side.box((sign * (length / 2 - 0.15), -0.25, 0.21), (0.05, 0.36, 0.42), leg)


def coats(side: Builder, rng: Rng) -> None:
    """A rail of hooks at 1.7 m with coats and bags."""
    length = rng.uniform(0.6, 1.6)
    side.box((0, -0.015, 1.72), (length, 0.03, 0.1), wood(rng))
    for k in range(int(length / 0.2)):
        x = -length / 2 + 0.1 + 0.2 * k
        side.rod((x, -0.03, 1.7), (x, -0.08, 1.73), 0.008, metal(rng))
        if rng.random() < 0.6:
            long, wide = rng.uniform(0.5, 1.1), rng.uniform(0.25, 0.4)
            side.wedge((x, -0.11, 1.7 - long / 2), (wide, 0.16, long), cloth(rng, muted(rng)), (0.5, 0.5))


def socket(side: Builder, rng: Rng, z: float) -> None:
    """A switch (z = 1.05) or a socket (z = 0.3): 8 cm square."""
    side.box((0, -0.006, z), (0.08, 0.012, 0.08), paint(rng, 0.95))


def tube_lamp(ceiling: Builder, length: float, wide: float, glow: float) -> None:
    """A luminaire under a ceiling at z = 0, along y."""
    ceiling.box((0, 0, -0.03), (wide, length, 0.06), luminous(glow, (1.0, 0.99, 0.96)), shadows=SHADOWS_NONE)


def globe_lamp(ceiling: Builder, rng: Rng, glow: float) -> None:
    size = rng.uniform(0.2, 0.35)
    ceiling.ball((0, 0, -size * 0.35), (size, size, size * 0.8), luminous(glow))


def bulkhead_lamp(side: Builder, glow: float) -> None:
    """An oval lamp on a wall at 2 m."""
    side.ball((0, -0.03, 2.0), (0.22, 0.16, 0.15), luminous(glow))


def flight(b: Builder, rng: Rng, width: float, steps: int, skin: Material) -> None:
    """A stair going up towards +y from y = 0, with a hand rail at 0.9 m on each side."""
    rise, going = STEP
    for k in range(steps):
        b.slab((-width / 2, k * going, 0), (width / 2, (k + 1) * going, (k + 1) * rise), skin)
    rail = metal(rng, 0.5)
    for sign in (-1, 1):
        x, end = sign * (width / 2 - 0.06), steps - 1
        b.rod((x, 0, rise + 0.9), (x, end * going, (end + 1) * rise + 0.9), 0.02, rail)
        for k in range(0, steps, 4):
            b.rod((x, (k + 0.5) * going, (k + 1) * rise), (x, (k + 0.5) * going, (k + 1.5) * rise + 0.9), 0.012, rail)


def pipes(ceiling: Builder, rng: Rng, length: float) -> None:
    """Pipes and a cable tray along y, below a ceiling at z = 0."""
    for k in range(int(rng.integers(1, 4))):
        radius, x = rng.uniform(0.02, 0.09), 0.22 * k
        skin = metal(rng) if rng.random() < 0.5 else paint(rng, muted(rng), 0.2)
        ceiling.rod((x, -length / 2, -radius - 0.06), (x, length / 2, -radius - 0.06), radius, skin)
