import dataclasses
import math

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch, TheodoliteError
from theodolite.geometry.unproject import project
from theodolite.inference.length import LEAST_DEPTH_SIGMA, OWN_DEPTH_SIGMA, Length


@pytest.mark.parametrize("name", ["depth", "normals", "confidence", "kappa", "valid", "image"])
def test_a_map_of_another_size_is_refused_by_name(make_room, prediction, name):
    with pytest.raises(SizeMismatch, match=name):
        make_room(**{name: getattr(prediction, name)[:-1]})


def test_a_camera_of_another_size_is_refused(make_room, prediction):
    with pytest.raises(SizeMismatch, match="80x60"):
        make_room(camera=prediction.camera.resized(80, 60))


def test_unknown_depth_cannot_be_valid(make_room, prediction):
    with pytest.raises(ValueError, match="unknown depth"):
        make_room(valid=np.ones_like(prediction.valid))


def test_maps_come_in_single_precision_and_nothing_can_be_assigned(make_room, prediction):
    double = make_room(depth=prediction.depth.astype(float))
    assert double.depth.dtype == np.float32
    with pytest.raises(dataclasses.FrozenInstanceError):
        double.depth = prediction.depth


def test_a_depth_only_network_has_neither_normals_nor_kappa(make_room):
    prediction = make_room(normals=None, kappa=None)
    assert prediction.normals is None
    assert np.isfinite(prediction.normals_from_depth()[prediction.valid]).all()


def test_points_lie_on_the_rooms_walls(prediction):
    points = prediction.points()[prediction.valid]
    to_walls = np.abs(
        np.stack([points[:, 0] - 2, points[:, 0] + 2, points[:, 1] - 1.4, points[:, 1] + 1.6, points[:, 2] - 5])
    )
    assert to_walls.min(axis=0).max() < 1e-5


@pytest.mark.parametrize("method", ["plane", "cross"])
def test_normals_of_the_depth_are_the_walls_away_from_the_corners(prediction, method):
    found, true = prediction.normals_from_depth(method), prediction.normals
    same = np.ones(prediction.valid.shape, bool)
    for dv in range(-2, 3):
        for du in range(-2, 3):
            same &= (np.roll(true, (dv, du), (0, 1)) == true).all(axis=-1)
    assert same.mean() > 0.7
    angle = np.degrees(np.arccos(np.clip((found * true).sum(axis=-1), -1, 1)))
    assert angle[same].max() < 0.1


def corner(prediction, x, y, z):
    """The photo's pixel that sees a point of the room."""
    return tuple(project(np.array([x, y, z], dtype=float), prediction.camera))


def test_a_length_on_the_back_wall_is_the_true_one(prediction):
    length = prediction.measure(corner(prediction, -1.5, 0.8, 5), corner(prediction, 1.0, -1.2, 5))
    assert length.metres == pytest.approx(math.hypot(2.5, 2.0), abs=1e-4)


def test_a_length_through_the_room_is_the_true_one_between_pixels_too(prediction):
    length = prediction.measure(corner(prediction, -2, 0.3, 3.456), corner(prediction, 1.0, 1.4, 4.1))
    assert length.metres == pytest.approx(math.dist((-2, 0.3, 3.456), (1.0, 1.4, 4.1)), abs=1e-4)


def test_pixels_are_those_of_the_photo_even_when_the_maps_are_smaller(make_room):
    small = make_room(photo_size=(1600, 1200))
    camera = small.camera.resized(1600, 1200)
    ends = [tuple(project(np.array(p, dtype=float), camera)) for p in ((-1.5, 0.8, 5), (1.0, -1.2, 5))]
    assert small.measure(*ends).metres == pytest.approx(math.hypot(2.5, 2.0), abs=1e-4)
    assert small.measure((0, 0), (1599, 1199)).metres > 1


@pytest.mark.parametrize("pixel", [(-1, 5), (160, 5), (5, 120), (5, -0.6), (float("nan"), 3)])
def test_a_pixel_outside_the_photo_is_refused(prediction, pixel):
    with pytest.raises(TheodoliteError, match=r"outside the photo.*\(159, 119\)"):
        prediction.measure((5, 5), pixel)


def test_a_pixel_of_unknown_depth_is_refused(prediction):
    v, u = np.argwhere(~prediction.valid)[0]
    with pytest.raises(TheodoliteError, match="No usable depth"):
        prediction.measure((int(u), int(v)), (5, 5))


def test_sigma_follows_the_propagated_focal_error(make_room):
    """Against the plain experiment: another focal length, the depth that it scales, and the length that comes out."""
    exact = Camera.from_fov(70, 160, 120)
    room = make_room(camera=exact, confidence=np.ones((120, 160)))
    ends = (corner(room, -2, 0.3, 3.5), corner(room, 1.0, 1.4, 4.8))
    factor = 1.001
    stretched = dataclasses.replace(exact, fx=exact.fx * factor, fy=exact.fy * factor)
    moved = make_room(camera=stretched, depth=room.depth * np.float32(factor)).measure(*ends).metres
    slope = abs(moved - room.measure(*ends).metres) / (factor - 1)
    unsure = dataclasses.replace(room, camera=dataclasses.replace(exact, rel_sigma=0.2))
    extra = math.sqrt(unsure.measure(*ends).sigma ** 2 - room.measure(*ends).sigma ** 2)
    assert extra == pytest.approx(0.2 * slope, rel=1e-2)


def test_a_length_across_the_view_does_not_depend_on_the_focal_length(make_room):
    sure, unsure = (make_room(camera=Camera.from_fov(70, 160, 120, rel_sigma=s)) for s in (0.0, 0.3))
    ends = (corner(sure, -1, 1, 5), corner(sure, 1, 1, 5))
    assert unsure.measure(*ends).sigma == pytest.approx(sure.measure(*ends).sigma)


@pytest.mark.parametrize(
    ("confidence", "relative"), [(0.9, 0.1), (2.0, LEAST_DEPTH_SIGMA), (-5.0, 1.0), (math.nan, 1.0)]
)
def test_sigma_follows_the_confidence_between_its_limits(make_room, confidence, relative):
    room = make_room(camera=Camera.from_fov(70, 160, 120), confidence=np.full((120, 160), confidence))
    length = room.measure(corner(room, -1, 1, 5), corner(room, 1, 1, 5))
    own = OWN_DEPTH_SIGMA * math.hypot(1, 1)
    pointing = 0.5 * 5 / room.camera.fx * math.sqrt(2)
    assert length.metres == pytest.approx(2, abs=1e-4)
    assert length.sigma == pytest.approx(math.hypot(relative * 2, own, pointing), rel=1e-4)


def test_a_length_of_nothing_still_has_an_uncertainty(prediction):
    length = prediction.measure((30, 40), (30, 40))
    assert length.metres == 0
    assert length.sigma > 0


def test_beside_a_depth_edge_the_nearest_pixel_counts(make_room):
    depth = np.full((120, 160), 2.0)
    depth[:, 80:] = 6.0
    room = make_room(depth=depth, valid=np.ones((120, 160), bool))
    assert room.measure((79.4, 60), (79.4, 60.0)).metres == 0
    a, b = room.measure((79.4, 10), (79.4, 110)).metres, room.measure((79.6, 10), (79.6, 110)).metres
    assert b == pytest.approx(3 * a, rel=1e-3)


def test_a_length_reads_as_metres_and_uncertainty():
    printed = [str(Length(*x)) for x in ((1.4249, 0.0601), (0.1234, 0.004), (1234.5, 12.3), (45.678, 2.34))]
    assert printed == ["1.42 ± 0.06 m", "0.123 ± 0.004 m", "1234 ± 12 m", "45.7 ± 2.3 m"]
