"""Evaluations with errors as a test wants them, made of one genuine score."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.depth_metrics import DepthSums
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.judging import Judge
from theodolite.evaluation.report.page import report_page
from theodolite.evaluation.runner import attempt
from theodolite.evaluation.scores import ImageScore


@pytest.fixture
def score(task, wall_model) -> ImageScore:
    """Of the last wall."""
    found = attempt(Judge(task.protocol), wall_model, task.examples()[-1])
    assert isinstance(found, ImageScore)
    return found


def of_error(abs_rel: float) -> DepthSums:
    """Sums of one pixel with that error."""
    return DepthSums(1.0, abs_rel, *[0.0] * 8)


@pytest.fixture
def with_errors(evaluation, score):
    """An evaluation whose groups have images of these AbsRel after the median; as predicted, twice as much."""

    def made(groups: dict[str, list[float]]) -> Evaluation:
        collected = Collected()
        for group, errors in groups.items():
            for place, error in enumerate(errors):
                depth = {"metric": of_error(2 * error), "median": of_error(error), "affine": of_error(error)}
                name = f"{group}/{place}"
                collected.add(replace(score, name=name, group=group, depth={"full": depth}, normals=None))
        return replace(evaluation, collected=collected, listed=len(collected.names))

    return made


@pytest.fixture
def page(evaluation, task, wall_model) -> str:
    command = f"theodolite evaluate 'a <b>' frames --data '{task.data}'"
    return report_page(evaluation, task, wall_model, task.examples(), command, datetime(2026, 11, 26, tzinfo=UTC))
