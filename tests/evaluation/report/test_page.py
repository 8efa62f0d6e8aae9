"""The report: complete in itself, safe whatever files are called, and with the frames it promises."""

import base64
import io
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from PIL import Image

from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.real_frames import list_frames, score_frames
from theodolite.evaluation.report.page import chosen_frames, report_page, write_report
from theodolite.evaluation.report.strips import strips

VOID = {"meta", "img"}


class Balanced(HTMLParser):
    """Notes tags that are not closed where they were opened."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture
def frames(walls):
    return list_frames(walls)


@pytest.fixture
def evaluation(frames, predictor) -> Evaluation:
    outcomes = tuple(score_frames(predictor, frames, with_normals=True))
    return Evaluation("real", predictor.facts, "stand-in", predictor.canvas_pixels, (0.1, 80), outcomes)


@pytest.fixture
def page(evaluation, predictor, frames) -> str:
    return report_page(evaluation, predictor, frames, "theodolite evaluate 'a <b>'", datetime(2026, 11, 26, tzinfo=UTC))


def test_the_page_needs_no_other_file_and_no_network(page):
    sources = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s>)]*)""", page)
    assert sources
    assert all(source.startswith("data:image/webp;base64,") for source in sources)
    without_pictures = re.sub(r"data:image/webp;base64,[\w+/=]+", "", page)
    for word in ("http://", "https://", "<script", "<link", "@import", "@font-face"):
        assert word not in without_pictures


def test_names_cannot_become_markup(page):
    assert "points &amp; &lt;lines&gt;" in page
    assert "wall &lt;model&gt;" in page
    assert "&#x27;a &lt;b&gt;&#x27;" in page
    for raw in ("<lines>", "<model>", "<b>'"):
        assert raw not in page


def test_every_tag_is_closed(page):
    parser = Balanced()
    parser.feed(page.partition("\n")[2])
    assert not parser.wrong
    assert not parser.open


def test_pictures_are_small_and_say_what_they_show(page):
    uris = re.findall(r'<img src="data:image/webp;base64,([\w+/=]+)" width="(\d+)" height="(\d+)" alt="([^"]+)"', page)
    # Three dense frames with six pictures each; one of points, without the sensor's normals.
    assert len(uris) == 3 * 6 + 5
    assert "normals of the sensor, at 2.0 m" in {alt for *_, alt in uris}
    for data, width, height, _ in uris:
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        assert picture.size == (int(width), int(height))


def test_the_page_tells_failures_range_date_and_command(page):
    for words in ("lost_depth.png", "between 0.1 and 80 m", "26 November 2026", "1 of 2", "stand-in"):
        assert words in page


def test_a_set_of_which_no_frame_could_be_scored_is_told(evaluation, predictor, frames):
    failed = [o for o in evaluation.outcomes if o in evaluation.failures]
    outcomes = tuple(replace(failed[0], set="gone") for _ in failed)
    page = report_page(replace(evaluation, outcomes=outcomes), predictor, frames[:1], "", datetime.now(UTC))
    assert "No frame of this set could be scored" in page


def test_best_typical_and_worst_are_those_by_aligned_error(evaluation):
    score = evaluation.scores[-1]
    errors = [0.5, 0.1, math.nan, 0.3, 0.2]
    scores = [replace(score, set="s", aligned=replace(score.aligned, abs_rel=error)) for error in errors]
    assert chosen_frames(scores, "s") == [("best frame", 1), ("typical frame", 3), ("worst frame", 2)]
    assert chosen_frames(scores[:2], "s") == [("best frame", 1), ("worst frame", 0)]
    assert chosen_frames([*evaluation.failures, scores[0]], "s") == [("only frame", 1)]


def test_each_frame_has_its_two_dots_at_its_errors(evaluation):
    score = replace(evaluation.scores[-1], frame='<"x">')
    score = replace(
        score,
        metric=replace(score.metric, abs_rel=0.5),
        aligned=replace(score.aligned, abs_rel=0.25),
        constant=replace(score.constant, abs_rel=9.0),
    )
    chart = strips(replace(evaluation, outcomes=(score,)))
    places = dict(re.findall(r'<circle class="(\w+)" cx="([\d.]+)%', chart))
    assert {kind: float(place) for kind, place in places.items()} == {"metric": 98, "aligned": 50}
    assert '<line class="constant" x1="98.00%"' in chart  # beyond the end, drawn at it
    assert '<"x">' not in chart


def test_the_file_is_written_whole_in_a_folder_that_is_made(evaluation, predictor, frames, tmp_path):
    path = tmp_path / "new" / "report.html"
    write_report(path, evaluation, predictor, frames, "theodolite evaluate")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n")
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
