"""Scenes as places: true sizes, depths as rooms and streets have them, cameras where people hold them."""

import numpy as np
import pytest

from theodolite.synth import countryside, fittings, furniture, hall_things, objects, outdoor
from theodolite.synth.builder import Builder, Solids
from theodolite.synth.families import FAMILIES, MIX, family_of, sample_scene
from theodolite.synth.material import GENERATORS, TEXELS, VARIANTS, bank, first_of
from theodolite.synth.scene import LIGHTS
from theodolite.synth.shapes import BOX, ELLIPSOID, FRUSTUM, TAPER
from theodolite.synth.textures import SIZE
from theodolite.synth.views import focal_length, glance, looking
from theodolite.synth.weather import HOURS, hour_of, open_air

COUNT = 12


def _extent(solids: Solids) -> np.ndarray:
    low, high = solids.bounds
    return high.max(0) - low.min(0)


# Width, depth and height that a real one stays within, metres.
SIZES = {
    outdoor.car: ((1.7, 2.3), (3.7, 5.0), (1.4, 1.85)),
    outdoor.person: ((0.4, 1.0), (0.2, 1.4), (1.45, 2.0)),
    outdoor.bench: ((1.4, 2.0), (0.4, 0.8), (0.7, 1.0)),
    outdoor.bicycle: ((0.45, 0.7), (1.6, 1.9), (0.95, 1.1)),
    outdoor.traffic_light: ((0.25, 0.35), (0.2, 0.4), (3.2, 3.6)),
    countryside.picnic_table: ((1.6, 2.0), (1.4, 1.8), (0.7, 0.8)),
    countryside.swing: ((3.3, 3.9), (1.5, 1.8), (2.2, 2.5)),
    countryside.bale: ((1.15, 1.25), (1.2, 1.7), (1.15, 1.7)),
    hall_things.forklift: ((1.1, 1.4), (2.4, 3.1), (2.1, 2.3)),
    hall_things.pallet: ((1.15, 1.25), (0.75, 0.85), (0.13, 1.35)),
    hall_things.goal: ((3.1, 3.2), (0.8, 1.0), (2.0, 2.15)),
    hall_things.trolley: ((0.5, 0.6), (0.8, 1.1), (0.95, 1.05)),
    furniture.desk: ((1.0, 2.4), (0.6, 2.0), (0.7, 1.5)),
    furniture.chair: ((0.35, 0.6), (0.35, 0.6), (0.75, 1.05)),
    furniture.bookcase: ((0.55, 1.25), (0.25, 0.6), (1.0, 2.6)),
    furniture.bed: ((0.9, 2.2), (1.9, 2.4), (0.7, 1.2)),
    furniture.couch: ((1.5, 2.5), (0.8, 1.3), (0.7, 1.2)),
    furniture.fridge: ((0.55, 0.65), (0.55, 0.75), (1.5, 2.0)),
    objects.mug: ((0.07, 0.16), (0.07, 0.16), (0.08, 0.12)),
    objects.bottle: ((0.05, 0.1), (0.05, 0.1), (0.2, 0.35)),
    objects.laptop: ((0.28, 0.4), (0.2, 0.6), (0.15, 0.35)),
    objects.keyboard: ((0.28, 0.45), (0.12, 0.15), (0.015, 0.03)),
}


@pytest.mark.parametrize("make", SIZES, ids=lambda make: make.__name__)
def test_things_have_their_true_size_and_stand_on_the_ground(make):
    for seed in range(COUNT):
        b = Builder()
        make(b, np.random.default_rng(seed))
        solids = b.solids()
        for size, (least, most) in zip(_extent(solids), SIZES[make], strict=True):
            assert least <= size <= most
        assert abs(solids.bounds[0][:, 2].min()) < 0.03


def test_doors_and_steps_have_the_sizes_that_people_need():
    rng = np.random.default_rng(0)
    for family in ("room", "corridor"):
        for index in range(COUNT):
            solids = sample_scene(family, 15, index).solids
            number = solids.material[:, 0] - first_of("door")
            leaves = (number >= 0) & (number < VARIANTS["door"]) & (solids.kind == BOX)
            for width, height in 2 * solids.half[leaves][:, [0, 2]]:
                assert 0.45 < width < 1.65  # the leaf of a double door to a wide one
                assert 1.9 < height < 2.2
    b = Builder()
    fittings.flight(b, rng, 1.2, 10, objects.paint(rng, 0.5))
    assert b.solids().bounds[1][:10, 2] == pytest.approx(0.17 * np.arange(1, 11))
    assert fittings.STEP == (0.17, 0.28)


# Depth that half of all pixels lie nearer than, and what nearly all pixels lie beyond, metres.
DEPTHS = {
    "room": ((1.2, 5.0), 0.25),
    "street": ((5.0, 40.0), 0.8),
    "still-life": ((0.3, 2.0), 0.1),
    "courtyard": ((2.0, 20.0), 0.5),
    "corridor": ((1.0, 8.0), 0.25),
    "hall": ((2.5, 15.0), 0.6),
    "country": ((3.0, 40.0), 0.4),
    "shelf": ((0.4, 1.6), 0.1),
    "attic": ((1.2, 6.0), 0.25),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_depths_are_those_of_such_places(family):
    (low, high), nearest = DEPTHS[family]
    scenes = [sample_scene(family, 11, index) for index in range(COUNT)]
    found = [glance(scene.solids, scene.view).depth for scene in scenes]
    medians = [np.median(depth[np.isfinite(depth)]) for depth in found]
    assert low < np.median(medians) < high
    assert np.quantile(np.concatenate(found), 0.01) > nearest


# Heights of cameras above what they stand on: robots, people sitting and standing, cars, masts, drones, metres.
HEIGHTS = {
    "room": (0.15, 2.9),
    "street": (0.25, 8.0),
    "still-life": (0.0, 1.5),
    "courtyard": (1.1, 1.8),
    "corridor": (0.15, 3.3),
    "hall": (0.2, 6.5),
    "shelf": (0.1, 2.5),
    "attic": (0.9, 1.8),
}


@pytest.mark.parametrize("family", HEIGHTS)
def test_cameras_are_where_people_robots_cars_and_drones_hold_them(family):
    low, high = HEIGHTS[family]
    for index in range(COUNT):
        pose = sample_scene(family, 12, index).view.world_from_camera
        assert low <= pose[2, 3] <= high
        np.testing.assert_allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-9)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
        assert pose[2, 1] < -0.3  # image down is world down, even in a view from above


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_filled_with_things_and_no_view_is_blocked(family):
    flattest = []
    for index in range(COUNT):
        scene = sample_scene(family, 13, index)
        seen = glance(scene.solids, scene.view)
        assert len(np.unique(seen.solid)) >= 4
        assert seen.depth.min() > 0.1
        flattest.append(seen.flattest)
    assert np.median(flattest) < 0.55
    assert max(flattest) < 0.85


@pytest.mark.parametrize("family", FAMILIES)
def test_no_camera_stands_inside_a_solid(family):
    for index in range(COUNT):
        scene = sample_scene(family, 16, index)
        solids = scene.solids
        offset = scene.view.world_from_camera[:3, 3].astype(np.float32) - solids.centre
        local = np.einsum("nij,nj->ni", solids.local_from_world, offset)
        convex = np.isin(solids.kind, (BOX, ELLIPSOID, FRUSTUM, TAPER))
        assert not (convex & (np.abs(local) < 1).all(1)).any()


@pytest.mark.parametrize("family", FAMILIES)
def test_focal_lengths_span_wide_angle_to_tele(family):
    focal = [sample_scene(family, 14, index).view.focal for index in range(COUNT)]
    assert min(focal) >= 0.4
    assert max(focal) <= 3.0
    assert np.ptp(focal) > 0.2


def test_focal_lengths_are_those_of_phones_mostly_and_reach_0_4_and_3_image_widths():
    rng = np.random.default_rng(0)
    drawn = np.array([focal_length(rng) for _ in range(4000)])
    assert ((drawn > 0.6) & (drawn < 1.2)).mean() > 0.7
    assert drawn.min() < 0.42
    assert drawn.max() > 2.8


def test_a_glance_knows_the_share_of_the_largest_plane_though_it_be_made_of_many_boxes():
    b, skin = Builder(), objects.paint(np.random.default_rng(0), 0.5)
    for k in range(8):
        b.slab((k - 4, 3, -9), (k - 3, 4, 9), skin)
    b.slab((0, 2, -9), (9, 2.5, 9), skin)
    scene = sample_scene("room", 0, 0)
    view = type(scene.view)(looking((0, 0, 0), (0, 1, 0)), 0.5)
    seen = glance(b.solids(), view)
    assert seen.flattest == pytest.approx(0.5)
    assert len(np.unique(seen.solid)) == 4


def test_light_outdoors_comes_at_all_hours_and_one_time_in_fifteen_through_fog():
    rng = np.random.default_rng(0)
    hours = [hour_of(rng) for _ in range(3000)]
    for hour, share in HOURS.items():
        assert hours.count(hour) / 3000 == pytest.approx(share, abs=0.03)
    lamps = [(float(x), 0.0, 6.0) for x in range(6)]
    air = [open_air(rng, hour, lamps, np.zeros(3)) for hour in hours[:1500]]
    haze = np.array([surroundings.haze for _, surroundings in air])
    assert (haze > 0.01).mean() == pytest.approx(1 / 15, abs=0.02)
    lights, dark = open_air(rng, "night", lamps, np.zeros(3))
    assert [light.centre[0] for light in lights] == [0, 1, 2]
    assert max(dark.zenith) < 0.1


def test_rooms_have_one_to_three_lights_and_some_have_mirrors_and_lenses_that_blur():
    scenes = [sample_scene(family, 17, index) for family in ("room", "still-life") for index in range(60)]
    assert {len(scene.lights) for scene in scenes} == set(range(1, LIGHTS + 1))
    assert any((scene.solids.material[:, 10] > 0.8).any() for scene in scenes)
    blurred = [scene for scene in scenes if scene.sensor.aperture > 0]
    assert 0.03 < len(blurred) / len(scenes) < 0.4
    assert all(0.1 < scene.sensor.focus < 10 for scene in blurred)


def test_a_mix_has_its_shares_and_leaves_a_place_indoors_and_one_outdoors_for_tests():
    drawn = [family_of("mix", 0, index) for index in range(2000)]
    for family, share in MIX.items():
        assert drawn.count(family) / 2000 == pytest.approx(share, abs=0.04)
    assert set(FAMILIES) - set(MIX) == {"courtyard", "attic"}
    assert family_of("room", 0, 5) == "room"


def test_an_unknown_family_is_refused_by_name():
    with pytest.raises(ValueError, match="attic, or"):
        sample_scene("moon", 0, 0)


@pytest.mark.parametrize("name", GENERATORS)
def test_textures_are_colours_and_the_same_each_time(name):
    first, again = (GENERATORS[name](np.random.default_rng(3)) for _ in range(2))
    assert first.shape == (SIZE, SIZE, 3)
    assert np.isfinite(first).all()
    assert first.min() > -0.2
    assert first.max() < 1.6
    np.testing.assert_array_equal(first, again)


def test_the_bank_holds_every_texture_with_its_halvings():
    texels = bank().texels
    assert len(texels) == sum(VARIANTS.values()) * TEXELS
    last = texels[(first_of("sign") + 1) * TEXELS - 1].item()
    whole = texels[first_of("sign") * TEXELS :][: SIZE * SIZE]
    mean = ((whole & 255).float() / 255).square().mean().sqrt().item()
    assert (last & 255) / 255 == pytest.approx(mean, abs=0.02)


def test_photographs_take_the_place_of_pictures(tmp_path):
    from PIL import Image

    Image.new("RGB", (300, 200), (200, 30, 10)).save(tmp_path / "red.png")
    texels = bank(tmp_path).texels
    assert texels[first_of("picture") * TEXELS].item() == 200 | 30 << 8 | 10 << 16
    assert texels[0].item() == bank().texels[0].item()
