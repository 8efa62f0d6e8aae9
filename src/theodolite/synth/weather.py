"""Light in the open by hour and weather: sun and sky, clear to overcast, low sun, dusk, and street lamps at night."""

import math

import numpy as np

from theodolite.synth.builder import SHADOWS_ALL, SHADOWS_SUN
from theodolite.synth.look import kelvin
from theodolite.synth.material import VARIANTS, first_of
from theodolite.synth.scene import LIGHTS, Light, Surroundings, Triple
from theodolite.synth.textures import Rng

HOURS = {"day": 0.68, "low sun": 0.12, "dusk": 0.07, "night": 0.13}


def hour_of(rng: Rng) -> str:
    """One of `HOURS`, drawn by its share."""
    return str(rng.choice(list(HOURS), p=list(HOURS.values())))


def triple(values: np.ndarray) -> Triple:
    """Three plain numbers of an array."""
    x, y, z = (float(v) for v in values)
    return (x, y, z)


def ambient_rows(ambient: np.ndarray) -> tuple[Triple, Triple, Triple, Triple]:
    """The rows of `Surroundings.ambient`."""
    even, x, y, z = (triple(row) for row in ambient)
    return (even, x, y, z)


def sun(heading: float, height: float, strength: float, temperature: float) -> Light:
    """Sunlight from a heading (0 is +y, turning left) and an angle above the horizon, radians."""
    far = 1000.0
    c, s = math.cos(heading), math.sin(heading)
    centre = (-s * math.cos(height) * far, c * math.cos(height) * far, math.sin(height) * far)
    size = far * 0.006
    colour = triple(strength * far * far * np.array(kelvin(temperature)))
    return Light(centre, colour, SHADOWS_SUN, (size * c, size * s, 0), (0, 0, size))


def _haze(rng: Rng) -> float:
    """Clear air mostly, one time in fifteen a fog in which things are lost at 30 to 250 m."""
    if rng.random() < 1 / 15:
        return math.exp(rng.uniform(math.log(0.012), math.log(0.1)))
    return math.exp(rng.uniform(math.log(4e-4), math.log(6e-3)))


def _clouds(rng: Rng, cover: float) -> tuple[int, float]:
    return (first_of("cloud") + int(rng.integers(VARIANTS["cloud"])), cover)


def _from_the_sky(rng: Rng, zenith: np.ndarray, horizon: np.ndarray) -> tuple[Triple, Triple, Triple, Triple]:
    """Ambient light of a sky of these colours over a ground that sends an eighth of white back."""
    even = (zenith + horizon) * 0.3 * rng.uniform(0.8, 1.2)
    ground = np.array([0.9, 0.85, 0.75]) * 0.12 * min(1.0, float(even.mean()) / 0.5)
    return ambient_rows(np.array([(even + ground) / 2 + 0.1 * even, np.zeros(3), np.zeros(3), (even - ground) / 2]))


def daylight(rng: Rng) -> tuple[tuple[Light, ...], Surroundings]:
    """Sun and sky: clear, hazy or overcast."""
    overcast, height = rng.random() < 0.35, rng.uniform(0.2, 1.15)
    strength = rng.uniform(0.0, 0.5) if overcast else rng.uniform(1.6, 3.6) * (0.5 + 0.5 * math.sin(height))
    if overcast:
        grey = np.array([0.9, 0.95, 1.0]) * rng.uniform(0.8, 1.3)
        zenith, horizon, cover = grey * 0.85, grey, 0.4
    else:
        zenith = np.array([0.22, 0.42, 0.85]) * (0.6 + 0.5 * rng.uniform(0.4, 1.0))
        horizon, cover = np.array([0.75, 0.86, 1.0]) * rng.uniform(0.8, 1.2), rng.uniform(0, 1)
    light = sun(rng.uniform(0, 2 * math.pi), height, strength, 3800 + 2200 * min(1.0, height))
    ambient = _from_the_sky(rng, zenith, horizon)
    return (light,), Surroundings(ambient, triple(zenith), triple(horizon), _clouds(rng, float(cover)), _haze(rng), 1.5)


def low_sun(rng: Rng) -> tuple[tuple[Light, ...], Surroundings]:
    """Morning or evening: long shadows, warm light, an orange horizon."""
    height, warm = rng.uniform(0.05, 0.2), rng.uniform(0.2, 1.0)
    zenith = np.array([0.28, 0.38, 0.62]) * rng.uniform(0.6, 1.1)
    horizon = np.array([1.1, 0.8 - 0.25 * warm, 0.7 - 0.4 * warm]) * rng.uniform(0.7, 1.1)
    light = sun(rng.uniform(0, 2 * math.pi), height, rng.uniform(1.0, 2.5), rng.uniform(2300, 3300))
    ambient = _from_the_sky(rng, zenith, horizon * 0.6)
    clouds = _clouds(rng, rng.uniform(0.0, 0.8))
    return (light,), Surroundings(ambient, triple(zenith), triple(horizon), clouds, _haze(rng), 1.5)


def dusk(rng: Rng) -> tuple[tuple[Light, ...], Surroundings]:
    """The sun has set: even blue light."""
    zenith = np.array([0.1, 0.16, 0.34]) * rng.uniform(0.5, 1.2)
    horizon = np.array([0.5, 0.42, 0.45]) * rng.uniform(0.5, 1.2)
    ambient = _from_the_sky(rng, zenith, horizon)
    return (), Surroundings(
        ambient, triple(zenith), triple(horizon), _clouds(rng, rng.uniform(0, 0.6)), _haze(rng), 1.5
    )


def night(rng: Rng, lamps: list[Triple], eye: np.ndarray) -> tuple[tuple[Light, ...], Surroundings]:
    """Street lamps; those nearest to the camera cast shadows, a town's glow does the rest."""
    tint, power = np.array(kelvin(rng.uniform(2000, 4500))), rng.uniform(0.6, 1.4)
    lights = []
    for x, y, z in sorted(lamps, key=lambda lamp: math.dist(lamp, eye))[:LIGHTS]:
        height = max(z - float(eye[2]) + 1.5, 2.5)
        lights.append(Light((x, y, z), triple(tint * power * height**2), SHADOWS_ALL, (0.15, 0, 0), (0, 0.15, 0)))
    glow = np.array([0.05, 0.045, 0.045]) * rng.uniform(0.3, 1.5)
    even = tint * power * rng.uniform(0.03, 0.1) + glow
    ambient = ambient_rows(np.array([even, np.zeros(3), np.zeros(3), even * 0.2]))
    clouds = _clouds(rng, rng.uniform(0, 0.4))
    return tuple(lights), Surroundings(ambient, triple(glow * 0.3), triple(glow), clouds, _haze(rng), 1.5)


def open_air(rng: Rng, hour: str, lamps: list[Triple], eye: np.ndarray) -> tuple[tuple[Light, ...], Surroundings]:
    """Light of one of the `HOURS`; a night without lamps is a dusk."""
    if hour == "night" and lamps:
        return night(rng, lamps, eye)
    return {"day": daylight, "low sun": low_sun}.get(hour, dusk)(rng)
