"""A scene: solids, lights, sky, a camera and its sensor; everything a function of (family, seed, index)."""

import math
from dataclasses import dataclass

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.synth.builder import Solids
from theodolite.synth.meshes import Placed
from theodolite.types import Float

LIGHTS = 3  # each scene has at most this many that cast shadows

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Light:
    """A small luminous rectangle; the sun is one a kilometre away.

    Args:
        across, along: half edges of the rectangle, metres.
        strength: irradiance on a surface at 1 m that faces it, by colour; diffuse white paper then looks this bright.
        facing: the direction the rectangle shines to, or zeros when it shines all around.
        blockers: the least `Solids.shadows` that stops this light.
    """

    centre: Triple
    strength: Triple
    blockers: int
    across: Triple = (0, 0, 0)
    along: Triple = (0, 0, 0)
    facing: Triple = (0, 0, 0)


@dataclass(frozen=True)
class Surroundings:
    """Light from everywhere, the sky and the haze.

    Args:
        ambient: 4 rows of colour: even light, and what is added along world x, y and z of a normal.
        zenith, horizon: colours of the sky.
        cloud: texture number of the cloud cover and how dense it is, 0 to 1.
        haze: share of light lost in the first metre of air, nearly; the colour of the horizon takes its place. Clear
            air has 0.0005, mist 0.02, thick fog 0.2.
        occlusion: how far, metres, neighbouring surfaces take ambient light from each other.
    """

    ambient: tuple[Triple, Triple, Triple, Triple]
    zenith: Triple
    horizon: Triple
    cloud: tuple[int, float]
    haze: float
    occlusion: float


@dataclass(frozen=True)
class View:
    """A pinhole camera free of image size.

    Args:
        world_from_camera: rigid 4x4.
        focal: focal length in image widths.
        shift: principal point off the middle, in image widths.
    """

    world_from_camera: Float[np.ndarray, "4 4"]
    focal: float
    shift: tuple[float, float] = (0.0, 0.0)

    def camera(self, width: int, height: int) -> Camera:
        f = self.focal * width
        x, y = (width - 1) / 2 + self.shift[0] * width, (height - 1) / 2 + self.shift[1] * width
        return Camera(f, f, x, y, width, height)


@dataclass(frozen=True)
class Sensor:
    """What the camera does to the light.

    Args:
        exposure: log-average brightness it aims at, share of white.
        balance: white balance gains.
        vignette: loss of light in the corners.
        blur: deviation of the point spread, in thousandths of the image width.
        noise: deviation at mid grey, share of white.
        contrast: exponent of the tone curve about mid grey.
        seed: of the noise, which is another on another kind of device.
        aperture: diameter of the lens opening, metres; 0 has everything in focus.
        focus: z-depth in focus, metres.
    """

    exposure: float
    balance: Triple
    vignette: float
    blur: float
    noise: float
    contrast: float
    seed: tuple[int, ...]
    aperture: float = 0.0
    focus: float = math.inf


@dataclass(frozen=True)
class Scene:
    solids: Solids
    lights: tuple[Light, ...]
    surroundings: Surroundings
    view: View
    sensor: Sensor
    meshes: tuple[Placed, ...] = ()

    def __post_init__(self) -> None:
        if len(self.lights) > LIGHTS:
            raise ValueError(f"A scene has at most {LIGHTS} lights, got {len(self.lights)}.")
