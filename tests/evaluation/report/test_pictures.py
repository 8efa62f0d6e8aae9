"""Pictures of an image: small, and of what they say they show."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from theodolite.errors import DatasetError
from theodolite.evaluation.estimate import Estimate
from theodolite.evaluation.models import OfFunction
from theodolite.evaluation.report.pictures import pictures_of


def decoded(picture):
    head, _, data = picture.uri.partition(",")
    assert head == "data:image/webp;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert image.size == (picture.width, picture.height)
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture
def example(task):
    """The wall at 4 m."""
    return task.examples()[-1]


def model_of(function):
    return OfFunction("tests:model", function)


def test_six_pictures_show_photo_depth_truth_error_and_normals(task, wall_model, example):
    pictures = pictures_of(task, wall_model, example, "median")
    assert [picture.caption for picture in pictures] == [
        "photo",
        "predicted depth × 2.00",
        "true depth",
        "error after alignment",
        "normals",
        "normals of the sensor",
    ]
    assert [picture.legend for picture in pictures] == ["", "depth", "depth", "error", "", ""]
    error = decoded(pictures[3])
    assert error[32, 40].min() > 230  # right: white
    assert error[32, 5, 0] > error[32, 5, 2] + 100  # 4 m instead of 3 m: red


def test_sparse_truth_is_drawn_over_the_photo_and_has_no_normals(task, wall_model):
    pictures = pictures_of(task, wall_model, task.examples()[0], "median")
    assert [picture.caption for picture in pictures][-1] == "normals"
    dark = decoded(pictures[2])[4, 4]  # between points; the photo has 90, 100, 110 there
    assert dark[0] < dark[1] < dark[2] < 60


def test_as_predicted_nothing_is_said_of_a_scale(task, wall_model, example):
    captions = [picture.caption for picture in pictures_of(task, wall_model, example, "metric")]
    assert captions[1] == "predicted depth"
    assert captions[3] == "error"


def test_a_shift_is_told(task, example):
    model = model_of(lambda image, camera: np.where(np.arange(64) < 16, 1.0, 2.0)[None].repeat(64, 0))
    captions = [picture.caption for picture in pictures_of(task, model, example, "affine")]
    assert captions[1] == "predicted depth × 1.00 +2.00 m"


def test_inverse_depth_of_unknown_shift_is_aligned_and_has_no_normals(task, example):
    inverse = np.where(np.arange(64) < 16, 1 / 3, 1 / 4)[None].repeat(64, 0) * 5 + 1
    model = model_of(lambda image, camera: Estimate(inverse, kind="affine_invariant", space="inverse_depth"))
    pictures = pictures_of(task, model, example, "affine-inverse")
    assert [picture.caption for picture in pictures] == [
        "photo",
        "predicted depth, aligned in 1/m",
        "true depth",
        "error after alignment",
        "normals of the sensor",
    ]
    assert decoded(pictures[3]).min() > 230


def test_a_depth_model_shows_the_normals_of_its_depth(task, example):
    pictures = pictures_of(task, model_of(lambda image, camera: np.full((64, 64), 2.0)), example, "median")
    assert pictures[4].caption == "normals of the depth"


def test_unknown_depth_is_grey_unless_it_is_taken_for_far(task, example):
    def upper_half(image, camera):
        depth = np.full((64, 64), 4.0, np.float32)
        depth[32:] = np.nan
        return depth

    unknown = decoded(pictures_of(task, model_of(upper_half), example, "metric")[1])[48, 32]
    far = decoded(pictures_of(replace(task, unknown_is_far=True), model_of(upper_half), example, "metric")[1])[48, 32]
    assert np.ptp(unknown) < 8
    assert np.ptp(far) > 40


def test_where_nothing_was_predicted_there_is_a_reason(task, example):
    with pytest.raises(DatasetError, match="nothing was predicted"):
        pictures_of(task, model_of(lambda image, camera: np.full((64, 64), np.nan)), example, "median")


def test_large_images_become_small_pictures(task, example):
    large = example.load()
    wide = replace(
        large,
        image=np.zeros((640, 1280, 3), np.uint8),
        camera=replace(large.camera, width=1280, height=640),
        depth=np.full((640, 1280), 3.0, np.float32),
    )
    model = model_of(lambda image, camera: np.full(image.shape[:2], 2.0))
    pictures = pictures_of(task, model, replace(example, load=lambda: wide), "median")
    assert {(picture.width, picture.height) for picture in pictures} == {(480, 240)}
