"""Surfaces whose depth and normals are known exactly, seen by a camera."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera


@dataclass(frozen=True)
class Surface:
    depth: np.ndarray  # metres, NaN beside the surface
    normals: np.ndarray
    camera: Camera


@pytest.fixture
def camera() -> Camera:
    return Camera(210.0, 200.0, 70.3, 44.1, 160, 100)


def ray_map(camera: Camera) -> np.ndarray:
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    return np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1)


@pytest.fixture
def plane(camera: Camera) -> Callable[..., Surface]:
    """A plane by its normal (made unit, facing the camera) and its distance from the camera centre, metres."""

    def build(normal=(0.2, -0.5, -0.9), distance=2.0) -> Surface:
        normal = np.array(normal, dtype=float) / np.linalg.norm(normal)
        towards = -(ray_map(camera) @ normal)
        depth = np.where(towards > 1e-6, distance / np.maximum(towards, 1e-6), np.nan)
        return Surface(depth, np.broadcast_to(normal, (*depth.shape, 3)), camera)

    return build


@pytest.fixture
def sphere(camera: Camera) -> Surface:
    """A ball of half a metre radius, two metres ahead."""
    rays, centre, radius = ray_map(camera), np.array([0.1, -0.05, 2.0]), 0.5
    a, b, c = (rays**2).sum(-1), rays @ centre, centre @ centre - radius**2
    root = b * b - a * c
    depth = np.where(root > 0, (b - np.sqrt(np.maximum(root, 0))) / a, np.nan)
    return Surface(depth, (depth[..., None] * rays - centre) / radius, camera)
