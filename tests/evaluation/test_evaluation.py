"""One model on one benchmark: the document holds everything, as JSON can, and the table every image."""

import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.protocols import find_protocol


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def part_of(document, name):
    return next(part for part in document["parts"] if part["name"] == name)


def test_the_document_has_all_images_and_each_group_and_what_failed(evaluation):
    document = json.loads(json.dumps(evaluation.document()), parse_constant=no_constant)
    assert {part["name"]: (part["images"], part["failures"]) for part in document["parts"]} == {
        "": (4, 1),
        "points & <lines>": (1, 1),
        "walls": (3, 0),
    }
    (failure,) = document["failures"]
    assert failure["name"] == "points & <lines>/lost"
    assert "lost_depth.png" in failure["reason"]
    walls = part_of(document, "walls")
    assert walls["normals"]["network"]["images"]["mean"] == pytest.approx(20, abs=0.1)
    assert walls["normals"]["depth"]["images"]["mean"] == pytest.approx(0, abs=0.1)
    assert set(walls["depth"]["full"]) == {"metric", "median", "affine"}
    whole = part_of(document, "")["depth"]["full"]["metric"]
    assert whole["headline"] == "groups"
    groups = [
        part_of(document, name)["depth"]["full"]["metric"]["images"]["abs_rel"]
        for name in ("walls", "points & <lines>")
    ]
    assert whole["groups"]["abs_rel"] == pytest.approx(np.mean(groups))
    assert document["protocol"]["range"] == [0.1, 80]


def test_normals_are_judged_where_truth_is_dense(evaluation):
    sources = {part.name: set(part.normals) for part in evaluation.groups}
    assert sources == {"points & <lines>": set(), "walls": {"network", "depth"}}


def test_the_protocol_comes_back_as_it_was_run(evaluation):
    assert evaluation.protocol == find_protocol("frames")
    open_ended = replace(find_protocol("eth3d"), masks=("a", "b"))
    again = Evaluation({"protocol": json.loads(json.dumps(open_ended.as_dict()))}, evaluation.collected, 5).protocol
    assert again == open_ended
    assert math.isinf(again.range[1])


def test_an_open_range_is_null_in_json(evaluation):
    settings = {**evaluation.settings, "protocol": find_protocol("eth3d").as_dict()}
    document = json.loads(json.dumps(replace(evaluation, settings=settings).settings), parse_constant=no_constant)
    assert document["protocol"]["range"][1] is None


def test_the_table_has_a_line_for_each_image_scored(evaluation):
    head, *rows = csv.reader(io.StringIO(evaluation.csv()))
    assert [row[0] for row in rows] == ["points & <lines>/sweep", "walls/at 2.0 m", "walls/at 2.5 m", "walls/at 4.0 m"]
    column = {name: [row[place] for row in rows] for place, name in enumerate(head)}
    assert [float(value) for value in column["full/metric/abs_rel"]] == pytest.approx(
        [0, 0, 0.2, 0.25 * 1 / 3 + 0.75 * 0.5], abs=1e-3
    )
    assert float(column["scale/median"][2]) == pytest.approx(1.25, rel=1e-3)
    assert column["normals/network/mean"][0] == "nan"
    assert float(column["dense"][0]) == pytest.approx(1 / 64)


def test_a_constant_is_what_aligned_depth_has_to_beat(evaluation):
    head, rows = evaluation.per_image()
    values = dict(zip(head, list(rows)[3], strict=True))
    # 4 m, and 3 m in a quarter of the picture.
    assert values["constant/abs_rel"] == pytest.approx(0.25 / 3, abs=1e-3)
