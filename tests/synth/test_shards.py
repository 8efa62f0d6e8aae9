"""Shards: round trip, resuming, and no half-written file."""

from dataclasses import replace

import numpy as np
import pytest

from theodolite.errors import OutputError
from theodolite.synth import compiled as compilation
from theodolite.synth import shards
from theodolite.synth.sheet import write_sheet


@pytest.fixture
def order(tmp_path):
    return shards.Order(tmp_path / "set", count=5, height=32, width=48, family="mix", seed=4, shard=3)


def test_depth_codes_are_within_a_ten_thousandth():
    depth = np.geomspace(0.06, 1900, 5000).astype(np.float32)
    np.testing.assert_allclose(shards.decode_depth(shards.encode_depth(depth)), depth, rtol=1e-4)
    assert np.isnan(shards.decode_depth(shards.encode_depth(np.array([np.nan, np.inf])))).all()


def test_normal_codes_are_within_half_a_degree():
    normals = np.random.default_rng(0).normal(size=(4000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    back = shards.decode_normals(shards.encode_normals(normals))
    assert np.degrees(np.arccos(np.clip((normals * back).sum(1), -1, 1))).max() < 0.5
    assert np.isnan(shards.decode_normals(shards.encode_normals(np.full((1, 3), np.nan)))).all()


def test_a_shard_reads_back_as_it_was_rendered(order):
    paths = list(shards.write_shards(order))
    assert [p.name for p in paths] == ["mix-4-00000.npz", "mix-4-00001.npz"]
    shard = shards.read_shard(paths[1])
    assert shard.index == (3, 4)
    for k, (family, index, view) in enumerate(shards.make(order, order.indices(1))):
        assert (shard.family[k], shard.index[k]) == (family, index)
        np.testing.assert_array_equal(shard.image[k], view.image)
        np.testing.assert_allclose(shard.depth[k], view.depth, rtol=1e-3)
        assert shard.cameras[k].fx == pytest.approx(view.camera.fx)
        np.testing.assert_array_equal(np.isfinite(shard.depth[k]), view.valid)
        assert np.nanmin((shard.normals[k] * view.normals).sum(-1)) > 0.999
        np.testing.assert_array_equal(shard.planes[k], shards.encode_planes(view.planes))


def test_planes_are_numbered_anew_without_gaps():
    planes = np.array([[0, 70000, 5], [5, 0, 91]], np.int32)
    code = shards.encode_planes(planes)
    assert code.dtype == np.uint16
    np.testing.assert_array_equal(code, [[0, 3, 1], [1, 0, 2]])


def test_shards_written_before_there_were_planes_have_none(order):
    path = next(shards.write_shards(order))
    old = {name: array for name, array in np.load(path).items() if name != "planes"}
    np.savez(path, **old)
    shard = shards.read_shard(path)
    assert shard.planes.shape == shard.depth.shape
    assert not shard.planes.any()


def test_finished_shards_are_kept_and_the_rest_is_rendered_anew(order):
    first, second = shards.write_shards(order)
    kept, stamp = first.read_bytes(), first.stat().st_mtime_ns
    second_bytes = np.load(second)["image"].copy()
    second.unlink()
    assert list(shards.write_shards(order)) == [second]
    assert first.stat().st_mtime_ns == stamp
    assert first.read_bytes() == kept
    np.testing.assert_array_equal(np.load(second)["image"], second_bytes)


def test_focal_lengths_may_be_given_and_change_nothing_but_the_camera(order):
    own, given = (shards.make(o, range(20)) for o in (order, replace(order, focal=(0.5, 2.0))))
    focals = []
    for (_, _, mine), (_, _, theirs) in zip(own, given, strict=True):
        focals.append(theirs.camera.fx / theirs.camera.width)
        k = theirs.camera.fx / mine.camera.fx
        # The middle of the picture is seen by either lens.
        if 0.9 < k < 1.1:
            assert np.isclose(mine.depth[16, 24], theirs.depth[16, 24], rtol=0.1, equal_nan=True)
    assert 0.5 <= min(focals) < 0.75
    assert 1.4 < max(focals) <= 2.0


def test_a_longer_set_fills_up_the_last_file_of_a_shorter_one(order):
    list(shards.write_shards(replace(order, count=4)))
    list(shards.write_shards(order))
    assert [len(shards.read_shard(order.path(number)).index) for number in range(2)] == [3, 2]


@pytest.mark.parametrize(("worth", "compiles"), [(5 * 32 * 48, True), (5 * 32 * 48 + 1, False)])
def test_kernels_are_compiled_for_as_many_samples_as_are_worth_it(order, monkeypatch, worth, compiles):
    seen = []
    monkeypatch.setattr(compilation, "_wanted", True)
    monkeypatch.setattr(shards, "WORTH_COMPILING", worth)
    monkeypatch.setattr(shards, "write_shard", lambda order, number: seen.append(compilation._wanted) or order.folder)
    list(shards.write_shards(order))
    assert set(seen) == {compiles}
    assert compilation._wanted


def test_a_full_disk_leaves_no_file_behind(order, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OutputError, match="No space left"):
        list(shards.write_shards(order))
    assert list(order.folder.iterdir()) == []


def test_a_contact_sheet_shows_image_depth_normals_and_planes(order, tmp_path):
    from PIL import Image

    first = next(shards.write_shards(order))
    with Image.open(write_sheet(first, tmp_path / "sheet.png")) as sheet:
        assert sheet.size == (2 * 4 * 48, 2 * 32)
