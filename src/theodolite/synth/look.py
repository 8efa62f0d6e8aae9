"""Looks of photographs: colour of light by temperature, and sensors as they come indoors and outdoors."""

import math

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


def outdoor_sensor(rng: Rng, seed: tuple[int, ...]) -> Sensor:
    return _sensor(rng, seed, 0.24, rng.normal(0, 0.05), 0.008)
