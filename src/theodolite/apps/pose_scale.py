"""How many metres the unit of a reconstruction's poses is, from what a network says of some of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.apps.depth_sources import Maps
from theodolite.apps.frame_scale import Pictures, Samples, by_points
from theodolite.apps.scale_search import search
from theodolite.apps.small_pictures import SmallPictures
from theodolite.apps.views import View
from theodolite.errors import DatasetError
from theodolite.geometry.align import DEVIATIONS
from theodolite.types import Float

# Pictures next to each other are this share of the depth apart, between 0.005 and 0.6 of it.
_STEP, _REACH = 0.055, 11.0
_COARSE = 0.04  # steps of the search, in logarithm: the views' disagreement is larger
_BESIDE = (-4, -2, -1, 1, 2, 4)
_LEAST = 3


@dataclass(frozen=True)
class PoseScale:
    """Metres for each unit of the poses.

    Args:
        by: "given", "poses" (they are metric), "points" of the sparse reconstruction, or "pictures".
        spread: deviation of the logarithm among the views it is the median of: the network's own disagreement.
    """

    metres: float
    by: str
    views: int = 0
    spread: float = 0.0


def pose_scale(views: Sequence[View], looked_at: Sequence[tuple[int, Maps]]) -> PoseScale:
    """The median over views of predicted depth over the poses' own, at sparse points or else by parallax.

    Args:
        looked_at: some of the views, by number, with their predictions.
    Raises: DatasetError, when too few views tell.
    """
    units = [by_points(maps.depth, maps.camera, views[n].world_from_camera, views[n].points) for n, maps in looked_at]
    by = "points"
    if sum(unit is not None for unit in units) < min(_LEAST, len(looked_at)):
        by, units = "pictures", _by_pictures(views, looked_at)
    found = -np.log([unit for unit in units if unit is not None])
    if len(found) < min(_LEAST, len(looked_at)):
        raise DatasetError(
            f"The poses are known up to scale only, and just {len(found)} of {len(looked_at)} pictures looked at tell "
            "it: too little parallax or texture. Give the metres for each unit of the poses with --pose-scale."
        )
    middle = float(np.median(found))
    return PoseScale(float(np.exp(middle)), by, len(found), float(DEVIATIONS * np.median(np.abs(found - middle))))


def _by_pictures(views: Sequence[View], looked_at: Sequence[tuple[int, Maps]]) -> list[float | None]:
    """Units for each predicted metre, by the factor that makes neighbours see the same."""
    small = SmallPictures(tuple(views))
    poses = np.stack([view.world_from_camera for view in views])
    pictures = Pictures(small, poses)
    found: list[float | None] = []
    for number, maps in looked_at:
        picture = small[number]
        beside = [number + step for step in _BESIDE if 0 <= number + step < len(views)]
        chosen = [other for other in beside if small[other] is not None]
        step = _median_step(poses, number, chosen)
        if picture is None or not chosen or step == 0:
            found.append(None)
            continue
        samples = Samples.of(maps.depth, maps.camera, picture)
        if not len(samples.points):
            found.append(None)
            continue
        units = step / (_STEP * float(np.median(samples.points[:, 2])))
        best = search(lambda f, n=number, s=samples, c=chosen: pictures.cost(n, s, c, f), units, _REACH, _COARSE)  # type: ignore[misc]
        found.append(None if best is None else best.factor)
    return found


def _median_step(poses: Float[np.ndarray, "n 4 4"], number: int, others: Sequence[int]) -> float:
    """How far apart neighbours are, in the poses' unit, for one step of their number."""
    if not others:
        return 0.0
    away = np.linalg.norm(poses[list(others), :3, 3] - poses[number, :3, 3], axis=1)
    return float(np.median(away / np.abs(np.array(others) - number)))
