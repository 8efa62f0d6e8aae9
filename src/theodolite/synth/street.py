"""Streets: town, suburb, country road and motorway, with buildings, trees, traffic and people on foot."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from theodolite.synth import outdoor as o
from theodolite.synth import surfaces
from theodolite.synth.builder import Builder
from theodolite.synth.fittings import luminous
from theodolite.synth.look import outdoor_sensor
from theodolite.synth.material import Material, material, metal, paint
from theodolite.synth.prints import muted, vivid
from theodolite.synth.scene import Scene, Triple, View
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, looking, off_centre, tilted
from theodolite.synth.weather import hour_of, open_air

FAR = 130.0  # metres of street ahead that are built
NEAR = 30.0  # metres within which small parts are worth building


@dataclass(frozen=True)
class _Road:
    """A road along y in the middle of a street.

    Args:
        lane: width of a lane, 2.75 m in a town to 3.6 m in the country.
        half: from its middle to the kerb.
        pavement: width of each pavement, 0 for none.
        night: whether lamps, shops and some windows are lit.
    """

    lanes: int
    lane: float
    half: float
    pavement: float
    night: bool


@dataclass(frozen=True)
class _Side:
    """One side of the street: x runs along the road, away from the camera, y from the kerb outwards."""

    kerb: Builder
    sign: int
    level: float = 0.0

    @classmethod
    def of(cls, b: Builder, half: float, sign: int) -> "_Side":
        return cls(b.at(sign * half, 0, 0, -sign * math.pi / 2), -sign)

    def at(self, x: float, y: float, yaw: float = 0.0) -> Builder:
        return self.kerb.at(self.sign * x, y, self.level, yaw)

    def raised(self, level: float) -> "_Side":
        return _Side(self.kerb, self.sign, level)


def _facade(rng: Rng, storeys: int, storey: float) -> Material:
    """Aligned so that a storey begins at the ground: the texture counts from the middle of the wall."""
    made = material(rng, "facade" if rng.random() < 0.8 else "office", 4 * storey, rng.uniform(0.8, 1.15))
    return Material(made.texture, made.period, made.tint, 0.1, 30.0, 0.0, (made.offset[0], storeys % 2 / 8))


def block(b: Builder, rng: Rng, width: float, fine: bool = True, night: bool = False) -> None:
    """A town house whose front is y = 0, its body towards +y."""
    storeys, storey, depth = int(rng.integers(2, 8)), rng.uniform(2.7, 3.3), rng.uniform(9, 14)
    height = storeys * storey
    skin = _facade(rng, storeys, storey)
    b.box((0, depth / 2, height / 2), (width, depth, height), skin)
    if rng.random() < 0.5:
        b.wedge((0, depth / 2, height + 1.5), (width, depth, 3.0), surfaces.roofing(rng), (0.0, 1.0))
    else:
        b.box((0, depth / 2 - 0.1, height + 0.2), (width + 0.1, depth + 0.3, 0.5), paint(rng, muted(rng), 0))
    plinth = material(rng, "concrete", 3.0, rng.uniform(0.6, 1.1))
    if rng.random() < 0.45:  # shops on the ground floor
        units = max(1, round(width / 6))
        for k in range(units):
            x = (k + 0.5) / units * width - width / 2
            b.box(
                (x, -0.08, storey * 0.52),
                (width / units - 0.1, 0.2, storey * 1.04),
                material(rng, "shopfront", 0, 1.0, 0.3, glow=0.9 * night),
            )
            if rng.random() < 0.4:
                b.wedge(
                    (x, -0.7, storey * 0.95), (width / units - 0.5, 1.3, 0.35), o.cloth(rng, vivid(rng)), (0.0, 0.6)
                )
    else:
        b.box((0, -0.03, 0.3), (width, 0.1, 0.6), plinth)
        x = rng.uniform(-0.4, 0.4) * width
        b.box((x, -0.03, 1.1), (1.1, 0.16, 2.2), material(rng, "door", 0))
        b.box((x, -0.5, 0.08), (1.5, 1.0, 0.16), plinth)
    if rng.random() < 0.35 and fine:  # balconies
        for level in range(1, storeys):
            for k in range(max(1, int(width // 6))):
                x = (k + 0.5) / max(1, int(width // 6)) * width - width / 2
                b.box((x, -0.55, level * storey + 0.05), (2.6, 1.1, 0.15), plinth)
                b.box(
                    (x, -1.08, level * storey + 0.6),
                    (2.6, 0.05, 0.95),
                    metal(rng, 0.5) if rng.random() < 0.5 else plinth,
                )
    for _ in range(int(rng.integers(0, 3)) if fine else 0):
        b.box(
            (rng.uniform(-0.4, 0.4) * width, depth / 2, height + rng.uniform(2.5, 3.5)),
            (0.6, 0.9, 1.4),
            surfaces.brickwork(rng),
        )


def house(b: Builder, rng: Rng, width: float, fine: bool = True, night: bool = False) -> None:
    """A detached house with a gable roof and windows that stand out, its front y = 0."""
    storeys, depth, storey = int(rng.integers(1, 3)), rng.uniform(7, 10), rng.uniform(2.6, 2.9)
    height, roof = storeys * storey, rng.uniform(2.0, 3.5)
    skin = surfaces.brickwork(rng) if rng.random() < 0.45 else material(rng, "plaster", 4.0, muted(rng) * 0.4 + 0.5)
    b.box((0, depth / 2, height / 2), (width, depth, height), skin)
    tiles = surfaces.roofing(rng)
    if rng.random() < 0.6:
        b.wedge(
            (0, depth / 2, height + roof / 2),
            (width + 0.6, depth + 0.9, roof),
            tiles,
            (0.0 if rng.random() < 0.6 else 0.6, 1.0),
        )
    else:
        b.wedge((0, depth / 2, height + roof / 2), (width + 0.8, depth + 0.6, roof), tiles, (1.0, 0.0))
    frame, dark, lit = paint(rng, pick(rng, 0.95, 0.3)), paint(rng, (0.16, 0.19, 0.22), 1.0), luminous(0.8)
    door_at = int(rng.integers(3))
    for level in range(storeys):
        for k in range(3):
            x, z = (k - 1) * width / 3.2, level * storey + 1.5
            if level == 0 and k == door_at:
                b.box((x, -0.02, 1.05), (1.0, 0.12, 2.1), material(rng, "door", 0))
                b.box((x, -0.6, 0.08), (1.6, 1.2, 0.16), paint(rng, 0.6, 0))
                continue
            w, h = rng.uniform(1.0, 1.7), rng.uniform(1.1, 1.4)
            b.box((x, 0, z), (w + 0.12, 0.1, h + 0.12), frame)
            b.box((x, -0.03, z), (w, 0.06, h), lit if night and rng.random() < 0.4 else dark)
            if fine:
                b.box((x, -0.05, z), (0.05, 0.05, h), frame)
    b.box((width * 0.3, depth * 0.4, height + roof), (0.6, 0.6, 1.5), surfaces.brickwork(rng))
    if rng.random() < 0.4:
        b.box((width / 2 + 1.8, 3.5, 1.3), (3.4, 6, 2.6), skin)
        b.box((width / 2 + 1.8, 0.45, 1.1), (2.6, 0.1, 2.1), material(rng, "ribbed", 1.0))


def _front_garden(b: Builder, rng: Rng, width: float, deep: float) -> None:
    """Between pavement (y = -deep) and house (y = 0)."""
    kind = rng.random()
    if kind < 0.35:
        o.hedge(b.at(0, -deep + 0.4), rng, width * 0.8)
    elif kind < 0.6:
        wall = surfaces.brickwork(rng)
        b.box((-0.15 * width, -deep + 0.2, 0.45), (width * 0.65, 0.22, 0.9), wall)
    elif kind < 0.8:
        plank = paint(rng, pick(rng, 0.9, 0.5, 0.3), 0)
        for x in np.arange(-width / 2, width / 2, 0.45):
            b.box((float(x), -deep + 0.2, 0.5), (0.12, 0.03, 1.0), plank)
        b.box((0, -deep + 0.22, 0.75), (width, 0.03, 0.08), plank)
    for _ in range(int(rng.integers(0, 4))):
        o.bush(b.at(rng.uniform(-0.5, 0.5) * width, rng.uniform(-deep + 0.8, -0.5)), rng, rng.uniform(0.6, 1.6))
    if rng.random() < 0.4:
        o.tree(b.at(rng.uniform(-0.5, 0.5) * width, -deep * 0.6), rng, rng.uniform(3, 8))


def _markings(b: Builder, rng: Rng, road: _Road) -> None:
    """Lines 12 cm wide, dashes of 3 m with 6 m between; a crossing of bars 0.5 m wide."""
    white = material(rng, "concrete", 1.0, 1.35)
    for k in range(1, road.lanes):
        x = (k - road.lanes / 2) * road.lane
        if rng.random() < 0.2:
            b.box((x, 40, 0.002), (0.12, 130, 0.004), white, shadows=0)
            continue
        for y in np.arange(-2, FAR * 0.5, 9.0):
            b.box((x, float(y), 0.002), (0.12, 3.0, 0.004), white, shadows=0)
    if rng.random() < 0.6:
        for side in (-1, 1):
            b.box((side * (road.lanes * road.lane / 2 - 0.15), 50, 0.002), (0.12, 180, 0.004), white, shadows=0)
    if rng.random() < 0.3:
        y = rng.uniform(6, 40)
        for x in np.arange(-road.half + 0.5, road.half - 0.3, 1.0):
            b.box((float(x), y, 0.002), (0.5, 3.0, 0.004), white, shadows=0)


def _ground(b: Builder, rng: Rng, road: _Road, town: bool) -> None:
    """The road, a kerb of 10 to 15 cm, the pavement, and what lies beyond."""
    half, pavement, kerb = road.half, road.pavement, rng.uniform(0.1, 0.15)
    beyond = surfaces.paving(rng) if town else material(rng, "grass", 5.0)
    b.box((0, 400, -0.6), (1600, 2000, 1.0), material(rng, "grass", 5.0), shadows=0)
    tint = rng.uniform(0.75, 1.2)
    skin = material(rng, "asphalt", 4.0, tint) if rng.random() < 0.9 else surfaces.setts(rng, tint)
    b.slab((-half, -60, -0.5), (half, 900, 0), skin, 0)
    if pavement:
        walk = surfaces.paving(rng) if rng.random() < 0.7 else material(rng, "asphalt", 2.5)
        stone = material(rng, "concrete", 2.0, 1.15)
        for side in (-1, 1):
            edges = sorted((side * half, side * (half + 0.15)))
            b.slab((edges[0], -60, -0.5), (edges[1], 900, kerb), stone, 0)
            edges = sorted((side * (half + 0.15), side * (half + pavement)))
            b.slab((edges[0], -60, -0.5), (edges[1], 900, kerb - 0.005), walk, 0)
    for side in (-1, 1):
        edges = sorted((side * (half + pavement), side * (half + pavement + 60)))
        b.slab((edges[0], -60, -0.5), (edges[1], 900, kerb - 0.02 if town else 0.02), beyond, 0)


def _distance(b: Builder, rng: Rng) -> None:
    """What closes the view: hills, woods and far houses."""
    green = material(rng, "leaves", 30.0, rng.uniform(0.6, 1.1))
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(-300, 300), rng.uniform(250, 600)
        b.ball((x, y, 0), (rng.uniform(100, 400), 100, rng.uniform(15, 90)), green)
    for _ in range(int(rng.integers(4, 14))):
        x, y = rng.uniform(-120, 120), rng.uniform(FAR, FAR + 110)
        if abs(x) < 15:
            continue
        if rng.random() < 0.5:
            b.box((x, y, 6), (rng.uniform(8, 25), 10, rng.uniform(6, 30)), _facade(rng, 4, 3))
        else:
            b.ball(
                (x, y, 4),
                (rng.uniform(6, 16), 8, rng.uniform(7, 16)),
                material(rng, "leaves", 3.0, rng.uniform(0.6, 1.1)),
            )


def _row(b: _Side, rng: Rng, kind: str, setback: float, road: _Road) -> None:
    """Buildings or trees along one side."""
    at = rng.uniform(-30, -10)
    while at < FAR:
        near = -8 < at < NEAR
        if kind == "town":
            width = rng.uniform(9, 24)
            if rng.random() < 0.9:
                block(b.at(at + width / 2, setback), rng, width, near, road.night)
            at += width + (0 if rng.random() < 0.75 else rng.uniform(2, 14))
        elif kind == "suburb":
            width = rng.uniform(8, 13)
            house(b.at(at + width / 2, setback + rng.uniform(0, 2)), rng, width, near, road.night)
            if near:
                _front_garden(b.at(at + width / 2, setback), rng, width + 2, setback - road.pavement)
            at += width + rng.uniform(2, 9) * (1 if at < 50 else 2)
        else:
            chance = rng.random()
            place = b.at(at, setback + rng.uniform(0, 15))
            if chance < 0.7:
                o.tree(place, rng, rng.uniform(5, 15), near)
            elif chance < 0.85:
                o.bush(place, rng, rng.uniform(1, 3))
            elif at > 10:
                house(b.at(at + 5, setback + rng.uniform(6, 25)), rng, rng.uniform(9, 14), near, road.night)
            at += rng.uniform(3, 16)


def _pavement_things(b: _Side, rng: Rng, road: _Road, kind: str) -> list[Triple]:
    """From the kerb to the fronts; returns where street lamps shine."""
    deep, lamps = road.pavement, []
    step, at = rng.uniform(8, 22), rng.uniform(-5, 12)
    if rng.random() < 0.6:
        while at < 65:
            o.tree(b.at(at, 0.8), rng, rng.uniform(4.5, 9), at < NEAR * 0.7)
            at += step
    step, at = rng.uniform(20, 35), rng.uniform(0, 20)
    while at < 85:
        lamps.append(o.lamp_post(b.at(at, 0.4, -math.pi / 2), rng, road.night))
        at += step
    things = (o.road_sign, o.road_sign, o.litter_bin, o.bench, o.bollard, o.bicycle, o.traffic_light)
    for _ in range(int(rng.integers(3, 12))):
        place = b.at(rng.uniform(0, 45), rng.uniform(0.3, max(0.4, deep - 0.4)), math.pi / 2 * int(rng.integers(4)))
        things[int(rng.integers(len(things)))](place, rng)
    people = int(rng.integers(0, 8)) if kind != "country" else int(rng.integers(0, 2))
    for _ in range(people):
        turn = pick(rng, -1, 1) * math.pi / 2 + rng.normal(0, 0.3)
        o.person(b.at(rng.uniform(2, 35), rng.uniform(0.3, max(0.4, deep - 0.3)), turn), rng)
    return lamps


def _traffic(b: Builder, rng: Rng, road: _Road, parked: bool, clear: float) -> None:
    """Cars on the lanes, towards and away, and parked along the kerb; none within `clear` m of the camera's place."""
    for lane in range(road.lanes):
        x = (lane - (road.lanes - 1) / 2) * road.lane
        away = x > 0 or road.lanes == 1
        y = clear + rng.uniform(0, 25)
        while y < 85:
            place = b.at(x + rng.normal(0, 0.2), y + 2, 0, math.pi if away else rng.normal(0, 0.02))
            if rng.random() < 0.85:
                o.car(place, rng, y < NEAR, road.night)
            else:
                o.van(place, rng)
            y += rng.uniform(9, 60)
    if parked:
        for side in (-1, 1):
            y = rng.uniform(-3, 8)
            while y < 65:
                if rng.random() < 0.75:
                    turn = math.pi if side > 0 else 0.0
                    o.car(b.at(side * (road.half - 1.05), y + 2.5, 0, turn), rng, y < NEAR * 0.8)
                y += rng.uniform(5.2, 7.5) * (1 if y < 45 else 2)


def _from_the_road(rng: Rng, road: _Road) -> tuple[Triple, float, float]:
    """Eye, heading and pitch of a camera behind a windscreen."""
    x = (max(0, road.lanes // 2) + 0.5 - road.lanes / 2) * road.lane + rng.normal(0, 0.3)
    return (x, 0.0, rng.uniform(1.2, 1.75)), rng.normal(0, 0.06 if rng.random() < 0.7 else 0.6), rng.normal(-0.03, 0.04)


def _from_the_side(rng: Rng, road: _Road, heights: tuple[float, float], pitch: float) -> tuple[Triple, float, float]:
    """The same of somebody, or something, on the pavement or above it."""
    side = pick(rng, -1, 1)
    x = side * (road.half + rng.uniform(0.3, max(0.4, road.pavement - 0.5)))
    return (x, rng.uniform(-2, 5), rng.uniform(*heights)), rng.normal(side * 0.3, 0.5), rng.normal(pitch, 0.07)


def _candidates(rng: Rng, road: _Road) -> Iterator[View]:
    style = rng.random()
    for _ in range(16):
        if style < 0.5 or (not road.pavement and style < 0.85):
            (eye, heading, pitch), level = _from_the_road(rng, road), 0.015
        elif style < 0.78:
            (eye, heading, pitch), level = _from_the_side(rng, road, (1.4, 1.75), -0.03), 0.03
        elif style < 0.87:  # a delivery robot or a dog
            (eye, heading, pitch), level = _from_the_side(rng, road, (0.3, 0.65), 0.04), 0.03
        else:  # a drone, a mast or an upper window
            (eye, heading, pitch), level = _from_the_side(rng, road, (3.0, 8.0), -0.3), 0.03
        ahead = (eye[0] - math.sin(heading) * 10, eye[1] + math.cos(heading) * 10, eye[2] + 10 * math.tan(pitch))
        focal = rng.uniform(0.55, 1.15) if rng.random() < 0.6 else focal_length(rng)
        yield View(looking(eye, ahead, tilted(rng, level)), focal, off_centre(rng))


def _street(rng: Rng, kind: str) -> _Road:
    lanes = pick(rng, 1, 2, 2, 3, 4) if kind != "suburb" else 2
    lane = rng.uniform(2.75, 3.3) if kind != "country" else rng.uniform(3.0, 3.6)
    parked = kind != "country" and rng.random() < 0.7
    pavement = 0.0 if kind == "country" and rng.random() < 0.8 else rng.uniform(1.6, 4.5)
    return _Road(lanes, lane, lanes * lane / 2 + (2.2 if parked else 0.2), pavement, False)


def _guard_rail(side: _Side, rng: Rng) -> None:
    rail, post = metal(rng, 0.8), metal(rng, 0.5)
    side.at(70, 0.6).box((0, 0, 0.6), (180, 0.06, 0.3), rail)
    for x in np.arange(0, 60, 4.0):
        side.at(float(x), 0.66).box((0, 0, 0.35), (0.1, 0.1, 0.7), post)


def make_street(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """A straight street by day or night, seen from a car, the pavement, near the ground or above."""
    kind = str(rng.choice(["town", "suburb", "country"], p=[0.5, 0.3, 0.2]))
    hour = hour_of(rng)
    road = replace(_street(rng, kind), night=hour == "night")
    b = Builder()
    _ground(b, rng, road, kind == "town")
    _markings(b, rng, road)
    background = len(b.rows)
    pavement = road.pavement
    setback = {"town": pavement + 0.3, "suburb": pavement + rng.uniform(3, 8), "country": rng.uniform(2, 8)}[kind]
    lamps: list[Triple] = []
    for sign in (-1, 1):
        side = _Side.of(b, road.half, sign)
        _row(side, rng, kind, setback, road)
        if pavement:
            lamps += _pavement_things(side.raised(0.1), rng, road, kind)
        elif rng.random() < 0.5:
            _guard_rail(side, rng)
    _traffic(b, rng, road, road.half > road.lanes * road.lane / 2 + 1, rng.uniform(6, 14))
    if rng.random() < 0.3:  # a building across the end
        block(b.at(0, rng.uniform(45, 120)), rng, rng.uniform(20, 40), False, road.night)
    _distance(b, rng)
    solids = b.solids()
    view = best_view(solids, _candidates(rng, road), Wish(0.8, (4, 60), 0.5, 12, 0.3, 0.5), background)
    lights, surroundings = open_air(rng, hour, lamps, view.world_from_camera[:3, 3])
    return Scene(solids, lights, surroundings, view, outdoor_sensor(rng, seed, road.night))
