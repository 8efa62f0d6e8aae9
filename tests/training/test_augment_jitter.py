"""Changes of a picture alone: what they leave as it is, how strong they are, and where they come from."""

import math
from dataclasses import replace

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import Sample
from theodolite.training.augment.blur import BLURS, box, defocus, motion, soft, zoom
from theodolite.training.augment.jitter import Jitter, expose
from theodolite.training.augment.sensor import grain, shot_noise, shrink_and_enlarge, through_jpeg
from theodolite.training.augment.tone import LUMA, curve, fade, recolour

UNTOUCHED = Jitter(weather=0, tone=0, grey=0, blur=0, resample=0, noise=0, jpeg=0)
STEPS = ("weather", "tone", "grey", "blur", "resample", "noise", "jpeg")
GREYS = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, 2)
ONES = np.ones(3)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def sample() -> Sample:
    image = rng().integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return Sample(image, Camera.from_focal(60, 64, 48), np.full((48, 64), 3, np.float32))


def flat(level: int, height: int = 96, width: int = 128) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def spread(image: np.ndarray) -> tuple[float, float]:
    """Standard deviation, px, of light along rows and along columns."""
    light = image[..., 0] / image[..., 0].sum()
    v, u = np.mgrid[: light.shape[0], : light.shape[1]]
    return math.sqrt((light * (u - (light * u).sum()) ** 2).sum()), math.sqrt(
        (light * (v - (light * v).sum()) ** 2).sum()
    )


def test_no_jitter_leaves_the_picture_alone_and_each_step_changes_it(sample):
    assert np.array_equal(expose(sample, UNTOUCHED, rng()), sample.image)
    for name in STEPS:
        changed = expose(sample, replace(UNTOUCHED, **{name: 1.0}), rng())
        assert changed.dtype == np.uint8
        assert changed.shape == sample.image.shape
        assert not np.array_equal(changed, sample.image), name


@pytest.mark.parametrize("name", STEPS)
def test_a_step_happens_as_often_as_its_probability_says(sample, name):
    jitter = replace(UNTOUCHED, **{name: 0.3})
    happened = sum(not np.array_equal(expose(sample, jitter, rng(seed)), sample.image) for seed in range(200))
    assert 35 < happened < 85


def test_the_same_stream_gives_the_same_picture(sample):
    jitter = Jitter(**dict.fromkeys(STEPS, 1.0))
    for seed in range(10):
        assert np.array_equal(expose(sample, jitter, rng(seed)), expose(sample, jitter, rng(seed)))


def test_amounts_of_nothing_change_nothing(sample):
    still = replace(UNTOUCHED, tone=1, brightness=0, contrast=0, saturation=0, hue=0, gamma=1, balance=0)
    assert np.abs(expose(sample, still, rng()).astype(int) - sample.image).max() <= 1
    silent = replace(UNTOUCHED, noise=1, noise_level=0, resample=1, resample_scale=1)
    assert np.array_equal(expose(sample, silent, rng()), sample.image)


@pytest.mark.parametrize(
    ("amount", "value"),
    [("brightness", 0.5), ("contrast", 0.5), ("saturation", 0.9), ("hue", 0.3), ("gamma", 2.0), ("balance", 0.4)],
)
def test_each_amount_of_tone_does_something_alone(sample, amount, value):
    still = replace(UNTOUCHED, tone=1, brightness=0, contrast=0, saturation=0, hue=0, gamma=1, balance=0)
    changed = expose(sample, replace(still, **{amount: value}), rng(2))
    assert np.abs(changed.astype(int) - sample.image).max() > 5


def test_grey_pictures_stay_grey_when_hue_and_saturation_turn():
    assert np.abs(recolour(GREYS, 1.7, 0.4).astype(int) - GREYS).max() <= 1
    assert np.abs(fade(GREYS, 0.9).astype(int) - GREYS).max() <= 1


def test_a_third_of_the_circle_turns_red_into_green():
    red = np.zeros((1, 1, 3), np.uint8) + np.array([200, 50, 50], np.uint8)
    assert recolour(red, 1, 1 / 3)[0, 0].tolist() == [50, 200, 50]
    assert recolour(red, 0, 0)[0, 0].tolist() == [100, 100, 100]
    assert np.ptp(fade(red, 1.0)[0, 0]) == 0
    assert fade(red, 1.0)[0, 0, 0] == round(float(red[0, 0] @ LUMA))


def test_a_curve_is_gain_then_contrast_about_the_mean_then_gamma(sample):
    image, gain = sample.image, np.array([1.1, 1.0, 0.8])
    gained = image * gain
    mean = gained.mean()
    truth = 255 * (((gained - mean) * 1.3 + mean).clip(0, 255) / 255) ** 1.4
    assert np.abs(curve(image, gain, 1.3, 1.4) - truth).max() <= 0.501
    assert np.array_equal(curve(image, ONES, 1, 1), image)


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize("amount", [0.2, 1.0, 2.5])
def test_blurs_leave_flat_pictures_flat_and_keep_shape_and_type(blur, amount):
    out = blur(flat(77, 20, 31), amount, rng())
    assert out.dtype == np.uint8
    assert np.abs(out.astype(int) - 77).max() <= 1
    assert out.shape == (20, 31, 3)


@pytest.mark.parametrize("blur", [soft, box, defocus])
@pytest.mark.parametrize("amount", [1.0, 2.0])
def test_round_blurs_spread_a_bar_by_their_amount(blur, amount):
    # A bar rather than a point, so that 8 bits keep the tails.
    bar = np.zeros((41, 61, 3), np.uint8)
    bar[:, 30] = 255
    across = spread(blur(bar, amount, rng()))[0]
    assert across == pytest.approx(amount, rel=0.12)


@pytest.mark.parametrize("seed", range(5))
def test_motion_spreads_a_point_along_its_streak_only(seed):
    point = np.zeros((41, 61, 3), np.uint8)
    point[20, 30] = 255
    u, v = spread(motion(point, 3.0, rng(seed)))
    assert math.hypot(u, v) == pytest.approx(3.0, rel=0.15)


def test_zooming_blurs_corners_and_moves_nothing():
    bars = np.zeros((81, 101, 3), np.uint8)
    bars[:, 50], bars[:, 95] = 255, 255
    out = zoom(bars, 1.5, rng())
    assert out[40, 50, 0] > 200
    edge = out[40, 80:, 0].astype(float)
    assert edge.max() < 200
    assert (edge * np.arange(80, 101)).sum() / edge.sum() == pytest.approx(95, abs=0.15)


def test_grain_is_even_and_shot_noise_is_stronger_in_shadows():
    for level in (60, 128, 200):
        assert grain(flat(level), 6, rng()).std() == pytest.approx(6, rel=0.1)
    mid = np.mean([shot_noise(flat(128), 6, rng(seed)).std() for seed in range(10)])
    assert mid == pytest.approx(6, rel=0.1)
    dark, light = (np.mean([shot_noise(flat(level), 6, rng(seed)).std() for seed in range(10)]) for level in (60, 220))
    assert light < mid < dark < 3 * mid


def test_noise_does_not_shift_the_mean():
    for noise in (grain, shot_noise):
        assert noise(flat(120, 300, 300), 8, rng()).mean() == pytest.approx(120, abs=0.2)


def test_shrinking_loses_detail_but_no_size_and_no_place():
    checks = np.indices((40, 60)).sum(0) % 2 * np.uint8(200)
    image = np.repeat(checks[..., None].astype(np.uint8), 3, 2)
    out = shrink_and_enlarge(image, 0.4)
    assert out.shape == image.shape
    assert out.std() < 0.2 * image.std()
    ramp = np.broadcast_to(np.arange(60, dtype=np.uint8)[None, :, None] * 4, (40, 60, 3))
    assert np.abs(shrink_and_enlarge(ramp, 0.5)[:, 5:-5].astype(int) - ramp[:, 5:-5]).max() <= 3


def test_lower_quality_loses_more():
    image = rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    errors = [np.abs(through_jpeg(image, quality).astype(int) - image).mean() for quality in (95, 60, 20)]
    assert errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        *(({name: 1.5}, f"{name} is a probability") for name in STEPS),
        *(
            ({name: 1.0}, f"{name} is a relative change")
            for name in ("brightness", "contrast", "saturation", "balance")
        ),
        ({"hue": 0.6}, "half the circle"),
        ({"gamma": 0.5}, "gamma is at least 1"),
        ({"blur_radius": 0.1}, "blur_radius is at least"),
        ({"resample_scale": 0}, "resample_scale is a share"),
        ({"noise_level": -1}, "noise_level is not negative"),
        ({"jpeg_quality": (90, 40)}, "low first"),
    ],
)
def test_jitter_that_makes_no_sense_is_refused(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        Jitter(**wrong)
