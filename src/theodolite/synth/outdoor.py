"""What stands outdoors: trees, people, cars, poles, signs; on the ground at the frame's origin, facing -y."""

import math

from theodolite.synth.builder import Builder, Point
from theodolite.synth.fittings import luminous
from theodolite.synth.material import Material, cloth, material, metal, paint
from theodolite.synth.prints import muted, vivid
from theodolite.synth.scene import Triple
from theodolite.synth.textures import Rng, pick


def tree(b: Builder, rng: Rng, height: float, fine: bool = True) -> None:
    """Broad-leaved, conifer, poplar or bare; not `fine`: fewer, larger masses of leaves, for the distance."""
    bark, green = material(rng, "bark", 0.8), material(rng, "leaves", rng.uniform(0.8, 2.0), rng.uniform(0.8, 1.3))
    kind, trunk = rng.random(), height * rng.uniform(0.2, 0.4)
    lean = rng.normal(0, 0.03, 2) * height
    b.rod((0, 0, -0.3), (lean[0], lean[1], trunk * 1.5), height * 0.018 + 0.05, bark, 0.4)
    if kind < 0.2:
        _conifer(b, rng, height, green, 6 if fine else 3)
    elif kind < 0.3 and fine:
        _branches(b, rng, (lean[0] * 0.8, lean[1] * 0.8, trunk), height, bark)
    else:
        wide = height * (rng.uniform(0.1, 0.14) if kind < 0.4 else rng.uniform(0.22, 0.34))
        _crown(b, rng, (lean[0], lean[1], (trunk + height) / 2), (wide, (height - trunk) / 2), green, 9 if fine else 2)
        if fine and kind > 0.6:
            _branches(b, rng, (lean[0] * 0.8, lean[1] * 0.8, trunk), height * 0.7, bark)


def _conifer(b: Builder, rng: Rng, height: float, green: Material, tiers: int) -> None:
    low, wide = height * rng.uniform(0.05, 0.2), height * rng.uniform(0.15, 0.24)
    for k in range(tiers):
        z, radius = low + (height - low) * k / tiers, wide * (1 - k / (tiers + 0.5))
        b.tube((0, 0, z), radius, min((height - low) / tiers * 1.7, height - z), green, radius * 0.12)


def _crown(b: Builder, rng: Rng, middle: Point, reach: tuple[float, float], green: Material, lobes: int) -> None:
    """Lobes around a core that leaves no holes; `reach` is the crown's half width and half height."""
    wide, high = reach
    b.ball(middle, (wide * 1.45, wide * 1.45, high * 1.6), green)
    for k in range(lobes):
        turn, lift = 2.4 * k + rng.normal(0, 0.4), rng.uniform(-0.75, 0.85)
        away = wide * 0.72 * math.sqrt(1 - lift * lift)
        size = wide * rng.uniform(0.6, 1.0)
        place = (middle[0] + away * math.cos(turn), middle[1] + away * math.sin(turn), middle[2] + high * 0.75 * lift)
        b.ball(place, (size, size * rng.uniform(0.8, 1.2), size * rng.uniform(0.6, 0.9)), green, (turn, 0, 0))


def _branches(b: Builder, rng: Rng, fork: Point, height: float, bark: Material) -> None:
    for _ in range(int(rng.integers(5, 9))):
        turn, rise, long = rng.uniform(0, 6.3), rng.uniform(0.4, 1.3), rng.uniform(0.2, 0.45) * height
        x, y = long * math.cos(rise) * math.cos(turn), long * math.cos(rise) * math.sin(turn)
        end = (fork[0] + x, fork[1] + y, fork[2] + long * math.sin(rise))
        b.rod(fork, end, 0.008 * height, bark, 0.6)
        twig = (end[0] + x * 0.4 + rng.normal(0, 0.1) * long, end[1] + y * 0.4, end[2] + long * 0.35)
        b.rod(end, twig, 0.0033 * height, bark, 0.6)


def bush(b: Builder, rng: Rng, size: float) -> None:
    green = material(rng, "leaves", 0.8, rng.uniform(0.7, 1.3))
    for _ in range(int(rng.integers(4, 10))):
        x, y = rng.normal(0, size * 0.3, 2)
        w = size * rng.uniform(0.4, 0.8)
        b.ball((x, y, w * 0.4), (w, w, w), green)


def hedge(b: Builder, rng: Rng, length: float) -> None:
    """Along x."""
    height, green = rng.uniform(0.8, 2.0), material(rng, "leaves", 1.0, rng.uniform(0.7, 1.2))
    b.box((0, 0, height / 2), (length, rng.uniform(0.5, 0.9), height), green)
    for _ in range(int(length * 1.5)):
        w = rng.uniform(0.3, 0.6)
        b.ball((rng.uniform(-0.5, 0.5) * length, rng.normal(0, 0.2), height - 0.05), (w, w, w * 0.6), green)


def person(b: Builder, rng: Rng, height: float | None = None) -> None:
    """Standing or in mid-stride, around 1.7 m."""
    h = min(max(rng.normal(1.7, 0.09), 1.5), 1.95) if height is None else height
    skin = paint(
        rng, [(0.87, 0.69, 0.58), (0.72, 0.52, 0.4), (0.45, 0.31, 0.23), (0.93, 0.76, 0.66)][rng.integers(4)], 0.1
    )
    shirt, trousers = cloth(rng, muted(rng) if rng.random() < 0.6 else vivid(rng)), cloth(rng, muted(rng) * 0.6)
    shoe, hair = (
        paint(rng, pick(rng, 0.1, 0.3, 0.85)),
        paint(rng, (0.22, 0.15, 0.1) if rng.random() < 0.7 else (0.6, 0.5, 0.35), 0.1),
    )
    stride = rng.uniform(0, 0.35) if rng.random() < 0.6 else 0.03
    hip, shoulder = 0.5 * h, 0.82 * h
    for side in (-1, 1):
        foot = (side * 0.1, -side * stride, 0.07)
        knee = (side * 0.1, -side * stride * 0.4 - 0.02, 0.28 * h)
        b.rod((side * 0.09, 0, hip), knee, 0.085, trousers, 0.25)
        b.rod(knee, foot, 0.062, trousers, 0.25)
        b.ball((foot[0], foot[1] - 0.06, 0.045), (0.1, 0.27, 0.1), shoe)
        elbow = (side * 0.25, side * stride * 0.4, 0.63 * h)
        hand = (side * 0.24, side * stride * 0.7 - 0.1, 0.48 * h)
        b.rod((side * 0.19, 0, shoulder - 0.03), elbow, 0.055, shirt, 0.15)
        b.rod(elbow, hand, 0.045, shirt if rng.random() < 0.6 else skin, 0.2)
        b.ball(hand, (0.08, 0.09, 0.14), skin)
    b.ball((0, 0, hip + 0.02), (0.36, 0.26, 0.3), trousers)
    b.wedge((0, 0, (hip + shoulder) / 2 + 0.02), (0.4, 0.23, shoulder - hip + 0.02), shirt, (-0.0, 0.15))
    b.ball((0, 0, shoulder - 0.03), (0.45, 0.23, 0.2), shirt)
    b.rod((0, 0, shoulder), (0, -0.01, shoulder + 0.1), 0.055, skin)
    head = h - 0.12
    b.ball((0, -0.01, head), (0.16, 0.2, 0.24), skin)
    b.ball((0, 0.02, head + 0.035), (0.18, 0.2, 0.2), hair)
    if rng.random() < 0.3:
        b.box((0, 0.19, 0.68 * h), (0.3, 0.16, 0.42), cloth(rng, vivid(rng)))


def _wheels(b: Builder, rng: Rng, width: float, axles: tuple[float, ...], radius: float, fine: bool = True) -> None:
    rubber, rim = paint(rng, 0.09, 0.1), metal(rng, 0.8)
    for y in axles:
        for side in (-1, 1):
            x = side * (width / 2 - 0.1)
            b.rod((x - side * 0.11, y, radius), (x + side * 0.105, y, radius), radius, rubber)
            if fine:
                b.rod((x, y, radius), (x + side * 0.112, y, radius), radius * 0.62, rim)


_CAR_GREYS = (0.9, 0.1, 0.56, 0.31, 0.76)


def _car_paint(rng: Rng) -> Material:
    colour = _CAR_GREYS[rng.integers(5)] if rng.random() < 0.65 else vivid(rng) * 0.8
    return paint(rng, colour, rng.uniform(0.6, 1.0))


def car(b: Builder, rng: Rng, fine: bool = True, lit: bool = False) -> None:
    """Saloon, estate, hatchback or SUV, its nose towards -y; not `fine`: without what is lost beyond 30 m."""
    length, width = rng.uniform(3.8, 4.8), rng.uniform(1.7, 1.88)
    height = rng.uniform(1.42, 1.52) if rng.random() < 0.65 else rng.uniform(1.6, 1.78)
    body, glass = _car_paint(rng), paint(rng, (0.12, 0.14, 0.16), 1.0)
    waist, under = height * 0.6, 0.2
    long_roof = rng.random() < 0.5
    b.wedge((0, 0, (under + waist) / 2 + 0.02), (width, length, waist - under), body, (0.07, 0.05))
    b.box((0, 0, 0.34), (width + 0.01, length * 0.96, 0.24), body)
    cabin = length * (0.68 if long_roof else 0.56)
    shift = length * (0.15 if long_roof else 0.07)
    b.wedge((0, shift, (waist + height) / 2 - 0.02), (width * 0.92, cabin, height - waist), glass, (0.2, 0.35))
    b.wedge((0, shift, height - 0.02), (width * 0.75, cabin * 0.67, 0.06), body, (0.1, 0.05))
    _wheels(b, rng, width, (-length * 0.31, length * 0.3), rng.uniform(0.3, 0.36), fine)
    if not fine and not lit:
        return
    for y in (-0.17, 0.16):  # pillars
        for side in (-1, 1):
            b.box(
                (side * width * 0.415, shift + y * cabin, (waist + height) / 2),
                (0.05, 0.07, height - waist),
                body,
                (0, 0, -side * 0.17),
            )
    lamp = luminous(4.0) if lit else paint(rng, 0.95, 0.9)
    red = luminous(1.5, (0.9, 0.05, 0.04)) if lit else paint(rng, (0.65, 0.05, 0.05), 0.8)
    for side in (-1, 1):
        x = side * (width / 2 - 0.22)
        b.box((x, -length / 2 + 0.04, waist * 0.75), (0.34, 0.12, 0.13), lamp)
        b.box((x, length / 2 - 0.04, waist * 0.82), (0.3, 0.12, 0.15), red)
        b.box((side * (width / 2 + 0.06), -cabin * 0.3 + shift, waist + 0.06), (0.18, 0.1, 0.13), body)
    for y in (-1, 1):
        b.box((0, y * (length / 2 - 0.005), 0.45), (0.52, 0.02, 0.11), material(rng, "page", 0))
        b.box((0, y * (length / 2 - 0.03), 0.36), (width * 0.9, 0.1, 0.16), paint(rng, 0.12))


def van(b: Builder, rng: Rng) -> None:
    """Delivery van, lorry or bus."""
    kind = rng.integers(3)
    body = _car_paint(rng)
    if kind == 0:
        length, width, height = rng.uniform(4.9, 6.0), 2.0, rng.uniform(2.1, 2.7)
        b.wedge((0, 0.25, height / 2 + 0.15), (width, length - 0.5, height - 0.3), body, (0.08, 0.05))
        b.wedge((0, -length / 2 + 0.7, 0.75), (width * 0.98, 1.4, 1.0), body, (0.05, 0.6))
        b.box((0, -length / 2 + 0.95, height * 0.7), (width * 0.86, 0.9, 0.6), paint(rng, 0.1, 1.0))
        axles: tuple[float, ...] = (-length * 0.32, length * 0.3)
    elif kind == 1:
        length, width, height = rng.uniform(7, 11), 2.5, rng.uniform(3.2, 3.8)
        b.box(
            (0, 1.0, height / 2 + 0.45),
            (width, length - 2.2, height - 0.9),
            material(rng, "label", 0) if rng.random() < 0.4 else body,
        )
        b.box((0, -length / 2 + 0.9, 1.5), (2.4, 1.8, 2.3), body)
        b.box((0, -length / 2 + 0.02, 2.0), (2.2, 0.1, 0.8), paint(rng, 0.1, 1.0))
        axles = (-length * 0.36, length * 0.2, length * 0.36)
    else:
        length, width, height = rng.uniform(10, 12), 2.55, 3.0
        b.box((0, 0, height / 2 + 0.15), (width, length, height - 0.3), body)
        b.box((0, 0, 1.9), (width + 0.02, length * 0.94, 0.95), paint(rng, 0.1, 1.0))
        b.box((0, -length / 2, 1.7), (width * 0.92, 0.04, 1.5), paint(rng, 0.1, 1.0))
        b.box((0, -length / 2, 2.75), (1.6, 0.05, 0.3), material(rng, "label", 0, glow=0.5))
        axles = (-length * 0.3, length * 0.28)
    b.box((0, 0, 0.55), (width * 0.9, length * 0.95, 0.4), paint(rng, 0.12))
    _wheels(b, rng, width, axles, 0.34 if kind == 0 else 0.5)
    for side in (-1, 1):
        b.box((side * width * 0.38, length / 2, 0.9), (0.25, 0.06, 0.2), paint(rng, (0.65, 0.05, 0.05), 0.6))
        b.box((side * width * 0.38, -length / 2 - 0.01, 0.8), (0.3, 0.06, 0.18), paint(rng, 0.95, 0.8))


def bicycle(b: Builder, rng: Rng) -> None:
    frame, tyre = paint(rng, vivid(rng), 0.5), paint(rng, 0.1)
    for y in (-0.52, 0.52):
        b.torus((0, y, 0.34), 0.325, 0.035, tyre, (math.pi / 2, math.pi / 2, 0))
        b.rod((-0.03, y, 0.34), (0.03, y, 0.34), 0.04, metal(rng, 0.7))
        for k in range(4):
            spoke = (0.32 * math.cos(0.4 + k * math.pi / 4), 0.32 * math.sin(0.4 + k * math.pi / 4))
            b.rod((0, y - spoke[0], 0.34 - spoke[1]), (0, y + spoke[0], 0.34 + spoke[1]), 0.002, tyre)
    rear, front, pedals = (0, 0.52, 0.34), (0, -0.52, 0.34), (0, 0.05, 0.3)
    saddle, head, grip = (0, 0.15, 0.85), (0, -0.35, 0.85), (0, -0.35, 0.95)
    ends = (rear, saddle), (saddle, head), (grip, front), (pedals, head), (pedals, saddle), (pedals, rear)
    for start, end in ends:
        b.rod(start, end, 0.018, frame)
    b.rod((-0.28, -0.33, 1.0), (0.28, -0.33, 1.0), 0.015, tyre)
    b.ball((0, 0.2, 0.97), (0.14, 0.27, 0.07), tyre)


def lamp_post(b: Builder, rng: Rng, lit: bool = False) -> Triple:
    """Reaches over the road towards -x; returns where its light comes from, in world coordinates."""
    height, grey = rng.uniform(5, 9), metal(rng, rng.uniform(0.3, 0.7))
    b.tube((0, 0, 0), 0.09, height, grey, 0.05)
    b.rod((0, 0, height), (-1.4, 0, height + 0.15), 0.035, grey)
    b.box((-1.6, 0, height + 0.15), (0.6, 0.25, 0.12), grey)
    if lit:
        b.box((-1.6, 0, height + 0.085), (0.5, 0.2, 0.02), luminous(5.0))
    return b.place((-1.6, 0, height - 0.05))


def road_sign(b: Builder, rng: Rng) -> None:
    height, grey = rng.uniform(2.0, 2.6), metal(rng, 0.6)
    b.tube((0, 0, 0), 0.035, height + 0.3, grey)
    if rng.random() < 0.6:
        b.rod((0, -0.045, height), (0, -0.055, height), 0.32, material(rng, "sign", 0))
    else:
        b.box((0, -0.05, height), (rng.uniform(0.5, 1.1), 0.02, rng.uniform(0.3, 0.7)), material(rng, "sign", 0))


def traffic_light(b: Builder, rng: Rng) -> None:
    dark = paint(rng, 0.12)
    b.tube((0, 0, 0), 0.06, 3.4, metal(rng, 0.4))
    b.box((0, -0.1, 2.9), (0.3, 0.2, 0.9), dark)
    on = int(rng.integers(3))
    for k, colour in enumerate(((0.9, 0.1, 0.05), (0.95, 0.65, 0.1), (0.1, 0.8, 0.4))):
        lens = paint(rng, colour) if k != on else material(rng, "plaster", 0.5, colour, glow=3.0)
        b.rod((0, -0.2, 3.2 - 0.3 * k), (0, -0.215, 3.2 - 0.3 * k), 0.1, lens)


def litter_bin(b: Builder, rng: Rng) -> None:
    if rng.random() < 0.5:
        b.tube((0, 0, 0), 0.24, 0.9, paint(rng, muted(rng) * 0.6))
    else:
        b.wedge((0, 0, 0.5), (0.58, 0.7, 1.0), paint(rng, muted(rng) * 0.5), (-0.0, 0.0))
        b.box((0, 0, 1.03), (0.62, 0.76, 0.06), paint(rng, vivid(rng) * 0.6))


def bench(b: Builder, rng: Rng) -> None:
    plank = material(rng, "planks", 1.2)
    for k in range(3):
        b.box((0, -0.15 + 0.14 * k, 0.44), (1.6, 0.12, 0.035), plank)
        b.box((0, 0.24, 0.58 + 0.13 * k), (1.6, 0.035, 0.11), plank, (0, -0.15, 0))
    for side in (-0.65, 0.65):
        b.box((side, 0.02, 0.22), (0.06, 0.42, 0.42), metal(rng, 0.3))


def bollard(b: Builder, rng: Rng) -> None:
    b.tube((0, 0, 0), 0.08, rng.uniform(0.7, 1.0), paint(rng, pick(rng, 0.15, 0.4, 0.8)))
