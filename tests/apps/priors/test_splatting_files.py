"""What Gaussian Splatting reads back of its priors is the room: inverse depth, scale and offset, model, cloud."""

import json

import numpy as np
import pytest
from PIL import Image
from tests.apps import room
from tests.apps.priors import readers, scenes

from theodolite.apps.priors import Settings, make_priors
from theodolite.apps.priors.sparse import read_cloud
from theodolite.camera.distortion import RadialTangential
from theodolite.errors import DatasetError
from theodolite.inference.files.ply import read_ply

FACTORS = [0.8, 0.9, 1.0, 1.1]
SETTINGS = Settings(targets=("gaussian-splatting",), points=3000)


@pytest.mark.parametrize("unit", [0.05, 1.0, 20.0])
def test_inverse_depth_read_back_is_the_true_one_in_the_unit_of_the_poses(tmp_path, unit):
    poses = scenes.colmap(tmp_path, 4, unit=unit, outliers=0.2)
    make_priors(tmp_path, scenes.Network(poses, FACTORS), SETTINGS)
    for number, pose in enumerate(poses):
        found = readers.splatting_inverse_depth(tmp_path, f"{number:02}.png")
        assert found is not None
        true = unit / room.view(pose, scenes.CAMERA).depth
        assert np.abs(found / true - 1).max() < 0.01


def test_it_is_the_default_for_pinhole_pictures_of_colmap(tmp_path):
    poses = scenes.colmap(tmp_path, 3)
    report = make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), Settings(points=0))
    assert list(report.written) == ["gaussian-splatting"]
    bent = scenes.colmap(tmp_path / "bent", 3, lens=RadialTangential(k1=-0.1))
    report = make_priors(tmp_path / "bent", scenes.Network(bent, FACTORS[:3]), Settings(points=0))
    assert list(report.written) == ["nerfstudio"]


def test_pictures_with_lens_distortion_are_refused_with_what_to_do(tmp_path):
    poses = scenes.colmap(tmp_path, 3, lens=RadialTangential(k1=-0.1))
    with pytest.raises(DatasetError, match="image_undistorter"):
        make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), SETTINGS)
    assert not (tmp_path / ".priors").exists()


def test_colmaps_model_stays_as_it_is_and_an_earlier_cloud_is_kept(tmp_path):
    poses = scenes.colmap(tmp_path, 3)
    model = tmp_path / "sparse" / "0"
    (model / "points3D.ply").write_bytes(b"ply\nmine")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    for overwrite in (False, True):
        make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), SETTINGS, overwrite=overwrite)
    after = {path.name: path.read_bytes() for path in model.iterdir()}
    assert after.pop("points3D.original.ply") == before.pop("points3D.ply")
    assert {name: after[name] for name in before} == before


def test_the_cloud_has_what_the_trainer_asks_for(tmp_path):
    poses = scenes.colmap(tmp_path, 4, unit=0.5)
    make_priors(tmp_path, scenes.Network(poses, FACTORS), SETTINGS)
    cloud = read_ply(tmp_path / "sparse" / "0" / "points3D.ply")
    assert cloud.colours is not None
    assert cloud.normals is not None
    assert len(cloud) <= 3000
    assert np.percentile(np.abs(room.distance(cloud.points * 0.5)), 95) < 0.03
    # The colours are those of the surfaces there, up to what a voxel mixes.
    inside = np.linalg.inv(room.WORLD_FROM_ROOM)
    true = room.colours(cloud.points * 0.5 @ inside[:3, :3].T + inside[:3, 3])
    assert np.median(np.abs(cloud.colours.astype(int) - true)) < 15


@pytest.mark.parametrize("form", ["nerfstudio", "colmap"])
def test_another_folder_gets_a_model_of_its_own(tmp_path, form):
    write = scenes.nerfstudio if form == "nerfstudio" else scenes.colmap
    poses = write(tmp_path / "in", 4, unit=0.5)
    out = tmp_path / "out"
    make_priors(tmp_path / "in", scenes.Network(poses, FACTORS), SETTINGS, out=out)
    images = readers.colmap_images(out)
    assert sorted(images) == [f"{number:02}.png" for number in range(4)]
    kind, numbers = readers.colmap_cameras(out)[images["00.png"][2]]
    assert kind == "PINHOLE"
    w, h, fx, fy, cx, cy = numbers
    assert (fx, cx, cy) == pytest.approx((scenes.CAMERA.fx, scenes.CAMERA.cx + 0.5, scenes.CAMERA.cy + 0.5))
    for number, pose in enumerate(poses):
        turn, move, _ = images[f"{number:02}.png"]
        assert (out / "images" / f"{number:02}.png").is_file()
        inverse = readers.splatting_inverse_depth(out, f"{number:02}.png")
        assert inverse is not None
        u, v = np.meshgrid(np.arange(w) + 0.5, np.arange(h) + 0.5)
        local = np.stack([(u - cx) / fx, (v - cy) / fy, np.ones_like(u)], -1) / inverse[..., None]
        world = (local - move) @ turn
        assert np.percentile(np.abs(room.distance(world * 0.5)), 99) < 0.02
        assert np.allclose(-turn.T @ move * 0.5, pose[:3, 3], atol=1e-5)
    assert read_cloud(out / "sparse" / "0" / "points3D.ply").shape[1] == 3
    assert not (tmp_path / "in" / "priors.json").exists()


def test_a_picture_that_failed_does_not_stop_the_trainer(tmp_path):
    poses = scenes.colmap(tmp_path, 4)

    class Failing(scenes.Network):
        def predict(self, image, camera):
            found = super().predict(image, camera)
            if self.calls[-1] == 2:
                raise DatasetError("02.png cannot be used.")
            return found

    report = make_priors(tmp_path, Failing(poses, FACTORS), SETTINGS)
    assert [view.name for view in report.failed] == ["02.png"]
    assert readers.splatting_inverse_depth(tmp_path, "02.png") is None
    assert np.asarray(Image.open(tmp_path / "prior_inverse_depths" / "02.png")).shape == (120, 160)
    assert readers.splatting_inverse_depth(tmp_path, "03.png") is not None


def test_pictures_in_folders_keep_their_names(tmp_path):
    poses = scenes.colmap(tmp_path, 3, name="cam/{:02}.png")
    make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), SETTINGS)
    parameters = json.loads((tmp_path / "sparse" / "0" / "depth_params.json").read_text())
    assert sorted(parameters) == ["cam/00", "cam/01", "cam/02"]
    assert (tmp_path / "prior_inverse_depths" / "cam" / "00.png").is_file()
