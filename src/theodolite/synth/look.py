"""Looks of photographs: colour of light by temperature, and sensors as they come indoors and outdoors."""

import math
from dataclasses import replace

import numpy as np

from theodolite.synth.scene import Sensor, Triple
from theodolite.synth.textures import Rng


def kelvin(temperature: float) -> Triple:
    """Colour of black-body light in linear RGB, green = 1; a log fit that is white at 6500 K."""
    x = math.log(temperature / 6500)
    return (math.exp(-0.62 * x), 1.0, math.exp(1.05 * x if x < 0 else 0.5 * x))


def _sensor(rng: Rng, seed: tuple[int, ...], exposure: float, warm: float, noise: float) -> Sensor:
    return Sensor(
        exposure=exposure * math.exp(rng.normal(0, 0.25)),
        balance=(1 + warm, 1 + rng.normal(0, 0.02), 1 - warm),
        vignette=abs(rng.normal(0, 0.15)),
        blur=rng.uniform(1.2, 2.4) if rng.random() < 0.88 else rng.uniform(2.4, 4.5),
        noise=min(abs(rng.normal(0, noise)), 3 * noise),
        contrast=rng.uniform(0.85, 1.45),
        seed=seed,
    )


def indoor_sensor(rng: Rng, seed: tuple[int, ...]) -> Sensor:
    """Half corrected lamp light, more noise."""
    return _sensor(rng, seed, 0.2, rng.normal(-0.05, 0.1), 0.014)


def outdoor_sensor(rng: Rng, seed: tuple[int, ...], night: bool = False) -> Sensor:
    """By night darker and noisier, because nobody's camera makes a day of it."""
    exposure, noise = (0.24, 0.008) if not night else (0.11, 0.02)
    return _sensor(rng, seed, exposure, rng.normal(0, 0.05), noise)


def focused(rng: Rng, sensor: Sensor, depth: np.ndarray) -> Sensor:
    """Now and then, a lens wide open and focused on something near: what lies before and behind blurs.

    Args:
        depth: of what is in sight, metres, infinite in the sky.
    """
    if rng.random() > 0.3:
        return sensor
    near = np.sort(depth[np.isfinite(depth)])
    focus = float(near[int(len(near) * rng.uniform(0.1, 0.6))])
    # Phones open 2 to 3 mm; a large lens may open 20 mm, but nobody opens it so far at reading distance.
    aperture = rng.uniform(0.002, 0.004) if rng.random() < 0.6 else rng.uniform(0.006, 0.02) * min(1.0, focus)
    return replace(sensor, aperture=aperture, focus=focus)
