import numpy as np
import torch

from theodolite.camera.pinhole import Camera
from theodolite.geometry.edges import depth_edges, edge_steps
from theodolite.geometry.unproject import rays, unproject


def test_both_sides_of_a_step_are_edge_and_nothing_else_is():
    camera = Camera.from_fov(60, 40, 30)
    depth = np.full((30, 40), 2.0)
    depth[:, 25:] = 6.0
    edges = depth_edges(depth, camera)
    assert edges[:, 24:26].all()
    assert edges.sum() == 60
    assert (depth_edges(depth.T, Camera.from_fov(60, 30, 40)) == edges.T).all()


def floor(width: int, height: int) -> tuple[np.ndarray, Camera]:
    """The ground 1.5 m below the camera; unknown above the horizon."""
    camera = Camera.from_focal(1000, width, height)
    down = rays(camera)[..., 1].astype(float)
    return np.where(down > 0, 1.5 / np.where(down > 0, down, 1), np.nan), camera


def test_a_road_is_no_edge_however_flat_it_is_seen():
    depth, camera = floor(60, 800)
    assert np.nanmax(depth) > 1000
    assert not depth_edges(depth, camera)[np.isfinite(depth)].any()


def test_what_stands_on_the_road_is_cut_from_what_lies_behind_it():
    depth, camera = floor(60, 800)
    depth[300:470, 20:40] = depth[470, 30]  # a box, as far as its foot
    edges = depth_edges(depth, camera)
    behind = np.s_[412:464]  # from its foot up to near the horizon, where road, not sky, lies beside it
    assert edges[behind][:, [19, 20, 39, 40]].mean() > 0.9
    assert not edges[475:].any()


def test_an_edge_that_a_network_blurred_over_a_few_pixels_is_an_edge():
    camera = Camera.from_focal(800, 120, 20)
    blurred = np.interp(np.arange(120), [58, 62], [1 / 2, 1 / 4])
    edges = depth_edges(1 / np.broadcast_to(blurred, (20, 120)), camera)
    assert edges[:, 58:63].all()
    assert edges.mean() < 0.06


def test_the_rule_does_not_depend_on_the_scale_of_the_scene():
    camera = Camera.from_fov(60, 64, 48)
    depth = np.random.default_rng(0).uniform(1, 1.3, (48, 64))
    edges = depth_edges(depth, camera, degrees=10)
    assert 0.05 < edges.mean() < 0.95
    assert (depth_edges(depth * 100, camera, degrees=10) == edges).all()


def test_unknown_pixels_are_no_edge():
    camera = Camera.from_fov(60, 8, 8)
    depth = np.full((8, 8), 2.0)
    depth[2:5, 3:6] = np.nan
    assert not depth_edges(depth, camera).any()


def test_torch_batches_agree_with_numpy():
    camera = Camera.from_fov(60, 20, 16)
    depth = np.random.default_rng(1).uniform(1, 4, (3, 16, 20))
    batch = depth_edges(torch.from_numpy(depth), camera)
    assert batch.any()
    assert (batch.numpy() == np.stack([depth_edges(d, camera) for d in depth])).all()


def rippled_floor() -> tuple[np.ndarray, np.ndarray]:
    """A floor as networks see it, with steps of a few per cent every ten rows; and what they say of its normals."""
    depth, camera = floor(40, 900)
    seen = np.s_[480:]  # from where it is 12 m away
    steps = 1 + 0.02 * (np.arange(900) // 10 % 2)
    points = unproject(depth * steps[:, None], camera)[seen]
    return points, np.broadcast_to([0.0, -1.0, 0.0], points.shape)


def test_ripples_of_a_floor_are_edges_by_themselves_and_none_by_its_normals():
    points, normals = rippled_floor()
    alone, told = edge_steps(points, -3), edge_steps(points, -3, normals=normals)
    # A step of 2 % is up to three times what the floor's own is, as far as it is seen at up to four degrees.
    flat = np.s_[:40]
    # Some ripples come nearer where the floor goes away: those stay edges.
    back = np.diff(points[..., 2], axis=0) > 0
    assert (alone & ~back)[flat].any()
    assert not (told & ~back)[flat].any()
    np.testing.assert_array_equal(told & back, alone & back)


def test_an_edge_between_surfaces_whose_normals_are_known_is_cut_as_ever():
    # A table top, seen flat, in front of a wall: the step leaves the wall's plane at once.
    camera = Camera.from_focal(1000, 30, 200)
    down = (np.arange(200) - 99.5)[:, None] / 1000
    top = down > 0.02
    depth = np.where(top, 0.1 / np.maximum(down, 0.02), 9.0) * np.ones((1, 30))
    normals = np.where(top[..., None], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]) * np.ones((1, 30, 1))
    edges = edge_steps(unproject(depth, camera), -3, normals=normals)
    rim = int(np.argmax(top)) - 1
    assert edges[rim].all()
    assert edges.sum() == 30
    # Two walls square to the view, one behind the other.
    walls = np.full((30, 40), 2.0)
    walls[:, 25:] = 6.0
    towards = np.broadcast_to([0.0, 0.0, -1.0], (30, 40, 3))
    assert edge_steps(unproject(walls, Camera.from_fov(60, 40, 30)), -2, normals=towards)[:, 24].all()


def test_unknown_normals_excuse_no_edge():
    points, normals = rippled_floor()
    unknown = np.full(normals.shape, np.nan)
    np.testing.assert_array_equal(edge_steps(points, -3, normals=unknown), edge_steps(points, -3))
