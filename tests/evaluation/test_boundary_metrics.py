"""Boundary metrics on steps whose place is known, and against Depth Pro's definition pixel by pixel."""

import numpy as np
import pytest

from theodolite.errors import SizeMismatch
from theodolite.evaluation.boundary_metrics import RATIOS, boundary_metrics, canny_edges, edge_metrics

HEIGHT, WIDTH = 60, 80


def box(near: float = 2.0, far: float = 4.0) -> np.ndarray:
    """A box before a wall: contours in all four directions."""
    depth = np.full((HEIGHT, WIDTH), far)
    depth[20:40, 30:50] = near
    return depth


def step(column: int) -> np.ndarray:
    """Two planes square to the view, the left one nearer; the step lies on a column, so that its edge is one too."""
    depth = np.full((HEIGHT, WIDTH), 4.0)
    depth[:, :column] = 2.0
    depth[:, column] = 3.0
    return depth


def contours(depth: np.ndarray, ratio: float) -> list[set]:
    """By loops: in each direction, the pairs whose second is farther than the first by more than a ratio."""
    found = []
    for dv, du in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        pairs = set()
        for v in range(depth.shape[0]):
            for u in range(depth.shape[1]):
                if (
                    0 <= v + dv < depth.shape[0]
                    and 0 <= u + du < depth.shape[1]
                    and depth[v + dv, u + du] / depth[v, u] > ratio
                ):
                    pairs.add((v, u))
        found.append(pairs)
    return found


def test_the_truth_itself_scores_one():
    metrics = boundary_metrics(box(), box())
    assert metrics.as_dict() == pytest.approx({"f1": 1, "precision": 1, "recall": 1})


def test_f1_is_what_loops_over_pairs_and_ratios_find():
    random = np.random.default_rng(0)
    truth, depth = np.exp(random.normal(0, 0.15, (2, 12, 15)))
    each = []
    for ratio in RATIOS:
        pairs = list(zip(contours(depth, ratio), contours(truth, ratio), strict=True))
        precision = np.mean([len(p & t) / max(len(p), 1) for p, t in pairs])
        recall = np.mean([len(p & t) / max(len(t), 1) for p, t in pairs])
        each.append(2 * precision * recall / (precision + recall))
    assert boundary_metrics(depth, truth).f1 == pytest.approx(np.average(each, weights=RATIOS))


def test_no_scale_changes_f1():
    random = np.random.default_rng(1)
    truth, depth = np.exp(random.normal(0, 0.1, (2, 20, 30)))
    assert boundary_metrics(3.7 * depth, truth).as_dict() == pytest.approx(boundary_metrics(depth, truth).as_dict())


def test_a_contour_one_pixel_off_is_missed():
    assert boundary_metrics(np.roll(box(), 1, axis=(0, 1)), box()).f1 == 0


def test_a_ratio_weighs_as_much_as_it_is():
    # Found at the ratios below 1.12 only: the first four.
    found = boundary_metrics(box(near=4 / 1.12), box()).recall
    assert found == pytest.approx(RATIOS[:4].sum() / RATIOS.sum())


def test_unknown_truth_makes_no_contour_and_forgives_one():
    truth = box()
    truth[:, :15] = np.nan
    depth = box()
    depth[:, :8] = 1.0
    assert boundary_metrics(depth, truth).f1 == pytest.approx(1)
    outside = np.ones(truth.shape, bool)
    outside[:, :15] = False
    assert boundary_metrics(depth, box(), outside).f1 == pytest.approx(1)
    assert boundary_metrics(depth, box()).f1 < 1


def test_a_flat_or_unknown_truth_is_no_score():
    assert boundary_metrics(box(), np.full((HEIGHT, WIDTH), 2.0)) is None
    assert boundary_metrics(box(), np.full((HEIGHT, WIDTH), np.nan)) is None


def test_an_unknown_prediction_cannot_turn_into_a_good_score():
    random = np.random.default_rng(2)
    truth, depth = np.exp(random.normal(0, 0.1, (2, 20, 30)))
    before = boundary_metrics(depth, truth)
    for share in (0.01, 0.1, 0.5, 1):
        lost = np.where(random.random(depth.shape) < share, np.nan, depth)
        after = boundary_metrics(lost, truth)
        assert after.f1 < before.f1
        assert after.precision < before.precision
        assert after.recall < before.recall
    assert after.f1 == 0


def test_infinitely_far_is_behind_everything():
    depth, truth = box(), box()
    depth[depth == 4] = np.inf
    assert boundary_metrics(depth, truth).f1 == pytest.approx(1)


def test_a_marked_edge_found_in_place_has_no_error():
    metrics = edge_metrics(step(40), canny_edges(step(40)))
    assert metrics.as_dict() == {"accuracy": 0, "completeness": 0}


@pytest.mark.parametrize("shift", [1, 3, 7])
def test_a_step_some_pixels_off_has_that_error(shift):
    metrics = edge_metrics(step(40 + shift), canny_edges(step(40)))
    assert metrics.accuracy == pytest.approx(shift)
    assert metrics.completeness == pytest.approx(shift)


def test_canny_finds_a_step_where_it_is():
    rows, columns = np.nonzero(canny_edges(step(40)))
    assert set(columns) == {40}
    assert len(set(rows)) > HEIGHT - 5


def test_an_edge_too_far_off_or_none_at_all_is_ten_pixels():
    marked = canny_edges(step(40))
    for depth in (step(55), np.full((HEIGHT, WIDTH), 2.0)):
        assert edge_metrics(depth, marked).as_dict() == {"accuracy": 10, "completeness": 10}


def test_an_edge_predicted_far_from_all_marked_ones_is_incomplete_not_inaccurate():
    depth = step(20)
    depth[:, 60], depth[:, 61:] = 5.0, 6.0
    metrics = edge_metrics(depth, canny_edges(step(20)))
    assert metrics.accuracy == 0
    # Of three lines of edges, one marked, one found, one 40 px away.
    assert metrics.completeness == pytest.approx(10 / 3, rel=0.05)


def test_no_scale_or_shift_changes_the_edges():
    marked = canny_edges(step(40))
    assert edge_metrics(5 * step(43) + 1, marked) == edge_metrics(step(43), marked)


def test_without_a_marked_edge_there_is_no_score():
    assert edge_metrics(step(40), np.zeros((HEIGHT, WIDTH), bool)) is None


def test_unknown_depth_is_forgiven_only_where_nothing_is_valid():
    marked, depth = canny_edges(step(40)), step(43)
    depth[:20, 60:] = np.nan
    assert np.isnan(edge_metrics(depth, marked).accuracy)
    assert np.isnan(edge_metrics(depth, marked).completeness)
    valid = np.isfinite(depth)
    metrics = edge_metrics(depth, marked, valid)
    assert (metrics.accuracy, metrics.completeness) == pytest.approx((3, 3))
    assert np.isnan(edge_metrics(np.full_like(depth, np.nan), marked, np.zeros_like(valid)).accuracy)


def test_sizes_must_agree():
    with pytest.raises(SizeMismatch, match="same size"):
        boundary_metrics(step(4), step(4)[:-1])
    with pytest.raises(SizeMismatch, match="same size"):
        edge_metrics(step(4), np.ones((2, 2), bool))
