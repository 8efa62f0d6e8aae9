"""The chart of every image: dots at their errors, and bars of so many that dots would fill the file."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from theodolite.evaluation.report.columns import Columns
from theodolite.evaluation.report.strips import MOST_DOTS, Strips


def drawn(evaluation) -> str:
    return Strips(Columns(evaluation)).html()


def test_each_image_has_its_two_dots_at_its_errors(with_errors):
    chart = drawn(with_errors({"<x>": [0.25]}))
    places = dict(re.findall(r'<circle class="(\w+)" cx="([\d.]+)%', chart))
    assert {kind: float(place) for kind, place in places.items()} == {"metric": 98, "aligned": 50}
    assert "&lt;x&gt;/0: AbsRel 0.500 as predicted" in chart
    assert "<x>" not in chart


def test_what_is_beyond_the_widest_scale_is_drawn_at_its_end(with_errors, score):
    chart = drawn(with_errors({"a": [0.9]}))
    assert '<circle class="metric" cx="98.00%"' in chart
    assert '<circle class="aligned" cx="88.40%"' in chart
    assert '<line class="constant" x1="10.00%"' in chart  # a constant gets 1 / 12


def test_an_image_without_a_number_is_counted_and_not_drawn(with_errors):
    strips = Strips(Columns(with_errors({"a": [0.1, math.nan]})))
    assert strips.without_number == 1
    assert strips.html().count("<circle") == 2


@pytest.mark.parametrize(("groups", "count"), [(1, 1), (2, 2), (30, 30), (31, 1)])
def test_few_groups_have_a_strip_each_and_many_share_one(with_errors, groups, count):
    chart = drawn(with_errors({f"g{number}": [0.1] for number in range(groups)}))
    assert chart.count('<span class="name">') == count


def test_images_of_no_group_share_one_strip(with_errors):
    assert '<span class="name">all images</span>' in drawn(with_errors({"": [0.1, 0.2]}))


def test_very_many_images_become_bars_and_the_file_stays_small(with_errors):
    errors = np.random.default_rng(0).gamma(2, 0.05, 2 * MOST_DOTS).tolist()
    chart = drawn(with_errors({"": [*errors, 40.0]}))
    assert "<circle" not in chart
    assert len(chart) < 30_000
    counts = [int(count) for count in re.findall(r": (\d+) images?, median aligned", chart)]
    assert sum(counts) == 2 * MOST_DOTS + 1  # the one far off is in the last bar
    assert re.search(r"AbsRel [\d.]+ and more: \d+ image", chart)


def test_a_model_judged_after_one_alignment_has_one_row_of_dots(with_errors):
    evaluation = with_errors({"a": [0.25]})
    del evaluation.collected.depth["full", "metric"], evaluation.collected.depth["full", "affine"]
    chart = drawn(replace(evaluation))
    assert chart.count("<circle") == 1
    assert "AbsRel 0.250 median aligned" in chart
