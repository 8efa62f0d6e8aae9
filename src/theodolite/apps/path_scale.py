"""How many metres the unit of a camera's path is, all along it, by what a network says of its pictures.

For the paths of monocular SLAM, which are known up to a scale that drifts, and for reconstructions as COLMAP makes
them. In each of many pictures, points with a place in the path's world, those of the reconstruction or corners followed
to neighbouring pictures, are compared with the depth that is predicted there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from theodolite.apps.frame_scale import LEAST_POINTS, by_points
from theodolite.apps.frames import MAX_SIDE, Frame
from theodolite.apps.predicted_depth import DepthOf
from theodolite.apps.slow_scale import KNOTS, SlowScale, slow_scale
from theodolite.apps.triangulation import triangulated
from theodolite.apps.view_readers.opening import open_photo
from theodolite.apps.views import View
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.types import Float

PICTURES = 100  # looked at, spread over the path
LEAST = 3  # of them have to tell
# Neighbours to each side whose pictures corners are followed through, until there is enough parallax.
_REACHES = (2, 5, 10)
_WANTED = 40  # points


@dataclass(frozen=True)
class ViewFactor:
    """What one picture tells.

    Args:
        number, time: of the view.
        log_factor: logarithm of the metres for each unit; NaN when it does not tell.
        by: "points" of the reconstruction, "tracks", or "" and the reason.
    """

    number: int
    time: float
    log_factor: float
    by: str
    reason: str = ""


def view_factors(
    views: Sequence[View], depth: DepthOf, pictures: int = PICTURES, max_side: int = MAX_SIDE
) -> Iterator[ViewFactor]:
    """The factor of each of so many views, spread evenly.

    Args:
        depth: metres, predicted or measured.
    """

    @lru_cache(maxsize=2 * _REACHES[-1] + 2)
    def frame(number: int) -> Frame:
        view = views[number]
        photo = open_photo(view, max_side)
        return Frame(number, view.time, view.name, photo.image, photo.camera, photo.notes)

    count = min(pictures, len(views))
    for number in np.unique(np.linspace(0, len(views) - 1, count).round().astype(int)).tolist():
        try:
            yield _view_factor(views, number, frame, depth)
        except TheodoliteError as error:
            yield ViewFactor(number, views[number].time, float("nan"), "", str(error))


def path_scale(found: Sequence[ViewFactor], most: int = KNOTS[-1]) -> SlowScale:
    """The scale along the path, over the views' times.

    Args:
        most: corners of its curve; 1 gives one scale for all.
    Raises: DatasetError, when too few pictures tell.
    """
    told = [each for each in found if np.isfinite(each.log_factor)]
    if len(told) < LEAST:
        why = next((each.reason for each in found if each.reason), "")
        raise DatasetError(
            f"Just {len(told)} of {len(found)} pictures tell the scale, {LEAST} are needed: there is too little "
            f"parallax or texture, or the poses are not of these pictures. {why}".rstrip()
        )
    return slow_scale(np.array([each.time for each in told]), np.array([each.log_factor for each in told]), most)


def _view_factor(views: Sequence[View], number: int, frame: Callable[[int], Frame], depth: DepthOf) -> ViewFactor:
    view, shown = views[number], frame(number)
    predicted, pose = depth(shown), view.world_from_camera
    by = "points"
    units = by_points(predicted, shown.camera, pose, view.points)
    if units is None:
        by = "tracks"
        units = by_points(predicted, shown.camera, pose, _tracked(views, number, frame))
    if units is None:
        reason = f"{view.name}: fewer than {LEAST_POINTS} points have both a place and a predicted depth."
        return ViewFactor(number, view.time, float("nan"), "", reason)
    return ViewFactor(number, view.time, float(-np.log(units)), by)


def _tracked(views: Sequence[View], number: int, frame: Callable[[int], Frame]) -> Float[np.ndarray, "m 3"]:
    points = np.empty((0, 3))
    for reach in _REACHES:
        beside = range(max(number - reach, 0), min(number + reach + 1, len(views)))
        poses = np.stack([views[other].world_from_camera for other in beside])
        points = triangulated([frame(other) for other in beside], poses, number - beside.start)
        if len(points) >= _WANTED:
            break
    return points
