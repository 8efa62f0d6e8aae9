"""Two runs compared: what differs, whether chance could do it, and what may not be compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.errors import OutputError, TheodoliteError
from theodolite.evaluation.compare import compare
from theodolite.evaluation.depth_metrics import DepthSums
from theodolite.evaluation.distance import DistanceSums
from theodolite.evaluation.journal import Journal
from theodolite.evaluation.protocols import Protocol, find_protocol
from theodolite.evaluation.scores import SCORING, ImageScore

CAMERA = Camera(50, 50, 4.5, 2, 10, 5)
TRUTH = np.linspace(1, 9, 50)
IMAGES = 30
SCATTER = np.random.default_rng(0).uniform(1.05, 1.6, IMAGES)


def write_run(folder: Path, factors: dict[str, float], model: str, protocol: Protocol | None = None, **changed) -> Path:
    """A run whose images were all predicted too long by a factor each."""
    journal = Journal(folder)
    row = protocol or find_protocol("frames")
    settings = {"unknown_is_far": False, "data": "D", "scoring": SCORING} | changed
    journal.begin({"model": {"model": model}, "protocol": row.as_dict(), "images": len(factors)} | settings)
    writer = journal.writer(0)
    for name, factor in factors.items():
        sums = DepthSums.of(TRUTH * factor, TRUTH)
        distance = DistanceSums.of(TRUTH * factor, TRUTH)
        writer.add(
            ImageScore(
                name,
                "g",
                CAMERA,
                settings.get("pixels", 50),
                1.0,
                0.0,
                {"full": {"metric": sums}},
                {"metric": (1.0, 0.0)},
                sums,
                distance,
            )
        )
    writer.close()
    return folder


@pytest.fixture
def first(tmp_path) -> Path:
    return write_run(tmp_path / "a", {str(n): SCATTER[n] for n in range(IMAGES)}, "a")


def measure(found, name):
    return next(each for each in found.measures if each.name == f"full/metric/{name}")


def test_a_model_that_is_a_little_better_everywhere_is_seen_to_be(first, tmp_path):
    second = write_run(tmp_path / "b", {str(n): SCATTER[n] - 0.02 for n in range(IMAGES)}, "b")
    found = compare(first, second)
    assert (found.first, found.second) == ("a", "b")
    error = measure(found, "abs_rel")
    assert error.numbers.difference == pytest.approx(-0.02)
    assert error.numbers.low == pytest.approx(-0.02)
    assert error.numbers.p < 0.001
    assert error.second_better == 1
    assert not error.more_is_better
    assert measure(found, "delta1").more_is_better


def test_the_same_run_twice_differs_in_nothing(first):
    for each in compare(first, first).measures:
        assert each.numbers.difference == 0
        assert each.second_better == 0.5


def test_more_is_better_of_some_and_less_of_others(first, tmp_path):
    second = write_run(tmp_path / "b", {str(n): 1.0 for n in range(IMAGES)}, "b")
    found = compare(first, second)
    assert measure(found, "abs_rel").second_better == 1
    assert measure(found, "delta1").second_better > 0.5
    assert measure(found, "delta1").numbers.difference > 0


def test_images_that_one_run_lacks_are_told_and_not_compared(first, tmp_path):
    second = write_run(tmp_path / "b", {str(n): SCATTER[n] for n in range(5, IMAGES)} | {"new": 1.0}, "b")
    found = compare(first, second)
    assert found.only_first == ("0", "1", "2", "3", "4")
    assert found.only_second == ("new",)
    assert measure(found, "abs_rel").numbers.images == IMAGES - 5


def test_a_number_that_is_none_takes_no_part_and_is_counted(first, tmp_path):
    factors = {str(n): SCATTER[n] for n in range(IMAGES)} | {"3": float("nan")}
    found = compare(first, write_run(tmp_path / "b", factors, "b"))
    error = measure(found, "abs_rel")
    assert (error.numbers.images, error.no_number) == (IMAGES - 1, 1)
    assert np.isfinite(error.numbers.difference)


def test_runs_of_different_protocols_are_refused(first, tmp_path):
    other = replace(find_protocol("frames"), range=(0.1, 10.0))
    second = write_run(tmp_path / "b", {"0": 1.0}, "b", other)
    with pytest.raises(TheodoliteError, match="different protocols: range"):
        compare(first, second)


def test_runs_that_differ_in_what_else_was_measured_are_compared(first, tmp_path):
    factors = {str(n): SCATTER[n] for n in range(IMAGES)}
    for name, row in (
        ("points", find_protocol("frames").changed(points=True)),
        ("no normals", find_protocol("frames").changed(normals=False)),
    ):
        assert compare(first, write_run(tmp_path / name, factors, name, row)).measures


def test_unknown_depth_taken_for_far_in_one_run_only_is_refused(first, tmp_path):
    second = write_run(tmp_path / "b", {"0": 1.0}, "b", unknown_is_far=True)
    with pytest.raises(TheodoliteError, match="different protocols: unknown_is_far"):
        compare(first, second)


def test_images_of_one_name_and_other_truth_are_refused(first, tmp_path):
    second = write_run(tmp_path / "b", {"0": 1.0}, "b", pixels=49, data="elsewhere")
    with pytest.raises(TheodoliteError, match=r"0 was judged by 50 .* by 49 .* D and elsewhere, differ"):
        compare(first, second)


def test_runs_scored_by_other_rules_are_refused(first, tmp_path):
    second = write_run(tmp_path / "b", {"0": 1.0}, "b", scoring=1)
    with pytest.raises(OutputError, match="rules of another version"):
        compare(first, second)


def test_nothing_in_common_and_no_run_are_refused(first, tmp_path):
    with pytest.raises(TheodoliteError, match="no image in common"):
        compare(first, write_run(tmp_path / "b", {"new": 1.0}, "b"))
    with pytest.raises(OutputError, match="holds no evaluation"):
        compare(first, tmp_path / "nothing")
