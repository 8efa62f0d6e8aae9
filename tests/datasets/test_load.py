"""From record to sample: labels as the formula says, and everything wrong caught with one line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.encodings import DepthEncoding, SkyEncoding
from theodolite.datasets.load import Samples, load
from theodolite.datasets.record import RecordError
from theodolite.datasets.sample import LabelKind, Truth
from theodolite.errors import DatasetError, MissingExtra

PNG = DepthEncoding("png16", scale=1000)


def refused(record) -> str:
    with pytest.raises(RecordError) as caught:
        load(replace(record, origin="m.jsonl, line 7"))
    line = str(caught.value)
    assert line.startswith("m.jsonl, line 7: ")
    assert "\n" not in line
    assert line[-1] in ".?"
    assert line[-2].isalnum()
    return line


def test_a_sample_holds_what_the_record_lists(plane):
    normals = np.rint((plane.normals + 1) * 127.5).astype(np.uint8)
    Image.fromarray(normals).save(plane.folder / "n.png")
    numbers = np.repeat(np.arange(64, dtype=np.uint8)[None] // 32, 48, axis=0)
    record = plane.record(
        normals=Path("n.png"),
        normal_convention="opencv",
        planes=plane.write_grey("p.png", numbers),
        domain="walls",
        size=(64, 48),
    )
    sample = load(record)
    np.testing.assert_allclose(sample.depth, plane.depth, atol=0.0006)
    np.testing.assert_allclose(sample.normals, plane.normals, atol=0.01)
    np.testing.assert_array_equal(sample.planes, numbers)
    assert sample.depth.dtype == sample.normals.dtype == np.float32
    assert sample.image.shape == (48, 64, 3)
    assert (sample.camera.fx, sample.camera.width) == (60, 64)
    assert (sample.domain, sample.kind, sample.sparse) == ("walls", LabelKind.SENSOR, False)
    assert sample.truth == Truth.DEPTH | Truth.METRIC | Truth.NORMALS | Truth.PLANES


def test_dense_depth_of_another_size_is_copied_from_the_nearest_pixel(plane):
    record = plane.record(depth=plane.write_depth(plane.depth[::2, ::2]), depth_encoding=PNG)
    sample = load(record)
    assert np.isfinite(sample.depth).all()
    np.testing.assert_allclose(sample.depth, plane.depth, rtol=0.05)


def test_sparse_depth_of_another_size_moves_point_by_point(plane):
    points = np.full((24, 32), np.nan)
    points[::3, ::3] = plane.depth[::6, ::6]
    record = plane.record(depth=plane.write_depth(points), depth_encoding=PNG, kind=LabelKind.LIDAR)
    assert np.isfinite(load(record).depth).sum() == np.isfinite(points).sum()
    assert np.isfinite(load(replace(record, sparse=False)).depth).sum() == 4 * np.isfinite(points).sum()


def test_depth_outside_the_range_is_dropped(plane):
    middle = float(np.median(plane.depth))
    sample = load(plane.record(range=(0.1, middle)))
    np.testing.assert_array_equal(np.isfinite(sample.depth), np.rint(plane.depth * 1000) <= np.float32(middle) * 1000)


def test_labels_count_only_inside_the_mask(plane):
    inside = np.zeros((48, 64), np.uint8)
    inside[:, 10:] = 255
    np.save(plane.folder / "n.npy", plane.normals)
    record = plane.record(mask=plane.write_grey("mask.png", inside), normals=Path("n.npy"), normal_convention="opencv")
    sample = load(record)
    np.testing.assert_array_equal(np.isfinite(sample.depth), inside > 0)
    np.testing.assert_array_equal(np.isfinite(sample.normals).all(axis=-1), inside > 0)


def test_sky_and_planes_count_only_inside_the_mask(plane):
    inside = np.zeros((48, 64), np.uint8)
    inside[:, 10:] = 255
    sky = np.zeros((48, 64), np.uint8)
    sky[:20] = 1
    sample = load(
        plane.record(
            mask=plane.write_grey("mask.png", inside),
            sky=plane.write_grey("sky.png", sky),
            sky_encoding=SkyEncoding("nonzero"),
            planes=plane.write_grey("planes.png", sky + 1),
            kind=LabelKind.SYNTHETIC,
        )
    )
    np.testing.assert_array_equal(sample.sky, (sky > 0) & (inside > 0))
    np.testing.assert_array_equal(sample.planes, np.where(inside, sky + 1, 0))


def test_the_mask_of_normals_leaves_depth_alone(plane):
    inside = np.zeros((48, 64), np.uint8)
    inside[:, 10:] = 1
    np.save(plane.folder / "n.npy", plane.normals)
    np.save(plane.folder / "known.npy", inside[..., None])
    sample = load(plane.record(normals=Path("n.npy"), normal_convention="opencv", normal_mask=Path("known.npy")))
    assert np.isfinite(sample.depth).all()
    np.testing.assert_array_equal(np.isfinite(sample.normals).all(axis=-1), inside > 0)


@pytest.mark.parametrize("kind", LabelKind)
def test_measured_depth_beats_sky_and_sky_beats_matched_and_rendered_depth(plane, kind):
    sky = np.zeros((48, 64), np.uint8)
    sky[:20] = 1
    depth = plane.depth.copy()
    depth[:10] = 0
    record = plane.record(
        depth=plane.write_depth(depth),
        depth_encoding=PNG,
        kind=kind,
        sky=plane.write_grey("sky.png", sky),
        sky_encoding=SkyEncoding("nonzero"),
    )
    sample = load(record)
    measured = kind in (LabelKind.LIDAR, LabelKind.SFM, LabelKind.SENSOR)
    rows = 10 if measured else 20
    np.testing.assert_array_equal(sample.sky.all(axis=1), np.arange(48) < rows)
    np.testing.assert_array_equal(np.isfinite(sample.depth).all(axis=1), np.arange(48) >= rows)


def test_sky_that_is_told_by_depth_is_found(plane):
    stored = np.rint(plane.depth * 100).astype(np.uint16)
    stored[:12] = 65535
    record = plane.record(
        depth=plane.write_grey("depth.png", stored),
        depth_encoding=DepthEncoding("png16", scale=100, invalid_from=65535),
        sky_encoding=SkyEncoding("beyond", 655.35),
        kind=LabelKind.SYNTHETIC,
    )
    sample = load(record)
    np.testing.assert_array_equal(sample.sky.all(axis=1), np.arange(48) < 12)
    np.testing.assert_array_equal(np.isnan(sample.depth).all(axis=1), np.arange(48) < 12)


def test_a_sample_without_depth_has_none(plane):
    np.save(plane.folder / "n.npy", plane.normals)
    record = plane.record(depth=None, normals=Path("n.npy"), normal_convention="opencv")
    sample = load(record)
    assert np.isnan(sample.depth).all()
    assert sample.truth == Truth.NORMALS


@pytest.mark.parametrize("field", ["image", "depth", "normals", "normal_mask", "sky", "planes", "mask"])
def test_a_missing_file_is_named_with_its_field(plane, field):
    np.save(plane.folder / "n.npy", plane.normals)
    record = plane.record(normals=Path("n.npy"), normal_convention="opencv")
    sky = {"sky_encoding": SkyEncoding("nonzero")} if field == "sky" else {}
    line = refused(replace(record, **{field: Path("gone.png")}, **sky))
    assert f"{field}: {plane.folder / 'gone.png'}: there is no such file." in line


def test_a_name_no_file_can_have_is_told(plane):
    assert "image: " in refused(replace(plane.record(), image=Path("a" * 300)))


def test_a_wrong_scale_is_caught_by_the_range(plane):
    record = plane.record(depth=plane.write_depth(), depth_encoding=DepthEncoding("png16", scale=10), range=(0.1, 20))
    line = refused(record)
    assert "depth: " in line
    assert "0% of its depth is in the range of 0.1 to 20 m" in line
    assert "is the scale of depth_encoding right?" in line


def test_millimetres_taken_for_metres_are_caught_without_a_range(plane):
    line = refused(plane.record(depth=plane.write_depth(), depth_encoding=DepthEncoding("png16", scale=1)))
    assert "implausible" in line
    far = plane.record(
        depth=plane.write_depth(), depth_encoding=DepthEncoding("png16", scale=1), kind=LabelKind.RELATIVE
    )
    assert np.isfinite(load(far).depth).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0, -3])
def test_depth_that_is_nowhere_known_is_refused(plane, value):
    np.save(plane.folder / "d.npy", np.full((48, 64), value, np.float32))
    line = refused(plane.record(depth=Path("d.npy"), depth_encoding=DepthEncoding("npy")))
    assert "depth: " in line
    assert "d.npy: holds no known depth" in line


def test_a_handful_of_depths_is_refused(plane):
    depth = np.full((48, 64), np.nan)
    depth[0, :5] = 2
    assert "5 known depth" in refused(plane.record(depth=plane.write_depth(depth), depth_encoding=PNG))


def test_some_nan_is_no_fault(plane):
    depth = plane.depth.astype(np.float32)
    depth[:20] = np.nan
    np.save(plane.folder / "d.npy", depth)
    sample = load(plane.record(depth=Path("d.npy"), depth_encoding=DepthEncoding("npy")))
    np.testing.assert_array_equal(sample.depth, depth)


def test_labels_of_another_shape_are_refused(plane):
    record = plane.record(depth=plane.write_depth(plane.depth.T), depth_encoding=PNG)
    assert "depth.png: its 48x64 px are of another shape than the image's 64x48" in refused(record)


def test_a_camera_of_another_image_is_refused(plane):
    assert "size: the camera is of 640x480 px, the image 64x48" in refused(plane.record(size=(640, 480)))
    assert "camera: its principal point (320, 240) is far outside" in refused(plane.record(camera=(500, 500, 320, 240)))


def test_a_picture_that_asks_to_be_turned_is_refused(plane):
    record = plane.record()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 48)).save(plane.folder / "turned.jpg", exif=exif)
    assert "image: " in (line := refused(replace(record, image=Path("turned.jpg"))))
    assert "EXIF" in line


def test_a_damaged_picture_is_refused(plane):
    record = plane.record()
    whole = (plane.folder / "image.png").read_bytes()
    (plane.folder / "image.png").write_bytes(whole[: len(whole) // 2])
    assert "image.png: it is a damaged" in refused(record)


def test_normals_in_the_wrong_convention_are_refused(plane):
    np.save(plane.folder / "n.npy", plane.normals)
    record = plane.record(normals=Path("n.npy"), normal_convention="opengl")
    assert "n.npy: 100% of its normals face away" in refused(record)


def test_planes_are_whole_numbers(plane):
    np.save(plane.folder / "p.npy", plane.depth)
    assert "p.npy: whole numbers" in refused(plane.record(planes=Path("p.npy")))


def test_a_missing_package_stops_the_run_rather_than_costing_every_sample(plane, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "h5py", None)
    (plane.folder / "d.h5").write_bytes(b"something")
    with pytest.raises(MissingExtra, match="h5py"):
        load(plane.record(depth=Path("d.h5"), depth_encoding=DepthEncoding("hdf5", key="dataset")))


def test_samples_are_loaded_by_number_and_one_bad_one_harms_no_other(plane):
    good = plane.record()
    samples = Samples([good, replace(good, image=Path("gone.png")), good])
    assert len(samples) == 3
    assert samples[0].depth.shape == samples[2].depth.shape
    with pytest.raises(DatasetError, match=r"gone\.png"):
        samples[1]
