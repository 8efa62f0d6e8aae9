"""Which way is up, from normals: the direction that floors and table tops face, and that walls stand along.

Source: S. Gupta, P. Arbelaez, J. Malik, Perceptual Organization and Recognition of Indoor Scenes from RGB-D Images,
CVPR 2013, sec. 3.1: from the camera's own up, take normals close to it and normals square to it, find the direction
that agrees best with both, and repeat with a narrower limit. It departs from that in adding a weak belief in a level
camera, which decides what the picture does not tell.
"""

from __future__ import annotations

import numpy as np

from theodolite.types import Bool, Float

CAMERA_UP = np.array([0.0, -1.0, 0.0])
# Limits in degrees, rounds with each, and the weight of the level camera beside all normals: at first it has to keep
# a wall that fills the picture from being taken for the floor.
LIMITS = ((45.0, 5, 0.2), (15.0, 5, 0.02))
# Degrees between up and the camera's own beyond which walls and floors are mixed up.
STEEPEST = 50.0
# Normals looked at along the longer side, and the fewest that say anything.
SIDE, FEWEST = 128, 50


def up_of(normals: Float[np.ndarray, "h w 3"], valid: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, " 3"] | None:
    """Up in camera coordinates, unit; None where the normals do not tell.

    What a picture leaves open, as a single wall leaves roll open, is taken from the camera. One that looks up or down
    by more than 45 degrees is beyond it.
    """
    step = max(1, -(-max(valid.shape) // SIDE))
    chosen = normals[step // 2 :: step, step // 2 :: step].astype(float)
    chosen = chosen[valid[step // 2 :: step, step // 2 :: step] & np.isfinite(chosen).all(axis=-1)]
    if len(chosen) < FEWEST:
        return None
    up, _, _ = search(chosen, np.ones(len(chosen)))
    return None if too_steep(up) else up


def too_steep(up: Float[np.ndarray, " 3"]) -> bool:
    """Whether the camera looks up or down so far that walls and floors may be mixed up."""
    return bool(up @ CAMERA_UP < np.cos(np.radians(STEEPEST)))


def search(
    normals: Float[np.ndarray, "n 3"], weight: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, "2 3"], Float[np.ndarray, " 2"]]:
    """Up, two axes across it, and how strongly the normals hold it along each, as a share of all of them."""
    up, total = CAMERA_UP, weight.sum()
    values, vectors = np.zeros(3), np.eye(3)
    for degrees, rounds, held in LIMITS:
        for _ in range(rounds):
            lean = np.abs(normals @ up)
            level, standing = lean > np.cos(np.radians(degrees)), lean < np.sin(np.radians(degrees))
            signed = weight * (standing.astype(float) - level) / total
            matrix = (normals * signed[:, None]).T @ normals - held * np.outer(CAMERA_UP, CAMERA_UP)
            values, vectors = np.linalg.eigh(matrix)
            up = vectors[:, 0] * np.sign(vectors[:, 0] @ CAMERA_UP or 1.0)
    return up, vectors[:, 1:].T, values[1:] - values[0]
