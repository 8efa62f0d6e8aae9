"""Which way is up in a photo: the direction that floors and table tops face, and that walls stand along.

Source: S. Gupta, P. Arbelaez, J. Malik, Perceptual Organization and Recognition of Indoor Scenes from RGB-D Images,
CVPR 2013, sec. 3.1: from the camera's own up, take normals close to it and normals square to it, find the direction
that agrees best with both, and repeat with a narrower limit. It departs from that in adding a weak belief in a level
camera, which decides what the picture does not tell (a single wall says nothing about roll), and in an uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.inference.prediction import Prediction
from theodolite.types import Float

CAMERA_UP = np.array([0.0, -1.0, 0.0])
# Limits in degrees, rounds with each, and the weight of the level camera beside all normals: at first it has to keep
# a wall that fills the picture from being taken for the floor.
LIMITS = ((45.0, 5, 0.2), (15.0, 5, 0.02))
# Share of all normals below which the picture does not tell a direction.
TOLD = 0.08
# Degrees between up and the camera's own beyond which walls and floors are mixed up.
STEEPEST = 50.0
# Degrees, standard deviations: of a camera held level by hand; of what normals have in common; of a direction given.
HELD, LEAST, GIVEN = 10.0, 2.0, 0.5
# Normals looked at along the longer side; blocks of the picture, across and down, that are resampled.
SIDE, BLOCKS, RESAMPLED = 128, 6, 40


@dataclass(frozen=True, eq=False)
class Vertical:
    """Up, in camera coordinates.

    Args:
        up: unit.
        tilts: by one standard deviation of two independent tilts, both across `up`, radians.
        detail: how it was found, in words for people.
    """

    up: Float[np.ndarray, " 3"]
    tilts: Float[np.ndarray, "2 3"]
    detail: str

    @classmethod
    def given(cls, up: Float[np.ndarray, " 3"], degrees: float = GIVEN) -> Vertical:
        """A direction known from elsewhere, camera coordinates, and its uncertainty in each direction across it."""
        up = np.asarray(up, dtype=float)
        if up.shape != (3,) or not np.isfinite(up).all() or not np.linalg.norm(up) > 0:
            raise ValueError(f"Up is a direction x, y, z in camera coordinates, got {up.tolist()}.")
        up = up / np.linalg.norm(up)
        return cls(up, np.radians(degrees) * across(up), "given")

    @property
    def degrees(self) -> float:
        """The larger of the two standard deviations."""
        return float(np.degrees(np.linalg.norm(self.tilts, axis=-1).max()))


def level_camera(degrees: float = 2.0) -> Vertical:
    """Up of a camera that was held level, give or take so many degrees."""
    return Vertical(CAMERA_UP, np.radians(degrees) * across(CAMERA_UP), "a level camera")


def find_vertical(prediction: Prediction, seed: int = 0) -> Vertical:
    """From the prediction's normals; where they do not tell, up is the camera's own, ten degrees uncertain.

    A camera that looks up or down by more than 45 degrees is beyond it.

    Args:
        seed: of the random choices.
    """
    step = max(1, -(-max(prediction.size) // SIDE))
    normals = prediction.normals if prediction.normals is not None else prediction.normals_from_depth()
    normals = normals[step // 2 :: step, step // 2 :: step].astype(float)
    known = prediction.valid[step // 2 :: step, step // 2 :: step] & np.isfinite(normals).all(-1)
    if known.sum() < 50:
        return _own_up()
    row, column = np.nonzero(known)
    height, width = known.shape
    blocks = row * BLOCKS // height * BLOCKS + column * BLOCKS // width
    chosen = normals[known]
    up, axes, told = _search(chosen, np.ones(len(chosen)))
    if up @ CAMERA_UP < np.cos(np.radians(STEEPEST)):
        return _own_up()
    rng, present = np.random.default_rng(seed), np.unique(blocks)
    off = []
    for _ in range(RESAMPLED):
        counts = np.bincount(rng.choice(present, len(present)), minlength=BLOCKS * BLOCKS)
        off.append(axes @ _search(chosen, counts[blocks].astype(float))[0])
    sigma = np.hypot(np.degrees(np.std(off, axis=0)), np.where(told > TOLD, LEAST, HELD))
    detail = (
        "normals of floors and walls" if (told > TOLD).all() else "a level camera, in part: normals tell too little"
    )
    return Vertical(up, np.radians(np.minimum(sigma, 45))[:, None] * axes, detail)


def _own_up() -> Vertical:
    tilts = np.radians(HELD) * across(CAMERA_UP)
    return Vertical(CAMERA_UP, tilts, "the camera's own up, as normals do not tell it")


def _search(
    normals: Float[np.ndarray, "n 3"], weight: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, "2 3"], Float[np.ndarray, " 2"]]:
    """Up, two axes across it, and how strongly the picture holds it along each, as a share of all normals."""
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


def across(up: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "2 3"]:
    """Two unit vectors square to it and to each other."""
    first = np.cross(up, np.eye(3)[np.abs(up).argmin()])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(up, first)])
