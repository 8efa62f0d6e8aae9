"""The rigid motion, with or without a change of scale, that brings points nearest to others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.types import Float


@dataclass(frozen=True, eq=False)
class Similarity:
    """x goes to scale · rotation · x + translation."""

    scale: float
    rotation: Float[np.ndarray, "3 3"]
    translation: Float[np.ndarray, " 3"]

    def points(self, points: Float[np.ndarray, "*any 3"]) -> Float[np.ndarray, "*any 3"]:
        return self.scale * points @ self.rotation.T + self.translation

    def poses(self, world_from_camera: Float[np.ndarray, "*any 4 4"]) -> Float[np.ndarray, "*any 4 4"]:
        """Poses in the other world; they stay rigid, as only places are scaled."""
        moved = np.array(world_from_camera, dtype=float)
        moved[..., :3, :3] = self.rotation @ moved[..., :3, :3]
        moved[..., :3, 3] = self.points(moved[..., :3, 3])
        return moved


def similarity_between(
    points: Float[np.ndarray, "n 3"], wanted: Float[np.ndarray, "n 3"], with_scale: bool = True
) -> Similarity:
    """The similarity of least squared distance between points and those wanted, one by one; never a mirror image.

    Points on a line leave the turn about it open: any is then returned.

    Args:
        with_scale: False keeps scale 1.
    Raises: ValueError, for fewer than two points, or, with scale, points that are all in one place.
    Source: Umeyama, Least-Squares Estimation of Transformation Parameters Between Two Point Patterns, PAMI 13(4), 1991.
    """
    if len(points) != len(wanted) or len(points) < 2:
        raise ValueError(f"An alignment needs two or more pairs of points, got {len(points)} and {len(wanted)}.")
    middle, goal = points.mean(0), wanted.mean(0)
    spread, spread_wanted = points - middle, wanted - goal
    left, sizes, right = np.linalg.svd(spread_wanted.T @ spread / len(points))
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left * signs @ right
    scale = 1.0
    if with_scale:
        variance = float(np.square(spread).sum() / len(points))
        if variance == 0:
            raise ValueError("Points that are all in one place have no scale.")
        scale = float((sizes * signs).sum() / variance)
    return Similarity(scale, rotation, goal - scale * rotation @ middle)
