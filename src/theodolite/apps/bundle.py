"""Refinement of a few pictures' poses and of the points they see, with predicted depth as a weak prior.

Minimised, robustly: how far points are seen from where they project to, in pixels, and by how much their depth differs
from what was predicted, in logarithm, up to one factor for each picture that is itself drawn towards 1. So parallax
tells shape and motion where there is any, and prediction tells the metre.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.extras import require
from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import from_vector
from theodolite.types import Float, Int

_NEAREST = 1e-3  # of the unit: a point at the camera or behind it has a large error, not an undefined one

# Steps of the linear solver in each round: a better start of the next round is worth more than a perfect step.
_INNER = 40


@dataclass(frozen=True)
class Trust:
    """Standard deviations.

    Args:
        pixels: of where a point is seen.
        depth: of a predicted depth, relative, beside its picture's factor.
        factor: of that factor, relative.
    """

    pixels: float = 0.7
    depth: float = 0.2
    factor: float = 0.1


# Of depth that a sensor measured.
SENSOR = Trust(depth=0.02, factor=0.01)


@dataclass(frozen=True, eq=False)
class Bundle:
    """Pictures, points, and which sees which where.

    Args:
        camera_from_world: of the pictures.
        points: world.
        picture, point: of each observation, by number.
        uv: px.
        log_depth: logarithm of the depth predicted there; NaN where unknown.
        log_factor: of each picture: depth = factor · predicted depth.
    """

    camera_from_world: Float[np.ndarray, "k 4 4"]
    points: Float[np.ndarray, "m 3"]
    picture: Int[np.ndarray, " n"]
    point: Int[np.ndarray, " n"]
    uv: Float[np.ndarray, "n 2"]
    log_depth: Float[np.ndarray, " n"]
    log_factor: Float[np.ndarray, " k"]

    def seen(self) -> Float[np.ndarray, "n 3"]:
        """Each observation's point in its picture's camera."""
        motion = self.camera_from_world[self.picture]
        return np.einsum("nij,nj->ni", motion[:, :3, :3], self.points[self.point]) + motion[:, :3, 3]

    def pixel_errors(self, camera: Camera) -> Float[np.ndarray, "n 2"]:
        seen = self.seen()
        depth = np.maximum(seen[:, 2:], _NEAREST)
        return seen[:, :2] / depth * (camera.fx, camera.fy) + (camera.cx, camera.cy) - self.uv

    def ratios(self) -> Float[np.ndarray, " n"]:
        """Logarithm of depth over predicted depth; NaN where none was predicted."""
        return np.log(np.maximum(self.seen()[:, 2], _NEAREST)) - self.log_depth


def refine(bundle: Bundle, camera: Camera, fixed: int, trust: Trust, rounds: int = 12) -> Bundle:
    """The bundle of least error.

    Args:
        fixed: so many pictures, the first ones, stay where they are; one fixes the world, two its scale as well.
    """
    optimize = require("scipy.optimize", "slam", "Refining poses")
    known = np.isfinite(bundle.log_depth)

    def residuals(x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " r"]:
        moved = _moved(bundle, x, fixed)
        ratios = moved.ratios()[known] - moved.log_factor[bundle.picture[known]]
        pixels = moved.pixel_errors(camera).ravel() / trust.pixels
        return np.concatenate([pixels, ratios / trust.depth, moved.log_factor / trust.factor])

    start = np.zeros(6 * (len(bundle.camera_from_world) - fixed) + len(bundle.log_factor) + bundle.points.size)
    found = optimize.least_squares(
        residuals,
        start,
        jac_sparsity=_sparsity(bundle, fixed, known),
        x_scale="jac",
        loss="soft_l1",
        method="trf",
        ftol=1e-3,
        xtol=1e-5,
        max_nfev=rounds,
        tr_options={"maxiter": _INNER},
    )
    return _moved(bundle, found.x, fixed)


def _moved(bundle: Bundle, x: Float[np.ndarray, " p"], fixed: int) -> Bundle:
    """Parameters: turn and shift of each free picture, every picture's log factor, shift of each point."""
    free, pictures = len(bundle.camera_from_world) - fixed, len(bundle.log_factor)
    steps = x[: 6 * free].reshape(free, 6)
    poses = bundle.camera_from_world.copy()
    poses[fixed:] = rigid(from_vector(steps[:, :3]), steps[:, 3:]) @ poses[fixed:]
    rest = x[6 * free :]
    return replace(
        bundle,
        camera_from_world=poses,
        log_factor=bundle.log_factor + rest[:pictures],
        points=bundle.points + rest[pictures:].reshape(-1, 3),
    )


def _sparsity(bundle: Bundle, fixed: int, known: np.ndarray):
    """Which parameter changes which residual."""
    sparse = require("scipy.sparse", "slam", "Refining poses")
    pictures, free = len(bundle.log_factor), len(bundle.camera_from_world) - fixed
    count, depths = len(bundle.picture), int(known.sum())
    factors, points = 6 * free, 6 * free + pictures
    of_picture = np.concatenate([np.repeat(bundle.picture, 2), bundle.picture[known]])
    of_point = np.concatenate([np.repeat(bundle.point, 2), bundle.point[known]])
    rows = np.arange(2 * count + depths)
    moving = of_picture >= fixed
    parts = [
        (np.repeat(rows[moving], 6), ((of_picture[moving, None] - fixed) * 6 + np.arange(6)).ravel()),
        (np.repeat(rows, 3), (points + of_point[:, None] * 3 + np.arange(3)).ravel()),
        (rows[2 * count :], factors + of_picture[2 * count :]),
        (rows[-1] + 1 + np.arange(pictures), factors + np.arange(pictures)),
    ]
    row, column = (np.concatenate(each) for each in zip(*parts, strict=True))
    shape = (len(rows) + pictures, points + bundle.points.size)
    return sparse.coo_matrix((np.ones(len(row)), (row, column)), shape=shape).tocsr()
