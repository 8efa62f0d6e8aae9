"""What counts: range, regions, masks; and what a protocol changes in picture and camera."""

from dataclasses import replace

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.example import Example
from theodolite.errors import DatasetError
from theodolite.evaluation.protocols import Protocol
from theodolite.evaluation.truth import prepare

CAMERA = Camera(60, 60, 39.5, 29.5, 80, 60)


def example(depth: np.ndarray | float = 2.0, **more) -> Example:
    image = np.full((60, 80, 3), 200, np.uint8)
    return Example(image, CAMERA, np.broadcast_to(np.float32(depth), (60, 80)).copy(), **more)


def protocol(**changes) -> Protocol:
    return replace(Protocol(benchmark="b", about="a", dataset="frames"), **changes)


def test_truth_out_of_range_does_not_count():
    depth = np.full((60, 80), 2.0, np.float32)
    depth[:10], depth[10:20], depth[20:30] = 0.05, 90, np.nan
    truth = prepare(example(depth), protocol(range=(0.1, 80)))
    assert truth.headline.sum() == 30 * 80
    assert truth.dense == 0.5
    assert np.isnan(truth.example.depth[:30]).all()


def test_each_region_counts_its_own_pixels_and_the_first_is_the_headline():
    truth = prepare(example(), protocol(regions=("garg", "eigen")))
    assert list(truth.counts) == ["garg", "eigen"]
    assert truth.headline is truth.counts["garg"]
    assert (truth.counts["garg"] != truth.counts["eigen"]).any()


def test_all_masks_have_to_allow_a_pixel():
    left, top = np.zeros((60, 80), bool), np.zeros((60, 80), bool)
    left[:, :40], top[:30] = True, True
    truth = prepare(
        example(masks={"left": left, "top": top, "none": np.zeros((60, 80), bool)}), protocol(masks=("left", "top"))
    )
    np.testing.assert_array_equal(truth.headline, left & top)


def test_a_mask_that_is_missing_is_told():
    with pytest.raises(DatasetError, match="no mask 'valid'"):
        prepare(example(), protocol(masks=("valid",)))


def test_nothing_that_counts_is_no_score():
    with pytest.raises(DatasetError, match="no ground truth between 3 and 9 m"):
        prepare(example(), protocol(range=(3, 9)))
    with pytest.raises(DatasetError, match="no ground truth"):
        prepare(example(masks={"valid": np.zeros((60, 80), bool)}), protocol(masks=("valid",)))


def test_a_protocol_may_give_the_camera_and_blacken_the_border():
    truth = prepare(example(), protocol(focal=(50, 51, 40, 30), black_border=6))
    camera = truth.example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.width) == (50, 51, 40, 30, 80)
    assert truth.example.image[5].max() == truth.example.image[:, -6:].max() == 0
    assert truth.example.image[6:-6, 6:-6].min() == 200


def test_columns_are_cut_of_everything_and_the_principal_point_stays():
    normals = np.broadcast_to(np.float32([0, 0, -1]), (60, 80, 3)).copy()
    depth = np.broadcast_to(np.arange(1, 81, dtype=np.float32), (60, 80))
    cut = prepare(
        example(depth, normals=normals), protocol(columns=(10, 70), regions=("eigen",), normals="distributed")
    )
    assert cut.example.image.shape == (60, 60, 3)
    assert (cut.example.camera.width, cut.example.camera.cx) == (60, 39.5)
    # The region is that of the whole picture, and begins in its column 2: all of what is left counts.
    assert cut.headline.any(axis=0).all()
    assert np.nanmin(cut.example.depth) == 11
    assert cut.normals.shape == (60, 60, 3)


def test_distributed_normals_count_in_the_region_whatever_the_depth():
    normals = np.broadcast_to(np.float32([0, 0, -1]), (60, 80, 3)).copy()
    depth = np.full((60, 80), 2.0, np.float32)
    depth[30:] = np.nan
    truth = prepare(example(depth, normals=normals), protocol(regions=("eigen",), normals="distributed"))
    known = np.isfinite(truth.normals[..., 0])
    assert known.sum() > truth.headline.sum()
    assert prepare(example(), protocol(normals="distributed")).normals is None


def test_normals_of_sensor_depth_are_taken_where_it_is_dense_only():
    sparse = np.full((60, 80), np.nan, np.float32)
    sparse[::4, ::4] = 2
    assert prepare(example(sparse), protocol(normals="sensor")).normals is None
    found = prepare(example(), protocol(normals="sensor")).normals
    np.testing.assert_allclose(found[30, 40], [0, 0, -1], atol=1e-3)


def test_normals_of_windows_leave_the_border_out_as_the_release_does():
    found = prepare(example(), protocol(normals="window")).normals
    assert np.isnan(found[2]).all()
    assert np.isnan(found[:, -3]).all()
    np.testing.assert_allclose(found[3, 3], [0, 0, -1], atol=1e-6)
