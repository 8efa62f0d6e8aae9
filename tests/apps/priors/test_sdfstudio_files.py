"""What sdfstudio reads back of its priors is the room in a box: normals of the world, depth, the way back."""

import json

import numpy as np
import pytest
from tests.apps import room
from tests.apps.priors import readers, scenes

from theodolite.apps.priors import Settings, make_priors
from theodolite.camera.distortion import RadialTangential
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.pose import transform_normals

FACTORS = [0.8, 0.9, 1.0, 1.1]
SETTINGS = Settings(targets=("sdfstudio",), points=0)


@pytest.mark.parametrize("lens", [None, RadialTangential(k1=-0.1, k2=0.02)], ids=["pinhole", "distorted"])
def test_depth_and_normals_read_back_are_those_of_the_room(tmp_path, lens):
    poses = scenes.nerfstudio(tmp_path, 4, unit=0.5, lens=lens)
    report = make_priors(tmp_path, scenes.Network(poses, FACTORS), SETTINGS)
    folder = tmp_path / "sdfstudio"
    content = json.loads((folder / "meta_data.json").read_text())
    assert (content["has_mono_prior"], content["has_sensor_depth"], content["pairs"]) == (True, True, None)
    back = np.array(content["worldtogt"])
    for pose, frame in zip(poses, content["frames"], strict=True):
        for key in ("mono_depth_path", "sensor_depth_path"):
            points = readers.sdfstudio_points(folder, frame, key).reshape(-1, 3)
            points = points[np.isfinite(points).all(-1)]
            assert np.abs(points).max() < 1.5
            world = points @ back[:3, :3].T + back[:3, 3]
            assert np.percentile(np.abs(room.distance(world * 0.5)), 99) < 0.02
        K = np.array(frame["intrinsics"])
        assert K[:2, 2] == pytest.approx((scenes.CAMERA.cx + 0.5, scenes.CAMERA.cy + 0.5))
        normals = readers.sdfstudio_normals(folder, frame)
        true = transform_normals(pose, room.view(pose, scenes.CAMERA).normals)
        assert np.abs(normals - true).max() < 0.01
        assert np.load(folder / frame["mono_normal_path"]).shape == (3, 120, 160)
        assert np.load(folder / frame["mono_normal_path"]).min() >= 0
        assert (folder / frame["rgb_path"]).is_file()
        assert np.abs(np.array(frame["camtoworld"])[:3, 3]).max() < 1
    assert content["scene_box"]["near"] < content["scene_box"]["far"]
    assert not report.notes


def test_pictures_of_several_sizes_are_refused(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    content = json.loads((tmp_path / "transforms.json").read_text())
    small = Camera.from_fov(75, 80, 60)
    scenes.pictures(tmp_path, poses[:1], small)
    for key in ("w", "h", "fl_x", "fl_y", "cx", "cy"):
        for number, frame in enumerate(content["frames"]):
            frame[key] = content[key] / (2 if number == 0 else 1)
        del content[key]
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="one size only, found 80x60, 160x120 px"):
        make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), SETTINGS)
    # nerfstudio takes each frame's own camera.
    make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), Settings(targets=("nerfstudio",), points=0))
    content = json.loads((tmp_path / "transforms.json").read_text())
    for frame in content["frames"]:
        points = readers.nerfstudio_points(tmp_path, frame, content).reshape(-1, 3)
        assert np.percentile(np.abs(room.distance(points[np.isfinite(points).all(-1)])), 98) < 0.02
