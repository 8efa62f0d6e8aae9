"""Scores on folders of frames, with a stand-in model whose error is known."""

import json

import numpy as np
import pytest
from PIL import Image

from theodolite import Predictor
from theodolite.cli.main import main
from theodolite.errors import DatasetError
from theodolite.evaluation.real_frames import list_frames, score_folders, score_frames
from theodolite.evaluation.scores import FrameFailure, FrameScore, summarise
from theodolite.inference.backends.base import ModelFacts
from theodolite.network.outputs import RawMaps

METRES = np.linspace(1, 3, 64)[None].repeat(64, axis=0)


class TenPerCentLong:
    """Sees the scene of every frame, a tenth too far."""

    facts = ModelFacts("long", 64.0, 32, 64 * 64)
    runtime = "stand-in"

    def run(self, pixels):
        depth = np.broadcast_to(1.1 * METRES, (len(pixels), 1, 64, 64)).astype(np.float32)
        return RawMaps(depth, None, None, np.ones_like(depth))


@pytest.fixture
def folder(tmp_path):
    files = []
    for index in range(2):
        Image.new("RGB", (64, 64), (90, 100 + index, 110)).save(tmp_path / f"{index}.png")
        Image.fromarray((METRES * 1000).round().astype(np.uint16)).save(tmp_path / f"{index}_depth.png")
        frame = {
            "rgb": f"{index}.png",
            "depth": f"{index}_depth.png",
            "depth_scale": 1000.0,
            "cam_in": [64, 64, 32, 32],
        }
        files.append(frame)
    (tmp_path / "frames.json").write_text(json.dumps({"files": files}))
    return tmp_path


def test_a_depth_ten_per_cent_long_scores_a_tenth_and_nothing_after_alignment(folder):
    scores = list(score_folders(Predictor(TenPerCentLong()), folder))
    (summary,) = summarise(scores)
    assert summary.frames == 2
    assert summary.metric.abs_rel == pytest.approx(0.1, abs=1e-3)
    assert summary.metric.delta1 == 1
    assert summary.aligned.abs_rel == pytest.approx(0, abs=1e-3)
    assert summary.median_scale == pytest.approx(1 / 1.1, rel=1e-3)
    # The mean of |2 - t| / t over t from 1 to 3 is (2 ln 2 - 1 + 1 - 2 ln 1.5) / 2.
    assert summary.constant.abs_rel == pytest.approx(np.log(2) - np.log(1.5), rel=0.03)


def test_a_broken_frame_is_counted_with_its_reason(folder):
    (folder / "1_depth.png").write_bytes(b"no picture")
    first, second = score_folders(Predictor(TenPerCentLong()), folder)
    assert isinstance(first, FrameScore)
    assert isinstance(second, FrameFailure)
    assert "1_depth.png" in second.reason
    assert summarise([first, second])[0].failures == 1


def test_a_frame_without_measurements_is_a_failure_not_a_perfect_score(folder):
    Image.fromarray(np.zeros((64, 64), np.uint16)).save(folder / "0_depth.png")
    first, _ = score_folders(Predictor(TenPerCentLong()), folder)
    assert isinstance(first, FrameFailure)
    assert "no ground truth" in first.reason


def test_normals_are_judged_where_truth_is_dense_and_only_when_asked_for(walls, predictor):
    outcomes = list(score_frames(predictor, list_frames(walls), with_normals=True))
    scores = {outcome.frame: outcome for outcome in outcomes if isinstance(outcome, FrameScore)}
    judged = scores["at 2.0 m"].normals
    assert judged.network.mean == pytest.approx(20, abs=0.1)
    assert judged.network.within_22_5 == 1
    assert judged.network.within_11_25 == 0
    assert judged.from_depth.mean == pytest.approx(0, abs=0.1)
    assert 1000 < judged.pixels < 64 * 64
    assert scores["sweep"].normals is None
    assert scores["sweep"].dense == pytest.approx(1 / 64)
    assert all(score.normals is None for score in score_folders(predictor, walls / "walls"))


def test_truth_out_of_range_judges_neither_depth_nor_normals(walls, predictor):
    (score,) = (o for o in score_frames(predictor, list_frames(walls), (3.5, 10), True) if isinstance(o, FrameScore))
    assert score.frame == "at 4.0 m"
    assert score.dense == 0.75
    assert score.metric.abs_rel == pytest.approx(0.5)


def test_a_folder_without_frames_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"frames\.json"):
        list(score_folders(Predictor(TenPerCentLong()), tmp_path))


def test_the_command_prints_a_row_for_each_set_and_its_json_every_frame(folder, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", str(folder), "--json"])
    assert not stopped.value.code
    document = json.loads(capsys.readouterr().out)
    assert len(document["frames"]) == 2
    with pytest.raises(SystemExit):
        main(["evaluate", str(folder)])
    assert folder.name in capsys.readouterr().out
