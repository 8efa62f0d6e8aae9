"""Tables: what they hold, and that they say how their numbers were made."""

from dataclasses import replace

import pytest

from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.judging import Judge
from theodolite.evaluation.protocols import find_protocol
from theodolite.evaluation.runner import outcomes_of
from theodolite.evaluation.tables import as_text, notes, number, tables


def run(task, model) -> Evaluation:
    examples, collected = task.examples(), Collected()
    for outcome in outcomes_of(Judge(task.protocol), model, examples):
        collected.add(outcome)
    return Evaluation(task.settings(model, examples), collected, len(examples))


def test_every_alignment_has_a_row_and_its_other_averages_beneath(evaluation):
    depth = tables(evaluation)[0]
    assert [(row.name, row.kind) for row in depth.rows[:4]] == [
        ("metric", "main"),
        ("mean over images", "other"),
        ("all pixels pooled", "other"),
        ("median", "main"),
    ]
    assert "mean over groups" in depth.about
    for name in evaluation.alignments:
        assert f"{name.capitalize()}: " in depth.about
    assert len({len(line) for line in as_text(depth)}) == 1


def test_regions_are_named_where_there_are_several(task, wall_model):
    found = run(replace(task, protocol=replace(task.protocol, regions=("garg", "full"))), wall_model)
    assert [row.name for row in tables(found)[0].rows if row.kind == "main"][:3] == [
        "metric, garg",
        "median, garg",
        "affine, garg",
    ]


def test_groups_have_rows_with_their_failures(evaluation):
    by_group = next(table for table in tables(evaluation) if table.title == "median, by group")
    assert [(row.name, row.cells[0]) for row in by_group.rows] == [
        ("points & <lines>", "1 of 2"),
        ("walls", "3"),
        ("mean over groups", "4 of 5"),
    ]
    assert by_group.columns[-2:] == ("scale needed", "AbsRel of a constant")


def test_cameras_have_rows_of_their_own_in_a_group_with_several(task, wall_model, walls):
    listing = walls / "walls" / "frames.json"
    listing.write_text(listing.read_text().replace("[64, 64,", "[128, 128,", 1))
    found = tables(run(task, wall_model))
    names = [(row.name, row.kind) for row in found[1].rows]
    assert ("walls", "group") in names
    assert ("f 128 px, 64x64", "camera") in names
    assert any(line.startswith("|   f 128 px") for line in as_text(found[1]))


def test_notes_tell_what_was_not_scored_and_where_normals_were_not(evaluation):
    told = "\n".join(notes(evaluation))
    assert "1 of 5 images (points & <lines> 1)" in told
    assert "Normals judged: walls. Not judged: points & <lines>" in told


def test_notes_tell_of_pixels_without_a_prediction_and_of_a_run_cut_short(evaluation):
    rows = evaluation.collected.facts
    rows.numbers[2] = 0.5  # share of the first image without a prediction
    told = "\n".join(notes(replace(evaluation, listed=9)))
    assert "12.50% of the pixels that count, in 1 images" in told
    assert "no numbers" in told
    assert "Not attempted yet: 4 of 9" in told
    far = replace(evaluation, settings={**evaluation.settings, "unknown_is_far": True})
    assert "far end of the range" in "\n".join(notes(far))


def test_published_rows_stand_beside_a_run_of_their_benchmark(task, wall_model):
    kitti = replace(task.protocol, benchmark="kitti")
    found = tables(run(replace(task, protocol=kitti), wall_model))
    published = next(table for table in found if table.title == "published, metric")
    assert published.rows[0].name == "wall <model> (this run)"
    assert len(published.rows) > 5
    assert all(row.kind == "published" and row.cells[0] for row in published.rows[1:])
    assert "differ" in published.about


def test_published_rows_of_a_part_stand_beside_the_group_of_its_name(task, wall_model, walls):
    (walls / "walls").rename(walls / "indoors")
    (walls / "points & <lines>").rename(walls / "outdoor")
    found = tables(run(replace(task, protocol=replace(task.protocol, benchmark="diode")), wall_model))
    titles = [table.title for table in found]
    assert "published, metric, indoors" in titles
    assert "published, metric, outdoor" in titles
    assert "published, affine" in titles


def test_a_benchmark_that_nobody_published_has_no_such_table(evaluation):
    assert not any(table.title.startswith("published") for table in tables(evaluation))


def test_a_protocols_own_warning_is_a_note():
    assert find_protocol("nyuv2").note


def test_nothing_scored_has_no_tables(evaluation):
    assert tables(Evaluation(evaluation.settings, Collected(), 0)) == []


def test_what_is_no_number_is_a_dash():
    assert number(float("nan")) == "-"
    assert number(1.26, 1) == "1.3"


@pytest.mark.parametrize(
    "title", ["depth", "metric, by group", "normals, degrees", "further measures", "by distance, m"]
)
def test_every_table_says_how_to_read_it(evaluation, title):
    table = next(table for table in tables(evaluation) if table.title == title)
    assert table.about
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_what_holds_for_some_images_only_is_told(evaluation):
    kept = evaluation.collected
    kept.facts.numbers[4] = 1.08  # the first image's model was told another focal length
    rows = kept.depth["full", "median"]
    rows.places, rows.numbers = rows.places[:-1], rows.numbers[: -rows.width]
    told = " ".join(notes(evaluation))
    assert "another focal length: 1 of 4 images, 1.080 to 1.080" in told
    assert "Alignment median: of 3 of 4 images" in told
