"""Priors made again, and beside files of the user's whose names trainers want: nothing is lost, nothing is stale."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from tests.apps.priors import scenes

from theodolite.apps.priors import Settings, make_priors
from theodolite.apps.view_readers import read_views
from theodolite.errors import DatasetError, OutputError

FACTORS = [0.8, 0.9, 1.0, 1.1]


def made(root, poses, *targets, **more):
    own = {name: more.pop(name) for name in ("out", "overwrite", "progress") if name in more}
    network = scenes.Network(poses, FACTORS[: len(poses)])
    return make_priors(root, network, Settings(**({"targets": targets, "points": 2000} | more)), **own)


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_prediction_that_was_cut_off_is_made_anew(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)

    def stop(stage, done, total):
        if (stage, done) == ("predict", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, poses, "nerfstudio", progress=stop)
    path = tmp_path / ".priors/000000.npz"
    path.write_bytes(path.read_bytes()[:1000])
    assert not made(tmp_path, poses, "nerfstudio").failed


def test_depth_and_normals_of_the_users_that_lie_where_ours_have_to_are_kept(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    for name in ("images_2", "depths_2", "normals_from_pretrain"):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 3)).save(tmp_path / name / "00.png")
    before = {name: files(tmp_path / name) for name in ("depths_2", "normals_from_pretrain")}
    for _ in range(2):
        made(tmp_path, poses, "dn-splatter", overwrite=True, depth_format="png")
        for name, own in before.items():
            assert files(tmp_path / f"{name}.original") == own
        assert np.asarray(Image.open(tmp_path / "depths_2/00.png")).shape == (60, 80)
    (tmp_path / "depths_2/made_by_theodolite_priors.txt").unlink()
    with pytest.raises(OutputError, match=r"depths_2 was not made by priors.*move one"):
        made(tmp_path, poses, "dn-splatter", overwrite=True, depth_format="png")


def test_normals_of_pictures_that_are_gone_go_too(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    made(tmp_path, poses, "dn-splatter")
    (tmp_path / "images/01.png").unlink()
    made(tmp_path, poses, "dn-splatter", overwrite=True)
    assert sorted(path.name for path in (tmp_path / "normals_from_pretrain").glob("*.png")) == ["00.png", "02.png"]


def test_masks_of_smaller_pictures_are_written_where_masks_are_used(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    (tmp_path / "images_4").mkdir()
    made(tmp_path, poses, "nerfstudio", use_masks=True)
    assert np.asarray(Image.open(tmp_path / "masks_4/02.png")).shape == (30, 40)


def test_lists_of_pictures_name_them_as_frames_do(tmp_path):
    names = {"train_filenames": ["images/00.png", "images/01.png"], "test_filenames": ["images/02.png"]}
    poses = scenes.nerfstudio(tmp_path / "in", 3, **names)
    (tmp_path / "in/images/01.png").unlink()
    made(tmp_path / "in", poses, "nerfstudio", out=tmp_path / "out")
    content = json.loads((tmp_path / "out/transforms.json").read_text())
    assert content["train_filenames"] == ["../in/images/00.png"]
    assert content["test_filenames"] == ["../in/images/02.png"]
    assert {frame["file_path"] for frame in content["frames"]} == {"../in/images/00.png", "../in/images/02.png"}


def test_blenders_file_is_found_again(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    (tmp_path / "transforms.json").rename(tmp_path / "transforms_train.json")
    for _ in range(2):
        report = made(tmp_path, poses, "nerfstudio", overwrite=True)
        assert len(report.views) == 3
        assert read_views(tmp_path).views[0].read_depth is None


def test_a_model_that_was_written_for_a_trainer_is_no_source_and_follows_the_poses(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    made(tmp_path, poses, "gaussian-splatting")
    before = (tmp_path / "sparse/0/images.txt").read_text()
    content = json.loads((tmp_path / "transforms.json").read_text())
    assert read_views(tmp_path).form == "nerfstudio"
    for frame in content["frames"]:
        frame["transform_matrix"][0][3] += 100
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    shutil.rmtree(tmp_path / "images_2", ignore_errors=True)
    made(tmp_path, poses, "gaussian-splatting", overwrite=True, align="none", pose_scale=1.0)
    assert (tmp_path / "sparse/0/images.txt").read_text() != before


def test_colmaps_model_beside_ours_is_the_source(tmp_path):
    poses = scenes.colmap(tmp_path, 3)
    for path in (tmp_path / "sparse/0").iterdir():
        path.rename(tmp_path / "sparse" / path.name)
    (tmp_path / "sparse/0").rmdir()
    for _ in range(2):
        report = made(tmp_path, poses, "gaussian-splatting", overwrite=True)
        assert {view.aligned.by for view in report.views} == {"points"}
        assert len(read_views(tmp_path).views[0].points)


def test_a_model_of_other_poses_is_not_taken_for_these(tmp_path):
    poses = scenes.nerfstudio(tmp_path / "in", 3)
    scenes.colmap(tmp_path / "out", 3)
    with pytest.raises(OutputError, match="not from"):
        made(tmp_path / "in", poses, "gaussian-splatting", out=tmp_path / "out")


def test_pictures_that_differ_in_the_ending_only_are_refused(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    content = json.loads((tmp_path / "transforms.json").read_text())
    Image.open(tmp_path / "images/01.png").save(tmp_path / "images/00.jpg", quality=98)
    content["frames"][1]["file_path"] = "images/00.jpg"
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="00 is the name of 2 pictures"):
        made(tmp_path, poses, "nerfstudio")
