"""The main path, with a stand-in network whose answers are known."""

import numpy as np
import pytest
from PIL import Image

from theodolite import Camera, Predictor, TheodoliteError
from theodolite.errors import PhotoError, UnknownCamera
from theodolite.inference.backends.base import ModelFacts
from theodolite.network.outputs import RawMaps


class Flat:
    """A network that sees a wall square to the view, two canonical metres away; it counts its calls."""

    facts = ModelFacts("flat", canonical_focal=100.0, multiple=32, canvas_pixels=96 * 128, licence="none")
    runtime = "stand-in"

    def __init__(self):
        self.batches = []

    def run(self, pixels):
        b, _, h, w = pixels.shape
        self.batches.append((b, h, w))
        normals = np.zeros((b, 3, h, w), np.float32)
        normals[:, 2] = -1
        one = np.ones((b, 1, h, w), np.float32)
        return RawMaps(2 * one, normals, 5 * one, 0.9 * one)


@pytest.fixture
def predictor():
    return Predictor(Flat())


def picture(width=128, height=96, value=90):
    return np.full((height, width, 3), value, np.uint8)


def test_metres_are_canonical_depth_times_the_ratio_of_focal_lengths(predictor):
    camera = Camera.from_focal(150.0, 128, 96)
    scene = predictor.predict(picture(), camera=camera)
    np.testing.assert_allclose(scene.depth, 2 * 150 / 100, rtol=1e-6)
    np.testing.assert_allclose(scene.normals[..., 2], -1)
    assert scene.depth.shape == (96, 128)
    assert scene.valid.all()


def test_a_larger_copy_of_the_same_picture_is_as_far_away(predictor):
    near = predictor.predict(picture(), camera=Camera.from_fov(60, 128, 96))
    same = predictor.predict(picture(512, 384), camera=Camera.from_fov(60, 512, 384))
    assert same.depth.shape == (384, 512)
    np.testing.assert_allclose(same.depth.mean(), near.depth.mean(), rtol=1e-6)


def test_paths_pil_images_and_arrays_are_the_same_photo(predictor, tmp_path):
    camera = Camera.from_focal(120.0, 128, 96)
    Image.fromarray(picture()).save(tmp_path / "wall.png")
    sources = [tmp_path / "wall.png", str(tmp_path / "wall.png"), Image.fromarray(picture()), picture()]
    scenes = predictor.predict(sources, camera=camera)
    assert len(scenes) == 4
    for scene in scenes:
        np.testing.assert_array_equal(scene.depth, scenes[0].depth)


def test_a_batch_of_mixed_sizes_keeps_its_order_and_its_cameras(predictor):
    sizes = [(128, 96), (96, 128), (256, 192), (128, 96)]
    cameras = [Camera.from_focal(100.0 + i, w, h) for i, (w, h) in enumerate(sizes)]
    scenes = list(predictor.predict_many([picture(w, h) for w, h in sizes], cameras, batch=4))
    assert [scene.size for scene in scenes] == sizes
    assert [scene.camera.fx for scene in scenes] == [camera.fx for camera in cameras]
    # Three pictures share a canvas and go through together; the portrait goes alone.
    assert sorted(predictor.backend.batches) == [(1, 128, 96), (3, 96, 128)]


def test_results_do_not_depend_on_the_batch(predictor):
    pictures = [picture(128 + 16 * i, 96) for i in range(5)]
    alone = [predictor.predict(p).depth for p in pictures]
    together = [scene.depth for scene in predictor.predict_many(pictures, batch=3)]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_predict_many_reads_no_further_than_its_batch(predictor):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield picture()

    stream = predictor.predict_many(endless(), batch=2)
    next(stream)
    assert len(taken) == 2


def test_one_bad_photo_gives_its_reason_in_its_place(predictor, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    results = list(predictor.attempt_many([picture(), tmp_path / "broken.jpg", picture()], batch=3))
    assert isinstance(results[1], PhotoError)
    assert results[0].size == results[2].size == (128, 96)
    with pytest.raises(PhotoError, match=r"broken\.jpg"):
        list(predictor.predict_many([tmp_path / "broken.jpg"]))


def test_one_camera_for_each_photo_is_needed_when_a_list_is_given(predictor):
    with pytest.raises(TheodoliteError, match="2 photos, 1 cameras"):
        list(predictor.predict_many([picture(), picture()], [None]))


def test_a_photo_without_camera_data_is_predicted_under_a_warning_that_names_the_guess(predictor):
    scene = predictor.predict(picture())
    assert scene.camera.source == "assumed"
    assert "assumed 60 degrees" in scene.warnings[0]
    assert "uncertain by about" in scene.warnings[0]


def test_an_assumption_can_be_refused(predictor):
    with pytest.raises(UnknownCamera):
        predictor.predict(picture(), strict_camera=True)


def test_the_largest_side_bounds_maps_and_camera_but_not_the_metres(predictor):
    camera = Camera.from_focal(600.0, 640, 480)
    full = predictor.predict(picture(640, 480), camera=camera)
    small = predictor.predict(picture(640, 480), camera=camera, max_side=320)
    assert small.size == (320, 240)
    assert small.photo_size == (640, 480)
    assert small.camera.fx == pytest.approx(300)
    np.testing.assert_allclose(small.depth.mean(), full.depth.mean(), rtol=1e-6)


def test_parity_is_refused_for_a_model_that_was_never_published(predictor):
    with pytest.raises(TheodoliteError, match="Parity is with published networks"):
        predictor.predict(picture(), parity=True)


def test_depth_that_is_no_number_is_unknown_not_valid():
    class Blind(Flat):
        def run(self, pixels):
            raw = super().run(pixels)
            raw.canonical_depth[..., :8, :] = np.nan
            return raw

    scene = Predictor(Blind()).predict(picture())
    assert not scene.valid[0].any()
    assert scene.valid[-1].all()


def test_depth_at_the_end_of_the_range_is_sky_and_not_valid():
    class Horizon(Flat):
        facts = ModelFacts("horizon", 100.0, 32, 96 * 128, far=200.0)

        def run(self, pixels):
            raw = super().run(pixels)
            raw.canonical_depth[..., :40, :] = 199.0
            return raw

    scene = Predictor(Horizon()).predict(picture(), camera=Camera.from_focal(150.0, 128, 96))
    assert not scene.valid[:30].any()
    assert scene.valid[-30:].all()
    np.testing.assert_allclose(scene.depth[0], 199.0 * 1.5, rtol=1e-5)


def test_an_empty_batch_size_is_refused(predictor):
    with pytest.raises(TheodoliteError, match="at least one photo"):
        list(predictor.predict_many([picture()], batch=0))
