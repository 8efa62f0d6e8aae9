"""A run's folder: whole lines only, resumed only by the run it is of."""

import json

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.errors import OutputError
from theodolite.evaluation.depth_metrics import DepthSums
from theodolite.evaluation.distance import DistanceSums
from theodolite.evaluation.journal import Journal
from theodolite.evaluation.scores import ImageFailure, ImageScore

TRUTH = np.linspace(1, 9, 50)


def score(name: str, factor: float = 1.1) -> ImageScore:
    sums = DepthSums.of(TRUTH * factor, TRUTH)
    camera = Camera(50, 50, 4.5, 2, 10, 5)
    distance = DistanceSums.of(TRUTH * factor, TRUTH)
    return ImageScore(name, "g", camera, 50, 1.0, 0.0, {"full": {"metric": sums}}, {"metric": (1, 0)}, sums, distance)


@pytest.fixture
def journal(tmp_path) -> Journal:
    journal = Journal(tmp_path / "run")
    journal.begin({"model": "a", "images": 3})
    return journal


def test_outcomes_come_back_in_the_order_asked_for_whoever_wrote_them(journal):
    for process, names in enumerate((["c", "a"], ["b"])):
        writer = journal.writer(process)
        for name in names:
            writer.add(score(name))
        writer.close()
    assert [outcome.name for outcome in journal.outcomes(["a", "b", "c", "never run"])] == ["a", "b", "c"]
    assert journal.done().keys() == {"a", "b", "c"}


def test_what_failed_is_no_more_done_than_what_was_not_tried_and_its_last_outcome_counts(journal):
    writer = journal.writer(0)
    writer.add(ImageFailure("a", "g", "gone"))
    assert journal.done() == {}
    writer.add(score("a"))
    writer.close()
    assert journal.done().keys() == {"a"}
    (outcome,) = journal.outcomes(["a"])
    assert isinstance(outcome, ImageScore)


def test_a_score_counts_whichever_process_failed_at_the_image_before(journal):
    later, earlier = journal.writer(0), journal.writer(1)
    earlier.add(ImageFailure("a", "g", "gone"))
    later.add(score("a"))
    (outcome,) = journal.outcomes(["a"])
    assert isinstance(outcome, ImageScore)
    later.close()
    earlier.close()


def test_a_line_that_a_crash_cut_off_is_none_and_harms_no_other(journal):
    writer = journal.writer(0)
    writer.add(score("a"))
    writer.add(score("b"))
    writer.close()
    path = next(journal.folder.glob("outcomes-*"))
    path.write_bytes(path.read_bytes()[:-40])
    assert journal.done().keys() == {"a"}
    again = journal.writer(0)
    again.add(score("b"))
    again.close()
    assert journal.done().keys() == {"a", "b"}


def test_numbers_that_are_none_survive(journal):
    writer = journal.writer(0)
    writer.add(score("a", float("nan")))
    writer.close()
    (outcome,) = journal.outcomes(["a"])
    assert np.isnan(outcome.depth["full"]["metric"].relative)


def test_the_same_run_goes_on_and_another_is_refused(journal):
    journal.begin({"model": "a", "images": 3})
    with pytest.raises(OutputError, match=r'whose model is "a", not "b".*--overwrite'):
        journal.begin({"model": "b", "images": 3})


def test_beginning_anew_forgets_what_was_done(journal):
    writer = journal.writer(0)
    writer.add(score("a"))
    writer.close()
    journal.begin({"model": "b", "images": 3}, overwrite=True)
    assert journal.done() == {}
    assert journal.settings()["model"] == "b"


def test_outcomes_of_no_run_are_none_of_a_new_one(journal):
    writer = journal.writer(0)
    writer.add(score("a"))
    writer.close()
    (journal.folder / "run.json").unlink()
    (journal.folder / "report.html").write_text("of another run")
    journal.begin({"model": "a", "images": 3})
    assert journal.done() == {}
    assert not (journal.folder / "report.html").exists()


def test_what_is_forgotten_is_not_done_and_the_rest_is(journal):
    for process, names in enumerate((["a", "b"], ["c"])):
        writer = journal.writer(process)
        for name in names:
            writer.add(score(name))
        writer.close()
    journal.forget({"b"})
    assert journal.done().keys() == {"a", "c"}
    assert [outcome.name for outcome in journal.outcomes(["a", "b", "c"])] == ["a", "c"]


def test_a_folder_that_holds_no_run_is_refused(tmp_path):
    with pytest.raises(OutputError, match="holds no evaluation"):
        Journal(tmp_path).settings()
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(OutputError, match="cannot be read"):
        Journal(tmp_path).settings()


def test_what_is_written_is_json_a_line(journal):
    writer = journal.writer(3)
    writer.add(score("ä/b"))
    writer.close()
    (line,) = (journal.folder / "outcomes-3.jsonl").read_text().splitlines()
    assert json.loads(line)["name"] == "ä/b"
