"""Rendered depth and normals against scenes solved by hand, and each view against its neighbours in a batch."""

import numpy as np
import pytest

from theodolite.synth.builder import Builder
from theodolite.synth.families import sample_scene
from theodolite.synth.render import render
from theodolite.synth.scene import Light
from theodolite.synth.views import looking

from .conftest import AHEAD, GREY, plain_scene, rays


def test_a_wall_square_to_the_view_has_constant_z_depth_and_a_normal_towards_the_camera(picture):
    b = Builder()
    b.box((0, 3.5, 0), (40, 1, 40), GREY)
    view = picture(b)
    np.testing.assert_allclose(view.depth, 3.0, rtol=1e-5)
    np.testing.assert_allclose(view.normals, np.broadcast_to([0, 0, -1.0], (48, 64, 3)), atol=1e-6)
    assert view.valid.all()


def test_a_floor_has_the_depth_of_its_plane_and_a_normal_pointing_up(picture):
    b = Builder()
    b.box((0, 0, -2.0), (1000, 1000, 1), GREY)  # its top 1.5 m below the camera
    view = picture(b)
    down = rays(view)[..., 1]
    seen = down > 0.01
    np.testing.assert_allclose(view.depth[seen], 1.5 / down[seen], rtol=1e-5)
    np.testing.assert_allclose(view.normals[seen], np.broadcast_to([0, -1.0, 0], view.normals[seen].shape), atol=1e-6)
    assert view.sky[:20].all()
    assert np.isnan(view.depth[view.sky]).all()
    assert np.isnan(view.normals[view.sky]).all()


@pytest.mark.parametrize("away", [0.8, 5.0, 60.0])
def test_a_ball_has_the_depth_and_normals_of_the_sphere_at_any_distance(picture, away):
    b, radius = Builder(), away * 0.3
    b.ball((0, away, 0), (2 * radius,) * 3, GREY)
    view = picture(b)
    d = rays(view)
    centre = np.array([0, 0, away])
    a, half, c = (d * d).sum(-1), d @ centre, away**2 - radius**2
    inside = half**2 - a * c
    safe = inside > 0.01 * away**2
    t = (half - np.sqrt(np.maximum(inside, 0))) / a
    np.testing.assert_allclose(view.depth[safe], t[safe], rtol=1e-5)
    np.testing.assert_allclose(view.normals[safe], ((t[..., None] * d - centre) / radius)[safe], atol=1e-4)
    assert view.sky[inside < -0.01 * away**2].all()


def test_a_turned_box_shows_its_faces_where_their_planes_are(picture):
    b, yaw = Builder(), 0.6
    b.box((0.2, 4, 0), (1.5, 1.0, 8), GREY, (yaw, 0, 0))
    view = picture(b)
    axes = {"x": np.array([np.cos(yaw), 0, np.sin(yaw)]), "y": np.array([-np.sin(yaw), 0, np.cos(yaw)])}
    points = rays(view) * view.depth[..., None]
    centre = np.array([0.2, 0, 4.0])
    for axis, half in (("x", 0.75), ("y", 0.5)):
        on = np.abs(view.normals @ axes[axis]) > 0.99
        assert on.sum() > 50
        outward = view.normals[on]
        np.testing.assert_allclose(((points[on] - centre) * outward).sum(-1), half, atol=1e-5 * 4)


def test_an_upright_cylinder_has_horizontal_normals_and_its_radius(picture):
    b = Builder()
    b.tube((0, 3, -5), 0.7, 10, GREY)
    view = picture(b)
    points = rays(view) * view.depth[..., None]
    off_axis = (points - [0, 0, 3.0])[view.valid] * [1, 0, 1]
    np.testing.assert_allclose(np.linalg.norm(off_axis, axis=-1), 0.7, atol=3e-5)
    np.testing.assert_allclose(view.normals[view.valid], off_axis / 0.7, atol=1e-3)


def test_an_open_cup_shows_the_inside_of_its_far_wall_with_normals_towards_the_camera(picture):
    cup, lid = Builder(), Builder()
    pose = looking((0, -1.0, 1.2), (0, 0, 0.2))
    cup.tube((0, 0, 0), 0.3, 0.4, GREY, hollow=True)
    lid.tube((0, 0, 0), 0.3, 0.4, GREY)
    inside, closed = picture(cup, pose=pose), picture(lid, pose=pose)
    assert np.nanmax(inside.depth - closed.depth) > 0.2
    assert np.nanmin(inside.depth - closed.depth) > -0.01


def test_a_bowl_that_widens_upwards_is_open_at_its_wide_end(picture):
    b = Builder()
    b.tube((0, 0, 0), 0.2, 0.3, GREY, 0.4, hollow=True)
    view = picture(b, pose=looking((0.001, 0, 2.0), (0, 0, 0)))
    middle = view.depth[20:28, 28:36]
    np.testing.assert_allclose(middle, 2.0 - 0.003, atol=1e-4)  # the foot, seen through the opening


def test_depth_and_normals_do_not_depend_on_tiles_or_image_size():
    scene = sample_scene("still-life", 0, 3)
    small, large = (render([scene], h, w)[0] for h, w in ((45, 60), (135, 180)))
    # The middle of every third pixel of the large image is the middle of a pixel of the small one.
    np.testing.assert_array_equal(small.valid, large.valid[1::3, 1::3])
    close = np.isclose(small.depth, large.depth[1::3, 1::3], rtol=1e-5, equal_nan=True)
    assert close.mean() > 0.999  # a ray along an edge may fall to either side


@pytest.mark.parametrize("family", ["room", "street", "still-life"])
def test_a_view_is_the_same_alone_and_in_a_batch(family):
    scenes = [sample_scene(family, 5, index) for index in range(3)]
    together = render(scenes, 40, 56)
    for scene, expected in zip(scenes, together, strict=True):
        alone = render([scene], 40, 56)[0]
        np.testing.assert_array_equal(alone.depth, expected.depth)
        np.testing.assert_array_equal(alone.normals, expected.normals)
        assert np.abs(alone.image.astype(int) - expected.image).max() <= 1


@pytest.mark.parametrize("family", ["room", "street", "still-life"])
def test_normals_are_unit_face_the_camera_and_agree_with_neighbouring_depths(family):
    view = render([sample_scene(family, 1, 2)], 96, 128)[0]
    n, d = view.normals[view.valid], rays(view)[view.valid]
    np.testing.assert_allclose(np.linalg.norm(n, axis=-1), 1, atol=1e-5)
    assert ((n * d).sum(-1) <= 1e-4).all()

    points = rays(view) * view.depth[..., None]
    right, below = points[:-1, 1:] - points[:-1, :-1], points[1:, :-1] - points[:-1, :-1]
    across = np.cross(below, right)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    agreement = (across * view.normals[:-1, :-1]).sum(-1)
    # Half the pixels or more lie on smooth patches, where a pixel's step is short against the curvature.
    assert np.nanmedian(agreement) > 0.999


def test_two_views_of_a_scene_see_the_same_surfaces():
    b = Builder()
    b.box((0, 0, -0.5), (20, 20, 1), GREY)
    b.box((0.3, 3, 0.5), (1, 1, 1), GREY, (0.4, 0, 0))
    b.ball((-0.8, 3.5, 0.6), (1.2, 1.2, 1.2), GREY)
    poses = [looking((0, 0, 1.5), (0, 3, 0.5)), looking((0.8, 0.3, 1.2), (0, 3, 0.5))]
    first, second = render([plain_scene(b, pose) for pose in poses], 96, 128)
    points = rays(first) * first.depth[..., None]
    world = points @ poses[0][:3, :3].T + poses[0][:3, 3]
    there = (world - poses[1][:3, 3]) @ poses[1][:3, :3]
    c = second.camera
    u = np.rint(there[..., 0] / there[..., 2] * c.fx + c.cx)
    v = np.rint(there[..., 1] / there[..., 2] * c.fy + c.cy)
    inside = first.valid & (u >= 0) & (u < c.width) & (v >= 0) & (v < c.height)
    v, u, expected = v[inside].astype(int), u[inside].astype(int), there[..., 2][inside]
    padded = np.pad(second.depth, 1, constant_values=np.inf)
    around = np.stack([padded[v + y, u + x] for y in range(3) for x in range(3)])  # rounding may cross an edge
    nearest = np.nan_to_num(around, nan=np.inf).min(0)
    assert (nearest <= expected * 1.02).all()  # nothing is seen through
    assert np.isclose(around, expected, rtol=0.02).any(0).mean() > 0.8  # the rest is hidden from the second


def test_a_lamp_behind_a_screen_leaves_its_shadow_dark(picture):
    b = Builder()
    b.box((0, 6.05, 0), (40, 0.1, 40), GREY)
    b.box((0, 5, 0), (1.0, 0.1, 1.0), GREY)
    lamp = Light((0, 1.0, 8.0), (60.0, 60.0, 60.0), 2)
    view = picture(b, lights=(lamp,))
    wall = view.depth > 5.5
    # The shadow of the screen's upper edge (z = 0.5, y = 5) falls on the wall (y = 6) at z = -1.375.
    v = round(view.camera.cy + view.camera.fy * 1.375 / 6)
    brightness = view.image.astype(float).mean(-1)
    assert wall[v + 3, [6, 32]].all()
    assert brightness[v + 3, 32] < 0.88 * brightness[v + 3, 6]
    assert brightness[v - 3, 32] > 0.95 * brightness[v - 3, 6]


def test_a_scene_depends_on_family_seed_and_index_alone():
    first, again, other = (sample_scene("room", 3, index) for index in (8, 8, 9))
    np.testing.assert_array_equal(first.solids.centre, again.solids.centre)
    np.testing.assert_array_equal(first.view.world_from_camera, again.view.world_from_camera)
    assert first.sensor == again.sensor
    assert len(other.solids) != len(first.solids) or not np.array_equal(other.solids.centre, first.solids.centre)


@pytest.mark.parametrize("family", ["room", "street", "still-life"])
def test_all_points_of_one_plane_number_lie_in_one_plane(family):
    view = render([sample_scene(family, 6, 1)], 96, 128)[0]
    points = rays(view) * view.depth[..., None]
    assert view.planes.dtype == np.int32
    assert (view.planes[view.sky] == 0).all()
    assert (view.planes > 0).mean() > 0.3
    for number in np.unique(view.planes[view.planes > 0]):
        here = view.planes == number
        normal, p = view.normals[here][0].astype(float), points[here]
        np.testing.assert_allclose(view.normals[here], np.broadcast_to(normal, p.shape), atol=1e-5)
        assert (np.abs((p - p[0]) @ normal) < 2e-5 * (1 + p[:, 2])).all()


def test_faces_of_a_box_are_planes_of_their_own_and_a_ball_is_none(picture):
    b = Builder()
    b.box((-0.7, 3, 0), (1, 1, 1), GREY, (0.7, 0, 0))
    b.ball((0.8, 3, 0), (1, 1, 1), GREY)
    view = picture(b)
    left, right = view.planes[:, :32], view.planes[:, 32:]
    assert len(np.unique(left[left > 0])) == 2
    assert (right == 0).all()


def test_a_ring_is_seen_where_its_equation_says(picture):
    b = Builder()
    b.torus((0.1, 2.5, 0.05), 0.6, 0.3, GREY, (0.4, 1.0, 0.2))
    view, solids = picture(b), b.solids()
    assert view.sky[24, 30]  # through its hole
    world = (rays(view) * view.depth[..., None])[view.valid] @ AHEAD[:3, :3].T
    x, y, z = ((world - solids.centre[0]) @ solids.local_from_world[0].T * solids.half[0]).T
    np.testing.assert_allclose(np.hypot(np.hypot(x, y) - 0.6, z), 0.15, atol=2e-5)


def test_ground_is_seen_where_its_height_says(picture):
    b = Builder()
    height = b.terrain((0, 20, -2), (60, 60, 2.5), GREY, seed=3.0, cycles=3)
    view = picture(b)
    world = (rays(view) * view.depth[..., None])[view.valid] @ AHEAD[:3, :3].T
    assert view.valid.mean() > 0.3
    expected = np.array([height(x, y) for x, y, _ in world[::37].tolist()])
    np.testing.assert_allclose(world[::37, 2], expected, atol=1e-3)


def test_an_arch_is_open_below_its_crown_and_closed_above(picture):
    b = Builder()
    b.arch((0, 3, -1), (3, 0.5, 2.2), (1.2, 1.5), GREY)
    view = picture(b, pose=looking((0, 0, 0), (0, 3, 0)))
    column = view.valid[:, 32]
    crown = view.camera.cy - view.camera.fy * 0.5 / 2.75
    assert column[max(0, round(crown) - 4) : round(crown)].all()
    assert not column[round(crown) + 3 : 40].any()
    assert view.valid[30, [8, 56]].all()  # the piers


@pytest.mark.parametrize("focal", [0.4, 3.0])
def test_wide_angles_and_tele_lenses_keep_the_plane_s_depth(picture, focal):
    b = Builder()
    b.box((0, 6.5, 0), (200, 1, 200), GREY, (0, 0, 0.3))
    np.testing.assert_allclose(picture(b, focal=focal).depth, 6.0, rtol=1e-5)
