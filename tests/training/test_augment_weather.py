"""Weather: fog to the formula, and drawings that stay within the picture and leave labels alone."""

import math

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import LabelKind, Sample
from theodolite.training.augment import Framing, Jitter, augment
from theodolite.training.augment.fog import distance_everywhere, fill, fog, foggy
from theodolite.training.augment.weather import (
    INDOORS,
    OUTDOORS,
    UNDER_SKY,
    clouds,
    dusk,
    glare,
    rain,
    shadow,
    snow_cover,
    snowfall,
    soft_noise,
    weather,
)

CAMERA = Camera.from_focal(60, 80, 60)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def street() -> Sample:
    """Ground 1.5 m below, up to the horizon; sky above it."""
    v = np.arange(60)[:, None] + np.zeros(80)
    sky = v < 34
    depth = np.where(sky, np.nan, 60 * 1.5 / np.maximum(v - CAMERA.cy, 1)).astype(np.float32)
    normals = np.where(sky[..., None], np.nan, np.array([0, -1, 0])).astype(np.float32)
    image = np.where(sky[..., None], (120, 150, 210), (90, 85, 80)).astype(np.uint8)
    return Sample(image, CAMERA, depth, normals, sky, kind=LabelKind.SYNTHETIC)


@pytest.fixture
def room() -> Sample:
    image = rng().integers(40, 200, (60, 80, 3), dtype=np.uint8)
    return Sample(image, CAMERA, np.full((60, 80), 3, np.float32))


def test_fog_leaves_two_per_cent_of_contrast_at_the_visibility():
    distance = np.array([[0, 25, 50, np.inf]], np.float32)
    out = fog(np.zeros((1, 4, 3), np.uint8), distance, 50.0, np.array([200.0, 200, 250]))
    half = math.sqrt(0.02)
    assert out[0, 0].tolist() == [0, 0, 0]
    assert out[0, 1].tolist() == [round(200 * (1 - half)), round(200 * (1 - half)), round(250 * (1 - half))]
    assert out[0, 2].tolist() == [196, 196, 245]
    assert out[0, 3].tolist() == [200, 200, 250]


def test_fog_hides_what_is_far_and_gives_the_sky_its_colour(street):
    out = foggy(street, rng()).astype(float)
    sky = out[:34].reshape(-1, 3)
    assert np.ptp(sky, axis=0).max() == 0
    contrast = np.abs(out[34:, 40] - sky[0]).sum(-1)
    assert (np.diff(contrast) >= -1).all()
    assert contrast[-1] > contrast[0]


def test_distance_is_along_the_ray_and_infinite_in_the_sky(street):
    distance = distance_everywhere(street)
    assert np.isinf(distance[street.sky]).all()
    v, u = 50, 70
    ray = math.hypot(1, (u - CAMERA.cx) / 60, (v - CAMERA.cy) / 60)
    assert distance[v, u] == pytest.approx(street.depth[v, u] * ray, rel=1e-5)


def test_gaps_are_filled_from_around_and_known_labels_stay():
    values = np.full((37, 53), 4, np.float32)
    values[10:20, 10:30] = np.nan
    assert np.allclose(fill(values), 4)
    ramp = np.broadcast_to(np.arange(53, dtype=np.float32), (37, 53)).copy()
    holed = ramp.copy()
    holed[15:18, 20:24] = np.nan
    filled = fill(holed)
    assert np.array_equal(filled[np.isfinite(holed)], holed[np.isfinite(holed)])
    assert np.abs(filled - ramp).max() < 3
    assert (fill(np.full((3, 5), np.nan, np.float32)) == 1).all()


def test_single_points_give_a_smooth_guess(street):
    seen = rng().random(street.depth.shape) < 0.1
    points = np.where(seen, street.depth, np.float32(np.nan))
    sweep = Sample(street.image, CAMERA, points, kind=LabelKind.LIDAR)
    distance = distance_everywhere(sweep)
    assert np.isfinite(distance).all()
    # Near ground is guessed near, far ground far.
    rows = distance[36:].mean(1)
    assert rows[:3].mean() > 3 * rows[-3:].mean()
    nothing = Sample(street.image, CAMERA, np.full_like(points, np.nan), kind=LabelKind.LIDAR)
    assert np.isfinite(distance_everywhere(nothing)).all()
    assert foggy(nothing, rng()).shape == street.image.shape


@pytest.mark.parametrize("kind", UNDER_SKY)
@pytest.mark.parametrize("seed", range(3))
def test_every_kind_changes_the_picture_within_its_levels_and_repeats(street, kind, seed):
    before = street.image.copy()
    out = kind(street, rng(seed))
    assert out.dtype == np.uint8
    assert out.shape == street.image.shape
    assert not np.array_equal(out, street.image)
    assert np.array_equal(out, kind(street, rng(seed)))
    assert np.array_equal(street.image, before)


def drawn(scene: Sample) -> set:
    """Which kinds a scene gets, found by replaying each kind from where `weather` left the stream."""
    kinds = set()
    for seed in range(60):
        out = weather(scene, rng(seed))
        for number in (len(INDOORS), len(OUTDOORS), len(UNDER_SKY)):
            stream = rng(seed)
            kind = UNDER_SKY[int(stream.integers(number))]
            if np.array_equal(kind(scene, stream), out):
                kinds.add(kind)
    return kinds


def test_rain_and_snow_fall_outdoors_only_and_clouds_need_a_sky(street, room):
    assert drawn(room) == set(INDOORS)
    assert not {rain, snowfall, snow_cover, clouds} & set(INDOORS)
    assert drawn(street) == set(UNDER_SKY)
    far = Sample(room.image, CAMERA, np.full((60, 80), 40, np.float32), kind=LabelKind.LIDAR)
    assert drawn(far) == set(OUTDOORS) == set(UNDER_SKY) - {clouds}
    unknown_scale = Sample(room.image, CAMERA, far.depth, kind=LabelKind.RELATIVE)
    assert drawn(unknown_scale) == set(INDOORS)


def test_snow_lies_on_what_faces_upwards(street):
    upright = street.normals.copy()
    upright[:, :40] = (0, 0, -1)
    scene = Sample(street.image, CAMERA, street.depth, upright, street.sky)
    out = snow_cover(scene, rng()).astype(int)
    assert np.array_equal(out[:, :40], street.image[:, :40])
    assert (out[40:, 40:].mean(-1) > street.image[40:, 40:].mean(-1) + 30).mean() > 0.9
    assert np.array_equal(out[:34], street.image[:34])


def test_without_normals_snow_brightens_what_is_dark(room):
    out = snow_cover(room, rng()).astype(int)
    assert (out >= room.image).all()
    assert out.mean() > room.image.mean()


def test_glare_and_snowflakes_add_light_and_shadow_and_dusk_take_it(street, room):
    for scene in (street, room):
        assert (glare(scene, rng()) >= scene.image).all()
        assert snowfall(scene, rng()).mean() > scene.image.mean()
        assert (shadow(scene, rng()) <= scene.image).all()
        assert dusk(scene, rng()).mean() < 0.8 * scene.image.mean()
    assert np.array_equal(shadow(street, rng())[street.sky], street.image[street.sky])


def test_clouds_lie_in_the_sky_and_dull_the_ground(street):
    out = clouds(street, rng(1)).astype(int)
    assert np.ptp(out[:34].reshape(-1, 3), axis=0).max() > 20
    assert np.ptp(out[34:].reshape(-1, 3), axis=0).max() <= 1
    assert out[34:].mean() < street.image[34:].mean()


def test_blotches_cover_the_whole_range_softly():
    noise = soft_noise(60, 90, 4, rng())
    assert noise.shape == (60, 90)
    assert noise.min() == 0
    assert noise.max() == 1
    assert 0.3 < noise.mean() < 0.7
    assert np.abs(np.diff(noise, axis=0)).max() < 0.5


def test_weather_leaves_labels_alone(street):
    for seed in range(10):
        fair, foul = (
            augment(street, (48, 64), Framing(border=0), Jitter(weather=chance), rng(seed)) for chance in (0.0, 1.0)
        )
        assert not np.array_equal(fair.image, foul.image)
        for name in ("depth", "normals", "sky"):
            assert np.array_equal(getattr(fair, name), getattr(foul, name), equal_nan=name != "sky")
        assert fair.camera == foul.camera
