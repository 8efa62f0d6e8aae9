"""Axes that other programs use: which way is up, and turning a model upright."""

from __future__ import annotations

import numpy as np

from theodolite.geometry.pointcloud import VIEWER_FROM_CAMERA
from theodolite.geometry.pose import rigid
from theodolite.types import Float

# From camera axes: x right, y down, z forward.
UP_AXES = {
    # Of glTF and most viewers: x right, y up, z backward.
    "y": VIEWER_FROM_CAMERA,
    # Of Blender, CAD and maps: x right, y forward, z up.
    "z": np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]]),
    "camera": np.eye(4),
}
WORDS = {
    "y": "x right, y up, z backward",
    "z": "x right, y forward, z up",
    "camera": "x right, y down, z forward",
}


def upright(up: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "4 4"]:
    """The motion that turns up, in camera coordinates, to the camera's own up, which is -y, by the shortest way.

    The camera stays where it is. Raises: ValueError, for an up that is the camera's down.
    """
    x, y, z = np.asarray(up, dtype=float) / np.linalg.norm(up)
    if y > 1 - 1e-9:
        raise ValueError("Up is the camera's down: there is no one shortest way to turn that.")
    # Rodrigues about up × (0, -1, 0), whose cosine is -y.
    axis = np.array([z, 0.0, -x])
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return rigid(np.eye(3) + cross + cross @ cross / (1 - y), np.zeros(3))
