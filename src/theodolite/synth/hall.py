"""Large rooms of 10 to 45 m: car parks, warehouses, markets, churches, station concourses and gymnasiums."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from theodolite.synth import fittings as fit
from theodolite.synth import hall_things as things
from theodolite.synth import outdoor as o
from theodolite.synth import surfaces
from theodolite.synth.builder import SHADOWS_NONE, SHADOWS_SUN, Builder
from theodolite.synth.illumination import lamp_light
from theodolite.synth.look import indoor_sensor
from theodolite.synth.material import Material, material, metal, paint, wood
from theodolite.synth.prints import muted, vivid
from theodolite.synth.scene import Scene, Triple, View
from theodolite.synth.textures import Rng, pick
from theodolite.synth.views import Wish, best_view, focal_length, looking, off_centre, tilted


@dataclass
class Hall:
    """A hall from x = -width / 2 to width / 2 and y = 0 to length.

    Args:
        walks: (x0, y0, x1, y1) where somebody can stand with a camera.
        targets: what is worth looking at.
        lamps: where luminaires hang.
    """

    b: Builder
    width: float
    length: float
    height: float
    walks: list[tuple[float, float, float, float]] = field(default_factory=list)
    targets: list[Triple] = field(default_factory=list)
    lamps: list[Triple] = field(default_factory=list)

    def shell(self, floor: Material, wall: Material, ceiling: Material) -> None:
        half, end, high, thick = self.width / 2, self.length, self.height, 0.3
        self.b.slab((-half, 0, -0.3), (half, end, 0), floor, SHADOWS_SUN)
        self.b.slab((-half, 0, high), (half, end, high + 0.3), ceiling, SHADOWS_SUN)
        for sign in (-1, 1):
            x0, x1 = sorted((sign * half, sign * (half + thick)))
            self.b.slab((x0, 0, 0), (x1, end, high), wall, SHADOWS_SUN)
        self.b.slab((-half, -thick, 0), (half, 0, high), wall, SHADOWS_SUN)
        self.b.slab((-half, end, 0), (half, end + thick, high), wall, SHADOWS_SUN)

    def on_wall(self, side: int, along: float) -> Builder:
        """A frame of `fittings` on the left (-1) or right (1) wall."""
        return self.b.at(side * self.width / 2, along, 0, -side * math.pi / 2)

    def put(self, x: float, y: float, yaw: float, make: Callable[[Builder, Rng], object], rng: Rng) -> None:
        """Builds a thing on the floor and remembers it as worth looking at."""
        make(self.b.at(x, y, 0, yaw), rng)
        self.targets.append((x, y, rng.uniform(0.4, 1.4)))

    def hang_lamps(self, rng: Rng, columns: int, step: float, glow: float, drop: float = 0.0) -> None:
        """Tubes in `columns` rows, every `step` metres, `drop` below the ceiling."""
        for x in (np.arange(columns) + 0.5) / columns * self.width - self.width / 2:
            for y in np.arange(step / 2, self.length, step):
                below = self.b.at(float(x), float(y), self.height - drop)
                fit.tube_lamp(below, 1.5, 0.25, glow)
                if drop > 0.3:
                    below.tube((0, 0, 0), 0.008, drop, metal(rng))
                self.lamps.append((float(x), float(y), self.height - drop - 0.3))

    def crowd(self, rng: Rng, count: int) -> None:
        for _ in range(count):
            x0, y0, x1, y1 = self.walks[int(rng.integers(len(self.walks)))]
            self.put(rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(0, 6.3), o.person, rng)


def car_park(b: Builder, rng: Rng) -> Hall:
    """Bays of 2.5 x 5 m on both sides of lanes 6 m wide, pillars every third bay."""
    lanes = int(rng.integers(1, 3))
    hall = Hall(b, 16.0 * lanes, 7.5 * int(rng.integers(3, 6)), rng.uniform(2.35, 2.9))
    grey = material(rng, "concrete", 3.0, rng.uniform(0.9, 1.3))
    hall.shell(material(rng, "asphalt" if rng.random() < 0.4 else "concrete", 4.0, rng.uniform(0.6, 1.0)), grey, grey)
    white, band = paint(rng, 0.85, 0.1), paint(rng, vivid(rng), 0.1)
    for lane in range(lanes):
        middle = (lane - (lanes - 1) / 2) * 16.0
        hall.walks.append((middle - 2.5, 0.5, middle + 2.5, hall.length * 0.75))
        for side in (-1, 1):
            for k in range(int(hall.length / 2.5)):
                y = (k + 0.5) * 2.5
                b.box((middle + side * 5.5, k * 2.5, 0.002), (5.0, 0.1, 0.004), white, shadows=SHADOWS_NONE)
                if rng.random() < 0.6:
                    turn = side * (1 if rng.random() < 0.7 else -1) * math.pi / 2
                    near = y < 14 and rng.random() < 0.8
                    x = middle + side * (5.45 + rng.normal(0, 0.15))
                    hall.put(x, y + rng.normal(0, 0.1), turn, partial(o.car, fine=near), rng)
        for y in np.arange(0, hall.length + 0.1, 7.5):
            for side in (-1, 1):
                x = middle + side * 3.6
                b.slab((x - 0.2, y - 0.3, 0), (x + 0.2, y + 0.3, hall.height), grey)
                b.slab((x - 0.205, y - 0.305, 0.3), (x + 0.205, y + 0.305, 1.3), band)
    for y in np.arange(0, hall.length + 0.1, 7.5):
        b.slab((-hall.width / 2, y - 0.2, hall.height - 0.35), (hall.width / 2, y + 0.2, hall.height), grey)
    hall.hang_lamps(rng, 2 * lanes, 5.0, rng.uniform(2, 5))
    fit.pipes(b.at(rng.uniform(-3, 3), hall.length / 2, hall.height - 0.35), rng, hall.length)
    fit.exit_sign(b.at(rng.uniform(-3, 3), rng.uniform(8, 15), hall.height - 0.5), rng)
    hall.crowd(rng, int(rng.integers(0, 3)))
    return hall


def warehouse(b: Builder, rng: Rng) -> Hall:
    """Racks of 2.7 m bays along aisles 2.8 to 3.4 m wide."""
    rows, aisle = int(rng.integers(2, 5)), rng.uniform(2.8, 3.4)
    hall = Hall(b, rows * (aisle + 1.1) + 1.5, rng.uniform(20, 38), rng.uniform(5.0, 8.5))
    sheet = material(rng, "ribbed", 1.0, rng.uniform(0.8, 1.2))
    hall.shell(material(rng, "concrete", 4.0, rng.uniform(0.8, 1.1), 0.3), sheet, sheet)
    levels, bays = int((hall.height - 1.0) / rng.uniform(1.5, 1.9)), int((hall.length - 7) / 2.7)
    for row in range(rows):
        x = (row - (rows - 1) / 2) * (aisle + 1.1)
        things.rack(b.at(x, 4.0, 0, math.pi / 2), rng, min(bays, 8), min(levels, 4))
        hall.targets += [(x, 4.0 + rng.uniform(0, bays * 2.7), rng.uniform(0.8, 2.5)) for _ in range(3)]
        hall.walks.append((x + 0.9, 0.4, x + 0.3 + aisle, hall.length * 0.6))
    hall.walks.append((-hall.width / 2 + 1, 0.4, hall.width / 2 - 1, 3.0))
    for _ in range(int(rng.integers(2, 6))):
        x0, y0, x1, y1 = hall.walks[int(rng.integers(rows))]
        make = (things.pallet, things.pallet, things.forklift, o.person)[int(rng.integers(4))]
        hall.put(rng.uniform(x0, x1), rng.uniform(y0 + 4, y1), pick(rng, 0, 1.57, 3.14), make, rng)
    hall.hang_lamps(rng, rows, 6.0, rng.uniform(3, 6), rng.uniform(0.4, 1.2))
    for y in np.arange(5, hall.length, 6.0):  # roof girders
        b.slab((-hall.width / 2, y - 0.1, hall.height - 0.5), (hall.width / 2, y + 0.1, hall.height), metal(rng, 0.6))
    return hall


def market(b: Builder, rng: Rng) -> Hall:
    """Supermarket aisles 1.8 to 2.4 m wide between gondolas; freezers and tills at the end."""
    rows, aisle = int(rng.integers(3, 6)), rng.uniform(1.8, 2.4)
    hall = Hall(b, rows * (aisle + 0.9) + 1.5, rng.uniform(14, 26), rng.uniform(2.8, 4.2))
    panel = material(rng, "concrete", 1.2, 1.35)
    hall.shell(surfaces.floor_tiles(rng, 1.1, 0.5), material(rng, "plaster", 2.0, muted(rng) * 0.4 + 0.5), panel)
    tall, long = rng.uniform(1.5, 2.1), hall.length - rng.uniform(5.5, 8)
    for row in range(rows):
        x = (row - (rows - 1) / 2) * (aisle + 0.9)
        things.gondola(b.at(x, 2.8 + long / 2, 0, math.pi / 2), rng, long, tall)
        hall.targets += [(x, 3 + rng.uniform(0, long), rng.uniform(0.5, 1.6)) for _ in range(3)]
        hall.walks.append((x + 0.75, 0.6, x + 0.15 + aisle, hall.length - 4))
    hall.walks.append((-hall.width / 2 + 0.8, 0.5, hall.width / 2 - 0.8, 2.2))
    for k in range(int(rng.integers(2, 6))):
        make = (things.freezer, things.till, things.promotion)[int(rng.integers(3))]
        hall.put((k + 0.5) / 6 * hall.width - hall.width / 2, hall.length - 1.6, 0.0, make, rng)
    for row in range(rows):
        sign = b.at((row - (rows - 1) / 2) * (aisle + 0.9) + 0.45 + aisle / 2, rng.uniform(4, 8), hall.height - 0.5)
        sign.box((0, 0, 0), (rng.uniform(0.8, 1.4), 0.03, 0.35), material(rng, "label", 0))
    hall.hang_lamps(rng, rows, 3.5, rng.uniform(2, 5))
    for _ in range(int(rng.integers(1, 5))):
        x0, y0, x1, y1 = hall.walks[int(rng.integers(rows))]
        make = o.person if rng.random() < 0.7 else things.trolley
        hall.put(rng.uniform(x0, x1), rng.uniform(y0 + 2, y1), rng.uniform(0, 6.3), make, rng)
    return hall


def church(b: Builder, rng: Rng) -> Hall:
    """A nave with columns, pews 0.9 m apart, tall windows and an altar on steps."""
    hall = Hall(b, rng.uniform(10, 16), rng.uniform(20, 38), rng.uniform(8, 14))
    stone = material(rng, "plaster", 3.0, muted(rng) * 0.25 + 0.6) if rng.random() < 0.6 else surfaces.brickwork(rng)
    floor = surfaces.floor_tiles(rng, 0.8) if rng.random() < 0.6 else material(rng, "marble", 2.0, 0.9, 0.3)
    hall.shell(floor, stone, material(rng, "plaster", 3.0, 0.95))
    half, step, out = hall.width / 2, rng.uniform(3.8, 5.0), hall.width / 2 - rng.uniform(2.0, 2.8)
    arcade = rng.random() < 0.5
    pillar, radius = material(rng, "marble", 2.0, rng.uniform(0.8, 1.1)), rng.uniform(0.3, 0.5)
    for y in np.arange(step, hall.length - 3, step):
        for side in (-1, 1):
            if not arcade:
                things.column(b.at(side * out, float(y)), pillar, radius, hall.height)
            elif y + step < hall.length - 1:
                bay = b.at(side * out, float(y) + step / 2, 0, math.pi / 2)
                bay.arch((0, 0, 0), (step, 2 * radius, hall.height), (step - 2.2 * radius, hall.height * 0.6), stone)
            glass = fit.luminous(rng.uniform(1.0, 3.0), tuple(vivid(rng) * 0.4 + 0.6))
            place = hall.on_wall(side, float(y) + step / 2)
            place.box((0, -0.01, hall.height * 0.55), (1.1, 0.04, hall.height * 0.45), glass, shadows=SHADOWS_NONE)
    for side in () if arcade else (-1, 1):  # the walls that the columns carry
        x0, x1 = sorted((side * (out - radius), side * (out + radius)))
        b.slab((x0, 0, hall.height * 0.82), (x1, hall.length, hall.height), stone)
    bench, long = wood(rng), out - radius - 0.9
    for y in np.arange(4.0, hall.length - 7, rng.uniform(0.88, 1.0)):
        for side in (-1, 1):
            things.pew(b.at(side * (0.75 + long / 2), float(y)), bench, long)
    end = hall.length
    for k in range(3):
        b.slab((-out + 0.6, end - 4.4 + 0.4 * k, 0), (out - 0.6, end, 0.17 * (k + 1)), floor)
    b.box((0, end - 2, 0.98), (2.2, 0.9, 0.95), pillar)
    b.box((0, end - 2, 1.47), (2.3, 1.0, 0.03), paint(rng, 0.95, 0))
    b.box((0, end - 0.1, 4.0), (0.16, 0.1, 3.0), bench)
    b.box((0, end - 0.1, 4.7), (1.6, 0.1, 0.16), bench)
    hall.targets += [(0, end - 2, 1.5), (out, end / 2, 2.0), (-out, end / 2, 2.0), (0, end / 2, 0.6)]
    hall.walks += [(-0.6, 0.6, 0.6, end - 6), (out + radius + 0.3, 1, half - 0.4, end - 3), (-out, 0.6, out, 3.2)]
    for y in np.arange(6, end - 3, 6.0):
        for x in (-out / 2, out / 2):
            fit.globe_lamp(b.at(x, float(y), hall.height * 0.55), rng, 4.0)
            b.tube((x, float(y), hall.height * 0.55), 0.01, hall.height * 0.45, metal(rng, 0.3))
            hall.lamps.append((x, float(y), hall.height * 0.55 - 0.4))
    hall.crowd(rng, int(rng.integers(0, 4)))
    return hall


def concourse(b: Builder, rng: Rng) -> Hall:
    """A station or airport hall: benches, kiosks, ticket machines, signs and travellers."""
    hall = Hall(b, rng.uniform(14, 28), rng.uniform(22, 42), rng.uniform(3.6, 7.5))
    stone = material(rng, "granite", 0.8, rng.uniform(0.9, 1.3), 0.6, 120)
    hall.shell(stone, material(rng, "plaster", 3.0, muted(rng) * 0.3 + 0.6), material(rng, "concrete", 1.2, 1.35))
    pillar, step = material(rng, "concrete", 2.5, 1.2), rng.uniform(5, 8)
    for y in np.arange(step / 2, hall.length, step):
        for side in (-1, 1):
            things.column(b.at(side * hall.width * 0.25, float(y)), pillar, rng.uniform(0.28, 0.32), hall.height)
        glass = fit.luminous(rng.uniform(1, 4), (0.85, 0.93, 1.0))
        place = hall.on_wall(1, float(y))
        place.box((0, -0.02, hall.height * 0.5), (step * 0.85, 0.05, hall.height * 0.7), glass, shadows=SHADOWS_NONE)
        place.box((0, -0.06, hall.height * 0.5), (0.08, 0.1, hall.height * 0.7), metal(rng, 0.4))
    for y in np.arange(2.5, hall.length - 2, rng.uniform(3.5, 6)):
        make = (things.kiosk, things.machine, things.machine, things.showcase)[int(rng.integers(4))]
        make(hall.on_wall(-1, float(y)), rng)
        hall.targets.append((-hall.width / 2 + 1, float(y), 1.3))
    for _ in range(int(rng.integers(3, 8))):
        x, y = rng.uniform(-0.35, 0.35) * hall.width, rng.uniform(4, hall.length - 3)
        thing = (things.seats, o.bench, o.litter_bin, things.suitcase, things.signpost)[int(rng.integers(5))]
        hall.put(x, y, pick(rng, 0, math.pi / 2, math.pi), thing, rng)
    for _ in range(int(rng.integers(1, 4))):
        board = b.at(rng.uniform(-4, 4), rng.uniform(6, hall.length - 4), min(hall.height - 0.5, 3.2))
        board.box(
            (0, 0, 0), (rng.uniform(1.5, 3.0), 0.2, rng.uniform(0.4, 0.9)), material(rng, "screen", 0, 1.0, glow=1)
        )
        board.rod((0, 0, 0), (0, 0, hall.height - board.z), 0.03, metal(rng, 0.4))
    hall.walks += [(-hall.width * 0.4, 0.8, hall.width * 0.4, hall.length * 0.6)]
    hall.hang_lamps(rng, 3, 5.0, rng.uniform(2, 5))
    hall.crowd(rng, int(rng.integers(3, 12)))
    return hall


def gymnasium(b: Builder, rng: Rng) -> Hall:
    """15 x 27 m or so, with goals, hoops at 3.05 m, wall bars, benches and mats."""
    hall = Hall(b, rng.uniform(13, 18), rng.uniform(22, 30), rng.uniform(5.5, 7.5))
    floor = surfaces.planking(rng, 1.1, 0.4) if rng.random() < 0.6 else paint(rng, vivid(rng) * 0.5 + 0.3, 0.4)
    wall = surfaces.planking(rng) if rng.random() < 0.3 else material(rng, "plaster", 2.0, muted(rng) * 0.3 + 0.6)
    hall.shell(floor, wall, material(rng, "concrete", 1.2, 1.3))
    things.court(b, rng, hall.width, hall.length)
    for side in (-1, 1):
        for y in np.arange(2, hall.length - 1, 1.0 if rng.random() < 0.4 else 6.0):
            if rng.random() < 0.6:
                things.wall_bars(hall.on_wall(side, float(y)), rng)
        glass = fit.luminous(rng.uniform(1.5, 4), (0.9, 0.95, 1.0))
        hall.on_wall(side, hall.length / 2).box(
            (0, -0.01, hall.height - 1.2), (hall.length * 0.9, 0.03, 1.4), glass, shadows=SHADOWS_NONE
        )
    for y, yaw in ((0.05, math.pi), (hall.length - 0.05, 0.0)):
        things.hoop(b.at(0, y, 0, yaw), rng)
        things.goal(b.at(0, y - math.copysign(0.9, y - 1), 0, yaw), rng)
        hall.targets.append((0, y, 1.5))
    for _ in range(int(rng.integers(4, 12))):
        make = (things.ball, things.ball, things.mats, things.vaulting_box, things.low_bench, o.person)[rng.integers(6)]
        hall.put(rng.uniform(-0.42, 0.42) * hall.width, rng.uniform(3, hall.length - 3), rng.uniform(0, 6.3), make, rng)
    hall.walks.append((-hall.width * 0.44, 0.8, hall.width * 0.44, hall.length * 0.6))
    hall.hang_lamps(rng, 3, 5.0, rng.uniform(2, 5))
    return hall


KINDS = {car_park: 0.2, warehouse: 0.17, market: 0.2, church: 0.13, concourse: 0.18, gymnasium: 0.12}


def _candidates(hall: Hall, rng: Rng) -> Iterator[View]:
    for _ in range(16):
        x0, y0, x1, y1 = hall.walks[int(rng.integers(len(hall.walks)))]
        x, y, style = rng.uniform(x0, x1), rng.uniform(y0, y1), rng.random()
        z = rng.uniform(0.25, 0.6) if style < 0.08 else rng.uniform(1.1, 1.75)
        if style > 0.88:  # a gallery, a mast or a camera below the ceiling
            z = rng.uniform(2.0, max(2.1, min(hall.height - 0.4, 6.0)))
        target = hall.targets[int(rng.integers(len(hall.targets)))]
        away = math.hypot(target[0] - x, target[1] - y)
        if away < 1.0:
            continue
        aim = (*target[:2], z + (target[2] - z) * rng.uniform(0.2, 0.9)) if away < 12 else (*target[:2], z - 0.5)
        yield View(looking((x, y, z), aim, tilted(rng)), focal_length(rng), off_centre(rng))
    yield View(looking((0.2, 0.6, 1.6), (0, hall.length / 2, 1.4)), 0.7)


def make_hall(rng: Rng, seed: tuple[int, ...]) -> Scene:
    """A large indoor space, seen by somebody in it or from a camera below its ceiling."""
    b = Builder()
    kinds = list(KINDS)
    hall = kinds[int(rng.choice(len(kinds), p=list(KINDS.values())))](b, rng)
    solids = b.solids()
    view = best_view(solids, _candidates(hall, rng), Wish(1.1, (1.5, 22), 0.4, 12, 0.3, relief=2.5), 6)
    lights, surroundings = lamp_light(rng, hall.lamps, view.world_from_camera[:3, 3], (3000, 6500))
    return Scene(solids, lights, surroundings, view, indoor_sensor(rng, seed))
