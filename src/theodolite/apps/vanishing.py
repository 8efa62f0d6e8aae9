"""Focal length from the vanishing points of three directions at right angles, as buildings and furniture have them.

A direction d of space, in camera coordinates, vanishes at the pixel c + f (dx/dz, dy/dz). Two at right angles with
vanishing points v1 and v2 thus fix f² = -(v1 - c)·(v2 - c). Here all lines are explained together: three axes, a
rotation R of the camera, and one f, so that each line points to one of R's three vanishing points or counts as an
outlier. The rotation is sought by RANSAC for several focal lengths, then both are refined by reweighted least squares.
Normals of the picture's surfaces, where known, speak for the rotation, whatever f is: walls and floors face the axes.

Source: Hartley & Zisserman, Multiple View Geometry, sec. 8.6 to 8.8 (vanishing points and f); J. M. Coughlan and A. L.
Yuille, Manhattan World, ICCV 1999 (three directions at right angles as the model of a picture).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.apps.segments import Segments
from theodolite.geometry.rotation import from_vector
from theodolite.types import Float, Int

# How far a line misses its vanishing point, radians, one standard deviation; and the misses that make an outlier.
SIGMA, OUTLIER = np.radians(0.8), 3.0
# Focal lengths tried, as the field of view along the longer side, degrees; and rotations for each of them.
VIEWS = np.geomspace(12, 120, 14)
TRIES = 250
# Pictures with fewer lines show no directions.
FEWEST = 12
# Resamplings that tell the uncertainty, and columns and rows of the blocks that are resampled.
RESAMPLED, BLOCKS = 40, 5
ROUNDS = 12
# How far a network's normals miss an axis, radians; what they count beside the lines when rotations are compared.
NORMAL_SIGMA, NORMALS_COUNT = np.radians(12), 0.5
# Solutions whose focal lengths are this close, in logarithms, are one.
SAME = 0.02


@dataclass(frozen=True, eq=False)
class Directions:
    """Three directions at right angles and the focal length that explain a picture's lines.

    Args:
        focal: px of the segments' picture.
        log_sigma: standard deviation of ln(focal), from resampling parts of the picture.
        rotation: its columns are the three directions, camera coordinates.
        share: of the lines' length that points to one of the three vanishing points.
        second: of the lines' length, what the second of the vanishing points that tell f explains.
    """

    focal: float
    log_sigma: float
    rotation: Float[np.ndarray, "3 3"]
    share: float
    second: float


def find_directions(
    segments: Segments, normals: Float[np.ndarray, "m 3"] | None = None, seed: int = 0
) -> Directions | None:
    """The directions of a picture's lines; None where there are too few lines.

    Args:
        normals: some of the picture's surfaces, unit, camera coordinates.
        seed: of the random choices.
    """
    if len(segments) < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    lines = _Lines(segments, np.minimum(segments.length, np.quantile(segments.length, 0.9)))
    faces = np.zeros((0, 3)) if normals is None else normals
    fits = sorted((_refined(lines, *start) for start in _starts(lines, faces, rng)), key=lambda fit: fit[1])
    fits = [fit for n, fit in enumerate(fits) if n == 0 or np.log(fit[1] / fits[n - 1][1]) > SAME]
    facing = np.array([_facing(faces, rotation) for rotation, _ in fits])

    def best(lines: _Lines) -> int:
        return int(np.argmin(facing + [_cost(lines, *fit) for fit in fits]))

    rotation, focal = fits[best(lines)]
    spread = [_refined(sample, *fits[best(sample)])[1] for sample in _resampled(lines, rng)]
    miss = np.abs(misses(segments, rotation, focal))
    explained = lines.weight * (miss.min(axis=1) < OUTLIER * SIGMA)
    own = np.bincount(miss.argmin(axis=1), explained, minlength=3) / lines.weight.sum()
    # An axis along the picture plane vanishes at infinity, and says nothing of f.
    tells = np.sort(own * (np.abs(rotation[2]) > 0.08))
    log_sigma = float(np.sqrt(np.mean(np.log(np.array(spread) / focal) ** 2)))
    return Directions(focal, log_sigma, rotation, float(own.sum()), float(tells[1]))


@dataclass(frozen=True, eq=False)
class _Lines:
    """Segments and what each counts."""

    segments: Segments
    weight: Float[np.ndarray, " n"]


def _facing(normals: Float[np.ndarray, "m 3"], rotation: Float[np.ndarray, "*b 3 3"]) -> Float[np.ndarray, "*b"]:
    """What the normals have against a rotation, in the lines' unit."""
    if len(normals) == 0:
        return np.zeros(rotation.shape[:-2])
    angle = np.arccos(np.clip(np.abs(normals @ rotation).max(axis=-1), 0, 1))
    return NORMALS_COUNT * np.minimum((angle / NORMAL_SIGMA) ** 2, OUTLIER**2).mean(axis=-1)


def misses(segments: Segments, rotation: Float[np.ndarray, "*b 3 3"], focal: float) -> Float[np.ndarray, "*b n 3"]:
    """Sine of the angle between each line and the way from its middle to each vanishing point."""
    camera = segments.camera
    from_centre = (segments.middle - (camera.cx, camera.cy)) / focal
    # The vanishing point is R's column seen by the camera; at infinity it is a direction, and the formula holds.
    way = rotation[..., None, :2, :] - from_centre[:, :, None] * rotation[..., None, 2:, :]
    across = way[..., 0, :] * segments.direction[:, 1:] - way[..., 1, :] * segments.direction[:, :1]
    return across / np.maximum(np.hypot(way[..., 0, :], way[..., 1, :]), 1e-9)


def _cost(lines: _Lines, rotation: Float[np.ndarray, "*b 3 3"], focal: float) -> Float[np.ndarray, "*b"]:
    """Mean of squared misses in units of their deviation, none above an outlier's."""
    square = (misses(lines.segments, rotation, focal) / SIGMA) ** 2
    return (np.minimum(square.min(axis=-1), OUTLIER**2) * lines.weight).sum(axis=-1) / lines.weight.sum()


def _starts(
    lines: _Lines, normals: Float[np.ndarray, "m 3"], rng: np.random.Generator
) -> list[tuple[Float[np.ndarray, "3 3"], float]]:
    """The best rotation for each focal length tried, the better half of these."""
    longer = max(lines.segments.camera.width, lines.segments.camera.height)
    found = []
    for view in VIEWS:
        focal = longer / 2 / np.tan(np.radians(view) / 2)
        rotations = _guesses(lines, focal, rng)
        costs = _cost(lines, rotations, focal) + _facing(normals, rotations)
        found.append((float(costs.min()), rotations[costs.argmin()], float(focal)))
    found.sort(key=lambda one: one[0])
    return [(rotation, focal) for _, rotation, focal in found[: len(VIEWS) // 2]]


def _guesses(lines: _Lines, focal: float, rng: np.random.Generator) -> Float[np.ndarray, "m 3 3"]:
    """Rotations: the first axis from two lines, the second at right angles to it in the plane of a third."""
    segments, weight, camera = lines.segments, lines.weight, lines.segments.camera
    ray = np.column_stack([(segments.middle - (camera.cx, camera.cy)) / focal, np.ones(len(segments))])
    plane = np.cross(ray, np.column_stack([segments.direction, np.zeros(len(segments))]))
    a, b, c = rng.choice(len(segments), (3, TRIES), p=weight / weight.sum())
    first = np.cross(plane[a], plane[b])
    second = np.cross(first, plane[c])
    good = (np.linalg.norm(first, axis=1) > 1e-6) & (np.linalg.norm(second, axis=1) > 1e-6)
    first = first[good] / np.linalg.norm(first[good], axis=1, keepdims=True)
    second = second[good] / np.linalg.norm(second[good], axis=1, keepdims=True)
    guesses = np.stack([first, second, np.cross(first, second)], axis=-1)
    return guesses if len(guesses) else np.eye(3)[None]


def _refined(lines: _Lines, rotation: Float[np.ndarray, "3 3"], focal: float) -> tuple[Float[np.ndarray, "3 3"], float]:
    """Rotation and focal length of least cost nearby: Gauss-Newton steps, outliers left out anew before each."""
    segments, weight = lines.segments, lines.weight
    longer = max(segments.camera.width, segments.camera.height)
    low, high = np.log(longer / 2 / np.tan(np.radians([150, 6]) / 2))
    for _ in range(ROUNDS):
        miss = misses(segments, rotation, focal)
        axis: Int[np.ndarray, " n"] = np.abs(miss).argmin(axis=1)
        rows = np.arange(len(segments))
        own = miss[rows, axis] / SIGMA
        # Biweight: smoothly to nothing at an outlier's miss.
        trust = weight * np.maximum(1 - (own / OUTLIER) ** 2, 0) ** 2
        jacobian = _slopes(segments, rotation, focal, axis)
        left = (jacobian * trust[:, None]).T
        # A little of the curvature holds back what the lines do not tell.
        hessian = left @ jacobian
        step = np.linalg.solve(hessian + 1e-4 * np.trace(hessian) / 4 * np.eye(4) + 1e-9 * np.eye(4), -(left @ own))
        step *= min(1.0, 0.2 / max(np.abs(step).max(), 1e-12))
        rotation = rotation @ from_vector(step[:3])
        focal = float(np.exp(np.clip(np.log(focal) + step[3], low, high)))
        if np.abs(step).max() < 1e-6:
            break
    return rotation, focal


def _slopes(
    segments: Segments, rotation: Float[np.ndarray, "3 3"], focal: float, axis: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "n 4"]:
    """How the misses change with a small turn about each axis, and with ln(focal): central differences."""
    small, rows = 1e-5, np.arange(len(segments))
    columns = []
    for number in range(4):
        turn, grow = np.zeros(3), 0.0
        if number < 3:
            turn[number] = small
        else:
            grow = small
        ends = [
            misses(segments, rotation @ from_vector(sign * turn), focal * np.exp(sign * grow))[rows, axis]
            for sign in (1, -1)
        ]
        columns.append((ends[0] - ends[1]) / (2 * small * SIGMA))
    return np.stack(columns, axis=-1)


def _resampled(lines: _Lines, rng: np.random.Generator) -> list[_Lines]:
    """The lines when blocks of the picture are drawn with repetition: lines close together err together."""
    camera = lines.segments.camera
    place = lines.segments.middle / (camera.width, camera.height) * BLOCKS
    column, row = np.clip(place.astype(int), 0, BLOCKS - 1).T
    block = row * BLOCKS + column
    present = np.unique(block)
    samples = []
    for _ in range(RESAMPLED):
        drawn = np.bincount(rng.choice(present, len(present)), minlength=BLOCKS**2)[block]
        samples.append(_Lines(lines.segments, lines.weight * drawn + 1e-9))
    return samples
