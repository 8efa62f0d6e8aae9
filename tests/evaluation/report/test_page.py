"""The report: complete in itself, safe whatever files are called, and with all that it promises."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.report.page import report_page, write_report
from theodolite.evaluation.scores import ImageFailure

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


def test_the_page_needs_no_other_file_and_no_network(page):
    sources = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s>)]*)""", page)
    assert sources
    assert all(re.match(r"data:image/webp;base64,|#shown-\d+$", source) for source in sources)
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


def test_the_page_tells_model_protocol_failures_date_and_command(page):
    told = (
        "<h1>wall &lt;model&gt; on frames</h1>",
        "4 of 5 images in 2 groups, 26 November 2026",
        "Community protocol: truth 0.1 to 80 m, mean over groups, normals sensor",
        "alignments metric, median, affine",
        "lost_depth.png",
        "1 of 2",
        "stand-in",
        "theodolite evaluate",
        "Means over groups",
    )
    for words in told:
        assert words in page


def test_the_headline_has_its_interval_beside_it(page):
    tiles = re.findall(r'class="tile"><span>([^<]+)</span><strong>([^<]+)</strong><small>([^<]+)<', page)
    assert tiles == [
        ("AbsRel, as predicted", "0.110", "95 %: 0.000 to 0.229"),
        ("AbsRel, median aligned", "0.014", "95 %: 0.000 to 0.042; a constant gets 0.014"),
        ("delta1, as predicted", "0.667", "pixels within a factor of 1.25; 95 %: 0.500 to 1.000"),
        ("normals", "20.0°", "mean angle; 95 %: 20.0 to 20.0"),
    ]


def test_private_folders_are_not_told(page, task):
    assert str(task.data.parent) not in page
    assert task.data.name in page


def test_tables_curves_and_pictures_are_all_there(page):
    headings = re.findall(r"<h[23]>([^<]+)<", page)
    for words in ("Every image", "Error by distance", "Depth", "Metric, by group", "Normals, degrees", "All images"):
        assert words in headings
    assert "Depth: are errors as large as stated?" in headings
    assert "Normals: are the least certain pixels the worst?" in headings


def test_options_in_a_note_are_set_as_typed(evaluation, task, wall_model):
    protocol = evaluation.settings["protocol"] | {"note": "Take `--truth <raw>`."}
    noted = replace(evaluation, settings=evaluation.settings | {"protocol": protocol})
    assert "Take <code>--truth &lt;raw&gt;</code>." in report_page(noted, task, wall_model, [], "", datetime.now(UTC))


def test_a_run_without_a_scored_image_still_has_a_page(evaluation, task, wall_model):
    collected = Collected()
    for failure in evaluation.collected.failures:
        collected.add(failure)
    page = report_page(replace(evaluation, collected=collected), task, wall_model, [], "", datetime.now(UTC))
    assert "No image could be scored" in page
    assert "lost_depth.png" in page
    assert "<img" not in page


def test_of_very_many_failures_the_first_ones_are_listed_and_the_rest_counted(evaluation, task, wall_model):
    collected = Collected()
    for number in range(1203):
        collected.add(ImageFailure(f"image {number}", "", "no"))
    page = report_page(replace(evaluation, collected=collected), task, wall_model, [], "", datetime.now(UTC))
    assert page.count("<li>") == 200
    assert "and 1003 more" in page


def test_the_file_is_written_whole_in_a_folder_that_is_made(evaluation, task, wall_model, tmp_path):
    path = tmp_path / "new" / "report.html"
    write_report(path, evaluation, task, wall_model, task.examples(), "theodolite evaluate")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n")
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
