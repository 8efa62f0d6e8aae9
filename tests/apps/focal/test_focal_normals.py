"""The factor that two sets of normals ask for, on scenes where it is known."""

from dataclasses import replace

import numpy as np
import pytest

from theodolite.apps.focal_normals import compare_normals, sure_normals
from theodolite.apps.focal_search import refocused
from theodolite.camera.pinhole import Camera


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7])
def test_a_wrong_focal_length_is_found_out(make_room, factor):
    right = make_room(520)
    # As a network gives it: depth that scales with f, normals that know nothing of it.
    wrong = refocused(right, Camera.from_focal(520 * factor, 640, 480))
    found = compare_normals(wrong)
    assert found.log_factor == pytest.approx(-np.log(factor), abs=0.01)
    assert found.log_sigma < 0.02


def test_a_wall_seen_squarely_says_nothing(make_room):
    assert compare_normals(make_room(2000, turn=np.eye(3))) is None


def test_without_normals_there_is_nothing_to_compare(make_room):
    scene = replace(make_room(520), normals=None)
    assert compare_normals(scene) is None
    with pytest.raises(ValueError, match="no normals"):
        sure_normals(scene, 4)


def test_noise_widens_the_stated_uncertainty(make_room):
    scene = make_room(520)
    rng = np.random.default_rng(0)
    # Wrong in patches, as networks are.
    patches = np.kron(rng.normal(0, 0.25, (6, 8, 3)), np.ones((80, 80, 1)))
    normals = scene.normals + patches
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    noisy = compare_normals(replace(scene, normals=normals))
    assert noisy.log_sigma > compare_normals(scene).log_sigma
    assert abs(noisy.log_factor) < 4 * noisy.log_sigma


def test_pixels_beside_depth_edges_and_of_low_kappa_are_left_out(make_room):
    scene = make_room(520)
    depth = scene.depth.copy()
    depth[:, 300:] *= 3
    kappa = scene.kappa.copy()
    kappa[:200] = 1
    _, good = sure_normals(replace(scene, depth=depth, kappa=kappa), 1)
    assert not good[:, 299:301].any()
    assert not good[:200].any()
    assert good[300:, :200].mean() > 0.9
