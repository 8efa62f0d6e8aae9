"""Views of a sample: truth and camera stay together, and every view is a function of its random stream."""

from dataclasses import replace

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.geometry.unproject import unproject
from theodolite.training.augment import augment, hide_edges, jitter, mirror, window
from theodolite.training.config import Framing, Jitter
from theodolite.training.sample import Sample

UNTOUCHED = Jitter(tone=0, grey=0, blur=0, noise=0, jpeg=0)


@pytest.fixture
def slope() -> Sample:
    """A tilted plane, n . P = -2, whose points tell where they lie."""
    camera = Camera(90, 90, 50.2, 33.1, 104, 72)
    normal = np.array([0.3, -0.4, -np.sqrt(0.75)])
    v, u = np.mgrid[:72, :104]
    ray = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u, float)], -1)
    depth = (-2 / (ray @ normal)).astype(np.float32)
    image = np.stack([u * 2, v * 3, np.full_like(u, 90)], -1).astype(np.uint8)
    normals = np.broadcast_to(normal.astype(np.float32), (72, 104, 3))
    return Sample(image, camera, depth, normals, np.zeros((72, 104), bool))


def plane_error(sample: Sample) -> float:
    """How far the sample's points are from the plane that its own normals and a distance of 2 m give."""
    points = np.asarray(unproject(sample.depth, sample.camera))
    return float(np.nanmax(np.abs((points * sample.normals).sum(-1) + 2)))


def test_the_scene_of_the_test_is_right(slope):
    assert plane_error(slope) < 1e-5


def test_an_enlarged_window_still_shows_the_same_plane(slope):
    # Nearest labels lie up to half a source pixel from where the camera says: here a quarter of a pixel, 2 m, f 90 px.
    view = window(slope, (128, 160), (20, 8, 80, 64))
    assert view.camera.fx == pytest.approx(180)
    assert plane_error(view) < 0.25 / 90 * 3.5
    exact = window(slope, (32, 64), (24, 16, 64, 32))
    assert plane_error(exact) < 1e-5
    assert np.array_equal(exact.image, slope.image[16:48, 24:88])


def test_a_mirror_image_shows_the_mirrored_plane(slope):
    view = mirror(slope)
    assert plane_error(view) < 1e-5
    assert np.array_equal(view.image, slope.image[:, ::-1])
    twice = mirror(view)
    assert twice.camera == slope.camera
    assert np.array_equal(twice.normals, slope.normals)


def test_a_random_view_keeps_the_plane_and_reports_a_longer_focal_for_a_narrower_window(slope):
    focals = []
    for seed in range(20):
        view = augment(slope, (64, 96), Framing(border=0), UNTOUCHED, np.random.default_rng(seed))
        assert view.image.shape == (64, 96, 3)
        assert plane_error(view) < 0.05
        focals.append(view.camera.fx)
    assert min(focals) < 90
    assert max(focals) > 130


def test_hidden_edges_have_padding_and_no_truth(slope):
    view = hide_edges(slope, 0.3, np.random.default_rng(3))
    hidden = np.isnan(view.depth)
    assert 0.05 < hidden.mean() < 0.9
    assert (view.image[hidden] == (124, 116, 104)).all()
    assert np.isnan(view.normals[hidden]).all()
    assert np.array_equal(view.image[~hidden], slope.image[~hidden])


def test_no_jitter_leaves_the_picture_alone_and_some_changes_it(slope):
    image = np.random.default_rng(0).integers(0, 256, slope.image.shape, dtype=np.uint8)
    assert np.array_equal(jitter(image, UNTOUCHED, np.random.default_rng(0)), image)
    for name in ("tone", "grey", "blur", "noise", "jpeg"):
        changed = jitter(image, replace(UNTOUCHED, **{name: 1.0}), np.random.default_rng(0))
        assert changed.shape == image.shape
        assert not np.array_equal(changed, image), name


def test_grey_pictures_stay_grey_when_hue_and_saturation_turn():
    image = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, 2)
    light = replace(UNTOUCHED, tone=1.0, brightness=0, balance=0, contrast=0, gamma=1)
    assert np.abs(jitter(image, light, np.random.default_rng(0)).astype(int) - image).max() <= 1


def test_the_same_stream_gives_the_same_view_and_nothing_is_changed_in_place(slope):
    before = slope.image.copy(), slope.depth.copy()
    views = [augment(slope, (64, 96), Framing(), Jitter(), np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(views[0].image, views[1].image)
    assert np.array_equal(views[0].depth, views[1].depth, equal_nan=True)
    assert np.array_equal(before[0], slope.image)
    assert np.array_equal(before[1], slope.depth)


def test_samples_without_normals_and_sky_pass(slope):
    bare = Sample(slope.image, slope.camera, slope.depth)
    view = augment(bare, (64, 96), Framing(border=1.0), Jitter(), np.random.default_rng(1))
    assert view.normals is None
    assert view.sky is None
