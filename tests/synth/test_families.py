"""Scenes as places: true sizes, depths as rooms and streets have them, cameras where people hold them."""

import numpy as np
import pytest

from theodolite.synth import furniture, objects, outdoor
from theodolite.synth.builder import Builder, Solids
from theodolite.synth.families import FAMILIES, MIX, family_of, sample_scene
from theodolite.synth.material import GENERATORS, TEXELS, VARIANTS, bank, first_of
from theodolite.synth.textures import SIZE
from theodolite.synth.views import glance

COUNT = 12


def _extent(solids: Solids) -> np.ndarray:
    low, high = solids.bounds
    return high.max(0) - low.min(0)


# Width, depth and height that a real one stays within, metres.
SIZES = {
    outdoor.car: ((1.7, 2.3), (3.7, 5.0), (1.4, 1.85)),
    outdoor.person: ((0.4, 1.0), (0.2, 1.4), (1.4, 2.0)),
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


# Depth that half of all pixels lie nearer than, and what nearly all pixels lie beyond, metres.
DEPTHS = {
    "room": ((1.2, 5.0), 0.25),
    "street": ((5.0, 40.0), 0.8),
    "still-life": ((0.3, 2.0), 0.1),
    "courtyard": ((2.0, 20.0), 0.5),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_depths_are_those_of_such_places(family):
    (low, high), nearest = DEPTHS[family]
    scenes = [sample_scene(family, 11, index) for index in range(COUNT)]
    found = [glance(scene.solids, scene.view).depth for scene in scenes]
    medians = [np.median(depth[np.isfinite(depth)]) for depth in found]
    assert low < np.median(medians) < high
    assert np.quantile(np.concatenate(found), 0.01) > nearest


@pytest.mark.parametrize(("family", "low", "high"), [("room", 0.4, 1.8), ("street", 1.1, 1.8), ("courtyard", 1.1, 1.8)])
def test_cameras_are_held_where_people_and_cars_hold_them(family, low, high):
    for index in range(COUNT):
        pose = sample_scene(family, 12, index).view.world_from_camera
        assert low <= pose[2, 3] <= high
        np.testing.assert_allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-9)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
        assert pose[2, 1] < -0.7  # image down is nearly world down


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_filled_with_things_and_no_view_is_blocked(family):
    for index in range(COUNT):
        scene = sample_scene(family, 13, index)
        seen = glance(scene.solids, scene.view)
        assert len(np.unique(seen.solid)) >= 4
        assert seen.depth.min() > 0.1


@pytest.mark.parametrize("family", FAMILIES)
def test_focal_lengths_span_wide_angle_to_tele(family):
    focal = [sample_scene(family, 14, index).view.focal for index in range(COUNT)]
    assert min(focal) > 0.49
    assert max(focal) < 2.21
    assert np.ptp(focal) > 0.2


def test_a_mix_has_its_shares_and_leaves_one_family_out_for_tests():
    drawn = [family_of("mix", 0, index) for index in range(2000)]
    for family, share in MIX.items():
        assert drawn.count(family) / 2000 == pytest.approx(share, abs=0.04)
    assert "courtyard" in FAMILIES
    assert "courtyard" not in MIX
    assert family_of("room", 0, 5) == "room"


def test_an_unknown_family_is_refused_by_name():
    with pytest.raises(ValueError, match="courtyard, or"):
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
