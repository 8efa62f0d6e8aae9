"""Points of the still world seen in two pictures, and what the depth maps of the two say of them.

A camera that moves past something still sees its depth change by exactly what the motion explains. So points are taken
to their places by one picture's depth, the other camera is located by them, and the depth they then have to have there
is compared with the other map's. What moves by itself disagrees with the camera's place and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.apps.odometry import placed, sample
from theodolite.apps.resection import LEAST, locate
from theodolite.camera.pinhole import Camera
from theodolite.geometry.align import DEVIATIONS
from theodolite.geometry.pose import transform_points
from theodolite.types import Bool, Float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two depth maps, compared at the still points both pictures show.

    Args:
        still: which of the points asked about.
        log_ratios: of each still point, the depth it has to have by the first map over what the second says.
        second_from_first: motion of the camera, in the metres of the first map.
    """

    still: Bool[np.ndarray, " n"]
    log_ratios: Float[np.ndarray, " s"]
    second_from_first: Float[np.ndarray, "4 4"]

    @property
    def step(self) -> float:
        """The factor, in logarithm, that brings the second map to the first one's scale."""
        return float(np.median(self.log_ratios))

    @property
    def spread(self) -> float:
        """Standard deviation about the step, by the median absolute deviation."""
        return float(DEVIATIONS * np.median(np.abs(self.log_ratios - self.step)))


def compare(
    maps: tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]],
    uv: tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]],
    camera: Camera,
) -> Comparison | None:
    """What two depth maps say of the same points; None where too few of these agree on a motion.

    Args:
        maps: metres along z, NaN where unknown.
        uv: where each picture shows the points.
    """
    known = np.isfinite(sample(maps[0], uv[0])) & np.isfinite(sample(maps[1], uv[1]))
    first, second = uv[0][known], uv[1][known]
    points = placed(first, sample(maps[0], first), camera)
    located = locate(points, second, camera)
    if located is None:
        return None
    due = transform_points(located.camera_from_world, points[located.agree])[:, 2]
    said = sample(maps[1], second[located.agree])
    seen = due > 0
    if seen.sum() < LEAST:
        return None
    still = np.zeros(len(known), bool)
    still[np.flatnonzero(known)[located.agree][seen]] = True
    return Comparison(still, np.log(due[seen] / said[seen]), located.camera_from_world)
