"""Alignments of all views: each by its own points, else by parallax, else as the others are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.apps import depth_sources
from theodolite.apps.frame_scale import Pictures, Samples
from theodolite.apps.pose_scale import pose_scale
from theodolite.apps.priors.alignment import Aligned, Pairs, align
from theodolite.apps.priors.predictions import Maps
from theodolite.apps.priors.settings import Settings
from theodolite.apps.small_pictures import SmallPictures
from theodolite.apps.views import View
from theodolite.errors import DatasetError
from theodolite.geometry.align import DEVIATIONS, Alignment

_LOOKED_AT = 8
# A view whose depth would be taken so much more or less than that of the others was fitted to wrong points.
_ODD = np.log(2.5)
_USUAL = 5  # views that say what is usual
# Parallax of a few views errs more than networks do: so many views have to tell, and those far from the usual do not.
_TELLING, _NEAR = 3, np.log(1.3)

Load = Callable[[int], Maps]


@dataclass(frozen=True)
class Alignments:
    """Of the views by number.

    Args:
        units: of the poses for each predicted metre, the median of the views.
        spread: deviation of its logarithm among the views that tell it; NaN where fewer than two do.
    """

    each: dict[int, Aligned]
    units: float
    spread: float


def align_all(
    views: Sequence[View], numbers: Sequence[int], load: Load, metric: bool, settings: Settings
) -> Alignments:
    """The alignment of each view that has a prediction.

    Args:
        numbers: of views with a prediction.
        metric: the unit of the poses is the metre.
    Raises: DatasetError, when nothing tells the scale.
    """
    if settings.align == "none":
        return _unaligned(numbers, metric, settings)
    pairs = {number: _pairs(views[number], load(number)) for number in numbers}
    found, told = _by_points(pairs, load, settings.align)
    middle = float(np.median(list(told.values()))) if told else float("nan")
    missing = [number for number in numbers if number not in found]
    if missing:
        start = middle if told else float(np.log(_units_of_poses(views, numbers, load, metric, settings)))
        seen = _by_parallax(views, missing, load, start)
        every = [*told.values(), *seen.values()]
        middle = float(np.median(every)) if len(every) >= _TELLING else start
        near = {number: units for number, units in seen.items() if abs(units - middle) < _NEAR}
        for number in missing:
            scale = Alignment("scale_invariant", float(np.exp(near.get(number, middle))))
            found[number] = Aligned(scale, "pictures" if number in near else "set", len(pairs[number]))
        told |= near
    logs = np.array(list(told.values()))
    spread = float(DEVIATIONS * np.median(np.abs(logs - middle))) if len(logs) > 1 else float("nan")
    return Alignments({number: found[number] for number in numbers}, float(np.exp(middle)), spread)


def _pairs(view: View, maps: Maps) -> Pairs:
    return Pairs.of(maps.depth, maps.camera, view.world_from_camera, view.points)


def _by_points(pairs: dict[int, Pairs], load: Load, how: str) -> tuple[dict[int, Aligned], dict[int, float]]:
    """Alignments of the views that have enough points, but for odd ones, and the logarithms of their units."""
    found: dict[int, Aligned] = {}
    told: dict[int, float] = {}
    for number, own in pairs.items():
        for kind in (how, "scale"):  # a shift that turns depth negative somewhere is left out
            aligned = align(own, kind)
            units = None if aligned is None else _units(aligned, load(number))
            if aligned is not None and units is not None:
                found[number], told[number] = aligned, units
                break
    if len(told) >= _USUAL:
        middle = float(np.median(list(told.values())))
        for number in [number for number, units in told.items() if abs(units - middle) >= _ODD]:
            del found[number], told[number]
    return found, told


def _unaligned(numbers: Sequence[int], metric: bool, settings: Settings) -> Alignments:
    units = 1.0 if settings.pose_scale is None else 1 / settings.pose_scale
    if not metric and settings.pose_scale is None:
        raise DatasetError(
            "The poses are known up to scale only, and depth that is not aligned would be in metres, another unit. "
            "Give the metres for each unit of the poses with --pose-scale, or leave --align none out."
        )
    kind = Alignment("metric") if units == 1 else Alignment("scale_invariant", units)
    return Alignments(dict.fromkeys(numbers, Aligned(kind, "none")), units, float("nan"))


def _units(aligned: Aligned, maps: Maps) -> float | None:
    """Logarithm of the units for each predicted metre, over the whole view; None where depth turns negative."""
    depth = maps.depth[::4, ::4]
    depth = depth[np.isfinite(depth)]
    after = aligned.alignment.apply(depth)
    if not len(depth) or not (after > 0).mean() > 0.99:
        return None
    return float(np.median(np.log(after[after > 0])) - np.median(np.log(depth)))


def _units_of_poses(
    views: Sequence[View], numbers: Sequence[int], load: Load, metric: bool, settings: Settings
) -> float:
    if settings.pose_scale is not None:
        return 1 / settings.pose_scale
    if metric:
        return 1.0
    chosen = np.unique(np.linspace(0, len(numbers) - 1, min(_LOOKED_AT, len(numbers))).round().astype(int))
    looked_at = [(numbers[at], _plain(load(numbers[at]))) for at in chosen]
    return 1 / pose_scale(views, looked_at).metres


def _by_parallax(views: Sequence[View], numbers: Sequence[int], load: Load, middle: float) -> dict[int, float]:
    """Logarithms of the units for each predicted metre of views whose neighbours tell, see `frame_scale`.

    Args:
        middle: of the usual ones, about which they are looked for.
    """
    pictures = Pictures(SmallPictures(tuple(views)), np.stack([view.world_from_camera for view in views]))
    found = {}
    for number in numbers:
        picture, maps = pictures.small[number], load(number)
        if picture is None:
            continue
        depth = np.where(maps.edges, np.float32(np.nan), maps.depth)
        units = pictures.factor(number, Samples.of(depth, maps.camera, picture), float(np.exp(middle)))
        if units is not None:
            found[number] = float(np.log(units))
    return found


def _plain(maps: Maps) -> depth_sources.Maps:
    """In the form that `pose_scale` takes; it looks at depth and camera only."""
    depth = np.where(maps.edges, np.float32(np.nan), maps.depth)
    blank = np.zeros((*depth.shape, 3), np.uint8)
    return depth_sources.Maps(depth, maps.normals, maps.confidence, blank, maps.camera)
