"""Estimates for whole predictions: right, refused, announced; and real photos whose focal length is known."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from theodolite import load
from theodolite.apps.focal_search import FocalEstimating, estimate_focal, estimated_report, refocused
from theodolite.camera.photo import CameraReport
from theodolite.camera.pinhole import Camera
from theodolite.errors import UnknownCamera
from theodolite.geometry.rotation import from_vector


@pytest.fixture(scope="module")
def predictor():
    return load()


def assumed(prediction):
    """As predicted under the usual assumption."""
    width, height = prediction.size
    camera = Camera.from_fov(60, width, height, source="assumed", rel_sigma=0.3)
    return replace(refocused(prediction, camera), warnings=("room.png has no usable focal length; assumed 60",))


@pytest.mark.parametrize("focal", [350, 600, 900])
def test_a_room_tells_the_focal_length_it_was_seen_with(make_room, focal):
    estimate = estimate_focal(assumed(make_room(focal)))
    camera = estimate.camera
    assert camera.focal == pytest.approx(focal, rel=0.04)
    assert camera.source == "estimated"
    assert abs(np.log(camera.focal / focal)) < 2 * camera.rel_sigma
    assert 0.04 < camera.rel_sigma < 0.2
    assert (camera.width, camera.height) == (640, 480)


def test_depth_is_scaled_to_the_estimate(make_room):
    right = make_room(600)
    back = refocused(assumed(right), right.camera)
    np.testing.assert_allclose(back.depth, right.depth, rtol=1e-5)


@pytest.mark.parametrize("turn", [np.eye(3), from_vector(np.array([0.0, 0.0, 0.3]))])
def test_a_wall_seen_squarely_is_refused(make_room, turn):
    estimate = estimate_focal(assumed(make_room(900, turn=turn)))
    assert estimate.camera is None
    assert "focal length" in estimate.reason


def test_noise_without_lines_is_refused(make_room):
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    estimate = estimate_focal(replace(assumed(make_room(600)), image=noise))
    assert estimate.camera is None


def test_a_photo_without_camera_data_is_estimated_and_says_so(make_room, predictor, tmp_path):
    room = make_room(600)
    Image.fromarray(room.image).save(tmp_path / "room.png")
    plain = predictor.predict(tmp_path / "room.png")
    found = FocalEstimating.of(predictor).predict(tmp_path / "room.png")
    assert plain.camera.source == "assumed"
    assert found.camera.source == "estimated"
    assert found.camera.focal == pytest.approx(600, rel=0.1)
    assert "estimated from lines" in found.warnings[0]
    assert not any("assumed" in warning for warning in found.warnings)
    factor = found.camera.focal / plain.camera.focal
    np.testing.assert_allclose(found.depth, plain.depth * factor, rtol=1e-5)
    assert found.provenance["focal_estimate"] == {"before_px": plain.camera.focal}


def test_a_refusal_keeps_the_assumption_and_says_so(predictor):
    found = FocalEstimating.of(predictor).predict(np.full((120, 160, 3), 128, np.uint8))
    assert found.camera.source == "assumed"
    assert "too few straight lines. The assumption stands." in found.warnings[-1]


def test_a_camera_that_is_known_is_left_alone(make_room, predictor):
    room = make_room(600)
    found = FocalEstimating.of(predictor).predict(room.image, camera=room.camera)
    assert found.camera == room.camera


def test_a_report_is_improved_or_refused(make_room, predictor, tmp_path):
    Image.fromarray(make_room(600, 1280, 960).image).save(tmp_path / "room.png")
    Image.new("RGB", (200, 150), (90, 90, 90)).save(tmp_path / "grey.png")
    report = estimated_report(tmp_path / "room.png", CameraReport.of(tmp_path / "room.png"), predictor)
    camera = report.lens.camera
    assert (camera.width, camera.source) == (1280, "estimated")
    assert camera.focal == pytest.approx(600, rel=0.06)
    grey = CameraReport.of(tmp_path / "grey.png")
    kept = estimated_report(tmp_path / "grey.png", grey, predictor)
    assert kept.lens == grey.lens
    assert "assumption stands" in kept.notes[-1]
    with pytest.raises(UnknownCamera, match=r"grey\.png has no usable focal length, and does not tell"):
        estimated_report(tmp_path / "grey.png", grey, predictor, strict=True)


@pytest.mark.parametrize(
    ("path", "focal"),
    [
        ("redkitchen_a/rgb/frame-000050.jpg", 525),
        ("redkitchen_a/rgb/frame-000200.jpg", 525),
        ("nyu_dining_5/rgb/1.png", 518),
        ("nyu_demo/rgb/rgb_00000.jpg", 519),
    ],
)
def test_real_rooms_tell_their_focal_length(shared, predictor, path, focal):
    prediction = predictor.predict(shared / "data" / path, camera=lambda w, h: Camera.from_fov(60, w, h))
    camera = estimate_focal(prediction).camera
    assert abs(np.log(camera.focal / focal)) < 2 * camera.rel_sigma
    assert camera.focal == pytest.approx(focal, rel=0.12)


@pytest.mark.parametrize("path", ["kitti_demo/rgb/0000000050.png", "kitti_object_3/image_2/000001.png"])
def test_a_view_along_a_road_is_refused(shared, predictor, path):
    assert estimate_focal(predictor.predict(shared / "data" / path, max_side=1024)).camera is None
