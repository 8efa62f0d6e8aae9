"""Images of a report: the ones it promises, each once, and a reason where one is lost."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from theodolite.evaluation.report.columns import Columns
from theodolite.evaluation.report.gallery import Gallery, chosen_images


def shown(with_errors, errors):
    columns = Columns(with_errors({"s": errors}))
    return chosen_images(columns, columns.members("s"))


def test_best_typical_and_worst_are_those_by_aligned_error(with_errors):
    assert shown(with_errors, [0.5, 0.1, math.nan, 0.3, 0.2]) == [
        ("best image", 1),
        ("typical image", 3),
        ("worst image", 2),
    ]
    assert shown(with_errors, [0.5, 0.1]) == [("best image", 1), ("worst image", 0)]
    assert shown(with_errors, [0.5]) == [("only image", 0)]


def test_places_are_those_among_all_images(with_errors):
    columns = Columns(with_errors({"a": [0.1, 0.2], "b": [0.4, 0.3]}))
    assert chosen_images(columns, columns.members("b")) == [("best image", 3), ("worst image", 2)]
    assert chosen_images(columns, columns.members(""))[-1] == ("worst image", 2)


def test_an_image_is_shown_once_and_pointed_to_after_that(evaluation, task, wall_model):
    html = Gallery(Columns(evaluation), task, wall_model, task.examples()).html()
    # All four images are shown; each six pictures, but the one of points, which has no normals to be judged by.
    assert html.count("<img") == 3 * 6 + 5
    ids = re.findall(r'id="shown-(\d+)"', html)
    assert len(ids) == len(set(ids)) == 4
    assert set(re.findall(r'href="#shown-(\d+)"', html)) <= set(ids)
    assert "href" in html


@pytest.mark.parametrize(("groups", "sections"), [(1, 1), (2, 3), (12, 13), (13, 1)])
def test_groups_have_pictures_of_their_own_if_they_are_few(with_errors, task, wall_model, groups, sections):
    columns = Columns(with_errors({f"g{number}": [0.1] for number in range(groups)}))
    html = Gallery(columns, task, wall_model, []).html()
    assert html.count("<section>") == 1 + sections


def test_an_image_that_became_unusable_leaves_its_reason(evaluation, task, wall_model):
    (task.data / "walls" / "at 4.0 m_depth.png").write_bytes(b"gone")
    html = Gallery(Columns(evaluation), task, wall_model, task.examples()).html()
    assert re.search(r'<p class="lost">No pictures: [^<]*walls/at 4.0 m_depth.png', html)
    assert html.count("<img") == 2 * 6 + 5
    assert "0.083" in html  # its numbers stay
    assert str(task.data) not in html


def test_an_image_that_is_not_listed_any_more_leaves_its_reason(evaluation, task, wall_model):
    html = Gallery(Columns(evaluation), task, wall_model, task.examples()[:-1]).html()
    assert "does not list this image any more" in html


def test_a_group_of_which_no_image_could_be_scored_is_told(evaluation, task, wall_model):
    failure = replace(evaluation.collected.failures[0], group="gone & lost")
    evaluation.collected.add(failure)
    html = Gallery(Columns(evaluation), task, wall_model, []).html()
    assert "<h2>gone &amp; lost</h2><p>No image of this group could be scored.</p>" in html


def test_members_are_in_the_order_of_the_benchmark(with_errors):
    columns = Columns(with_errors({"a": [0.1, 0.2], "b": [0.3]}))
    assert columns.members("b").tolist() == [2]
    assert np.array_equal(columns.of("metric", "abs_rel"), [0.2, 0.4, 0.6])
