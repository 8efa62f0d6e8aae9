"""The ground below a vehicle's camera as a plane, and the camera's height above it.

A plane is m·p = 1 for its points p, in camera coordinates; m is its normal over its distance. For a point that was
measured on it, m·p is the measured depth over the plane's depth along that ray. So a linear fit of m·p = 1 makes the
relative errors of depth least, which are what networks err by: near and far points count alike, and no root is needed.

Where it starts: points near the camera whose normal is the vehicle's up, or nearly; three at a time, by RANSAC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.errors import TheodoliteError
from theodolite.geometry.align import DEVIATIONS, HUBER
from theodolite.types import Bool, Float

# Metres along the ground: nearer than this there is the bonnet, farther a road bends up and down.
NEAR, FAR = 2.0, 25.0
# Degrees between a pixel's normal, and the plane's, and the vehicle's up.
TILT, PLANE_TILT = 20.0, 12.0
# Relative depth error of a point that still belongs to the plane while it is sought.
BELONGS = 0.1
FEWEST, TRIES, ROUNDS = 60, 300, 20
# The picture's columns are resampled in so many strips.
STRIPS, RESAMPLED = 12, 40


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground's plane.

    Args:
        normal: unit, up, in camera coordinates.
        height: of the camera above it, metres.
        sigma: standard deviation of the height, from resampling the picture's columns. What is wrong with all depths
            alike is not in it.
        points: how many it was fitted to.
        spread: robust standard deviation of their depths about the plane, relative.
    """

    normal: Float[np.ndarray, " 3"]
    height: float
    sigma: float
    points: int
    spread: float

    def above(self, points: Float[np.ndarray, "*any 3"]) -> Float[np.ndarray, "*any"]:
        """Metres above the ground, of points in camera coordinates."""
        return points @ self.normal + self.height

    def tilt(self, up: Float[np.ndarray, " 3"]) -> float:
        """Degrees between the plane's normal and a direction taken for up."""
        return float(np.degrees(np.arccos(np.clip(self.normal @ up / np.linalg.norm(up), -1, 1))))


def fit_ground(
    points: Float[np.ndarray, "h w 3"],
    up: Float[np.ndarray, " 3"],
    normals: Float[np.ndarray, "h w 3"] | None = None,
    seed: int = 0,
) -> Ground:
    """The ground in a map of points.

    Args:
        points: camera coordinates, metres; NaN where unknown.
        up: unit, the vehicle's, in camera coordinates: (0, -1, 0) for a level camera.
        normals: facing the camera; without them (LiDAR) all near points below the camera are candidates.
        seed: of the random choices.
    Raises: TheodoliteError, when too little of the picture is ground.
    """
    ground = _candidates(points, up, normals)
    if ground.sum() < FEWEST:
        raise TheodoliteError(
            f"The ground was not found: {int(ground.sum())} pixels lie {NEAR:g} to {FAR:g} m ahead, below the camera "
            f"and face up, {FEWEST} are needed. Is the calibration that of this picture?"
        )
    chosen, column = points[ground].astype(float), np.nonzero(ground)[1]
    rng = np.random.default_rng(seed)
    plane = _sought(chosen, up, rng)
    if plane is None:
        raise TheodoliteError(f"The ground was not found: no plane within {PLANE_TILT:g} degrees of level.")
    belongs = np.abs(chosen @ plane - 1) < BELONGS
    if belongs.sum() < FEWEST:
        raise TheodoliteError(f"The ground was not found: only {int(belongs.sum())} pixels agree on a plane.")
    chosen, column = chosen[belongs], column[belongs]
    plane, spread = _fitted(chosen, plane, np.ones(len(chosen)))
    heights = [1 / np.linalg.norm(_fitted(chosen, plane, weight)[0]) for weight in _strips(column, points, rng)]
    height = float(1 / np.linalg.norm(plane))
    return Ground(-plane * height, height, float(np.std(heights)), len(chosen), spread)


def _candidates(
    points: Float[np.ndarray, "h w 3"], up: Float[np.ndarray, " 3"], normals: Float[np.ndarray, "h w 3"] | None
) -> Bool[np.ndarray, "h w"]:
    with np.errstate(invalid="ignore"):
        drop = -(points @ up)
        away = np.sqrt(np.maximum((points * points).sum(axis=-1) - drop * drop, 0))
        # Steeper than the ground of any camera that looks ahead is the vehicle itself.
        found = (drop > 0.3) & (away >= NEAR) & (away <= FAR)
        if normals is not None:
            found &= normals @ up > np.cos(np.radians(TILT))
    return found


def _sought(
    points: Float[np.ndarray, "n 3"], up: Float[np.ndarray, " 3"], rng: np.random.Generator
) -> Float[np.ndarray, " 3"] | None:
    """The plane most points belong to, of those through three points that are nearly level."""
    some = points[rng.choice(len(points), min(len(points), 2000), replace=False)]
    corners = some[rng.integers(0, len(some), (TRIES, 3))]
    good = np.abs(np.linalg.det(corners)) > 1e-6
    planes = np.linalg.solve(corners[good], np.ones((int(good.sum()), 3, 1)))[..., 0]
    level = -(planes @ up) > np.cos(np.radians(PLANE_TILT)) * np.linalg.norm(planes, axis=1)
    planes = planes[level]
    if len(planes) == 0:
        return None
    # Walls and kerbs above a road are many; what lies clearly below it can only be an error.
    off = some @ planes.T - 1
    score = np.where(np.abs(off) < BELONGS, 1 - np.abs(off) / BELONGS, 0).sum(axis=0) - 0.5 * (off > 2 * BELONGS).sum(0)
    return planes[int(score.argmax())]


def _fitted(
    points: Float[np.ndarray, "n 3"], plane: Float[np.ndarray, " 3"], weight: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " 3"], float]:
    """Huber's estimate, by reweighted least squares; and the spread of what is left."""
    spread = 0.0
    for _ in range(ROUNDS):
        off = np.abs(points @ plane - 1)
        spread = float(DEVIATIONS * np.median(off))
        if spread < 1e-12:
            break
        trust = weight * np.minimum(1, HUBER * spread / np.maximum(off, 1e-300))
        left = (points * trust[:, None]).T
        plane = np.linalg.solve(left @ points, left.sum(axis=1))
    return plane, spread


def _strips(column: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> list[Float[np.ndarray, " n"]]:
    strip = column * STRIPS // points.shape[1]
    present = np.unique(strip)
    draws = (np.bincount(rng.choice(present, len(present)), minlength=STRIPS) for _ in range(RESAMPLED))
    return [drawn[strip].astype(float) for drawn in draws]
