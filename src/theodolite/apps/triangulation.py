"""Points of a picture, placed by following them into its neighbours, whose poses are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theodolite.apps.feature_tracks import corners, follow, to_grey
from theodolite.apps.frames import Frame
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project
from theodolite.types import Float

POINTS = 400
_OFF = 1.5  # px between where a point is seen and where it should be
_ANGLE = np.radians(1.0)  # between the lines of sight; below it the depth is a guess


def triangulated(
    frames: Sequence[Frame], poses: Float[np.ndarray, "n 4 4"], middle: int, points: int = POINTS
) -> Float[np.ndarray, "m 3"]:
    """Places in the poses' world of corners of one of the frames, as far as its neighbours agree on them.

    Args:
        frames: neighbours in time, in order.
        middle: number of the one whose corners are placed.
    """
    greys = [to_grey(frame.image) for frame in frames]
    start = corners(greys[middle], points)
    seen = np.full((len(frames), len(start), 2), np.nan)
    seen[middle] = start
    for way in (range(middle + 1, len(frames)), range(middle - 1, -1, -1)):
        uv, alive, before = start, np.arange(len(start)), middle
        for number in way:
            uv, found = follow(greys[before], greys[number], uv)
            uv, alive, before = uv[found], alive[found], number
            seen[number, alive] = uv
    return intersected(seen, [frame.camera for frame in frames], poses)


def intersected(
    seen: Float[np.ndarray, "n m 2"], cameras: Sequence[Camera], poses: Float[np.ndarray, "n 4 4"]
) -> Float[np.ndarray, "k 3"]:
    """Points nearest to their lines of sight, in least squares, of those that are well determined.

    Args:
        seen: px in each picture; NaN where a point was not found.
        poses: world_from_camera.
    """
    rays = np.stack(
        [
            np.concatenate([(uv - (c.cx, c.cy)) / (c.fx, c.fy), np.ones((len(uv), 1))], axis=1) @ pose[:3, :3].T
            for uv, c, pose in zip(seen, cameras, poses, strict=True)
        ]
    )
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    known = np.isfinite(rays[..., 0])
    across = np.eye(3) - rays[..., :, None] * rays[..., None, :]
    across = np.where(known[..., None, None], across, 0)
    matrix, wanted = across.sum(0), (across @ poses[:, None, :3, 3:]).sum(0)
    narrow = np.linalg.eigvalsh(matrix)[:, 0] < 1e-9  # fewer than two lines, or parallel ones
    matrix[narrow] = np.eye(3)
    points = np.linalg.solve(matrix, wanted)[..., 0]
    good = ~narrow & (known.sum(0) >= 2) & (_widest(rays) > _ANGLE)
    for uv, camera, pose, here in zip(seen, cameras, poses, known, strict=True):
        shown = project(transform_points(inverse(pose), points), camera)
        with np.errstate(invalid="ignore"):
            good &= ~here | (np.linalg.norm(shown - uv, axis=1) < _OFF * max(1.0, camera.width / 640))
    return points[good]


def _widest(rays: Float[np.ndarray, "n m 3"]) -> Float[np.ndarray, " m"]:
    """Radians between the first and the last line of sight of each point, or any and the first."""
    first = np.take_along_axis(rays, np.isfinite(rays[..., 0]).argmax(0)[None, :, None], axis=0)
    with np.errstate(invalid="ignore"):
        angles = np.arctan2(np.linalg.norm(np.cross(rays, first), axis=-1), (rays * first).sum(-1))
    return np.nan_to_num(angles).max(0)
