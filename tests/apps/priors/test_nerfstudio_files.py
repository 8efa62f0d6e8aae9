"""What nerfstudio and dn-splatter read back of their priors is the room: depth, cloud, masks, normals."""

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

FACTORS = [0.8, 0.9, 1.0, 1.1, 1.2, 1.3]


def network(poses, **more) -> scenes.Network:
    return scenes.Network(poses, FACTORS[: len(poses)], **more)


def settings(**more) -> Settings:
    return Settings(**({"targets": ("nerfstudio",), "points": 5000} | more))


def read(root):
    content = json.loads((root / "transforms.json").read_text())
    return content, content["frames"]


def off_surfaces(points, unit=1.0) -> np.ndarray:
    """Distance of known points to the room's surfaces, metres."""
    points = points.reshape(-1, 3)
    return np.abs(room.distance(points[np.isfinite(points).all(-1)] * unit))


@pytest.mark.parametrize(("unit", "ending"), [(1.0, ".png"), (0.2, ".png"), (8.0, ".npy")])
def test_depth_read_back_lies_on_the_surfaces_in_the_unit_of_the_poses(tmp_path, unit, ending):
    poses = scenes.nerfstudio(tmp_path, 4, unit=unit)
    report = make_priors(tmp_path, network(poses), settings())
    content, frames = read(tmp_path)
    assert len(frames) == 4
    assert report.units == pytest.approx(np.median(FACTORS[:4]) / unit, rel=0.01)
    for frame in frames:
        assert frame["depth_file_path"].endswith(ending)
        points = readers.nerfstudio_points(tmp_path, frame, content)
        assert np.isfinite(points).all(-1).mean() > 0.85
        assert np.percentile(off_surfaces(points, unit), 99) < 0.015


def test_the_cloud_is_in_the_world_of_the_poses(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 4, unit=0.5)
    report = make_priors(tmp_path, network(poses), settings(points=3000))
    content, _ = read(tmp_path)
    points = read_cloud(tmp_path / content["ply_file_path"])
    assert report.cloud is not None
    assert len(points) == report.cloud[0]
    assert 1000 < len(points) <= 3000
    assert np.percentile(off_surfaces(points, 0.5), 95) < 0.03


def test_keys_of_the_users_own_file_stay_and_the_file_is_kept(tmp_path):
    change = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0]]
    poses = scenes.nerfstudio(tmp_path, 3, applied_transform=change, aabb_scale=4, orientation_override="none")
    before = (tmp_path / "transforms.json").read_text()
    make_priors(tmp_path, network(poses), settings(points=0))
    content, frames = read(tmp_path)
    assert (tmp_path / "transforms.original.json").read_text() == before
    own = json.loads(before)
    assert {key: content[key] for key in own if key != "frames"} == {key: own[key] for key in own if key != "frames"}
    assert [frame["transform_matrix"] for frame in frames] == [frame["transform_matrix"] for frame in own["frames"]]
    assert "mask_path" not in frames[0]


def test_made_again_the_priors_are_the_same(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3, unit=0.5)
    make_priors(tmp_path, network(poses), settings())
    first = (tmp_path / "transforms.json").read_bytes(), (tmp_path / "prior_depths" / "01.png").read_bytes()
    own = (tmp_path / "transforms.original.json").read_bytes()
    make_priors(tmp_path, network(poses), settings(), overwrite=True)
    assert ((tmp_path / "transforms.json").read_bytes(), (tmp_path / "prior_depths" / "01.png").read_bytes()) == first
    assert (tmp_path / "transforms.original.json").read_bytes() == own


def test_a_file_with_nothing_but_an_angle_is_completed(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3, unit=0.5)
    content, frames = read(tmp_path)
    for key in ("fl_x", "fl_y", "cx", "cy", "w", "h"):
        del content[key]
    content["camera_angle_x"] = 2 * np.arctan(80 / scenes.CAMERA.fx)
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    make_priors(tmp_path, network(poses), settings(points=0))
    content, frames = read(tmp_path)
    for frame in frames:
        assert {"fl_x", "fl_y", "cx", "cy", "w", "h"} <= set(frame)
        assert np.percentile(off_surfaces(readers.nerfstudio_points(tmp_path, frame, content), 0.5), 99) < 0.015


def test_depth_of_our_own_is_not_taken_for_measured_depth(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3, cloud=False)
    for overwrite in (False, True):
        report = make_priors(tmp_path, network(poses), settings(points=0, pose_scale=1.0), overwrite=overwrite)
        assert report.sparse == ""


def test_measured_depth_of_the_users_own_file_tells_the_scale_each_time(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3, unit=0.5, cloud=False)
    content, frames = read(tmp_path)
    for number, (frame, pose) in enumerate(zip(frames, poses, strict=True)):
        values = np.rint(room.view(pose, scenes.CAMERA).depth / 0.5 * 1000).astype(np.uint16)
        Image.fromarray(values).save(tmp_path / f"measured{number}.png")
        frame["depth_file_path"] = f"measured{number}.png"
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    for overwrite in (False, True):
        report = make_priors(tmp_path, network(poses), settings(points=0), overwrite=overwrite)
        assert report.sparse == "measured depth"
        assert report.units == pytest.approx(0.9 / 0.5, rel=0.01)
        assert read(tmp_path)[1][0]["depth_file_path"] == "prior_depths/00.png"


def test_a_new_file_of_the_user_takes_the_place_of_the_old_one(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    make_priors(tmp_path, network(poses), settings(points=0))
    scenes.nerfstudio(tmp_path, 3, unit=0.5)
    new = (tmp_path / "transforms.json").read_text()
    make_priors(tmp_path, network(poses), settings(points=0), overwrite=True)
    assert (tmp_path / "transforms.original.json").read_text() == new


def test_what_nerfstudio_would_apply_twice_is_taken_out_and_told(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3, applied_scale=3.0)
    report = make_priors(tmp_path, network(poses), settings())
    content, frames = read(tmp_path)
    assert "applied_scale" not in content
    assert any("applied_scale" in note for note in report.notes)
    assert np.percentile(off_surfaces(readers.nerfstudio_points(tmp_path, frames[0], content)), 99) < 0.015


def test_pictures_with_lens_distortion_get_depth_on_their_own_pixels(tmp_path):
    lens = RadialTangential(k1=-0.15, k2=0.03, p1=0.002, p2=-0.001)
    poses = scenes.nerfstudio(tmp_path, 4, lens=lens, cloud=False)
    report = make_priors(tmp_path, network(poses), settings(align="none", points=0, pose_scale=1.0))
    assert not report.failed
    content, frames = read(tmp_path)
    for number, frame in enumerate(frames):
        depth = readers.nerfstudio_depth(tmp_path, frame)
        assert depth.shape == (120, 160)
        frame["depth_file_path"] = "true.npy"
        np.save(tmp_path / "true.npy", np.nan_to_num(depth) * 1000 * FACTORS[number])
        error = off_surfaces(readers.nerfstudio_points(tmp_path, frame, content))
        assert np.percentile(error, 98) < 0.02
        # The same depth on the pixels of a pinhole is off by several centimetres at the corners.
        plain = {key: value for key, value in content.items() if key not in ("k1", "k2", "p1", "p2")}
        assert np.percentile(off_surfaces(readers.nerfstudio_points(tmp_path, frame, plain)), 98) > 0.04


def test_untrusted_pixels_have_no_depth_unless_asked_for(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    make_priors(tmp_path, network(poses), settings(points=0))
    _, frames = read(tmp_path)
    mask = np.asarray(Image.open(tmp_path / frames[0]["confidence_mask_path"]))
    assert set(np.unique(mask)) == {0, 255}
    assert (np.isfinite(readers.nerfstudio_depth(tmp_path, frames[0])) == (mask == 255)).all()
    make_priors(tmp_path, network(poses), settings(points=0, keep_untrusted=True), overwrite=True)
    assert np.isfinite(readers.nerfstudio_depth(tmp_path, frames[0])).all()


def test_masks_are_nerfstudios_only_when_asked_for_and_take_nothing_back(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    content, frames = read(tmp_path)
    own = np.full((120, 160), 255, np.uint8)
    own[:, :80] = 0
    Image.fromarray(own).save(tmp_path / "own.png")
    for frame in frames:
        frame["mask_path"] = "own.png"
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    make_priors(tmp_path, network(poses), settings(points=0))
    assert read(tmp_path)[1][0]["mask_path"] == "own.png"
    make_priors(tmp_path, network(poses), settings(points=0, use_masks=True), overwrite=True)
    frame = read(tmp_path)[1][0]
    used = np.asarray(Image.open(tmp_path / frame["mask_path"]))
    trusted = np.asarray(Image.open(tmp_path / frame["confidence_mask_path"]))
    assert (used == np.where(own > 0, trusted, 0)).all()
    assert 0 < (used > 0).mean() < 0.5


def test_colmaps_pictures_become_frames_with_their_own_cameras(tmp_path):
    poses = scenes.colmap(tmp_path, 4, unit=0.5)
    make_priors(tmp_path, network(poses), settings(), out=tmp_path / "new")
    content, frames = read(tmp_path / "new")
    assert content["applied_transform"] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    camera = scenes.CAMERA
    for frame in frames:
        assert (frame["cx"], frame["cy"]) == pytest.approx((camera.cx + 0.5, camera.cy + 0.5))
        assert (frame["fl_x"], frame["w"], frame["h"]) == pytest.approx((camera.fx, 160, 120))
        assert (tmp_path / "new" / frame["file_path"]).resolve().is_file()
        points = readers.nerfstudio_points(tmp_path / "new", frame, content)
        assert np.percentile(off_surfaces(points, 0.5), 99) < 0.015
    assert not (tmp_path / "transforms.json").exists()


def test_a_colmap_folder_stays_one_after_its_priors_were_written_into_it(tmp_path):
    poses = scenes.colmap(tmp_path, 4, unit=0.5)
    make_priors(tmp_path, network(poses), settings(points=0))
    report = make_priors(tmp_path, network(poses), settings(points=0), overwrite=True)
    assert report.sparse == "COLMAP's tracks"
    assert not (tmp_path / "transforms.original.json").exists()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_tracks_of_a_model_beside_the_poses_are_taken_through_applied_transform_and_scale(tmp_path, scale):
    scenes.colmap(tmp_path / "colmap", 4, unit=0.5 * scale)
    change = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0]], float)
    applied = {"applied_transform": change.tolist(), "applied_scale": scale}
    poses = scenes.nerfstudio(tmp_path, 4, unit=0.5, cloud=False, **applied)
    content, frames = read(tmp_path)
    full = np.vstack([change, [0, 0, 0, 1]])
    for frame in frames:
        frame["transform_matrix"] = (full @ np.array(frame["transform_matrix"])).tolist()
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    report = make_priors(tmp_path, network(poses), settings(points=0))
    assert report.sparse == "COLMAP's tracks in colmap/sparse/0"
    assert report.units == pytest.approx(np.median(FACTORS[:4]) / 0.5, rel=0.01)
    assert all(view.aligned and view.aligned.by == "points" for view in report.views)


def test_smaller_pictures_get_smaller_depth_where_nerfstudio_looks_for_it(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    (tmp_path / "images_2").mkdir()
    make_priors(tmp_path, network(poses), settings(points=0))
    small = np.asarray(Image.open(tmp_path / "depths_2" / "00.png"))
    full = np.asarray(Image.open(tmp_path / "prior_depths" / "00.png"))
    assert (small == full[1::2, 1::2]).all()


def test_normals_of_dn_splatter_face_the_camera(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    make_priors(tmp_path, network(poses), settings(targets=("dn-splatter", "nerfstudio"), points=0))
    names = [path.name for path in sorted((tmp_path / "normals_from_pretrain").glob("*.png"))]
    assert names == ["00.png", "01.png", "02.png"]
    for number, name in enumerate(names):
        found = readers.dn_normals(tmp_path / "normals_from_pretrain" / name)
        true = room.view(poses[number], scenes.CAMERA).normals
        assert np.abs(found - true).max() < 0.01


def test_names_that_dn_splatter_would_mix_up_are_told_or_refused(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    content, frames = read(tmp_path)
    for frame, name in zip(frames, ("2", "10", "11"), strict=True):
        (tmp_path / frame["file_path"]).rename(tmp_path / "images" / f"{name}.png")
        frame["file_path"] = f"images/{name}.png"
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    report = make_priors(tmp_path, network(poses), settings(targets=("dn-splatter",), points=0))
    assert any("leading zeros" in note for note in report.notes)
    for folder, frame in zip(("a", "b", "c"), frames, strict=True):
        (tmp_path / "images" / folder).mkdir()
        (tmp_path / frame["file_path"]).rename(tmp_path / "images" / folder / "x.png")
        frame["file_path"] = f"images/{folder}/x.png"
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="apart by the name"):
        make_priors(tmp_path, network(poses), settings(targets=("dn-splatter",), points=0), overwrite=True)
