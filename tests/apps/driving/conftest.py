"""A flat road with a box on it, seen by a camera of known height, pitch and mounting: exact depth and normals."""

from dataclasses import dataclass

import numpy as np
import pytest

from theodolite.apps.mounted_camera import MountedCamera
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import from_vector
from theodolite.geometry.unproject import rays
from theodolite.inference.prediction import Prediction

# Camera axes (x right, y down, z forward) in a body's (x forward, y left, z up).
BODY_FROM_LEVEL = np.array([[0, 0, 1.0], [-1, 0, 0], [0, -1, 0]])
# The box in the body's axes, from the road up.
BOX_NEAR, BOX_FAR, BOX_LEFT, BOX_RIGHT, BOX_TOP = 12.0, 16.0, 3.0, 1.0, 1.5


@dataclass(frozen=True)
class Road:
    """The scene; `height` is the camera's above the road, metres, and `body_above` that of the body's origin."""

    prediction: Prediction
    mounted: MountedCamera
    height: float
    body_above: float


def make(height=1.65, pitch=2.0, roll=0.5, body_above=1.73, focal=720.0, size=(620, 188), aside=0.0, yaw=0.0) -> Road:
    camera = Camera.from_focal(focal * size[0] / 1240, *size)
    tilt = from_vector(np.radians([-pitch, 0, 0])) @ from_vector(np.radians([0, 0, roll]))
    turn = from_vector(np.radians([0, 0, yaw])) @ BODY_FROM_LEVEL @ tilt
    pose = rigid(turn, np.array([0.27, aside, height - body_above]))
    ray = rays(camera).astype(float) @ turn.T
    start = pose[:3, 3]
    road = -body_above
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = np.where(ray[..., 2] < 0, (road - start[2]) / ray[..., 2], np.inf)
        front = (BOX_NEAR - start[0]) / ray[..., 0]
        at = start + ray * front[..., None]
        hit = (at[..., 1] < BOX_LEFT) & (at[..., 1] > BOX_RIGHT) & (at[..., 2] < road + BOX_TOP) & (ray[..., 0] > 0)
        side = (BOX_RIGHT - start[1]) / ray[..., 1]
        at = start + ray * side[..., None]
        beside = (at[..., 0] > BOX_NEAR) & (at[..., 0] < BOX_FAR) & (at[..., 2] < road + BOX_TOP) & (side > 0)
    depth = np.minimum(np.minimum(ground, np.where(hit, front, np.inf)), np.where(beside, side, np.inf))
    which = np.where(depth == ground, 0, np.where(hit & (depth == front), 1, 2))
    normals = (np.array([[0, 0, 1.0], [-1, 0, 0], [0, -1, 0]])[which]) @ turn
    valid = np.isfinite(depth) & (depth < 150)
    image = np.array([[90, 90, 90], [200, 60, 60], [160, 40, 40]], np.uint8)[which]
    prediction = Prediction(
        np.where(valid, depth, np.nan).astype(np.float32),
        np.where(valid[..., None], normals, np.nan).astype(np.float32),
        np.full(depth.shape, 0.95, np.float32),
        np.full(depth.shape, 20, np.float32),
        valid,
        camera,
        image,
        name="000007.png",
    )
    return Road(prediction, MountedCamera(CalibratedCamera(camera), pose, "velodyne"), height, body_above)


@pytest.fixture
def make_road():
    return make


@pytest.fixture
def road() -> Road:
    return make()


@pytest.fixture
def box() -> dict[str, float]:
    return {"near": BOX_NEAR, "far": BOX_FAR, "left": BOX_LEFT, "right": BOX_RIGHT, "top": BOX_TOP}
