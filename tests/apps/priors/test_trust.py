"""Trusted pixels: not unknown ones, edges, doubted ones, nor where most points contradict."""

import numpy as np

from theodolite.apps.priors.alignment import Aligned, Pairs
from theodolite.apps.priors.predictions import Maps
from theodolite.apps.priors.trust import trusted
from theodolite.camera.pinhole import Camera
from theodolite.geometry.align import Alignment

CAMERA = Camera.from_fov(60, 96, 72)
ONE = Aligned(Alignment("scale_invariant", 1.0), "points", 100, 0, 0.01)


def maps(**changes) -> Maps:
    size = (72, 96)
    depth = changes.get("depth", np.full(size, 2.0, np.float32))
    confidence = changes.get("confidence", np.full(size, 0.9, np.float32))
    edges = changes.get("edges", np.zeros(size, bool))
    return Maps(depth, np.tile(np.float32([0, 0, -1]), (*size, 1)), confidence, edges, CAMERA)


def pairs(uv, true) -> Pairs:
    uv = np.array(uv, float).reshape(-1, 2)
    return Pairs(np.full(len(uv), 2.0), np.array(true, float), uv, (96, 72))


NONE = pairs([], [])


def test_unknown_depth_edges_and_doubt_are_not_trusted():
    depth = np.full((72, 96), 2.0, np.float32)
    depth[0] = np.nan
    edges = np.zeros((72, 96), bool)
    edges[5] = True
    confidence = np.full((72, 96), 0.9, np.float32)
    confidence[10] = 0.4
    confidence[11] = np.nan
    mask = trusted(maps(depth=depth, edges=edges, confidence=confidence), ONE, NONE, 0.5)
    assert not mask[[0, 5, 10, 11]].any()
    assert mask.sum() == 68 * 96


def test_depth_that_a_shift_makes_negative_is_not_trusted():
    shifted = Aligned(Alignment("affine_invariant", 1.0, -2.5), "points", 100, 0, 0.01)
    assert not trusted(maps(), shifted, NONE, 0.5).any()


def test_where_most_points_contradict_nothing_is_trusted():
    uv = [(50, 40), (51, 41), (49, 40), (10, 10), (11, 10)]
    mask = trusted(maps(), ONE, pairs(uv, [3.0, 3.1, 2.0, 2.02, 1.98]), 0.5)
    assert not mask[40, 50]
    assert mask[10, 10]
    assert 0.95 < mask.mean() < 1


def test_a_single_wrong_point_takes_nothing_away():
    assert trusted(maps(), ONE, pairs([(50, 40)], [8.0]), 0.5).all()
