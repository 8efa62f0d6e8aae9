"""Means over sets and cameras: who is grouped with whom, and what counts how much."""

from dataclasses import replace

import pytest

from theodolite.camera.pinhole import Camera
from theodolite.evaluation.depth_metrics import DepthMetrics
from theodolite.evaluation.normal_metrics import NormalMetrics
from theodolite.evaluation.scores import (
    FrameFailure,
    FrameNormals,
    FrameScore,
    camera_names,
    overall,
    summarise,
    summarise_cameras,
)

WIDE, LONG = Camera(500.0, 500.0, 319.5, 239.5, 640, 480), Camera(1000.0, 1000.0, 319.5, 239.5, 640, 480)


def score(set_name: str, error: float, camera: Camera = WIDE, angle: float | None = None) -> FrameScore:
    metrics = DepthMetrics(*[error] * 9)
    normals = None
    if angle is not None:
        own = NormalMetrics(*[angle] * 5)
        normals = FrameNormals(100, own, replace(own, mean=2 * angle))
    return FrameScore(set_name, "f", camera.focal, 10, metrics, metrics, metrics, error, camera, 0.9, normals)


def test_a_set_is_the_mean_of_its_frames_and_all_is_the_mean_of_the_sets():
    sets = summarise([score("a", 1), score("a", 2), score("a", 6), score("b", 10)])
    assert [(row.set, row.frames, row.metric.silog, row.median_scale) for row in sets] == [
        ("a", 3, 3, 2),
        ("b", 1, 10, 10),
    ]
    mean = overall(sets)
    assert (mean.sets, mean.frames, mean.aligned.rmse) == (2, 4, 6.5)
    assert overall([]) is None


def test_cameras_of_a_set_are_told_apart_by_focal_length_and_named_by_it():
    rows = summarise_cameras([score("a", 1), score("a", 4, LONG), score("a", 3), score("b", 7, LONG)])
    assert [(row.set, row.camera, row.frames, row.metric.abs_rel) for row in rows] == [
        ("a", "f 500 px, 640x480", 2, 2),
        ("a", "f 1000 px, 640x480", 1, 4),
        ("b", "f 1000 px, 640x480", 1, 7),
    ]


def test_cameras_of_one_focal_length_are_told_apart_by_size_and_then_by_decimals_and_centre():
    smaller, near = replace(WIDE, width=320), replace(WIDE, fx=500.4, fy=500.4)
    assert list(camera_names([WIDE, smaller]).values()) == ["f 500 px, 640x480", "f 500 px, 320x480"]
    assert list(camera_names([WIDE, near]).values()) == ["f 500.0 px, 640x480", "f 500.4 px, 640x480"]
    for other in (replace(WIDE, cx=310.0), replace(WIDE, cx=319.5001)):
        assert len(set(camera_names([WIDE, other]).values())) == 2


def test_failures_are_counted_in_their_set_and_a_set_of_failures_has_no_means():
    outcomes = [score("a", 1), FrameFailure("a", "g", "gone"), FrameFailure("c", "h", "gone")]
    (row,) = summarise(outcomes)
    assert (row.frames, row.failures) == (1, 1)
    assert len(summarise_cameras(outcomes)) == 1


def test_normals_are_averaged_over_the_frames_and_sets_that_have_them():
    sets = summarise(
        [score("a", 1, angle=10), score("a", 1, angle=20), score("a", 1), score("b", 1), score("c", 1, angle=5)]
    )
    assert [row.normal_frames for row in sets] == [2, 0, 1]
    assert sets[0].normals.mean == 15
    assert sets[0].normals_from_depth.mean == 30
    assert sets[1].normals is None
    assert overall(sets).normals.mean == 10


def test_a_depth_only_network_has_normals_of_its_depth_alone():
    frame = score("a", 1, angle=10)
    (row,) = summarise([replace(frame, normals=replace(frame.normals, network=None))])
    assert row.normals is None
    assert row.normals_from_depth.mean == pytest.approx(20)
    assert row.normal_frames == 1
