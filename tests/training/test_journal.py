"""The journal: a line every fifty steps, each left-out sample once, scalars and pictures for TensorBoard."""

import json
import time

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from theodolite.training.journal import BOARD, LOG, Journal
from theodolite.training.resume import Position


@pytest.fixture
def optim():
    return torch.optim.SGD([{"params": [torch.zeros(1)], "lr": 0.25, "part": "decoder"}])


def lines(run):
    return [json.loads(text) for text in (run / LOG).read_text().splitlines()]


def steps(journal, optim, first, last, **changes):
    for step in range(first, last + 1):
        position = Position(step, 0.5 * step, step / 1000, **changes)
        journal.step(position, {"depth": float(step), "norm": 2.0}, 0.1, optim, 0.5)


def test_a_line_holds_the_means_since_the_one_before(tmp_path, optim):
    journal = Journal(tmp_path, 4)
    steps(journal, optim, 1, 120, skipped=3, rejected=2)
    journal.close()
    first, second = lines(tmp_path)
    assert (first["step"], second["step"]) == (50, 100)
    assert first["depth"] == first["loss"] == pytest.approx(25.5)
    assert second["depth"] == pytest.approx(75.5)
    assert first["norm"] == 2
    assert first["rates"] == {"decoder": 0.25}
    assert first["images_per_second"] == second["images_per_second"] == 8
    assert first["data_wait"] == 0.2
    assert (first["skipped"], first["rejected_samples"]) == (3, 2)


def test_the_last_step_has_a_line_however_few_there_were(tmp_path, optim):
    journal = Journal(tmp_path, 4)
    journal.step(Position(3, 1.0, 1.0), {"depth": 1.0}, 0.0, optim, 1.0)
    journal.close()
    assert [line["step"] for line in lines(tmp_path)] == [3]


def test_lines_of_steps_that_come_again_are_cut(tmp_path, optim):
    journal = Journal(tmp_path, 4)
    steps(journal, optim, 1, 150)
    journal.close()
    with (tmp_path / LOG).open("a") as file:
        file.write('{"step": 200, "lo')
    journal = Journal(tmp_path, 4, since=90)
    assert [line["step"] for line in lines(tmp_path)] == [50]
    steps(journal, optim, 91, 100)
    journal.close()
    assert [line["step"] for line in lines(tmp_path)] == [50, 100]
    assert lines(tmp_path)[1]["depth"] == pytest.approx(95.5)


def test_a_skipped_step_leaves_the_means_of_its_neighbours_finite(tmp_path, optim):
    journal = Journal(tmp_path, 4)
    steps(journal, optim, 1, 48)
    nan = float("nan")
    for step, depth in ((49, nan), (50, 77.0)):
        journal.step(Position(step, 0.5 * step, step / 1000), {"depth": depth, "norm": 2.0}, 0.1, optim, 0.5)
    for step in range(51, 101):
        journal.step(Position(step, 0.5 * step, step / 1000), {"depth": nan, "norm": nan}, 0.1, optim, 0.5)
    journal.close()
    first, second = lines(tmp_path)
    assert first["depth"] == first["loss"] == pytest.approx((sum(range(1, 49)) + 77) / 49)
    # Numbers still: whoever watches writes them with three digits.
    assert np.isnan([second["depth"], second["loss"]]).all()


def test_tensorboard_shows_no_step_twice_after_a_run_was_killed_and_resumed(tmp_path, optim):
    journal = Journal(tmp_path, 4)
    steps(journal, optim, 1, 150)
    journal.close()
    time.sleep(1.1)  # TensorBoard tells files of one process apart by the second they were made in
    journal = Journal(tmp_path, 4, since=80)
    steps(journal, optim, 81, 100)
    journal.close()
    board = EventAccumulator(str(tmp_path / BOARD)).Reload()
    assert [event.step for event in board.Scalars("train/loss")] == [50, 100]


def test_a_sample_that_was_left_out_is_told_once(tmp_path, optim):
    told = []
    journal = Journal(tmp_path, 4, lambda position, line: told.append(line))
    journal.rejected(Position(1), ["frames: a.jsonl, line 3: depth: gone", "frames: a.jsonl, line 4: depth: gone"])
    journal.rejected(Position(2), ["frames: a.jsonl, line 3: depth: gone"])
    journal.close()
    assert [line["rejected"][-19:] for line in lines(tmp_path)] == ["line 3: depth: gone", "line 4: depth: gone"]
    assert lines(tmp_path) == told


def test_tensorboard_can_read_scalars_scores_and_pictures(tmp_path, optim):
    journal = Journal(tmp_path, 4)
    steps(journal, optim, 1, 50)
    journal.scores(Position(50, 25.0), {"rendered": {"abs_rel": 0.5, "normals": None, "pictures": 3}})
    journal.pictures(Position(50), {"held-out/0": np.zeros((8, 8, 3), np.uint8)})
    journal.close()
    board = EventAccumulator(str(tmp_path / BOARD)).Reload()
    assert {"train/depth", "train/loss", "train/norm", "rendered/abs_rel"} <= set(board.Tags()["scalars"])
    assert "rendered/normals" not in board.Tags()["scalars"]
    assert board.Scalars("train/loss")[0].step == 50
    assert board.Tags()["images"] == ["held-out/0"]
