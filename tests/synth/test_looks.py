"""Mirrors, fog and depth of field: what they do to the image, and that they leave the truth alone."""

from dataclasses import replace

import numpy as np
import pytest

from theodolite.synth.builder import Builder
from theodolite.synth.material import Material
from theodolite.synth.render import Rendered, render
from theodolite.synth.scene import Scene

from .conftest import GREY, PLASTER, plain_scene

MIRROR = Material(PLASTER, 1.0, mirror=1.0)
LAMP = Material(PLASTER, 1.0, glow=50.0)


def _pair(scene: Scene, **sensor) -> tuple[Rendered, Rendered]:
    """The scene as it is, and with another sensor."""
    plain, other = render([scene, replace(scene, sensor=replace(scene.sensor, **sensor))], 96, 128)
    return plain, other


def test_a_mirror_shows_what_stands_before_it_where_the_law_of_reflection_says():
    b = Builder()
    b.box((0, 4.5, 0), (20, 1, 20), MIRROR)  # a wall 4 m away
    b.ball((0.8, -2, 0.5), (0.3, 0.3, 0.3), LAMP)  # behind the camera: seen 10 m away, in the mirror
    view = render([plain_scene(b)], 96, 128)[0]
    np.testing.assert_allclose(view.depth, 4.0, rtol=1e-5)
    np.testing.assert_allclose(view.normals, np.broadcast_to([0, 0, -1.0], view.normals.shape), atol=1e-6)
    v, u = np.unravel_index(view.image.astype(int).sum(-1).argmax(), view.depth.shape)
    c = view.camera
    assert u == pytest.approx(c.cx + c.fx * 0.8 / 10, abs=2)
    assert v == pytest.approx(c.cy - c.fy * 0.5 / 10, abs=2)


def test_only_scenes_with_mirrors_change_beside_them():
    b, mirrored = Builder(), Builder()
    for builder, skin in ((b, GREY), (mirrored, MIRROR)):
        builder.box((0, 4.5, 0), (20, 1, 20), skin)
        builder.torus((0, 2, 0), 0.5, 0.2, GREY, (0.3, 0.8, 0))
    alone = render([plain_scene(b)], 48, 64)[0]
    beside = render([plain_scene(mirrored), plain_scene(b)], 48, 64)[1]
    np.testing.assert_array_equal(alone.depth, beside.depth)
    assert np.abs(alone.image.astype(int) - beside.image).max() <= 1


def test_thick_fog_leaves_the_horizon_s_colour_and_the_exact_depth():
    b = Builder()
    b.box((0, 50, 0), (400, 1, 400), Material(PLASTER, 1.0, (1.0, 0.1, 0.1)))
    b.box((0.5, 2, 0), (0.5, 0.5, 0.5), Material(PLASTER, 1.0, (1.0, 0.1, 0.1)))
    clear = plain_scene(b)
    foggy = replace(clear, surroundings=replace(clear.surroundings, haze=0.2, horizon=(0.7, 0.7, 0.7)))
    plain, view = render([clear, foggy], 96, 128)
    np.testing.assert_array_equal(plain.depth, view.depth)
    colour = view.image.astype(int)
    far, near = view.depth > 40, view.depth < 5
    assert np.ptp(colour[far], axis=1).max() <= 6  # grey
    assert np.ptp(colour[near], axis=1).min() > 10  # still red


def test_what_is_in_focus_stays_sharp_and_what_is_not_is_blurred():
    b = Builder()
    b.box((0, 8.5, 0), (60, 1, 60), GREY)
    b.box((-1.6, 4, 0), (1.0, 0.1, 2), Material(PLASTER, 1.0, glow=6.0))
    b.box((0.5, 2, 0), (0.5, 0.1, 1), Material(PLASTER, 1.0, glow=6.0))
    scene = plain_scene(b)
    sharp, far_focus = _pair(scene, aperture=0.1, focus=4.0)
    np.testing.assert_array_equal(sharp.depth, far_focus.depth)

    def steepest(view: Rendered, columns: slice) -> float:
        return float(np.abs(np.diff(view.image[48, columns].astype(float).mean(-1))).max())

    left, right = slice(0, 56), slice(72, 128)
    assert steepest(far_focus, left) > 0.8 * steepest(sharp, left)
    assert steepest(far_focus, right) < 0.7 * steepest(sharp, right)


def test_an_aperture_of_nothing_and_a_far_scene_in_focus_change_nothing():
    b = Builder()
    b.box((0, 500, 0), (300, 1, 300), GREY)
    sharp, focused = _pair(plain_scene(b), aperture=0.002, focus=499.5)
    assert np.abs(sharp.image.astype(int) - focused.image).max() <= 2


def test_neighbours_in_a_batch_do_not_share_their_blur():
    b = Builder()
    b.box((0, 4, 0), (1, 1, 1), GREY)
    scene = plain_scene(b)
    soft = replace(scene, sensor=replace(scene.sensor, blur=12.0, aperture=0.05, focus=1.0))
    alone, (_, beside) = render([scene], 48, 64)[0], render([soft, scene], 48, 64)
    assert np.abs(alone.image.astype(int) - beside.image).max() <= 1
