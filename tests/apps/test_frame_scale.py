"""Tests of finding the factor of a view's depth, and the unit of poses, in a room with texture on every wall."""

from dataclasses import replace

import numpy as np
import pytest
from tests.apps import room

from theodolite.apps.depth_sources import predicted
from theodolite.apps.depth_view import Grid
from theodolite.apps.frame_scale import Pictures, Samples, by_model, by_points, spread_points
from theodolite.apps.pose_scale import pose_scale
from theodolite.apps.scale_search import search
from theodolite.apps.small_pictures import SmallPicture, SmallPictures
from theodolite.apps.tsdf import Volume
from theodolite.apps.view_readers import read_views
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.pose import transform_points
from theodolite.geometry.unproject import unproject

CAMERA = Camera.from_fov(75, 160, 120)
POSES = room.steady_poses(8)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    small = {n: SmallPicture.of(room.view(pose, CAMERA).image, CAMERA) for n, pose in enumerate(POSES)}
    return Pictures(small, np.stack(POSES))  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.3])
def test_the_factor_is_found_by_parallax(pictures, factor):
    seen = room.view(POSES[3], CAMERA)
    found = pictures.factor(3, Samples.of(seen.depth / factor, CAMERA, pictures.small[3]))
    assert found == pytest.approx(factor, rel=0.02)


def test_a_camera_that_stands_still_tells_no_factor(pictures):
    still = Pictures(pictures.small, np.stack([POSES[3]] * 8))
    seen = room.view(POSES[3], CAMERA)
    assert still.factor(3, Samples.of(seen.depth, CAMERA, pictures.small[3])) is None


def test_walls_without_texture_tell_no_factor(pictures):
    grey = SmallPicture.of(np.full((120, 160, 3), 90, np.uint8), CAMERA)
    blank = Pictures(dict.fromkeys(range(8), grey), pictures.poses)  # type: ignore[arg-type]
    samples = Samples.of(room.view(POSES[3], CAMERA).depth, CAMERA, grey)
    assert len(samples.points) == 0
    assert blank.factor(3, samples) is None


def test_the_factor_is_found_against_the_model():
    volume = Volume(Grid(voxel=0.03, truncation=0.15))
    for pose in POSES[:4]:
        volume.integrate(room.view(pose, CAMERA))
    seen = room.view(POSES[5], CAMERA)
    points = spread_points(seen.depth / 1.15, CAMERA)
    assert by_model(volume, points, POSES[5], 1.0) == pytest.approx(1.15, rel=0.02)
    assert by_model(Volume(Grid()), points, POSES[5], 1.0) is None


def test_the_factor_is_found_against_triangulated_points_in_spite_of_outliers():
    seen = room.view(POSES[0], CAMERA)
    points = transform_points(POSES[0], unproject(seen.depth, CAMERA)[5::20, 5::20].reshape(-1, 3).astype(float))
    points[::4] *= 3
    assert by_points(seen.depth / 0.7, CAMERA, POSES[0], points) == pytest.approx(0.7, rel=0.02)
    assert by_points(seen.depth, CAMERA, POSES[0], points[:10]) is None
    assert by_points(seen.depth, CAMERA, POSES[0], None) is None


def test_two_answers_are_none():
    both = search(lambda f: min(abs(np.log(f / 0.7)), abs(np.log(f / 1.4))))
    assert both is None
    one = search(lambda f: min(abs(np.log(f / 0.7)), 0.2))
    assert one is not None
    assert one.factor == pytest.approx(0.7, rel=0.01)
    assert search(lambda f: f) is None  # the end of the range
    assert search(lambda f: float("nan")) is None


@pytest.mark.parametrize("unit", [0.2, 7.0])
def test_the_unit_of_poses_is_found_from_predictions(tmp_path, unit):
    folder = room.write_folder(tmp_path, unit=unit, metric=False)
    views = read_views(folder)
    factors = [1.1, 0.95, 1.0, 1.05, 0.9, 1.0, 1.08, 0.97]
    source = predicted(room.Exact(folder, factors))  # type: ignore[arg-type]
    looked_at = [(n, source(view)) for n, view in enumerate(views.views)]
    found = pose_scale(views.views, looked_at)
    assert found.by == "pictures"
    assert found.views >= 5
    assert found.metres == pytest.approx(unit, rel=0.06)


def test_poses_without_motion_have_no_unit_to_find(tmp_path):
    folder = room.write_folder(tmp_path, metric=False)
    views = read_views(folder)
    still = tuple(replace(view, world_from_camera=np.eye(4)) for view in views.views)
    source = predicted(room.Exact(folder, [1.0] * 8))  # type: ignore[arg-type]
    looked_at = [(n, source(view)) for n, view in enumerate(views.views)]
    with pytest.raises(DatasetError, match="--pose-scale"):
        pose_scale(still, looked_at)


def test_pictures_that_cannot_be_opened_are_none(tmp_path):
    views = read_views(room.write_folder(tmp_path)).views
    views[2].image.write_bytes(b"no picture")
    small = SmallPictures(views)
    assert small[2] is None
    assert small[1] is not None


def test_the_unit_of_poses_is_found_from_triangulated_points(tmp_path):
    views = read_views(room.write_folder(tmp_path, unit=2.5))
    pointed = []
    for pose, view in zip(POSES, views.views, strict=True):
        depth = room.view(pose, CAMERA).depth
        points = transform_points(pose, unproject(depth, CAMERA)[5::20, 5::20].reshape(-1, 3).astype(float))
        pointed.append(replace(view, points=points / 2.5))
    source = predicted(room.Exact(tmp_path, [1.1, 0.9, 1.0, 1.0, 1.0, 1.2, 0.8, 1.0]))  # type: ignore[arg-type]
    found = pose_scale(pointed, [(n, source(view)) for n, view in enumerate(pointed)])
    assert (found.by, found.views) == ("points", 8)
    assert found.metres == pytest.approx(2.5, rel=0.01)
    assert 0 < found.spread < 0.2
