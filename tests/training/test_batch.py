"""Batches: labels canonical, masks true to them, and the coarse truth still the same scene."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from theodolite.camera.canonical import CanonicalTransform
from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import LabelKind, Sample, Truth
from theodolite.errors import SizeMismatch
from theodolite.geometry.unproject import rays
from theodolite.training.batch import coarse, collate

CAMERA = Camera(90, 110, 50.2, 33.1, 104, 72)
NORMAL = np.array([0.3, -0.4, -np.sqrt(0.75)])


def slope(camera: Camera = CAMERA) -> np.ndarray:
    """Depth of the plane that lies 2 m from the camera, square to NORMAL."""
    return (-2 / (rays(camera) @ NORMAL)).astype(np.float32)


def sample(**maps) -> Sample:
    given = {"image": np.zeros((72, 104, 3), np.uint8), "camera": CAMERA, "depth": slope()} | maps
    return Sample(**given)


def test_depth_is_canonical_for_the_mean_focal_length_of_the_view():
    batch = collate([sample()], 300.0, 0.1, 200.0)
    torch.testing.assert_close(batch.depth[0, 0], torch.from_numpy(slope() * np.float32(300 / 100)))
    assert batch.scale.tolist() == [3.0]
    assert batch.intrinsics.tolist() == [[90, 110, pytest.approx(50.2), pytest.approx(33.1)]]


def test_without_the_canonical_camera_depth_stays_in_metres():
    batch = collate([sample()], None, 0.1, 200.0)
    assert torch.equal(batch.depth[0, 0], torch.from_numpy(slope()))
    assert batch.scale.tolist() == [1.0]


def test_what_is_unknown_or_out_of_range_is_masked_and_finite():
    depth = np.float32([[np.nan, 0.01, 2.0, 500.0]])
    batch = collate([Sample(np.zeros((1, 4, 3), np.uint8), Camera.from_focal(300, 4, 1), depth)], 300.0, 0.1, 200.0)
    assert batch.valid.flatten().tolist() == [False, False, True, False]
    assert batch.depth.flatten().tolist() == [1, 1, 2, 1]
    assert not batch.has_normals.any()
    assert not batch.sky.any()
    assert not batch.planes.any()
    assert batch.inside.all()


def test_the_range_is_one_of_canonical_metres():
    # A hundred metres, three times as many canonical ones, which are too many.
    assert not collate([sample(depth=np.full((72, 104), 100, np.float32))], 300.0, 0.1, 200.0).valid.any()
    assert collate([sample(depth=np.full((72, 104), 60, np.float32))], 300.0, 0.1, 200.0).valid.all()


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e5])
@pytest.mark.parametrize("kind", [LabelKind.SFM, LabelKind.RELATIVE])
def test_depth_without_a_unit_is_whole_and_the_same_in_every_unit(kind, unit):
    made = collate([sample(depth=slope() * np.float32(unit), kind=kind)], 300.0, 0.1, 200.0)
    assert made.valid.all()
    assert made.depth.median().item() == pytest.approx(np.sqrt(0.1 * 200), rel=1e-3)
    shape = made.depth[0, 0].numpy() / slope()
    np.testing.assert_allclose(shape, shape[0, 0], rtol=1e-5)
    # Estimates are canonical metres whatever the labels are, and so is the way back to metres.
    assert made.scale.tolist() == [3.0]


def test_depth_without_a_unit_is_still_cut_where_the_network_cannot_express_it():
    depth = np.full((72, 104), 7, np.float32)
    depth[0, :3] = 7e-3, 7e3, np.nan
    made = collate([sample(depth=depth, kind=LabelKind.RELATIVE)], 300.0, 0.1, 200.0)
    assert made.valid[0, 0, 0, :4].tolist() == [False, False, False, True]
    assert collate([sample(depth=depth * np.float32(np.nan), kind=LabelKind.SFM)], 300.0, 0.1, 200.0).truth[0] == Truth(
        0
    )


def test_each_map_arrives_as_it_is():
    rng = np.random.default_rng(0)
    normals = np.tile(NORMAL.astype(np.float32), (72, 104, 1))
    normals[:5] = np.nan
    maps = {
        "normals": normals,
        "sky": rng.random((72, 104)) < 0.2,
        "planes": rng.integers(0, 4, (72, 104)).astype(np.int32),
        "inside": rng.random((72, 104)) < 0.9,
    }
    maps["depth"] = np.where(maps["sky"], np.float32(np.nan), slope())
    batch = collate([sample(**maps), sample()], 300.0, 0.1, 200.0, seeds=[11, 2**61])
    for name in ("sky", "planes", "inside"):
        assert np.array_equal(getattr(batch, name)[0, 0].numpy(), maps[name])
    assert not batch.has_normals[0, :, :5].any()
    assert batch.has_normals[0, :, 5:].all()
    torch.testing.assert_close(batch.normals[0, :, 9, 9], torch.tensor(NORMAL, dtype=torch.float32))
    assert batch.normals[0, :, 0, 0].tolist() == batch.normals[1, :, 9, 9].tolist() == [0, 0, -1]
    assert batch.seeds.tolist() == [11, 2**61]
    assert collate([sample()], 300.0, 0.1, 200.0).seeds.tolist() == [0]


FULL = {
    "depth": np.where(np.arange(104) < 3, np.float32(np.nan), slope()),
    "normals": np.tile(NORMAL.astype(np.float32), (72, 104, 1)),
    "sky": np.arange(104) < np.full((72, 1), 3),
    "planes": np.ones((72, 104), np.int32),
    "kind": LabelKind.SYNTHETIC,
}
EVERYTHING = Truth.DEPTH | Truth.METRIC | Truth.EXACT | Truth.NORMALS | Truth.SKY | Truth.PLANES


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, EVERYTHING),
        ({"depth": np.full((72, 104), 1e4, np.float32)}, Truth.NORMALS | Truth.SKY | Truth.PLANES),
        ({"depth": np.full((72, 104), np.nan, np.float32)}, Truth.NORMALS | Truth.SKY | Truth.PLANES),
        ({"normals": FULL["normals"] * np.float32(np.nan)}, EVERYTHING & ~Truth.NORMALS),
        ({"sky": np.zeros((72, 104), bool)}, EVERYTHING & ~Truth.SKY),
        ({"planes": np.zeros((72, 104), np.int32)}, EVERYTHING & ~Truth.PLANES),
        ({"kind": LabelKind.SFM}, EVERYTHING & ~(Truth.METRIC | Truth.EXACT)),
        ({"kind": LabelKind.LIDAR}, EVERYTHING & ~Truth.EXACT),
    ],
)
def test_a_sample_has_the_truth_that_range_and_crop_left(changes, left):
    batch = collate([sample(**FULL | changes)], 300.0, 0.1, 200.0)
    assert batch.truth == (left,)
    assert batch.kinds == (changes.get("kind", LabelKind.SYNTHETIC),)


def test_pixels_are_normalised_like_those_of_prediction(walls):
    theirs = CanonicalTransform.fit(walls[1].camera, 300.0, (72, 104)).apply(walls[1].image)
    np.testing.assert_allclose(collate([walls[1]], 300.0, 0.1, 200.0).pixels.numpy(), theirs, atol=1e-6)


def test_depth_is_canonical_as_that_of_prediction(walls):
    transform = CanonicalTransform.fit(walls[1].camera, 300.0, (72, 104))
    batch = collate([walls[1]], 300.0, 0.1, 200.0)
    assert batch.depth[0, 0, 5, 5].item() == pytest.approx(walls[1].depth[5, 5] * transform.scale, rel=1e-6)


def test_a_batch_moves_whole_and_leaves_its_seeds_where_numbers_are_drawn(walls):
    batch = collate([walls[0], walls[1]], 300.0, 0.1, 200.0, seeds=[1, 2])
    moved = batch.to("meta")
    assert {moved.pixels.device.type, moved.planes.device.type, moved.scale.device.type} == {"meta"}
    assert moved.seeds.tolist() == [1, 2]
    assert (moved.truth, moved.kinds, len(moved)) == (batch.truth, batch.kinds, 2)


def test_a_sample_refuses_maps_of_another_size(walls):
    with pytest.raises(SizeMismatch, match="depth has 3x2 px, its camera 104x72"):
        replace(walls[0], depth=np.ones((2, 3), np.float32))


def test_the_coarse_truth_is_picked_from_the_middle_of_each_cell(walls):
    batch = collate([replace(walls[0], depth=slope(walls[0].camera))], 300.0, 0.1, 200.0)
    small = coarse(batch)
    assert small.depth.shape == (1, 1, 18, 26)
    assert small.depth[0, 0, 3, 5] == batch.depth[0, 0, 14, 22]
    assert torch.equal(small.pixels[0, :, 3, 5], batch.pixels[0, :, 14, 22])
    assert small.truth == batch.truth


def test_the_coarse_truth_is_the_same_plane_seen_by_the_coarse_camera():
    small = coarse(collate([sample()], 300.0, 0.1, 200.0))
    fx, fy, cx, cy = small.intrinsics[0].tolist()
    seen = slope(Camera(fx, fy, cx, cy, 26, 18)) * 3
    np.testing.assert_allclose(small.depth[0, 0].numpy(), seen, rtol=1e-5)


def test_single_points_are_found_wherever_in_their_cell_they_lie():
    for v, u in ((4, 8), (7, 11), (5, 10), (6, 10)):
        depth = np.full((72, 104), np.nan, np.float32)
        depth[v, u] = 5.0
        small = coarse(collate([sample(depth=depth, kind=LabelKind.LIDAR)], 300.0, 0.1, 200.0))
        assert small.valid.nonzero().tolist() == [[0, 0, 1, 2]]
        assert small.depth[0, 0, 1, 2] == 15
        assert (small.depth[~small.valid] == 1).all()


def test_of_several_points_in_a_cell_the_one_next_to_its_middle_counts():
    depth = np.full((72, 104), np.nan, np.float32)
    depth[4, 8], depth[5, 10] = 5.0, 7.0
    small = coarse(collate([sample(depth=depth, kind=LabelKind.LIDAR)], 300.0, 0.1, 200.0))
    assert small.depth[0, 0, 1, 2] == 21


def test_a_pixel_with_a_measured_depth_is_no_sky():
    depth = slope()
    depth[:30] = np.nan
    sky = np.zeros((72, 104), bool)
    sky[:32] = True
    batch = collate([sample(depth=depth, sky=sky)], 300.0, 0.1, 200.0)
    assert not (batch.sky & batch.valid).any()
    assert batch.sky.sum() == 30 * 104


def test_on_a_skyline_no_cell_is_sky_and_at_some_depth():
    sky = np.arange(72)[:, None] < np.full(104, 7)  # the middle of the second row of cells is sky, its last row is not
    depth = np.where(sky, np.float32(np.nan), np.float32(5))
    small = coarse(collate([sample(depth=depth, sky=sky, kind=LabelKind.SYNTHETIC)], 300.0, 0.1, 200.0))
    assert not (small.sky & small.valid).any()
    assert small.sky[0, 0, :3, 0].tolist() == [True, True, False]
    assert small.valid[0, 0, :3, 0].tolist() == [False, False, True]
    assert (small.depth[small.sky] == 1).all()
