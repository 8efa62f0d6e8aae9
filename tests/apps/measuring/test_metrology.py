"""Measuring in scenes with exact truth: values, causes, references and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from tests.apps.driving.conftest import make
from tests.apps.measuring.rooms import flat_pixels, rooms

from theodolite.apps.basis import Basis
from theodolite.apps.known_scale import CameraHeight, ReferenceObject, scale_factor
from theodolite.apps.metrology import angle, box, distance, height, region
from theodolite.apps.vertical import Vertical, find_vertical, level_camera
from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.geometry.unproject import rays
from theodolite.inference.prediction import Prediction

# A wall two metres away, square to the view: x = (u - 99.5) / 100 · 2 m.
CAMERA = Camera(100, 100, 99.5, 74.5, 200, 150)


def wall(metres=2.0, confidence=0.9, camera=CAMERA, **maps) -> Prediction:
    shape = camera.height, camera.width
    given = {
        "depth": np.full(shape, metres, np.float32),
        "normals": np.tile(np.float32([0, 0, -1]), (*shape, 1)),
        "confidence": np.full(shape, confidence, np.float32),
        "kappa": np.full(shape, 20, np.float32),
        "valid": np.ones(shape, bool),
        "camera": camera,
        "image": np.full((*shape, 3), 120, np.uint8),
    }
    return Prediction(**(given | maps))


def corner(degrees=60.0) -> Prediction:
    """Two walls that meet in the middle of the picture, at an angle of so many degrees between their normals."""
    turn = np.radians(degrees) / 2
    ray = rays(CAMERA).astype(float)
    left, right = np.array([-np.sin(turn), 0, np.cos(turn)]), np.array([np.sin(turn), 0, np.cos(turn)])
    with np.errstate(divide="ignore"):
        depth = 2 * np.cos(turn) / np.maximum(ray @ left, ray @ right)
    normals = -np.where((ray[..., :1] < 0), left, right)
    return wall(depth=depth, normals=normals.astype(np.float32))


def test_a_distance_is_that_of_prediction_measure():
    scene = wall()
    found, plain = distance(scene, (49.5, 74.5), (149.5, 74.5)), scene.measure((49.5, 74.5), (149.5, 74.5))
    assert found.value == pytest.approx(plain.metres) == pytest.approx(2.0)
    assert found["distance"] is found.quantities[0]
    with pytest.raises(KeyError, match="has distance, no area"):
        found["area"]


def test_the_causes_of_a_distance_are_those_worked_out_by_hand():
    scene = wall(camera=replace(CAMERA, rel_sigma=0.1))
    found = distance(scene, (99.5, 74.5), (149.5, 74.5))
    causes = found.quantities[0].causes
    # Across the view the focal length does not count; the scale counts in full: 10 % of a metre.
    assert causes["focal length"] == pytest.approx(0, abs=1e-9)
    assert causes["scale"] == pytest.approx(0.1, rel=1e-3)
    # Half a pixel of 2 cm at each end.
    assert causes["pointing"] == pytest.approx(np.hypot(0.01, 0.01), rel=1e-3)
    # The far end alone has a point off the axis: 1 % of a metre.
    assert causes["depth noise"] == pytest.approx(0.01, rel=1e-2)
    assert found.sigma == pytest.approx(np.hypot.reduce(list(causes.values())))


def test_along_the_axis_the_focal_length_counts_in_full():
    depth = np.where(np.arange(200) < 100, 2.0, 3.0) * np.ones((150, 1))
    scene = wall(depth=depth.astype(np.float32), camera=replace(CAMERA, fx=1e6, fy=1e6, rel_sigma=0.1))
    found = distance(scene, (50, 75), (150, 75))
    assert found.value == pytest.approx(1.0, rel=1e-4)
    assert found.quantities[0].causes["focal length"] == pytest.approx(0.1, rel=1e-3)


def test_close_pixels_share_their_errors():
    near, far = (distance(wall(), (180, 20), (180 - gap, 20)) for gap in (4, 100))
    assert near.quantities[0].causes["drift"] < 0.25 * far.quantities[0].causes["drift"]


def test_pixels_are_those_of_the_photo_where_maps_are_smaller():
    scene = replace(wall(), photo_size=(800, 600))
    assert distance(scene, (199.5, 299.5), (599.5, 299.5)).value == pytest.approx(2.0)
    assert region(scene, [(199.5, 199.5), (599.5, 199.5), (599.5, 399.5), (199.5, 399.5)]).value == pytest.approx(2.0)


@pytest.mark.parametrize("degrees", [30.0, 60.0, 90.0])
@pytest.mark.parametrize("with_normals", [True, False])
def test_the_angle_of_two_walls_is_exact(degrees, with_normals):
    scene = corner(degrees)
    if not with_normals:
        scene = replace(scene, normals=None, kappa=None)
    found = angle(scene, (60, 70), (140, 80))
    assert found.value == pytest.approx(degrees, abs=0.05)
    assert 0 < found.sigma < 90


def test_the_area_slope_and_distance_of_a_wall_are_exact():
    found = region(wall(), [(49.5, 49.5), (149.5, 49.5), (149.5, 99.5), (49.5, 99.5)], Basis(vertical=level_camera()))
    assert found["area"].value == pytest.approx(2.0)
    assert found["slope"].value == pytest.approx(90)
    assert found["plane distance"].value == pytest.approx(2.0)
    assert found["area"].causes["scale"] == pytest.approx(2 * 0.1 * 2.0, rel=0.02)


def test_measurements_in_a_rendered_room_are_exact():
    for room in rooms(12)[1:4]:
        scene, flat = room.exact(), flat_pixels(room)
        a, b = flat[len(flat) // 7], flat[-len(flat) // 5]
        assert distance(scene, a, b).value == pytest.approx(np.linalg.norm(room.point(a) - room.point(b)), rel=1e-4)
        up = find_vertical(scene)
        assert np.degrees(np.arccos(up.up @ room.up)) < 2 * up.degrees


def test_a_known_length_takes_the_place_of_the_networks_scale():
    scene = wall(metres=3.0)  # in truth it is 2 m away
    reference = ReferenceObject((99.5, 40), (149.5, 40), 1.0, 0.001)
    found = distance(scene, (49.5, 80), (149.5, 80), Basis(reference))
    assert found.value == pytest.approx(2.0, rel=1e-6)
    assert found.quantities[0].causes["scale"] == pytest.approx(0, abs=1e-6)
    assert found.quantities[0].causes["reference"] == pytest.approx(0.002, rel=1e-3)
    assert found.sigma < distance(scene, (49.5, 80), (149.5, 80)).sigma
    factor, sigma = scale_factor(scene, reference)
    assert factor == pytest.approx(2 / 3)
    assert 0 < sigma < 0.2
    assert region(scene, [(49, 49), (149, 49), (149, 99), (49, 99)], Basis(reference)).value == pytest.approx(2.0)


def test_a_known_length_as_it_was_measured_leaves_its_own_uncertainty_only():
    reference = ReferenceObject((60, 70), (140, 70), 1.6, 0.05)
    found = distance(wall(), (60, 70), (140, 70), Basis(reference))
    assert found.value == pytest.approx(1.6)
    causes = found.quantities[0].causes
    assert causes["reference"] == pytest.approx(0.05)
    assert max(causes["scale"], causes["drift"], causes["depth noise"], causes["focal length"]) < 1e-6


def test_the_cameras_height_fixes_the_scale():
    road = make(height=1.65)
    scene = replace(road.prediction, depth=road.prediction.depth * np.float32(0.8))
    factor, sigma = scale_factor(scene, CameraHeight(1.65, 0.01))
    assert factor == pytest.approx(1.25, rel=2e-3)
    assert 0.005 < sigma < 0.2


def test_the_height_of_a_box_on_the_road_is_found_from_foot_and_top():
    road = make(pitch=0.0, roll=0.0, yaw=0.0)
    camera = road.prediction.camera
    x, z = -2.0, 12.0 - 0.27  # the middle of the front face; the camera stands 0.27 m ahead of the body's origin
    foot, top = (
        (x / z * camera.fx + camera.cx, y / z * camera.fy + camera.cy) for y in (road.height, road.height - 1.5)
    )
    found = height(road.prediction, (foot[0], foot[1] - 0.01), top, Basis(vertical=level_camera(0.5)))
    assert found.value == pytest.approx(1.5, rel=0.02)
    assert found["height"].causes["scale"] == pytest.approx(0.05 * 1.5, rel=0.1)


def test_a_box_has_the_sides_that_are_seen():
    road = make(pitch=0.0, roll=0.0, yaw=0.0, focal=900.0, aside=-3.0)
    rows, columns = np.nonzero(road.prediction.image[..., 0] > 150)
    margin = 2
    left, right, top, bottom = columns.min() - margin, columns.max() + margin, rows.min() - margin, rows.max() + margin
    found = box(road.prediction, [(left, top), (right, top), (right, bottom), (left, bottom)])
    assert found["width"].value == pytest.approx(2.0, rel=0.06)
    assert found["height"].value == pytest.approx(1.5, rel=0.12)
    assert found["depth"].value == pytest.approx(4.0, rel=0.12)
    assert len(found.lines) == 12


def test_what_cannot_be_measured_is_refused_in_words():
    scene = wall()
    with pytest.raises(TheodoliteError, match="outside the photo"):
        distance(scene, (0, 0), (500, 0))
    with pytest.raises(TheodoliteError, match="outside the photo"):
        height(scene, (50, 100), (50, -20))
    with pytest.raises(TheodoliteError, match="3 to 200 corners"):
        region(scene, [(0, 0), (10, 10)])
    with pytest.raises(TheodoliteError, match="cross"):
        region(scene, [(20, 20), (120, 100), (120, 20), (20, 120)])
    with pytest.raises(TheodoliteError, match="usable depth"):
        region(scene, [(20, 20), (21, 20), (21, 21)])
    with pytest.raises(TheodoliteError, match="below the foot"):
        height(scene, (50, 50), (50, 100), Basis(vertical=level_camera()))
    with pytest.raises(TheodoliteError, match="positive"):
        ReferenceObject((0, 0), (1, 1), -2)
    with pytest.raises(TheodoliteError, match="No ground is seen"):
        distance(scene, (50, 50), (70, 70), Basis(CameraHeight(1.5)))
    with pytest.raises(TheodoliteError, match="one and the same"):
        distance(scene, (50, 50), (70, 70), Basis(ReferenceObject((9, 9), (9, 9), 1.0)))


def test_unknown_depth_is_refused_at_a_foot_and_does_not_matter_at_a_top():
    valid = np.ones((150, 200), bool)
    valid[:40] = False
    scene = wall(valid=valid)
    basis = Basis(vertical=level_camera())
    assert height(scene, (99.5, 124.5), (99.5, 24.5), basis).value == pytest.approx(2.0)
    with pytest.raises(TheodoliteError, match="No usable depth"):
        height(scene, (99.5, 24.5), (99.5, 4.5), basis)


def test_a_single_wall_leaves_roll_to_the_camera_and_says_so():
    up = find_vertical(wall())
    assert up.up == pytest.approx([0, -1, 0], abs=1e-6)
    assert up.degrees >= 10
    assert "level camera" in up.detail


def test_a_vertical_given_has_to_be_a_direction():
    with pytest.raises(ValueError, match="direction"):
        Vertical.given(np.zeros(3))


def test_a_box_is_as_large_as_what_is_seen_within_what_it_states():
    scene = wall(confidence=1.0)
    known = Basis(ReferenceObject((49.5, 74.5), (149.5, 74.5), 2.0, 0.0), level_camera())
    found = box(scene, [(49.5, 49.5), (149.5, 49.5), (149.5, 99.5), (49.5, 99.5)], known)
    for name, true in (("width", 2.0), ("height", 1.0)):
        assert found[name].value == pytest.approx(true, rel=0.025)
        assert abs(found[name].value - true) < 2 * found[name].sigma
        assert found[name].causes["rim"] > 0


def test_a_height_of_the_camera_is_along_the_vertical_that_is_given():
    # A floor seen from 3 m above, 70 degrees downwards: no search would take it for a floor.
    steep = np.radians(70)
    up = np.array([0, -np.cos(steep), -np.sin(steep)])
    drop = rays(CAMERA).astype(float) @ -up
    scene = wall(depth=(1.5 / drop).astype(np.float32), normals=np.tile(up.astype(np.float32), (150, 200, 1)))
    basis = Basis(CameraHeight(3.0), Vertical.given(up))
    assert scale_factor(scene, basis.scale)[0] == pytest.approx(2.0, rel=1e-3)
    with pytest.raises(TheodoliteError, match="No ground is seen"):
        scale_factor(scene, CameraHeight(3.0))


@pytest.mark.parametrize("confidence", [0.0, -1.0, np.nan])
def test_a_network_that_is_sure_of_nothing_still_gives_finite_uncertainties(confidence):
    scene = wall(confidence=confidence)
    known = Basis(ReferenceObject((49.5, 74.5), (149.5, 74.5), 2.0), level_camera())
    corners = [(49.5, 49.5), (149.5, 49.5), (149.5, 99.5), (49.5, 99.5)]
    for basis in (Basis(vertical=level_camera()), known):
        for found in (distance(scene, corners[0], corners[2], basis), region(scene, corners, basis)):
            assert all(np.isfinite(each.sigma) for each in found.quantities)


def test_polygons_that_touch_themselves_or_have_too_many_corners_are_refused():
    touching = [(60, 60), (100, 80), (140, 60), (140, 100), (100, 80), (60, 100)]
    with pytest.raises(TheodoliteError, match="cross"):
        region(wall(), touching)
    round_ = [(100 + 30 * np.cos(a), 75 + 30 * np.sin(a)) for a in np.linspace(0, 6.28, 300)]
    with pytest.raises(TheodoliteError, match="3 to 200 corners"):
        region(wall(), round_)
