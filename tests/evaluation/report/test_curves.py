"""Curves: by distance and of certainty, at the numbers that they are of."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.confidence_metrics import Certainty
from theodolite.evaluation.distance import DistanceSums
from theodolite.evaluation.reliability import DEPTH_EDGES, Reliability
from theodolite.evaluation.report.curves import by_distance, certainty
from theodolite.evaluation.report.plot import HEIGHT, Axis, Curve, Point, even_steps, plot
from theodolite.evaluation.sparsification import Sparsification


def of_scores(evaluation, *scores):
    collected = Collected()
    for score in scores:
        collected.add(score)
    return replace(evaluation, collected=collected, listed=len(scores))


def lines(html: str, kind: str) -> list[list[tuple[float, float]]]:
    """Each polyline's points, x in a thousand, y upwards as a share of the height."""
    found = re.findall(rf'<polyline class="{kind}"[^>]*points="([^"]+)"', html)
    pairs = [[tuple(map(float, pair.split(","))) for pair in line.split()] for line in found]
    return [[(x, 1 - y / HEIGHT) for x, y in line] for line in pairs]


def test_error_and_bias_stand_in_the_bin_of_their_distance(evaluation, score):
    true = np.array([1.5, 1.5, 1.5, 2.5, 3.5])
    depth = np.array([1.5, 1.5, 1.5, 2.0, 4.2])
    html = by_distance(of_scores(evaluation, replace(score, distance=DistanceSums.of(depth, true))))
    assert "1 to 2 m: AbsRel 0.000, 60.0% of the pixels" in html
    assert "2 to 3 m: AbsRel 0.200, 20.0% of the pixels" in html
    assert "2 to 3 m: bias -0.200" in html
    assert "3 to 4 m: bias 0.200" in html
    # From -0.2 to 0.2, three bins.
    ((first, second, third),) = lines(html, "bias")
    assert [first[0], second[0], third[0]] == pytest.approx([167, 500, 833])
    assert [first[1], second[1], third[1]] == pytest.approx([0.5, 0, 1], abs=1e-3)
    assert re.findall(r'y="14"[^>]*>([^<]*)<', html) == ["1", "2", "3", "4"]


def test_a_bin_without_pixels_breaks_the_curve(evaluation, score):
    true = np.array([0.5, 1.5, 3.5, 4.5])
    html = by_distance(of_scores(evaluation, replace(score, distance=DistanceSums.of(true * 1.1, true))))
    assert [len(line) for line in lines(html, "abs_rel")] == [2, 2]


def test_pixels_without_a_prediction_leave_a_gap_and_no_nan(evaluation, score):
    true = np.array([0.5, 1.5, 2.5])
    depth = np.array([0.5, math.nan, 2.5])
    html = by_distance(of_scores(evaluation, replace(score, distance=DistanceSums.of(depth, true))))
    assert "nan" not in html.replace("AbsRel nan", "").replace("bias nan", "")
    assert lines(html, "abs_rel") == []


def test_sparsification_is_the_mean_over_images(evaluation, score):
    error, sure = np.array([0.1, 0.2, 0.3, 0.4]), np.array([4.0, 3.0, 2.0, 1.0])
    best, worst = Sparsification.of(error, sure), Sparsification.of(error, -sure)
    scores = [replace(score, certainty={"depth": Certainty(each)}) for each in (best, worst)]
    (html,) = certainty(of_scores(evaluation, *scores))
    assert "are the least certain pixels the worst?" in html
    ((*_, last),) = lines(html, "oracle")
    top = 1.75 if "1.75" in html else 2.0 if ">2<" in html else 1.5 if ">1.5<" in html else 1.0
    assert last[1] * top == pytest.approx(0.1 / 0.25, abs=0.01)
    ((*_, end),) = lines(html, "model")
    assert end[1] * top == pytest.approx((0.1 + 0.4) / 2 / 0.25, abs=0.01)


def test_a_stated_error_that_is_right_lies_on_the_diagonal(evaluation, score):
    stated = np.array([0.005, 0.04, 0.12, 0.4])
    reliability = Reliability.of(stated, stated, DEPTH_EDGES)
    own = Certainty(Sparsification.of(stated, -stated), reliability)
    _, html = certainty(of_scores(evaluation, replace(score, certainty={"depth": own})))
    ((*points,),) = lines(html, "model")
    assert len(points) == 4
    assert all(x / 1000 == pytest.approx(y, abs=2e-3) for x, y in points)
    assert "Mean gap 0.000" in html
    assert "stated 0.120, found 0.120, 25.0% of the pixels" in html


def test_bins_of_hardly_a_pixel_do_not_set_the_scale(evaluation, score):
    stated = np.append(np.full(5000, 0.05), 0.9)
    reliability = Reliability.of(stated, stated, DEPTH_EDGES)
    own = Certainty(Sparsification.of(stated, -stated), reliability)
    _, html = certainty(of_scores(evaluation, replace(score, certainty={"depth": own})))
    assert "stated 0.050" in html
    assert "stated 0.900" not in html


def test_without_a_prediction_a_curve_of_certainty_is_a_sentence(evaluation, score):
    error = np.array([0.1, math.nan])
    own = Certainty(Sparsification.of(error, error), Reliability.of(error, error, DEPTH_EDGES))
    found = certainty(of_scores(evaluation, replace(score, certainty={"depth": own})))
    assert len(found) == 2
    for html in found:
        assert "are no numbers" in html or "is no number" in html
        assert "<svg" not in html


def test_an_evaluation_without_images_has_no_curves(evaluation):
    nothing = of_scores(evaluation)
    assert by_distance(nothing) == ""
    assert certainty(nothing) == []


def test_a_plot_escapes_whatever_it_is_told():
    curve = Curve("model", "<legend>", (Point(0, 0, "<dot>"), Point(1, 1)))
    html = plot("<all>", Axis("<x>", ((0, "<tick>"),)), Axis("<y>", ((1, "<other>"),)), [curve])
    assert not re.search(r"<(legend|dot|all|x|tick|y|other)>", html)
    assert html.count("&lt;") == 7


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 0.31, [0, 0.1, 0.2, 0.3, 0.4]),
        (-0.3, 0.1, [-0.3, -0.2, -0.1, 0, 0.1]),
        (0, 0.004, [0, 0.001, 0.002, 0.003, 0.004]),
        (0, 40, [0, 10, 20, 30, 40]),
    ],
)
def test_labels_are_round_numbers_that_enclose_the_range(low, high, steps):
    assert even_steps(low, high) == pytest.approx(steps)


def test_a_range_of_nothing_has_two_labels():
    assert len(even_steps(0, 0)) >= 2
