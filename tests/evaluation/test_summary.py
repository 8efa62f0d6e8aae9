"""What scores add up to: over images, pixels and groups, with the images that have them."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.evaluation.collecting import Collected, camera_names, identity
from theodolite.evaluation.depth_metrics import DepthSums, depth_metrics, mean_over_images
from theodolite.evaluation.distance import DistanceSums
from theodolite.evaluation.normal_metrics import NormalSums, normal_metrics
from theodolite.evaluation.protocols import find_protocol
from theodolite.evaluation.scores import ImageFailure, ImageScore
from theodolite.evaluation.summary import summarise

WIDE, LONG = Camera(500.0, 500.0, 319.5, 239.5, 640, 480), Camera(1000.0, 1000.0, 319.5, 239.5, 640, 480)
FRAMES = find_protocol("frames")


def score(group: str, factor: float, pixels: int = 40, camera: Camera = WIDE, angle: float | None = None) -> ImageScore:
    truth = np.linspace(1, 5, pixels)
    sums = DepthSums.of(truth * factor, truth)
    normals = None if angle is None else NormalSums.of(np.full(pixels, angle))
    return ImageScore(
        name=f"{group}/{factor}/{pixels}",
        group=group,
        camera=camera,
        pixels=pixels,
        dense=1.0,
        unknown=0.0,
        depth={"full": {"metric": sums, "median": sums}},
        scales={"median": (1 / factor, 0.0)},
        constant=sums,
        distance=DistanceSums.of(truth * factor, truth),
        normals=normals,
    )


def parts_of(*outcomes, protocol=FRAMES):
    collected = Collected()
    for outcome in outcomes:
        collected.add(outcome)
    return summarise(collected, protocol)


def test_all_is_the_mean_of_the_groups_and_a_group_of_its_images():
    whole, a, b = parts_of(score("a", 1.1), score("a", 1.2), score("a", 1.3), score("b", 1.5))
    assert [(p.name, p.kind, p.images) for p in (whole, a, b)] == [("", "all", 4), ("a", "group", 3), ("b", "group", 1)]
    key = ("full", "metric")
    assert a.depth[key]["abs_rel"] == pytest.approx(0.2)
    assert whole.depth[key]["abs_rel"] == pytest.approx((0.2 + 0.5) / 2)
    assert dict(zip(whole.depth[key].names, whole.depth[key].images, strict=True))["abs_rel"] == pytest.approx(1.1 / 4)
    assert a.scales["median"] == pytest.approx(1 / 1.2)


def test_pixels_pooled_count_alike_whichever_image_they_are_of():
    whole, *_ = parts_of(score("a", 1.1, pixels=90), score("a", 1.5, pixels=10))
    pixels = dict(zip(whole.depth["full", "metric"].names, whole.depth["full", "metric"].pixels, strict=True))
    assert pixels["abs_rel"] == pytest.approx(0.9 * 0.1 + 0.1 * 0.5)
    assert pixels["delta1"] == pytest.approx(0.9)


def test_a_benchmark_averages_over_images_whatever_its_groups():
    whole, *_ = parts_of(score("a", 1.1), score("a", 1.2), score("b", 1.6), protocol=find_protocol("nyuv2"))
    assert whole.depth["full", "metric"]["abs_rel"] == pytest.approx(0.3)
    assert whole.depth["full", "metric"].aggregation == "images"


def test_an_interval_holds_its_mean():
    whole, *_ = parts_of(*(score("a", 1 + 0.01 * number) for number in range(20)))
    low, high = whole.depth["full", "metric"].interval("abs_rel")
    assert low < whole.depth["full", "metric"]["abs_rel"] < high


def test_cameras_of_a_group_are_told_apart():
    parts = parts_of(score("a", 1.1), score("a", 1.4, camera=LONG), score("a", 1.3), score("b", 1.7, camera=LONG))
    cameras = [part for part in parts if part.kind == "camera"]
    assert [(p.name, p.images, round(p.depth["full", "metric"]["abs_rel"], 6)) for p in cameras] == [
        ("f 500 px, 640x480", 2, 0.2),
        ("f 1000 px, 640x480", 1, 0.4),
    ]


def test_a_camera_for_every_image_is_not_told():
    parts = parts_of(score("a", 1.1), score("a", 1.4, camera=LONG))
    assert [part.kind for part in parts] == ["all", "group"]


def test_cameras_are_named_in_as_many_words_as_tell_them_apart():
    def names(*cameras):
        return list(camera_names({identity(camera): camera for camera in cameras}).values())

    assert names(WIDE, replace(WIDE, width=320)) == ["f 500 px, 640x480", "f 500 px, 320x480"]
    near = replace(WIDE, fx=500.4, fy=500.4)
    assert names(WIDE, near) == ["f 500.0 px, 640x480", "f 500.4 px, 640x480"]
    for other in (replace(WIDE, cx=310.0), replace(WIDE, cx=319.5001)):
        assert len(set(names(WIDE, other))) == 2


def test_failures_are_counted_in_their_group():
    whole, a = parts_of(score("a", 1.1), ImageFailure("a/x", "a", "gone"), ImageFailure("c/y", "c", "gone"))
    assert (whole.failures, a.failures, a.images) == (2, 1, 1)
    assert parts_of(ImageFailure("c/y", "c", "gone")) == []


def test_an_image_without_number_leaves_no_mean():
    whole, *_ = parts_of(score("a", 1.1), score("a", float("nan")))
    estimates = whole.depth["full", "metric"]
    assert np.isnan(estimates["abs_rel"])
    assert estimates["delta1"] == 0.5
    assert np.isnan(estimates.interval("abs_rel")).all()


def test_normals_are_averaged_over_the_images_that_have_them():
    whole, a, b = parts_of(score("a", 1.1, angle=10), score("a", 1.1, angle=20), score("a", 1.1), score("b", 1.1))
    assert whole.normals["network"].count == a.normals["network"].count == 2
    assert a.normals["network"]["mean"] == pytest.approx(15)
    assert not b.normals
    assert whole.normals["network"]["median"] == pytest.approx(15)


def test_an_image_with_hardly_a_normal_counts_among_the_pixels_only():
    whole, *_ = parts_of(score("a", 1.1, 40, angle=10), score("a", 1.1, 8, angle=80))
    estimates = whole.normals["network"]
    assert estimates.count == 1
    assert estimates["mean"] == pytest.approx(10)
    pixels = dict(zip(estimates.names, estimates.pixels, strict=True))
    assert pixels["mean"] == pytest.approx((40 * 10 + 8 * 80) / 48)
    assert pixels["median"] == pytest.approx(10, abs=0.01)


def test_distances_are_told_of_all_and_of_each_group():
    whole, a, b = parts_of(score("a", 1.1), score("b", 1.5))
    assert sum(row.pixels for row in whole.distance) == 80
    assert a.distance[0].abs_rel == pytest.approx(0.1)
    assert b.distance[0].abs_rel == pytest.approx(0.5)


@pytest.fixture(scope="module")
def goldens(shared):
    return np.load(shared / "goldens/metrics.npz")


def test_means_and_pooled_depth_metrics_are_the_stored_ones(goldens):
    images = [(goldens[f"depth/in/pred{i}"], goldens[f"depth/in/gt{i}"]) for i in range(3)]
    sums = [DepthSums.of(d[t > 1e-6], t[t > 1e-6]) for d, t in images]
    names = [str(name) for name in goldens["depth/out/agg_names"]]
    mean = mean_over_images(each.metrics() for each in sums).as_dict()
    np.testing.assert_allclose([mean[n] for n in names], goldens["depth/out/agg_mean_over_images"], rtol=1e-6)
    pooled = sums[0] + sums[1] + sums[2]
    found = pooled.metrics().as_dict()
    np.testing.assert_allclose([found[n] for n in names], goldens["depth/out/pooled_pixels"], rtol=1e-6)
    together = depth_metrics(*(np.concatenate([pair[k].ravel() for pair in images]) for k in (0, 1)))
    np.testing.assert_allclose(list(found.values()), list(together.as_dict().values()), rtol=1e-12)
    assert astuple(pooled)[0] == sum(int((t > 1e-6).sum()) for _, t in images)


def test_means_and_pooled_normal_metrics_are_the_stored_ones(goldens):
    angles = []
    from theodolite.evaluation.normal_metrics import angles as between

    for image in range(4):
        truth, predicted = (np.moveaxis(goldens[f"normal/in/{kind}{image}"], 0, -1) for kind in ("gt", "pred"))
        known = (truth != 0).any(axis=-1)
        angles.append(between(predicted[known], truth[known]))
    scale = np.array([1, 1, 1, *[100] * 5])
    each = [NormalSums.of(found) for found in angles]
    enough = [sums.metrics().as_dict() for sums in each if sums.pixels >= 10]
    mean = np.mean([list(metrics.values()) for metrics in enough], axis=0) * scale
    np.testing.assert_allclose(mean, goldens["normal/out/agg_mean_over_images"], rtol=1e-6)
    pooled = np.array(list(NormalSums.of(np.concatenate(angles)).metrics().as_dict().values())) * scale
    np.testing.assert_allclose(pooled, goldens["normal/out/pooled_pixels"], rtol=1e-6)
    added = each[0] + each[1] + each[2] + each[3]
    np.testing.assert_allclose(np.array(list(added.metrics().as_dict().values())) * scale, pooled, rtol=1e-3)
    assert normal_metrics is not None
