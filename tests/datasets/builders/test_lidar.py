"""Sweeps as sparse depth: what is projected where, what is left out, what is kept."""

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.lidar import (
    ENCODING,
    REACH,
    Shot,
    camera_from_sweep,
    nearest_depth,
    pose_of,
    sweep_depth,
)

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)


def test_a_plane_is_found_at_its_depth_whatever_the_axes_of_the_points(plane, pose, points_of):
    scene, mount = plane(CAMERA), pose((20, -70, 31), (0.4, -1.2, 0.7))
    depth = sweep_depth(points_of(scene, mount.matrix), mount.matrix, CAMERA)
    np.testing.assert_allclose(depth, scene.depth, rtol=1e-6)


def test_what_the_car_moved_between_sweep_and_picture_is_made_up_for(plane, pose, points_of):
    then, now = pose((1, 2, 130), (800, -300, 12)), pose((1, 2, 131), (801.4, -299, 12))
    mount = pose((-89, 3, 2), (1.6, 0.1, 1.4))
    scene, world_from_camera = plane(CAMERA), now.matrix @ mount.matrix
    motion = camera_from_sweep(world_from_camera, then.matrix)
    expected = np.linalg.inv(world_from_camera) @ then.matrix
    np.testing.assert_allclose(motion, expected, atol=1e-9)
    np.testing.assert_allclose(sweep_depth(points_of(scene, expected), motion, CAMERA), scene.depth, rtol=1e-5)


def test_of_points_on_one_pixel_the_nearest_stays():
    pixels = np.array([[3.4, 5.4], [2.6, 4.6], [3.0, 5.0], [7.0, 8.0]])
    depth = nearest_depth(pixels, np.array([12.0, 9.0, 30.0, 4.0]), 20, 27)
    assert (depth[5, 3], depth[8, 7]) == (9, 4)
    assert np.isfinite(depth).sum() == 2


@pytest.mark.parametrize("pixel", [(-0.6, 5), (26.6, 5), (5, -0.6), (5, 19.6), (np.nan, 5), (1e20, 5)])
def test_points_beside_the_picture_are_left_out(pixel):
    assert np.isnan(nearest_depth(np.array([pixel]), np.array([9.0]), 20, 27)).all()


def test_a_pixel_reaches_half_a_pixel_around_its_middle():
    corners = np.array([(-0.49, -0.49), (26.49, 19.49)])
    depth = nearest_depth(corners, np.array([5.0, 6.0]), 20, 27)
    assert (depth[0, 0], depth[19, 26]) == (5, 6)


def test_points_behind_the_camera_too_near_too_far_or_broken_are_left_out():
    points = np.array([[0, 0, -10], [0, 0, 0.5 * REACH[0]], [0, 0, 1.1 * REACH[1]], [np.nan, 0, 5], [0, np.inf, 5]])
    assert np.isnan(sweep_depth(points, np.eye(4), CAMERA)).all()


def test_a_quaternion_means_what_scipy_says_even_when_it_is_not_of_unit_length(pose):
    turned = pose((40, -100, 65), (1, 2, 3))
    np.testing.assert_allclose(pose_of(turned.quaternion, (0, 0, 0))[:3, :3], turned.matrix[:3, :3], atol=1e-12)
    np.testing.assert_allclose(pose_of(3 * np.array(turned.quaternion), (1, 2, 3)), turned.matrix, atol=1e-12)


def test_a_label_is_kept_to_half_a_centimetre_and_not_made_twice(plane, tmp_path):
    scene = plane(CAMERA)
    shot = Shot(tmp_path / "a.jpg", CAMERA, tmp_path / "deep" / "a.png", "somewhere")
    (record,) = shot.with_depth(lambda: np.where(scene.depth > 2.2, scene.depth, np.nan))
    stored = ENCODING.read(record.depth, CAMERA)
    np.testing.assert_allclose(stored, np.where(scene.depth > 2.2, scene.depth, np.nan), atol=0.0026)
    assert list(shot.with_depth(lambda: pytest.fail("made again"))) == [record]


def test_a_camera_that_sees_hardly_anything_gives_no_record(tmp_path):
    depth = np.full((20, 27), np.nan)
    depth[3, :10] = 7
    shot = Shot(tmp_path / "a.jpg", CAMERA, tmp_path / "a.png", "somewhere")
    assert list(shot.with_depth(lambda: depth)) == []
    assert not (tmp_path / "a.png").exists()


def test_real_sweeps_give_the_depth_that_was_made_of_them_by_other_hands(shared):
    import json

    from PIL import Image

    folder = shared / "data" / "driving_multicam_a"
    for frame in json.loads((folder / "frames.json").read_text())["files"][:3]:
        known = np.asarray(Image.open(folder / frame["depth"])) / frame["depth_scale"]
        camera = Camera(*frame["cam_in"], known.shape[1], known.shape[0])
        poses = (np.array(frame[f"pose_world_from_{sensor}"]) for sensor in ("camera", "lidar"))
        with np.load(folder / frame["lidar"]) as archive:
            depth = sweep_depth(archive["data"][:, :3], camera_from_sweep(*poses), camera)
        np.testing.assert_allclose(depth, np.where(known > 0, known, np.nan), atol=0.002)
