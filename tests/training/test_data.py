"""Batches: a function of seed and step, labels canonical, every sample seen once before any is seen again."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.frames import read_frames
from theodolite.errors import DatasetError, SizeMismatch
from theodolite.training.data import Measured, Stream, measured_sample
from theodolite.training.recipes import smoke
from theodolite.training.sample import Sample, collate


def same(a, b) -> bool:
    return all(torch.equal(getattr(a, name), getattr(b, name)) for name in vars(a))


def test_a_step_gives_the_same_batch_whatever_came_before(walls):
    first = Stream(smoke(), walls)
    for step in range(4):
        first.batch(step)
    assert same(first.batch(7), Stream(smoke(), walls).batch(7))
    assert not same(first.batch(7), first.batch(8))
    assert not same(first.batch(7), Stream(replace(smoke(), seed=1), walls).batch(7))


def test_every_sample_is_seen_once_in_an_epoch_and_in_another_order_in_the_next(walls):
    stream = Stream(smoke(), walls)
    seen = [stream.index(step, slot) for step in range(6) for slot in range(4)]
    assert sorted(seen[:12]) == sorted(seen[12:]) == list(range(12))
    assert seen[:12] != seen[12:]


def test_canvases_come_in_their_shares(walls):
    recipe = replace(smoke(), canvases=((64, 96), (96, 64)), canvas_shares=(3.0, 1.0))
    chosen = [Stream(recipe, walls).canvas(step) for step in range(400)]
    assert 0.7 < chosen.count((64, 96)) / 400 < 0.8


def test_depth_is_canonical_for_the_focal_of_the_view(walls):
    sample = walls[0]
    batch = collate([sample], 300.0, 0.1, 200.0)
    assert batch.depth[0, 0, 0, 0].item() == pytest.approx(sample.depth[0, 0] * 300 / sample.camera.focal, rel=1e-6)
    assert batch.valid.all()
    assert batch.has_normals.all()


def test_what_is_unknown_or_out_of_range_is_masked_and_finite():
    depth = np.float32([[np.nan, 0.01, 2.0, 500.0]])
    sample = Sample(np.zeros((1, 4, 3), np.uint8), Camera.from_focal(300, 4, 1), depth)
    batch = collate([sample], 300.0, 0.1, 200.0)
    assert batch.valid.flatten().tolist() == [False, False, True, False]
    assert batch.depth.isfinite().all()
    assert not batch.has_normals.any()
    assert not batch.sky.any()


def test_pixels_are_normalised_like_those_of_prediction(walls):
    from theodolite.camera.canonical import CanonicalTransform

    sample = walls[1]
    theirs = CanonicalTransform.fit(sample.camera, 300.0, (72, 104)).apply(sample.image)
    np.testing.assert_allclose(collate([sample], 300.0, 0.1, 200.0).pixels.numpy(), theirs, atol=1e-6)


def test_a_sample_refuses_maps_of_another_size(walls):
    with pytest.raises(SizeMismatch, match="depth has 3x2 px, its camera 104x72"):
        replace(walls[0], depth=np.ones((2, 3), np.float32))


@pytest.fixture
def frames(tmp_path):
    """Two places, one of four frames and one of a single frame."""
    for place, count in (("hall", 4), ("yard", 1)):
        folder = tmp_path / place
        folder.mkdir()
        rows = []
        for number in range(count):
            Image.new("RGB", (104, 72), (number, 0, 9)).save(folder / f"{number}.png")
            depth = np.full((72, 104), 2000 if place == "hall" else 8000, np.uint16)
            depth[0] = 0
            Image.fromarray(depth).save(folder / f"{number}_d.png")
            rows.append(
                {
                    "rgb": f"{number}.png",
                    "depth": f"{number}_d.png",
                    "depth_scale": 1000,
                    "cam_in": [100, 100, 51.5, 35.5],
                }
            )
        (folder / "frames.json").write_text(json.dumps({"files": rows}))
    return [read_frames(tmp_path / place) for place in ("hall", "yard")]


def test_a_measured_frame_has_metres_where_the_sensor_had_an_answer(frames):
    sample = measured_sample(frames[0][1])
    assert np.isnan(sample.depth[0]).all()
    assert (sample.depth[1:] == 2).all()
    assert sample.camera.fx == 100
    assert sample.normals is None


def test_places_count_alike_however_many_frames_they_have(frames):
    rng = np.random.default_rng(0)
    far = [np.nanmax(Measured(frames).draw(rng).depth) == 8 for _ in range(200)]
    assert 0.4 < np.mean(far) < 0.6


def test_measured_frames_take_their_share_of_the_batches(walls, frames):
    recipe = replace(smoke(), real_share=0.5)
    batches = [Stream(recipe, walls, Measured(frames)).batch(step) for step in range(20)]
    without_normals = torch.cat([~batch.has_normals.flatten(1).any(1) for batch in batches])
    assert 0.3 < without_normals.float().mean() < 0.7


def test_a_damaged_picture_is_named(frames):
    frames[0][0].rgb.write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"0\.png"):
        measured_sample(frames[0][0])


def test_a_folder_without_scenes_is_refused(walls):
    with pytest.raises(ValueError, match="holds none"):
        Stream(smoke(), replace(walls, count=0))
