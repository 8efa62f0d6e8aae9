"""A picture under other light and weather, through another lens, from another sensor and codec."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from theodolite.datasets.sample import Sample
from theodolite.training.augment.blur import BLURS
from theodolite.training.augment.sensor import grain, shot_noise, shrink_and_enlarge, through_jpeg
from theodolite.training.augment.tone import curve, fade, recolour
from theodolite.training.augment.weather import weather
from theodolite.training.checks import check, check_probabilities
from theodolite.types import UInt8


@dataclass(frozen=True)
class Jitter:
    """Photometric changes, each with its probability.

    Args:
        weather: fog, rain, snow, glare, shadow, dusk; what suits the scene.
        tone: brightness, contrast, saturation, hue and gamma together.
        brightness, contrast, saturation: largest relative change.
        hue: largest turn, share of the circle.
        gamma: largest exponent, and its inverse the smallest.
        balance: largest relative gain of a single colour, for lamps and white balance.
        grey: mixing with the grey version, by four fifths or more.
        blur: one of `blur.BLURS`.
        blur_radius: largest standard deviation, px of the canvas.
        resample: resolution lost by shrinking and enlarging.
        resample_scale: smallest size in between, share of the canvas.
        noise: grain, or a sensor's in low light.
        noise_level: largest standard deviation, levels of 255.
        jpeg_quality: lowest and highest.
    """

    weather: float = 0.05
    tone: float = 0.8
    brightness: float = 0.3
    contrast: float = 0.35
    saturation: float = 0.4
    hue: float = 0.05
    gamma: float = 1.6
    balance: float = 0.15
    grey: float = 0.1
    blur: float = 0.25
    blur_radius: float = 1.5
    resample: float = 0.1
    resample_scale: float = 0.4
    noise: float = 0.35
    noise_level: float = 10.0
    jpeg: float = 0.35
    jpeg_quality: tuple[int, int] = (30, 95)

    def __post_init__(self) -> None:
        check_probabilities(self, "weather", "tone", "grey", "blur", "resample", "noise", "jpeg")
        for name in ("brightness", "contrast", "saturation", "balance"):
            check(0 <= getattr(self, name) < 1, f"{name} is a relative change in [0, 1)", getattr(self, name))
        check(0 <= self.hue <= 0.5, "hue turns at most half the circle", self.hue)
        check(self.gamma >= 1, "gamma is at least 1", self.gamma)
        check(self.blur_radius >= _LEAST_BLUR, f"blur_radius is at least {_LEAST_BLUR} px", self.blur_radius)
        check(0 < self.resample_scale <= 1, "resample_scale is a share in (0, 1]", self.resample_scale)
        check(self.noise_level >= 0, "noise_level is not negative", self.noise_level)
        low, high = self.jpeg_quality
        check(1 <= low <= high <= 95, "jpeg_quality lies in 1..95, low first", self.jpeg_quality)


_LEAST_BLUR = 0.2  # px; less is not seen


def expose(sample: Sample, jitter: Jitter, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """The sample's picture, taken anew: weather, light, lens, sensor and codec, in the order in which they act."""
    image = sample.image
    if rng.random() < jitter.weather:
        image = weather(sample, rng)
    if rng.random() < jitter.tone:
        image = _tone(image, jitter, rng)
    if rng.random() < jitter.grey:
        image = fade(image, rng.uniform(0.8, 1))
    if rng.random() < jitter.blur:
        blur = BLURS[_unevenly(len(BLURS), rng)]
        image = blur(image, rng.uniform(_LEAST_BLUR, jitter.blur_radius), rng)
    if rng.random() < jitter.resample:
        image = shrink_and_enlarge(image, rng.uniform(jitter.resample_scale, 1))
    if rng.random() < jitter.noise:
        noise = shot_noise if rng.random() < 0.5 else grain
        image = noise(image, rng.uniform(0, jitter.noise_level), rng)
    if rng.random() < jitter.jpeg:
        image = through_jpeg(image, int(rng.integers(jitter.jpeg_quality[0], jitter.jpeg_quality[1] + 1)))
    return image


def _tone(image: UInt8[np.ndarray, "h w 3"], jitter: Jitter, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    def near_one(largest: float) -> float:
        return rng.uniform(1 - largest, 1 + largest)

    gain = near_one(jitter.brightness) * np.array([near_one(jitter.balance) for _ in range(3)])
    log_gamma = math.log(jitter.gamma)
    image = curve(image, gain, near_one(jitter.contrast), math.exp(rng.uniform(-log_gamma, log_gamma)))
    return recolour(image, near_one(jitter.saturation), rng.uniform(-jitter.hue, jitter.hue))


def _unevenly(count: int, rng: np.random.Generator) -> int:
    """The first one half of the time, the others as likely as each other."""
    return 0 if rng.random() < 0.5 else int(rng.integers(1, count))
