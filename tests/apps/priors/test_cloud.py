"""The initial cloud: on the surfaces, confirmed by other views, capped, and thinned evenly."""

import numpy as np
from tests.apps import room

from theodolite.apps.priors.cloud import SmallView, confirmed, fuse, shrunk, shrunk_camera
from theodolite.apps.priors.thinning import Thinned
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import transform_points
from theodolite.geometry.unproject import unproject

CAMERA = Camera.from_fov(75, 160, 120)


def small(pose, factor=1.0) -> SmallView:
    seen = room.view(pose, CAMERA)
    depth = seen.depth * np.float32(factor)
    return SmallView(depth, depth, seen.normals, np.full(depth.shape, 0.9), seen.image, CAMERA, pose)


def cloud_of(views, most):
    poses = np.stack([view.world_from_camera for view in views])
    *_, last = fuse(range(len(views)), poses, lambda number: views[number], most)
    return last.cloud()


def test_a_view_that_disagrees_with_all_others_adds_nothing():
    views = [small(pose, 0.5 if number == 3 else 1.0) for number, pose in enumerate(room.steady_poses(7))]
    assert (np.abs(room.distance(cloud_of(views, 4000).points)) < 0.02).mean() > 0.97


def test_what_only_one_view_sees_stays():
    poses = room.steady_poses(1)
    cloud = cloud_of([small(poses[0])], 4000)
    assert len(cloud) > 1000


def test_the_number_of_points_is_capped_and_they_are_spread():
    views = [small(pose) for pose in room.steady_poses(5)]
    cloud = cloud_of(views, 500)
    assert 200 < len(cloud) <= 500
    apart = np.linalg.norm(cloud.points[:, None] - cloud.points[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert np.median(apart.min(axis=1)) > 0.05


def test_normals_point_to_where_the_surface_was_seen_from():
    view = small(room.steady_poses(1)[0])
    cloud = cloud_of([view], 3000)
    towards = view.world_from_camera[:3, 3] - cloud.points
    assert cloud.normals is not None
    assert ((cloud.normals * towards).sum(1) > 0).mean() > 0.99
    assert np.allclose(np.linalg.norm(cloud.normals, axis=1), 1, atol=1e-3)


def test_points_in_front_of_what_others_see_are_not_confirmed_and_hidden_ones_are_neither():
    first, second = (small(pose) for pose in room.steady_poses(2))
    points = unproject(first.depth, CAMERA)[::8, ::8].reshape(-1, 3).astype(float)
    for factor, share in ((1.0, 0.95), (0.7, 0.1), (1.4, 0.1)):
        world = transform_points(first.world_from_camera, points * factor)
        seen = confirmed(world, [second])
        good = seen.mean()
        assert good > share if factor == 1 else good < share + 0.2


def test_thinning_means_places_and_colours():
    thinned = Thinned(1.0, 10, np.zeros(3))
    points = np.array([[0.2, 0.2, 0.2], [0.4, 0.2, 0.2], [5.5, 0.5, 0.5]])
    colours = np.array([[0, 0, 0], [100, 0, 0], [9, 9, 9]], np.uint8)
    thinned.add(points, np.tile([0.0, 0, 1], (3, 1)), colours, np.array([1.0, 3.0, 1.0]))
    cloud = thinned.cloud()
    order = np.argsort(cloud.points[:, 0])
    assert np.allclose(cloud.points[order], [[0.35, 0.2, 0.2], [5.5, 0.5, 0.5]])
    assert cloud.colours is not None
    assert cloud.colours[order].tolist() == [[75, 0, 0], [9, 9, 9]]


def test_shrunk_maps_and_their_camera_agree():
    camera = Camera(100, 110, 79.5, 60.25, 160, 121)
    u, v = np.meshgrid(np.arange(160), np.arange(121))
    less = shrunk_camera(camera, 3)
    x = (shrunk(u, 3) - camera.cx) / camera.fx
    y = (shrunk(v, 3) - camera.cy) / camera.fy
    assert x.shape == (less.height, less.width)
    assert np.allclose(x[0], (np.arange(less.width) - less.cx) / less.fx)
    assert np.allclose(y[:, 0], (np.arange(less.height) - less.cy) / less.fy)
