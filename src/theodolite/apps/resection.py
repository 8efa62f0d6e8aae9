"""Where a camera is, from points whose places are known and where it sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.extras import require
from theodolite.geometry.pose import rigid
from theodolite.types import Bool, Float

LEAST = 15  # points that have to agree
_SHARE = 0.3  # of all, likewise
_OFF = 2.5  # px, of a picture 640 wide
_TRIES = 300


@dataclass(frozen=True, eq=False)
class Located:
    """A pose and the points that agree with it."""

    camera_from_world: Float[np.ndarray, "4 4"]
    agree: Bool[np.ndarray, " n"]


def locate(points: Float[np.ndarray, "n 3"], uv: Float[np.ndarray, "n 2"], camera: Camera) -> Located | None:
    """The pose most points agree with, refined on these; None where too few do.

    Source: P3P in RANSAC, then Levenberg and Marquardt, as OpenCV has them.
    """
    cv2 = require("cv2", "slam", "Locating a camera")
    if len(points) < LEAST:
        return None
    points, uv = np.ascontiguousarray(points, float), np.ascontiguousarray(uv, float)
    off = _OFF * max(1.0, camera.width / 640)
    cv2.setRNGSeed(0)  # the same path every time
    try:
        found, turn, shift, agree = cv2.solvePnPRansac(
            points, uv, camera.K, None, iterationsCount=_TRIES, reprojectionError=off, flags=cv2.SOLVEPNP_AP3P
        )
    except cv2.error:  # points that determine no pose
        return None
    if not found or agree is None or len(agree) < max(LEAST, _SHARE * len(points)):
        return None
    chosen = agree[:, 0]
    turn, shift = cv2.solvePnPRefineLM(points[chosen], uv[chosen], camera.K, None, turn, shift)
    kept = np.zeros(len(points), bool)
    kept[chosen] = True
    return Located(rigid(cv2.Rodrigues(turn)[0], shift[:, 0]), kept)
