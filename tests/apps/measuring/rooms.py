"""Rendered rooms as predictions, exact or disturbed as the error model of measuring says."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from theodolite.apps.error_model import ErrorModel
from theodolite.camera.pinhole import Camera
from theodolite.geometry.rotation import from_vector
from theodolite.inference.prediction import Prediction

WIDTH, HEIGHT = 320, 240
CONFIDENCE, KAPPA, FOCAL_SIGMA = 0.95, 25.0, 0.04
ERRORS = ErrorModel()


@dataclass(frozen=True, eq=False)
class Room:
    """Truth; `up` is that of the world, in camera coordinates, and `planes` tells flat faces apart, 0 on others."""

    depth: np.ndarray
    normals: np.ndarray
    planes: np.ndarray
    image: np.ndarray
    camera: Camera
    up: np.ndarray

    def point(self, pixel) -> np.ndarray:
        """Of the surface at a whole pixel, metres."""
        u, v = pixel
        return self.depth[v, u] * self.ray(pixel)

    def ray(self, pixel) -> np.ndarray:
        camera = self.camera
        return np.array([(pixel[0] - camera.cx) / camera.fx, (pixel[1] - camera.cy) / camera.fy, 1.0])

    def plane(self, pixel) -> np.ndarray:
        """m of the plane m·p = 1 of the flat face at a pixel."""
        normal = self.normals[pixel[1], pixel[0]]
        return normal / (normal @ self.point(pixel))

    def exact(self) -> Prediction:
        return self._prediction(self.depth, self.normals, self.camera)

    def disturbed(self, rng: np.random.Generator) -> Prediction:
        """As a network without normals would see it, whose errors are just those that are assumed."""
        stated = 1 - CONFIDENCE
        side = max(self.camera.width, self.camera.height)
        drift = waves(rng, np.arange(self.camera.height) / side, np.arange(self.camera.width) / side)
        focal = rng.normal(0, FOCAL_SIGMA)
        error = stated * (rng.normal() + drift) + rng.normal(0, ERRORS.own, self.depth.shape)
        depth = self.depth * (1 + error) * (1 + focal)
        factor = 1 + focal
        camera = Camera(
            self.camera.fx * factor,
            self.camera.fy * factor,
            self.camera.cx,
            self.camera.cy,
            self.camera.width,
            self.camera.height,
            rel_sigma=FOCAL_SIGMA,
        )
        return self._prediction(depth, None, camera)

    def turned(self, rng: np.random.Generator, *pixels) -> Prediction:
        """With exact depth, and the normals of the faces at some pixels as far off as kappa says."""
        return self._prediction(self.depth, self._turned(rng, [self.planes[v, u] for u, v in pixels]), self.camera)

    def _turned(self, rng: np.random.Generator, faces) -> np.ndarray:
        """Normals of each face, turned by an angle of density exp(-kappa · angle) over directions."""
        normals = self.normals.copy()
        for face in faces:
            tilt = rng.gamma(2, 1 / KAPPA)
            axis = rng.normal(size=3)
            mine = self.planes == face
            normal = self.normals[mine][0]
            axis -= (axis @ normal) * normal
            normals[mine] = normals[mine] @ from_vector(tilt * axis / np.linalg.norm(axis)).T
        return normals

    def _prediction(self, depth, normals, camera) -> Prediction:
        valid = np.isfinite(depth)
        return Prediction(
            depth=depth.astype(np.float32),
            normals=None if normals is None else normals.astype(np.float32),
            confidence=np.full(depth.shape, CONFIDENCE, np.float32),
            kappa=None if normals is None else np.full(depth.shape, KAPPA, np.float32),
            valid=valid,
            camera=camera,
            image=self.image,
        )


def waves(rng: np.random.Generator, v: np.ndarray, u: np.ndarray, count: int = 300) -> np.ndarray:
    """A field of unit variance with the correlation that is assumed of drift: many waves of normal frequencies."""
    down, right = rng.normal(0, 1 / ERRORS.grain, (2, count))
    phase = rng.uniform(0, 2 * np.pi, count)
    rows, columns = np.outer(v, down), np.outer(right, u) + phase[:, None]
    return np.sqrt(2 / count) * (np.cos(rows) @ np.cos(columns) - np.sin(rows) @ np.sin(columns))


@cache
def rooms(count: int = 20) -> list[Room]:
    from theodolite.synth.compiled import eager
    from theodolite.synth.families import sample_scene
    from theodolite.synth.render import render

    scenes = [sample_scene("room", 4107, index) for index in range(count)]
    with eager():  # compiling takes longer than these few
        views = render(scenes, HEIGHT, WIDTH)
    found = []
    for scene, seen in zip(scenes, views, strict=True):
        up = scene.view.world_from_camera[:3, :3].T @ np.array([0, 0, 1.0])
        depth, normals = seen.depth.astype(float), seen.normals.astype(float)
        found.append(Room(depth, normals, seen.planes, seen.image, seen.camera, up))
    return found


def flat_pixels(room: Room, reach: int = 5) -> np.ndarray:
    """Pixels (u, v) in the midst of flat faces."""
    same = room.planes > 0
    for axis in (0, 1):
        for step in range(-reach, reach + 1):
            same &= np.roll(room.planes, step, axis) == room.planes
    same[:reach] = same[-reach:] = False
    same[:, :reach] = same[:, -reach:] = False
    v, u = np.nonzero(same)
    return np.stack([u, v], -1)
