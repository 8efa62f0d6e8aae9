"""One model on one suite: the document holds everything, as JSON can."""

import json
import math

import pytest

from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.real_frames import list_frames, score_frames
from theodolite.evaluation.tables import as_text, notes, tables


@pytest.fixture
def evaluation(walls, predictor) -> Evaluation:
    outcomes = tuple(score_frames(predictor, list_frames(walls), with_normals=True))
    return Evaluation("real", predictor.facts, "stand-in", predictor.canvas_pixels, (0.1, 80), outcomes)


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def test_the_document_has_sets_cameras_all_and_every_frame(evaluation):
    document = json.loads(json.dumps(evaluation.document()), parse_constant=no_constant)
    assert {row["set"]: (row["frames"], row["failures"]) for row in document["sets"]} == {
        "points & <lines>": (1, 1),
        "walls": (3, 0),
    }
    assert [row["camera"] for row in document["cameras"]] == ["f 64 px, 64x64"] * 2
    assert len(document["frames"]) == 5
    assert document["failures"] == 1
    assert document["overall"]["sets"] == 2
    assert document["overall"]["metric"]["abs_rel"] == pytest.approx(
        sum(row["metric"]["abs_rel"] for row in document["sets"]) / 2
    )
    walls = document["sets"][1]
    assert walls["normals"]["mean"] == pytest.approx(20, abs=0.1)
    assert walls["normal_frames"] == 3
    assert set(walls["aligned"]) >= {"abs_rel", "rmse", "silog", "delta1", "delta2", "delta3"}


def test_what_is_no_number_becomes_null(evaluation):
    document = Evaluation("real", evaluation.facts, "", 1, (0.1, math.inf), ()).document()
    assert document["range_metres"] == [0.1, None]
    assert document["overall"] is None


def test_tables_hold_each_set_and_their_mean_and_normals_only_where_judged(evaluation):
    metric, aligned, normals = tables(evaluation)
    assert [row.name for row in metric.rows] == ["points & <lines>", "walls", "mean over sets"]
    assert metric.rows[0].cells[:2] == ("1 of 2", "0.000")
    assert [row.name for row in normals.rows] == ["walls"]
    assert normals.rows[0].cells[:2] == ("3", "20.0")
    lines = as_text(aligned)
    assert len({len(line) for line in lines}) == 1
    assert "scale needed" in lines[0]


def test_notes_tell_what_was_not_scored_and_where_normals_were_not(evaluation):
    told = "\n".join(notes(evaluation))
    assert "1 of 5 frames (points & <lines> 1)" in told
    assert "Normals judged: walls. Not judged: points & <lines>" in told


def test_an_evaluation_without_a_scored_frame_has_no_tables(evaluation):
    failed = tuple(evaluation.failures)
    nothing = Evaluation("real", evaluation.facts, "", 1, (0.1, 80), failed)
    assert tables(nothing) == []
    assert "1 of 1 frames" in notes(nothing)[0]
