"""Scores of estimates whose errors are known exactly."""

from dataclasses import replace

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.example import Example
from theodolite.errors import SizeMismatch
from theodolite.evaluation.estimate import Estimate, EstimateError
from theodolite.evaluation.judging import Judge
from theodolite.evaluation.protocols import Protocol
from theodolite.evaluation.scores import ImageScore
from theodolite.evaluation.truth import prepare

CAMERA = Camera(60, 60, 39.5, 29.5, 80, 60)
# A wall that runs away to the right, 2 to 8 m.
DEPTH = np.broadcast_to(np.linspace(2, 8, 80, dtype=np.float32), (60, 80))
PROTOCOL = Protocol(
    benchmark="b", about="a", dataset="frames", alignments=("metric", "median", "affine", "affine-inverse")
)


def judged(estimate: Estimate | np.ndarray, protocol: Protocol = PROTOCOL, depth=DEPTH, **options) -> ImageScore:
    truth = prepare(Example(np.zeros((60, 80, 3), np.uint8), CAMERA, depth.copy()), protocol)
    return Judge(protocol, **options).score("x", "g", truth, Estimate.of(estimate))


def abs_rel(score: ImageScore, alignment: str = "metric", region: str = "full") -> float:
    return score.depth[region][alignment].metrics().abs_rel


def test_ten_per_cent_too_long_is_an_abs_rel_of_a_tenth_and_delta1_of_one():
    metrics = judged(DEPTH * np.float32(1.1)).depth["full"]["metric"].metrics()
    assert metrics.abs_rel == pytest.approx(0.1, abs=1e-6)
    assert metrics.delta1 == 1
    assert metrics.silog == pytest.approx(0, abs=1e-6)


def test_each_alignment_forgives_what_it_says():
    score = judged(2 * DEPTH)
    assert abs_rel(score) == pytest.approx(1)
    assert abs_rel(score, "median") == pytest.approx(0, abs=1e-6)
    assert score.scales["median"] == pytest.approx((0.5, 0))
    shifted = judged(2 * DEPTH + 1)
    assert abs_rel(shifted, "median") > 0.01
    assert abs_rel(shifted, "affine") == pytest.approx(0, abs=1e-6)
    assert shifted.scales["affine"] == pytest.approx((0.5, -0.5))


def test_the_constant_is_the_truths_own_median():
    score = judged(np.ones_like(DEPTH))
    median = np.sort(DEPTH.ravel())[(DEPTH.size - 1) // 2]
    assert score.constant.metrics().abs_rel == pytest.approx(np.mean(np.abs(median - DEPTH) / DEPTH), rel=1e-5)


def test_a_prediction_of_another_size_is_brought_to_the_truths():
    small = DEPTH[::2, ::2]
    assert abs_rel(judged(small)) < 0.02
    with pytest.raises(SizeMismatch, match="another shape"):
        judged(np.ones((60, 60), np.float32))


def test_regions_are_scored_apart():
    protocol = replace(PROTOCOL, regions=("garg", "full"))
    estimate = DEPTH.copy()
    estimate[:20] *= 3  # above what Garg's crop has
    score = judged(estimate, protocol)
    assert abs_rel(score, region="garg") == 0
    assert abs_rel(score, region="full") > 0.5
    assert score.pixels == score.depth["garg"]["metric"].pixels


def test_predictions_are_clipped_only_where_the_protocol_says():
    far = DEPTH * 100
    assert abs_rel(judged(far)) == pytest.approx(99, rel=1e-5)
    clipped = judged(far, replace(PROTOCOL, clip=(1e-3, 10.0)))
    assert abs_rel(clipped) == pytest.approx(np.mean((10 - DEPTH) / DEPTH), rel=1e-5)


def test_relative_inverse_depth_is_scored_by_its_own_alignment_only():
    estimate = Estimate((7 / DEPTH - 3).astype(np.float32), kind="affine_invariant", space="inverse_depth")
    score = judged(estimate)
    assert list(score.depth["full"]) == ["affine-inverse"]
    assert abs_rel(score, "affine-inverse") == pytest.approx(0, abs=1e-5)
    with pytest.raises(EstimateError, match="affine-inverse"):
        judged(estimate, replace(PROTOCOL, alignments=("metric", "median")))


def test_metric_inverse_depth_is_scored_as_depth():
    estimate = Estimate((1 / DEPTH).astype(np.float32), space="inverse_depth")
    score = judged(estimate)
    assert abs_rel(score) == pytest.approx(0, abs=1e-6)


def test_depth_of_unknown_scale_is_never_scored_as_metres():
    assert "metric" not in judged(Estimate(DEPTH, kind="scale_invariant")).depth["full"]


def test_what_was_not_predicted_cannot_make_a_score_better():
    holes = DEPTH.copy()
    holes[:6] = np.nan
    score = judged(holes)
    assert score.unknown == pytest.approx(0.1)
    metrics = score.depth["full"]["metric"].metrics()
    assert np.isnan(metrics.abs_rel)
    assert metrics.delta1 == pytest.approx(0.9)


def test_unknown_depth_may_be_taken_for_the_far_end():
    holes = DEPTH.copy()
    holes[:6] = np.nan
    score = judged(holes, replace(PROTOCOL, range=(0.1, 80.0)), unknown_is_far=True)
    assert abs_rel(score) == pytest.approx(0.1 * np.mean(80 / DEPTH - 1), rel=1e-5)
    assert score.unknown == pytest.approx(0.1)


def test_nothing_predicted_is_scored_as_nothing():
    score = judged(np.full_like(DEPTH, np.nan))
    for alignment in PROTOCOL.alignments:
        metrics = score.depth["full"][alignment].metrics()
        assert np.isnan(metrics.abs_rel)
        assert metrics.delta1 == 0


def test_normals_are_judged_and_those_of_the_depth_beside_them():
    protocol = replace(PROTOCOL, normals="window")
    flat = np.full_like(DEPTH, 3)
    leaning = np.broadcast_to(np.float32([np.sin(np.radians(20)), 0, -np.cos(np.radians(20))]), (60, 80, 3))
    score = judged(Estimate(flat, normals=leaning), protocol, depth=flat)
    assert score.normals.metrics().mean == pytest.approx(20, abs=1e-3)
    assert score.normals_from_depth.metrics().mean == pytest.approx(0, abs=1e-3)
    assert judged(flat, protocol, depth=flat).normals is None


def test_certainty_is_judged_by_the_error_it_is_about():
    error = np.broadcast_to(np.linspace(0, 0.4, 60, dtype=np.float32)[:, None], (60, 80))
    good = Estimate(DEPTH * (1 + error), confidence=1 - error, stated_error=True)
    certainty = judged(good).certainty["depth"]
    assert certainty.sparsification.ause == pytest.approx(0, abs=1e-3)
    assert certainty.reliability.calibration_error == pytest.approx(0, abs=1e-3)
    bad = judged(replace(good, confidence=error)).certainty["depth"]
    assert bad.sparsification.ause > 0.5
    assert not judged(DEPTH).certainty


def test_further_measures_are_those_that_the_protocol_asks_for():
    step = DEPTH.copy()
    step[20:40, 20:60] /= 2
    protocol = replace(PROTOCOL, measures=("boundaries", "points"))
    score = judged(step, protocol, depth=step)
    assert score.measures["boundary_f1"] == pytest.approx(1)
    assert score.measures["chamfer"] == pytest.approx(0, abs=1e-6)
    assert score.measures["f_score"] == 1
    assert not judged(step).measures


def test_a_score_is_the_same_after_it_was_written_and_read():
    protocol = replace(PROTOCOL, normals="window", measures=("boundaries",), regions=("full", "garg"))
    normals = np.broadcast_to(np.float32([0.1, 0, -1]), (60, 80, 3))
    kappa = np.linspace(1, 9, 4800, dtype=np.float32).reshape(60, 80)
    estimate = Estimate(DEPTH * 2, normals, confidence=kappa, kappa=kappa, stated_error=True)
    score = judged(estimate, protocol)
    assert ImageScore.from_json(score.to_json()).to_json() == score.to_json()
    assert ImageScore.from_json(score.to_json()).camera == CAMERA


def test_lists_and_tensors_are_arrays_and_words_are_refused():
    torch = pytest.importorskip("torch")
    estimate = Estimate.of({"depth": DEPTH.tolist(), "confidence": torch.ones(60, 80, dtype=torch.uint8)})
    assert abs_rel(judged(estimate)) == pytest.approx(0, abs=1e-6)
    assert estimate.confidence.dtype.kind == "f"
    with pytest.raises(EstimateError, match="array of numbers"):
        Estimate.of({"depth": [["far", "near"]]})


def test_infinity_is_the_far_end_of_the_range_and_not_unknown():
    far = DEPTH.copy()
    far[:6] = np.inf
    for clip in (None, (1e-3, 20.0)):
        score = judged(far, replace(PROTOCOL, range=(0.1, 20.0), clip=clip))
        assert abs_rel(score) == pytest.approx(0.1 * np.mean(20 / DEPTH - 1), rel=1e-5)
        assert score.unknown == 0
    assert abs_rel(judged(far)) == pytest.approx(0.1 * np.mean(8 / DEPTH - 1), rel=1e-5)  # the farthest truth
    assert np.isfinite(list(score.distance.relative)).all()


def test_infinity_at_another_size_is_infinity_still():
    far = DEPTH[::2, ::2].copy()
    far[:10] = np.inf
    score = judged(far, replace(PROTOCOL, range=(0.1, 20.0)))
    assert score.unknown == 0
    assert abs_rel(score) == pytest.approx(np.mean(20 / DEPTH - 1) / 3, rel=0.03)
    inverse = judged(Estimate(1 / far, space="inverse_depth"), replace(PROTOCOL, range=(0.1, 20.0)))
    assert abs_rel(inverse) == pytest.approx(abs_rel(score), rel=1e-5)


def test_the_sign_of_depth_is_no_matter_to_any_measure():
    error = np.broadcast_to(np.linspace(0, 0.4, 60, dtype=np.float32)[:, None], (60, 80))
    estimate = Estimate(DEPTH * (1 + error), confidence=1 - error, stated_error=True)
    plain, negative = judged(estimate), judged(replace(estimate, depth=-estimate.depth))
    assert negative.depth["full"]["metric"] == plain.depth["full"]["metric"]
    np.testing.assert_array_equal(negative.distance.relative, plain.distance.relative)
    assert negative.certainty["depth"].sparsification.ause == plain.certainty["depth"].sparsification.ause


def test_normals_of_another_size_have_their_corners_where_the_protocol_says():
    half = np.broadcast_to(np.float32([0, 0, -1]), (30, 40, 3)).copy()
    half[..., 0] = np.linspace(-1, 1, 40)
    truth = np.broadcast_to(np.float32([0, 0, -1]), (60, 80, 3)).copy()
    truth[..., 0] = np.linspace(-1, 1, 80)
    example = Example(np.zeros((60, 80, 3), np.uint8), CAMERA, DEPTH.copy(), truth)
    off = {}
    for parity in (False, True):
        protocol = replace(PROTOCOL, normals="distributed", parity=parity)
        score = Judge(protocol).score("x", "g", prepare(example, protocol), Estimate(DEPTH[::2, ::2], half))
        off[parity] = score.normals.metrics().mean
    assert off[True] == pytest.approx(0, abs=1e-3)
    assert off[False] > 0.1


def test_another_focal_length_than_the_true_one_is_noted():
    told = Camera(33, 33, 19.5, 14.5, 40, 30)  # of a picture half as wide: 66 px of 80
    assert judged(Estimate(DEPTH, camera=told)).told_focal == pytest.approx(1.1)
    assert judged(DEPTH).told_focal == 1


def test_infinity_stays_the_far_end_where_alignment_finds_a_flat_line():
    falling = (10 - DEPTH).astype(np.float32)
    falling[:2] = np.inf
    score = judged(falling, replace(PROTOCOL, range=(0.1, 20.0)))
    assert score.scales["affine"][0] == 0
    metrics = score.depth["full"]["affine"].metrics()
    assert np.isfinite(metrics.abs_rel)


def test_values_of_any_sign_are_resized_as_they_are_beside_infinity():
    ramp = np.broadcast_to(np.linspace(-1, 1, 40, dtype=np.float32), (30, 40)).copy()
    ramp[3, 3] = np.inf
    estimate = Estimate(ramp, kind="affine_invariant")
    assert abs_rel(judged(estimate, replace(PROTOCOL, alignments=("affine",))), "affine") < 0.02
