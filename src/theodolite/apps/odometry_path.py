"""The path that odometry found, in the metres all its predictions agree on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.apps.odometry_map import Map
from theodolite.apps.slow_scale import SlowScale, slow_scale
from theodolite.apps.trajectory import Trajectory
from theodolite.errors import DatasetError
from theodolite.types import Float


@dataclass(frozen=True, eq=False)
class OdometryPath:
    """Every picture that has a place.

    Args:
        trajectory: metres; the world is the first picture's camera.
        names: of the pictures.
        scale: by which the path was corrected, over time.
        keyframe_times: seconds.
        depth_factors: of each key picture: depth on the path's scale = factor · predicted depth.
    """

    trajectory: Trajectory
    names: tuple[str, ...]
    scale: SlowScale
    keyframe_times: Float[np.ndarray, " k"]
    depth_factors: Float[np.ndarray, " k"]

    def depth_factor(self, time: float) -> float:
        """What predicted depth has to be taken by to agree with the path, at any time."""
        return float(np.exp(np.interp(time, self.keyframe_times, np.log(self.depth_factors))))


def path_of(known: Map, most: int = 1) -> OdometryPath:
    """The path of a map.

    Args:
        most: corners of the scale's curve. Refinement holds the scale together, and what prediction errs by changes
            with the scene: on paths of some hundred key pictures one scale for all is nearer to the truth.
    Raises: DatasetError, when no picture was placed.
    """
    if not known.path:
        raise DatasetError("No picture could be used: none of them has a place.")
    times = np.array([placed.time for placed in known.path])
    poses = np.stack([known.pose(placed) for placed in known.path])
    at = {placed.number: placed.time for placed in known.path}
    key_times = np.array([at[keyframe.number] for keyframe in known.keyframes])
    log_factors = np.array([keyframe.log_factor for keyframe in known.keyframes])
    scale = slow_scale(key_times, -log_factors, most)
    return OdometryPath(
        scale.corrected(Trajectory(times, poses)),
        tuple(placed.name for placed in known.path),
        scale,
        key_times,
        np.exp(log_factors) * scale(key_times),
    )
