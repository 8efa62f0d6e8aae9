"""Where the light of a scene comes from: the sun and sky, windows and lamps of a room, lamps over a table."""

import math

import numpy as np

from theodolite.synth.builder import SHADOWS_ALL, SHADOWS_NONE, SHADOWS_SUN, Builder
from theodolite.synth.look import kelvin
from theodolite.synth.material import VARIANTS, Material, first_of, paint
from theodolite.synth.plan import Opening, Plan, on_wall
from theodolite.synth.scene import LIGHTS, Light, Surroundings, Triple
from theodolite.synth.textures import Rng


def _triple(values: np.ndarray) -> Triple:
    x, y, z = (float(v) for v in values)
    return (x, y, z)


def _rows(ambient: np.ndarray) -> tuple[Triple, Triple, Triple, Triple]:
    even, x, y, z = (_triple(row) for row in ambient)
    return (even, x, y, z)


def sun(heading: float, height: float, strength: float, temperature: float) -> Light:
    """Sunlight from a heading (0 is +y, turning left) and an angle above the horizon, radians."""
    far = 1000.0
    c, s = math.cos(heading), math.sin(heading)
    centre = (-s * math.cos(height) * far, c * math.cos(height) * far, math.sin(height) * far)
    size = far * 0.006
    colour = _triple(strength * far * far * np.array(kelvin(temperature)))
    return Light(centre, colour, SHADOWS_SUN, (size * c, size * s, 0), (0, 0, size))


def _window_light(rng: Rng, plan: Plan, opening: Opening, tint: np.ndarray) -> Light:
    """The sky through a window: a rectangle that shines into the room."""
    x, y, yaw = on_wall(plan, opening.wall, (opening.low + opening.high) / 2, -0.15)
    half, high = (opening.high - opening.low) / 2, (opening.head - opening.sill) / 2
    strength = _triple(tint * rng.uniform(0.5, 1.6) * half * high * 4)
    across = (math.cos(yaw) * half * 0.9, math.sin(yaw) * half * 0.9, 0.0)
    centre = (x, y, (opening.sill + opening.head) / 2)
    return Light(centre, strength, SHADOWS_ALL, across, (0, 0, high * 0.9), (math.sin(yaw), -math.cos(yaw), 0.0))


def _hanging_lamp(b: Builder, rng: Rng, plan: Plan, share: float, tint: np.ndarray) -> Light:
    """A lamp on or below the ceiling, `share` of the room's width from its side."""
    x, y = plan.width * share + rng.normal(0, 0.2), plan.depth / 2 + rng.normal(0, 0.3)
    drop = float(rng.choice([0.05, 0.3, 0.7])) if rng.random() < 0.7 else 0.02
    size = rng.uniform(0.12, 0.3)
    glowing = Material(first_of("plaster"), 1.0, (1, 0.96, 0.88), glow=4.0)
    below = b.at(x, y, plan.height)
    if drop < 0.1:
        below.box((0, 0, -0.03), (size * 2, size * 2, 0.06), glowing, shadows=SHADOWS_NONE)
    else:
        below.tube((0, 0, -drop), 0.008, drop, paint(rng, 0.1))
        below.ball((0, 0, -drop), (size * 1.4, size * 1.4, size), glowing)
    centre = (x, y, plan.height - drop - 0.18)
    return Light(centre, _triple(tint * rng.uniform(1.5, 4)), SHADOWS_ALL, (size, 0, 0), (0, size, 0))


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
    zenith, horizon = _triple(bright * np.array((0.75, 0.87, 1.0))), _triple(bright * np.array((0.95, 0.98, 1.0)))
    cloud = (first_of("cloud") + int(rng.integers(VARIANTS["cloud"])), rng.uniform(0, 0.8))
    return tuple(lights), Surroundings(_rows(ambient), zenith, horizon, cloud, 0.0, 0.8)


def daylight(rng: Rng) -> tuple[tuple[Light, ...], Surroundings]:
    """Sun and sky: clear, hazy or overcast."""
    overcast, height = rng.random() < 0.35, rng.uniform(0.2, 1.15)
    warm = 3800 + 2200 * min(1.0, height)
    strength = rng.uniform(0.0, 0.5) if overcast else rng.uniform(1.6, 3.6) * (0.5 + 0.5 * math.sin(height))
    if overcast:
        grey = np.array([0.9, 0.95, 1.0]) * rng.uniform(0.8, 1.3)
        zenith, horizon, cover = grey * 0.85, grey, 0.4
    else:
        blue = rng.uniform(0.4, 1.0)
        zenith = np.array([0.22, 0.42, 0.85]) * (0.6 + 0.5 * blue)
        horizon, cover = np.array([0.75, 0.86, 1.0]) * rng.uniform(0.8, 1.2), rng.uniform(0, 1)
    even = (zenith + horizon) * 0.3 * rng.uniform(0.8, 1.2)
    ground = np.array([0.9, 0.85, 0.75]) * 0.12
    ambient = np.array([(even + ground) / 2 + 0.1 * even, np.zeros(3), np.zeros(3), (even - ground) / 2])
    haze = math.exp(rng.uniform(math.log(4e-4), math.log(6e-3)))
    if rng.random() < 0.08:
        haze = rng.uniform(0.01, 0.03)
    light = sun(rng.uniform(0, 2 * math.pi), height, strength, warm)
    cloud = (first_of("cloud") + int(rng.integers(VARIANTS["cloud"])), float(cover))
    return (light,), Surroundings(_rows(ambient), _triple(zenith), _triple(horizon), cloud, haze, 1.5)


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
        strength = _triple(tint * rng.uniform(0.5, 1.6) * (reach * reach + height * height))
        across = (size * math.cos(turn), -size * math.sin(turn), 0.0)
        lights.append(Light(centre, strength, SHADOWS_ALL, across, (0, 0, size)))
        ambient[0] += tint * rng.uniform(0.08, 0.4)
    ambient[3] = ambient[0] * rng.uniform(0.0, 0.5)
    white = (1.0, 1.0, 1.0)
    return tuple(lights), Surroundings(_rows(ambient), white, white, (0, 0.0), 0.0, rng.uniform(0.08, 0.2))
