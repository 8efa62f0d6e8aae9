"""Scenes small enough to be worked out by hand, rendered without compiled kernels."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from theodolite.synth.builder import Builder
from theodolite.synth.compiled import eager
from theodolite.synth.material import Material, first_of
from theodolite.synth.render import Rendered, render
from theodolite.synth.scene import Light, Scene, Sensor, Surroundings, View

PLASTER = first_of("plaster")  # the most even of the textures
GREY = Material(PLASTER, 1.0)
AHEAD = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])  # looks along world y, z up


@pytest.fixture(autouse=True)
def _uncompiled() -> Iterator[None]:
    with eager():
        yield


def plain_scene(
    builder: Builder, pose: np.ndarray = AHEAD, focal: float = 1.0, lights: tuple[Light, ...] = ()
) -> Scene:
    flat = ((0.5, 0.5, 0.5), (0, 0, 0), (0, 0, 0), (0, 0, 0))
    around = Surroundings(flat, (0.3, 0.5, 0.9), (0.8, 0.9, 1.0), (0, 0.0), 0.0, 0.5)
    return Scene(builder.solids(), lights, around, View(pose, focal), Sensor(0.2, (1, 1, 1), 0, 0, 0, 1, (0,)))


@pytest.fixture
def picture() -> Callable[..., Rendered]:
    """Renders what a builder holds, 48 x 64 px, focal length one image width."""

    def make(builder: Builder, **options) -> Rendered:
        return render([plain_scene(builder, **options)], 48, 64)[0]

    return make


def rays(view: Rendered) -> np.ndarray:
    """(h, w, 3) directions of z-depth 1, in double precision."""
    c = view.camera
    u, v = np.meshgrid(np.arange(c.width), np.arange(c.height))
    return np.stack([(u - c.cx) / c.fx, (v - c.cy) / c.fy, np.ones(u.shape)], -1)
