"""Where the light indoors comes from: windows and lamps of a room, lamps of a hall, lamps over a table."""

import math

import numpy as np

from theodolite.synth.builder import SHADOWS_ALL, SHADOWS_NONE, Builder
from theodolite.synth.look import kelvin
from theodolite.synth.material import VARIANTS, Material, first_of, paint
from theodolite.synth.plan import Opening, Plan, on_wall
from theodolite.synth.scene import LIGHTS, Light, Surroundings, Triple
from theodolite.synth.textures import Rng, pick
from theodolite.synth.weather import ambient_rows, sun, triple


def _window_light(rng: Rng, plan: Plan, opening: Opening, tint: np.ndarray) -> Light:
    """The sky through a window: a rectangle that shines into the room."""
    x, y, yaw = on_wall(plan, opening.wall, (opening.low + opening.high) / 2, -0.15)
    half, high = (opening.high - opening.low) / 2, (opening.head - opening.sill) / 2
    strength = triple(tint * rng.uniform(0.5, 1.6) * half * high * 4)
    across = (math.cos(yaw) * half * 0.9, math.sin(yaw) * half * 0.9, 0.0)
    centre = (x, y, (opening.sill + opening.head) / 2)
    return Light(centre, strength, SHADOWS_ALL, across, (0, 0, high * 0.9), (math.sin(yaw), -math.cos(yaw), 0.0))


def _hanging_lamp(b: Builder, rng: Rng, plan: Plan, share: float, tint: np.ndarray) -> Light:
    """A lamp on or below the ceiling, `share` of the room's width from its side."""
    x, y = plan.width * share + rng.normal(0, 0.2), plan.depth / 2 + rng.normal(0, 0.3)
    drop = pick(rng, 0.05, 0.3, 0.7) if rng.random() < 0.7 else 0.02
    size = rng.uniform(0.12, 0.3)
    glowing = Material(first_of("plaster"), 1.0, (1, 0.96, 0.88), glow=4.0)
    below = b.at(x, y, plan.height)
    if drop < 0.1:
        below.box((0, 0, -0.03), (size * 2, size * 2, 0.06), glowing, shadows=SHADOWS_NONE)
    else:
        below.tube((0, 0, -drop), 0.008, drop, paint(rng, 0.1))
        below.ball((0, 0, -drop), (size * 1.4, size * 1.4, size), glowing)
    centre = (x, y, plan.height - drop - 0.18)
    return Light(centre, triple(tint * rng.uniform(1.5, 4)), SHADOWS_ALL, (size, 0, 0), (0, size, 0))


def room_light(b: Builder, rng: Rng, plan: Plan, openings: list[Opening]) -> tuple[tuple[Light, ...], Surroundings]:
    """Windows by day, lamps by night or in rooms without windows, now and then both, and sun on the floor."""
    windows = [o for o in openings if not o.door]
    day = bool(windows) and rng.random() < 0.75
    lights: list[Light] = []
    ambient = np.zeros((4, 3))
    if day:
        tint = np.array(kelvin(rng.uniform(5500, 9000)))
        for window in windows[:2]:
            lights.append(_window_light(rng, plan, window, tint))
            ambient[0] += tint * 0.13
            ambient[1:3] -= np.outer(lights[-1].facing[:2], tint) * 0.05
        if rng.random() < 0.35:
            heading = on_wall(plan, windows[0].wall, 0, 0)[2] + rng.normal(0, 0.5)
            lights.append(sun(heading, rng.uniform(0.3, 0.9), rng.uniform(2, 7), 4500))
    if not day or rng.random() < 0.35:
        tint = np.array(kelvin(rng.uniform(2700, 5000)))
        count = 1 if plan.width * plan.depth < 14 or rng.random() < 0.5 else 2
        for k in range(min(count, LIGHTS - len(lights))):
            lights.append(_hanging_lamp(b, rng, plan, (k + 1) / (count + 1), tint))
            ambient[0] += tint * rng.uniform(0.1, 0.25)
    ambient[0] += 0.06
    ambient[3] = ambient[0] * rng.uniform(-0.25, 0.1)  # floors send up less than ceilings send down, mostly
    bright = rng.uniform(1.5, 5.0) if day else rng.uniform(0.0, 0.03)
    zenith, horizon = triple(bright * np.array((0.75, 0.87, 1.0))), triple(bright * np.array((0.95, 0.98, 1.0)))
    cloud = (first_of("cloud") + int(rng.integers(VARIANTS["cloud"])), rng.uniform(0, 0.8))
    return tuple(lights), Surroundings(ambient_rows(ambient), zenith, horizon, cloud, 0.0, 0.8)


def lamp_light(
    rng: Rng, places: list[Triple], eye: np.ndarray, kelvins: tuple[float, float] = (2700, 5500)
) -> tuple[tuple[Light, ...], Surroundings]:
    """Lamps of a long or large space: those nearest to the camera cast shadows, the rest is even light."""
    tint = np.array(kelvin(rng.uniform(*kelvins)))
    power, size = rng.uniform(0.5, 1.1), rng.uniform(0.05, 0.4)
    nearest = sorted(places, key=lambda place: math.dist(place, eye))[:LIGHTS]
    lights = []
    for x, y, z in nearest:
        strength = triple(tint * power * max(z, 2.0) ** 2)
        lights.append(Light((x, y, z), strength, SHADOWS_ALL, (size, 0, 0), (0, size, 0)))
    ambient = np.zeros((4, 3))
    ambient[0] = tint * power * rng.uniform(0.2, 0.45)
    ambient[3] = ambient[0] * rng.uniform(-0.2, 0.15)
    white = (1.0, 1.0, 1.0)
    return tuple(lights), Surroundings(ambient_rows(ambient), white, white, (0, 0.0), 0.0, rng.uniform(0.4, 1.0))


def table_light(rng: Rng, away: float) -> tuple[tuple[Light, ...], Surroundings]:
    """One or two lamps around a table whose top is z = 0, before a wall `away` metres behind it."""
    lights = []
    ambient = np.zeros((4, 3))
    for _ in range(int(rng.integers(1, 3))):
        tint = np.array(kelvin(rng.uniform(2800, 8000)))
        turn, height = rng.uniform(0, 2 * math.pi), rng.uniform(0.5, 1.7)
        free = away * 0.9 if math.cos(turn) > 0 else 2.2
        reach = rng.uniform(0.2, min(2.2, max(0.25, free)))
        centre = (reach * math.sin(turn), reach * math.cos(turn), height)
        size = rng.uniform(0.05, 0.5)
        strength = triple(tint * rng.uniform(0.5, 1.6) * (reach * reach + height * height))
        across = (size * math.cos(turn), -size * math.sin(turn), 0.0)
        lights.append(Light(centre, strength, SHADOWS_ALL, across, (0, 0, size)))
        ambient[0] += tint * rng.uniform(0.08, 0.4)
    ambient[3] = ambient[0] * rng.uniform(0.0, 0.5)
    white = (1.0, 1.0, 1.0)
    return tuple(lights), Surroundings(ambient_rows(ambient), white, white, (0, 0.0), 0.0, rng.uniform(0.08, 0.2))
