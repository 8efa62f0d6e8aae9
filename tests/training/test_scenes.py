"""Shards on disk as samples: what was rendered comes back, one at a time, and a run is prepared from folders."""

import numpy as np
import pytest

from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError
from theodolite.synth.shards import encode_depth
from theodolite.training.data import Part
from theodolite.training.scenes import Scenes


def test_every_sample_comes_back_in_order(walls, shards):
    scenes = Scenes([shards])
    assert len(scenes) == 12
    for index in range(1, 12):
        found, wanted = scenes[index], walls[index]
        assert np.array_equal(found.image, wanted.image)
        np.testing.assert_allclose(found.depth, wanted.depth, rtol=2e-4)
        np.testing.assert_allclose(found.normals, wanted.normals, atol=1e-6)
        assert found.camera.fx == pytest.approx(wanted.camera.fx)
    assert scenes[0].sky[:10].all()
    assert not scenes[0].sky[10:].any()
    with pytest.raises(IndexError):
        scenes[12]


def test_samples_are_exact_and_know_their_planes_unless_the_shard_is_old(tmp_path):
    planes = np.array([[[0, 1, 1], [2, 2, 1]]], np.uint16)
    arrays = {
        "image": np.zeros((1, 2, 3, 3), np.uint8),
        "depth": np.ones((1, 2, 3), np.uint16),
        "normals": np.full((1, 2, 3, 3), [0, 0, -127], np.int8),
        "camera": np.array([[3, 3, 1, 0.5]], np.float32),
        "family": np.array(["room"]),
    }
    for name, more in (("new", {"planes": planes}), ("old", {})):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / "0.npz", **arrays, **more)
    new, old = Scenes([tmp_path / "new"])[0], Scenes([tmp_path / "old"])[0]
    assert new.kind is LabelKind.SYNTHETIC
    assert np.array_equal(new.planes, planes[0])
    assert old.planes is None


@pytest.mark.parametrize(("family", "learnt"), [("room", False), ("attic", False), ("street", True), ("hall", True)])
def test_what_windows_show_is_not_learnt(family, learnt, tmp_path):
    depth = np.array([[[2.0, 11.9, 12.5], [np.nan, 60.0, 3.0]]])
    np.savez(
        tmp_path / "0.npz",
        image=np.zeros((1, 2, 3, 3), np.uint8),
        depth=encode_depth(depth),
        normals=np.full((1, 2, 3, 3), [0, 0, -127], np.int8),
        camera=np.array([[3, 3, 1, 0.5]], np.float32),
        family=np.array([family]),
        planes=np.ones((1, 2, 3), np.uint16),
    )
    sample = Scenes([tmp_path])[0]
    kept = depth[0] < 12
    known = kept | learnt & np.isfinite(depth[0])
    assert np.array_equal(np.isfinite(sample.depth), known)
    assert np.array_equal(sample.sky, learnt & np.isnan(depth[0]))
    assert np.array_equal(sample.planes > 0, kept | learnt)
    assert np.array_equal(np.isfinite(sample.normals).all(-1), kept | learnt)


def test_folders_follow_each_other(shards):
    assert len(Scenes([shards, shards])) == 24
    assert np.array_equal(Scenes([shards, shards])[13].image, Scenes([shards])[1].image)


def test_a_part_counts_from_its_start(shards):
    scenes = Scenes([shards])
    part = Part(scenes, 4, 7)
    assert len(part) == 3
    assert np.array_equal(part[0].image, scenes[4].image)
    with pytest.raises(IndexError):
        part[3]


def test_folders_without_shards_and_damaged_shards_are_refused(shards, tmp_path_factory):
    with pytest.raises(DatasetError, match="no rendered shard"):
        Scenes([tmp_path_factory.mktemp("empty")])
    shard = next(shards.glob("*.npz"))
    shard.write_bytes(shard.read_bytes()[:500])
    with pytest.raises(DatasetError, match="theodolite synth"):
        Scenes([shards])


def test_compressed_shards_are_refused_with_the_reason(shards):
    shard = next(shards.glob("*.npz"))
    np.savez_compressed(shard, **np.load(shard))
    with pytest.raises(DatasetError, match="it is compressed"):
        Scenes([shards])
