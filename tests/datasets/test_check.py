"""What `check` says of a list of records: counts, measures, failures by cause, suspicions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from theodolite.datasets.check import check, chosen
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.sample import LabelKind

PNG = DepthEncoding("png16", scale=1000)


def test_good_samples_are_counted_and_measured(plane):
    report = check([plane.record(domain="walls", range=(0.1, 10))] * 3)
    (group,) = report.groups
    assert (report.listed, report.checked, report.good, report.failures) == (3, 3, 3, ())
    assert (group.domain, group.kind, group.samples, group.sizes) == ("walls", "sensor", 3, {"64x48": 3})
    assert group.focal == (60, 60, 60)
    assert group.labelled == (1, 1, 1)
    assert group.density == "dense"
    assert group.range == (0.1, 10)
    np.testing.assert_allclose(group.depth, np.percentile(plane.depth, (1, 50, 99)), rtol=0.01)
    assert (group.with_depth, group.with_normals, group.with_sky, group.with_planes) == (3, 0, 0, 0)
    assert report.warnings == ()


def test_sets_and_kinds_are_told_apart_and_every_sample_weighs_the_same(plane):
    half = plane.depth.copy()
    half[:, ::2] = 0
    near = plane.record(domain="a", depth=plane.write_depth(half, "half.png"), depth_encoding=PNG)
    far = plane.record(domain="a", depth=plane.write_depth(plane.depth * 10, "far.png"), depth_encoding=PNG)
    synthetic = replace(far, kind=LabelKind.SYNTHETIC)
    report = check([near, far, synthetic])
    assert [(group.domain, group.kind, group.samples) for group in report.groups] == [
        ("a", "sensor", 2),
        ("a", "synthetic", 1),
    ]
    low, middle, high = report.groups[0].depth
    assert low < 3
    assert high > 19
    # Halfway between the two: the far sample has twice the labels, yet no more weight.
    assert middle == pytest.approx(plane.depth.max(), rel=0.02)


@pytest.mark.parametrize(("step", "density"), [(1, "dense"), (2, "semi-dense"), (5, "sparse")])
def test_labels_are_called_dense_semi_dense_or_sparse(plane, step, density):
    depth = np.full((48, 64), np.nan)
    depth[::step, ::step] = plane.depth[::step, ::step]
    record = plane.record(depth=plane.write_depth(depth), depth_encoding=PNG, kind=LabelKind.LIDAR)
    (group,) = check([record]).groups
    assert group.density == density


def test_failures_are_lines_counted_by_cause_and_cost_no_other_sample(plane):
    good = plane.record(range=(0.1, 20))
    np.save(plane.folder / "nan.npy", np.full((48, 64), np.nan))
    records = [
        good,
        replace(good, image=Path("gone.png")),
        replace(good, depth=Path("gone.png")),
        replace(good, depth=Path("gone too.png")),
        replace(good, depth=Path("nan.npy"), depth_encoding=DepthEncoding("npy")),
        replace(good, depth_encoding=DepthEncoding("png16", scale=1)),
        replace(good, size=(10, 10)),
        good,
    ]
    report = check(records)
    assert (report.checked, report.good) == (8, 2)
    assert report.causes == {"depth: missing file": 2, "depth": 2, "image: missing file": 1, "size": 1}
    assert len(report.failures) == 6
    assert not any("\n" in line for line in report.failures)


def test_only_some_are_checked_when_asked_evenly_spread(plane):
    report = check([plane.record()] * 9, most=2)
    assert (report.listed, report.checked) == (9, 2)
    assert chosen(9, 3) == [0, 4, 8]
    assert chosen(2, 3) == [0, 1]
    assert chosen(5, 1) == [0]


def test_points_that_are_not_said_to_be_points_are_suspicious(plane):
    depth = np.full((48, 64), np.nan)
    depth[::3, ::3] = plane.depth[::3, ::3]
    record = plane.record(depth=plane.write_depth(depth), depth_encoding=PNG)
    (warning,) = check([record]).warnings
    assert "single points" in warning
    assert check([replace(record, sparse=True)]).warnings == ()


def test_dense_depth_that_is_said_to_be_points_is_suspicious(plane):
    (warning,) = check([plane.record(kind=LabelKind.LIDAR)]).warnings
    assert "lidar: 1 of 1 samples have depth nearly everywhere" in warning


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"depth_encoding": DepthEncoding("png16", scale=10)}, "median depth of 20"),
        ({"depth_encoding": DepthEncoding("png16", scale=25), "range": (0.1, 5000)}, "far below the range's 5000 m"),
        ({"camera": (60, 60, 5, 23.5)}, "principal point"),
        ({"camera": (60, 80, 31.5, 23.5)}, "fx and fy"),
        ({"camera": (3000, 3000, 31.5, 23.5)}, "degrees"),
    ],
)
def test_what_is_allowed_and_looks_wrong_is_warned_of(plane, changes, words):
    report = check([replace(plane.record(), **changes)])
    assert report.good == 1
    assert any(words in warning for warning in report.warnings), report.warnings


def test_normals_that_contradict_depth_are_warned_of(plane):
    flipped = plane.normals * (-1, 1, 1)
    np.save(plane.folder / "right.npy", plane.normals)
    np.save(
        plane.folder / "wrong.npy", flipped / (0.5, 1, 1) / np.linalg.norm(flipped / (0.5, 1, 1), axis=-1)[..., None]
    )
    right = plane.record(normals=Path("right.npy"), normal_convention="opencv")
    assert check([right]).warnings == ()
    (warning,) = check([replace(right, normals=Path("wrong.npy"))]).warnings
    assert "normal_convention" in warning
