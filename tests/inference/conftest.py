"""A prediction of a room whose every depth and normal is known."""

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.inference.prediction import Prediction


def room(width: int = 160, height: int = 120, **changes) -> Prediction:
    """A box seen from inside, 4 m wide, 3 m high, back wall at 5 m, with a window of unknown depth in that wall."""
    camera = Camera.from_fov(70, width, height, source="exif", rel_sigma=0.03, detail="24 mm equivalent")
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1)
    walls = [((1, 0, 0), 2.0), ((-1, 0, 0), 2.0), ((0, 1, 0), 1.6), ((0, -1, 0), 1.4), ((0, 0, -1), 5.0)]
    normals = np.array([normal for normal, _ in walls], dtype=np.float32)
    towards = -(rays @ normals.T)
    with np.errstate(divide="ignore"):
        depths = np.where(towards > 1e-9, np.array([offset for _, offset in walls]) / towards, np.inf)
    wall = depths.argmin(axis=-1)
    depth = depths.min(axis=-1).astype(np.float32)
    window = (wall == 4) & (np.abs(rays[..., 0]) < 0.1) & (np.abs(rays[..., 1] + 0.1) < 0.08)
    depth[window] = np.nan
    tiles = (np.floor(rays * depth[..., None] * 2 + 0.25).sum(axis=-1) % 2)[..., None]
    colours = np.array([[200, 90, 80], [80, 140, 200], [230, 220, 200], [150, 120, 90], [210, 200, 160]])
    values = {
        "depth": depth,
        "normals": np.where(window[..., None], np.nan, normals[wall]).astype(np.float32),
        "confidence": np.full(depth.shape, 0.9, dtype=np.float32),
        "kappa": np.full(depth.shape, 20, dtype=np.float32),
        "valid": ~window,
        "camera": camera,
        "image": (colours[wall] * (0.8 + 0.2 * np.nan_to_num(tiles))).astype(np.uint8),
        "name": "room.jpg",
        "model": "truth",
        "provenance": {"version": "0.0", "canonical_focal": 1000.0},
    }
    return Prediction(**(values | changes))


@pytest.fixture
def make_room():
    return room


@pytest.fixture
def prediction() -> Prediction:
    return room()
