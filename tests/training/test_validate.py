"""Validation: scores and pictures of any network, whatever it and the samples lack."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from theodolite.datasets.sample import Sample
from theodolite.errors import DatasetError
from theodolite.network import build
from theodolite.network.variants import Hourglass, Variant, find
from theodolite.training.recipes import smoke
from theodolite.training.validate import require_frames, validate

DEPTH_ONLY = Variant(
    find("pocket-lite0").encoder,
    Hourglass(
        fusion=(16, 16, 16),
        widths=(16, 8, 8, 8),
        features=8,
        bins=replace(find("pocket-lite0").decoder.bins, count=8),
    ),
)


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return build("pocket-lite0").eval()


def test_every_sample_counts_and_four_of_them_are_shown(net, walls):
    found = validate(net, smoke(), [walls[i] for i in range(5)], [])
    scores = found.scores["rendered"]
    assert scores.pictures == 5
    assert np.isfinite([scores.abs_rel, scores.delta1, scores.abs_rel_aligned, scores.delta1_aligned]).all()
    assert 0 < scores.normals < 180
    assert list(found.pictures) == [f"held-out/{i}" for i in range(4)]
    # Picture, depth, true depth, normals, true normals.
    assert found.pictures["held-out/0"].shape == (72, 5 * 104, 3)


def test_a_network_without_normals_is_judged_by_depth(walls):
    found = validate(build(DEPTH_ONLY).eval(), smoke(), [walls[0]], [])
    assert found.scores["rendered"].normals is None
    assert np.isfinite(found.scores["rendered"].abs_rel)
    assert found.pictures["held-out/0"].shape == (72, 4 * 104, 3)


def test_samples_without_depth_or_normals_are_no_part_of_the_means(net, walls):
    def bare(sample: Sample) -> Sample:
        return replace(sample, depth=np.full_like(sample.depth, np.nan), normals=None)

    alone = validate(net, smoke(), [walls[0]], []).scores["rendered"]
    both = validate(net, smoke(), [walls[0], bare(walls[1])], []).scores["rendered"]
    assert replace(both, pictures=1) == alone


def test_real_frames_that_cannot_be_scored_are_told(net, tmp_path, walls):
    Image.fromarray(walls[0].image).save(tmp_path / "a.png")
    frame = {"rgb": "a.png", "depth": "gone.png", "depth_scale": 1000, "cam_in": [90, 90, 50, 35]}
    (tmp_path / "frames.json").write_text(json.dumps({"files": [frame]}))
    found = validate(net, smoke(), [], [tmp_path])
    (scores,) = found.scores.values()
    assert (scores.pictures, scores.failures) == (0, 1)
    assert np.isnan(scores.abs_rel)
    assert len(found.failures) == 1
    assert "gone.png" in found.failures[0]


def test_a_set_counts_its_failures_beside_the_frames_that_were_scored(net, tmp_path, walls):
    files = []
    for number in range(2):
        Image.fromarray(walls[number].image).save(tmp_path / f"{number}.png")
        frame = {
            "rgb": f"{number}.png",
            "depth": f"{number}_depth.png",
            "depth_scale": 1000,
            "cam_in": [90, 90, 50, 35],
        }
        files.append(frame)
    Image.fromarray((walls[0].depth * 1000).astype(np.uint16)).save(tmp_path / "0_depth.png")
    (tmp_path / "frames.json").write_text(json.dumps({"files": files}))
    (scores,) = validate(net, smoke(), [], [tmp_path]).scores.values()
    assert (scores.pictures, scores.failures) == (1, 1)
    assert np.isfinite(scores.abs_rel)


def test_folders_to_judge_by_are_refused_without_frames_without_depth_and_when_unreadable(tmp_path):
    for name, text, reason in (
        ("none", None, "no frames.json there"),
        ("bare", '{"files": [{"rgb": "a.png"}]}', "no frame listed there has depth"),
        ("torn", '{"files": [', "a JSON object with a list 'files' is needed"),
    ):
        (tmp_path / name).mkdir()
        if text:
            (tmp_path / name / "frames.json").write_text(text)
        with pytest.raises(DatasetError, match=reason):
            require_frames([tmp_path / name])


def test_without_samples_there_are_no_scores(net):
    found = validate(net, smoke(), [], [])
    assert (found.scores, found.pictures) == ({}, {})
