"""Which way is up in a photo, with its uncertainty: the search of `geometry.levelling`, over parts drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.geometry.levelling import CAMERA_UP, FEWEST, SIDE, search, too_steep
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

# Share of all normals below which the picture does not tell a direction.
TOLD = 0.08
# Degrees, standard deviations: of a camera held level by hand; of what normals have in common; of a direction given.
HELD, LEAST, GIVEN = 10.0, 2.0, 0.5
# Blocks of the picture, across and down, and how often they are resampled.
BLOCKS, RESAMPLED = 6, 40


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
    normals = prediction.normals_or_depths()
    normals = normals[step // 2 :: step, step // 2 :: step].astype(float)
    known = prediction.valid[step // 2 :: step, step // 2 :: step] & np.isfinite(normals).all(-1)
    if known.sum() < FEWEST:
        return _own_up()
    row, column = np.nonzero(known)
    height, width = known.shape
    blocks = row * BLOCKS // height * BLOCKS + column * BLOCKS // width
    chosen = normals[known]
    up, axes, told = search(chosen, np.ones(len(chosen)))
    if too_steep(up):
        return _own_up()
    rng, present = np.random.default_rng(seed), np.unique(blocks)
    off = []
    for _ in range(RESAMPLED):
        counts = np.bincount(rng.choice(present, len(present)), minlength=BLOCKS * BLOCKS)
        off.append(axes @ search(chosen, counts[blocks].astype(float))[0])
    sigma = np.hypot(np.degrees(np.std(off, axis=0)), np.where(told > TOLD, LEAST, HELD))
    detail = (
        "normals of floors and walls" if (told > TOLD).all() else "a level camera, in part: normals tell too little"
    )
    return Vertical(up, np.radians(np.minimum(sigma, 45))[:, None] * axes, detail)


def _own_up() -> Vertical:
    tilts = np.radians(HELD) * across(CAMERA_UP)
    return Vertical(CAMERA_UP, tilts, "the camera's own up, as normals do not tell it")


def across(up: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "2 3"]:
    """Two unit vectors square to it and to each other."""
    first = np.cross(up, np.eye(3)[np.abs(up).argmin()])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(up, first)])
