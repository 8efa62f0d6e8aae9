"""Tests of the distance field: against a room whose distances are known, and of its limits."""

import numpy as np
import pytest
from tests.apps import room

from theodolite.apps.depth_view import DepthView, Grid
from theodolite.apps.tsdf import Volume
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import transform_points
from theodolite.geometry.unproject import unproject

GRID = Grid(voxel=0.04, truncation=0.16, farthest=6)


def fused(grid: Grid = GRID, count: int = 12) -> Volume:
    volume = Volume(grid)
    for pose in room.poses(count):
        volume.integrate(room.view(pose))
    return volume


@pytest.fixture(scope="module")
def volume() -> Volume:
    return fused()


def test_distances_near_surfaces_are_those_of_the_room(volume):
    rng = np.random.default_rng(0)
    seen = room.view(room.poses(12)[3])
    points = transform_points(seen.world_from_camera, unproject(seen.depth, seen.camera).reshape(-1, 3).astype(float))
    points = points[rng.integers(len(points), size=5000)] + rng.uniform(-0.06, 0.06, (5000, 3))
    centres = np.rint(points / GRID.voxel) * GRID.voxel
    found, true = volume.distances(points), room.distance(centres)
    known = np.isfinite(found) & (np.abs(true) < 0.1)
    assert known.mean() > 0.5
    error = np.abs(found - true)[known]
    # In the corners, and behind the ball, planes are no more than an approximation.
    assert np.median(error) < 0.02 * GRID.voxel
    assert np.percentile(error, 90) < 0.5 * GRID.voxel


def test_nothing_is_known_where_nobody_looked(volume):
    outside = room.WORLD_FROM_ROOM[:3, 3] + np.array([[0, 0, 10.0], [30, 0, 0], [np.nan, 0, 0]])
    assert np.isnan(volume.distances(outside)).all()
    assert np.isnan(Volume(GRID).distances(outside)).all()


def wall(depth: float) -> DepthView:
    camera = Camera.from_focal(100, 64, 48)
    shape = (camera.height, camera.width)
    normals = np.broadcast_to(np.float32([0, 0, -1]), (*shape, 3))
    colour = np.full((*shape, 3), 100, np.uint8)
    return DepthView(np.full(shape, depth, np.float32), normals, np.ones(shape, np.float32), colour, camera, np.eye(4))


def test_two_walls_become_one_between_them_by_weight_and_distance():
    volume = Volume(Grid(voxel=0.02, truncation=0.1, farthest=5))
    near, far = wall(2.00), wall(2.04)
    far.weight[:] = 3 * (2.04 / 2.0) ** 2  # weights go with the inverse square of depth
    for view in (near, far):
        volume.integrate(view)
    # 2.04 is a voxel's place, which the near wall knows 0.04 behind itself, with a falling weight.
    point = np.array([[0.0, 0.0, 2.0]])
    assert volume.distances(point)[0] == pytest.approx(0.03, abs=1e-4)


def test_what_one_view_looks_through_another_s_wall_takes_away():
    volume = Volume(Grid(voxel=0.02, truncation=0.1, farthest=5))
    volume.integrate(wall(1.0))
    for _ in range(8):
        volume.integrate(wall(2.0))
    assert volume.distances(np.array([[0.0, 0, 1.02]]))[0] > 0


def test_what_lies_beyond_the_range_is_left_out():
    volume = Volume(Grid(farthest=3))
    assert volume.integrate(wall(3.5)) == 0
    assert len(volume.blocks) == 0


def test_unknown_pixels_add_nothing():
    view = wall(2.0)
    view.depth[:, :32] = np.nan
    volume = Volume(Grid())
    volume.integrate(view)
    left, right = np.array([[-0.3, 0, 2.0]]), np.array([[0.3, 0, 2.0]])
    assert np.isnan(volume.distances(left)[0])
    assert volume.distances(right)[0] == pytest.approx(0, abs=1e-6)


def test_memory_stays_within_its_limit_and_what_found_no_room_is_counted():
    volume = Volume(Grid(most_megabytes=0.5))
    volume.integrate(wall(2.0))
    assert 0 < volume.megabytes <= 0.5
    assert volume.refused > 0


def test_views_in_any_order_give_the_same_field():
    first, second = Volume(GRID), Volume(GRID)
    views = [room.view(pose) for pose in room.poses(4)]
    for view in views:
        first.integrate(view)
    for view in views[::-1]:
        second.integrate(view)
    assert len(first.blocks) == len(second.blocks)
    # Only blocks there are already learn of free space: compare near the surfaces.
    rows = second.blocks.rows(first.blocks.places)
    near = (first.blocks.views > 0) & (np.abs(first.blocks.distance) < 0.05)
    difference = np.abs(first.blocks.distance - second.blocks.distance[rows])[near]
    assert np.median(difference) < 1e-6


@pytest.mark.parametrize(
    "wrong", [{"voxel": 0}, {"farthest": -1}, {"voxel": float("nan")}, {"truncation": 0.01}, {"growth": 2}]
)
def test_a_grid_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"grid's|truncation"):
        Grid(**wrong)
