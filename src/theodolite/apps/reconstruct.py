"""Pictures with poses into one mesh: depth of each view, its scale found, fused, and the surface taken out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from theodolite.apps.depth_sources import DepthSource, Maps, measured, predicted
from theodolite.apps.depth_view import Grid
from theodolite.apps.frame_scale import Pictures, Samples, Scale, by_model, by_points, spread_points
from theodolite.apps.grid_choice import choose_grid
from theodolite.apps.pose_scale import PoseScale, pose_scale
from theodolite.apps.small_pictures import SmallPictures
from theodolite.apps.surface import Surface, extract_surface
from theodolite.apps.tsdf import Volume
from theodolite.apps.views import View, Views
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.inference.predictor import Predictor
from theodolite.types import Float

# Views looked at before the first is fused, for the scene's depth and the scale of its poses.
_LOOKED_AT = 8
# Frames whose factor's median a view without evidence of its own gets.
_MEMORY = 9


@dataclass(frozen=True)
class Settings:
    """What is asked for.

    Args:
        voxel, farthest, truncation: metres; None chooses by the scene's depth, see `grid_choice`.
        align: find a factor for each predicted view; never done to measured depth.
        pose_scale: metres for each unit of the poses; None: 1 for metric poses, else found.
        every: take every so many views.
        most_megabytes: memory for voxels.
        least_views: leave out surface that fewer views saw.
    """

    voxel: float | None = None
    farthest: float | None = None
    truncation: float | None = None
    align: bool = True
    pose_scale: float | None = None
    every: int = 1
    most_megabytes: float = 2000.0
    least_views: int = 1


@dataclass(frozen=True)
class Fused:
    """What became of one view.

    Args:
        scale: None of a view that could not be used.
        error: why not.
    """

    name: str
    scale: Scale | None = None
    error: str = ""


@dataclass
class Reconstruction:
    """A scene while it is fused. Make one with `start`, go through `frames`, take `surface`."""

    views: tuple[View, ...]
    volume: Volume
    source: DepthSource
    settings: Settings
    unit: PoseScale
    aligned: bool
    skipped: tuple[str, ...] = ()
    done: list[Fused] = field(default_factory=list)

    @property
    def grid(self) -> Grid:
        return self.volume.grid

    @property
    def fused(self) -> int:
        """Views in the volume."""
        return sum(frame.scale is not None for frame in self.done)

    def frames(self) -> Iterator[Fused]:
        """Fuse one view after the other; one that cannot be used is told, and the rest are done."""
        pictures = Pictures(SmallPictures(self.views), np.stack([view.world_from_camera for view in self.views]))
        for number, view in enumerate(self.views):
            try:
                maps = self.source(view)
                scale = self._scale(number, maps, pictures) if self.aligned else Scale(1.0, "none")
                self.volume.integrate(maps.placed(view.world_from_camera, scale.factor))
                self.done.append(Fused(view.name, scale))
            except TheodoliteError as error:
                self.done.append(Fused(view.name, error=str(error)))
            yield self.done[-1]

    def surface(self, least_faces: int = 0) -> Surface:
        """The mesh of all that is fused so far, in the axes of the poses, metres. Raises: MissingExtra."""
        return extract_surface(self.volume, self.settings.least_views, least_faces)

    def _scale(self, number: int, maps: Maps, pictures: Pictures) -> Scale:
        view, usual = self.views[number], self._usual()
        found = by_points(maps.depth, maps.camera, view.world_from_camera, view.points)
        if found is not None:
            return Scale(found, "points")
        picture = pictures.small[number]
        if picture is not None:
            found = pictures.factor(number, Samples.of(maps.depth, maps.camera, picture), usual)
        if found is not None:
            return Scale(found, "pictures")
        found = by_model(self.volume, spread_points(maps.depth, maps.camera), view.world_from_camera, usual)
        return Scale(usual, "none") if found is None else Scale(found, "model")

    def _usual(self) -> float:
        """The median of the last factors that were found."""
        last = [frame.scale.factor for frame in self.done if frame.scale and frame.scale.by != "none"][-_MEMORY:]
        return float(np.exp(np.median(np.log(last)))) if last else 1.0

    def facts(self) -> dict[str, Any]:
        """What was done, in plain values."""
        factors = [frame.scale.factor for frame in self.done if frame.scale]
        return {
            "views": {"fused": self.fused, "failed": len(self.done) - self.fused, "skipped": len(self.skipped)},
            "depth": {"aligned": self.aligned, "median_factor": float(np.median(factors)) if factors else None},
            "poses": {"metres_per_unit": self.unit.metres, "by": self.unit.by, "spread": self.unit.spread},
            "grid": {
                "voxel": self.grid.voxel,
                "farthest": self.grid.farthest,
                "truncation": self.grid.truncation,
                "truncation_growth": self.grid.growth,
            },
            "memory_megabytes": round(self.volume.megabytes, 1),
            "blocks_without_room": self.volume.refused,
            "frames": [
                {"name": frame.name}
                | ({"factor": frame.scale.factor, "by": frame.scale.by} if frame.scale else {"error": frame.error})
                for frame in self.done
            ],
            "left_out": list(self.skipped),
        }


def start(views: Views, predictor: Predictor | None = None, settings: Settings | None = None) -> Reconstruction:
    """Everything ready to fuse.

    Args:
        predictor: the network; None takes the depth that a sensor measured.
    Raises: DatasetError, when there is no measured depth, or the scale of the poses cannot be found.
    """
    settings = settings or Settings()
    chosen = views.views[:: settings.every]
    if predictor is None and not any(view.read_depth for view in chosen):
        raise DatasetError("No view has measured depth; leave --depth sensor out, and depth is predicted.")
    source: DepthSource = measured if predictor is None else predicted(predictor)
    looked_at = _look(chosen, source)
    unit = _unit(views, chosen, looked_at, settings, predictor is not None)
    chosen = tuple(_metric(view, unit.metres) for view in chosen)
    grid = choose_grid(
        [maps for _, maps in looked_at],
        "sensor" if predictor is None else "model",
        settings.voxel,
        settings.farthest,
        settings.truncation,
        settings.most_megabytes,
    )
    aligned = settings.align and predictor is not None
    return Reconstruction(chosen, Volume(grid), source, settings, unit, aligned, views.skipped)


def _look(views: tuple[View, ...], source: DepthSource) -> list[tuple[int, Maps]]:
    """Some views, evenly spread. Raises: the first reason, when none of them can be used."""
    found: list[tuple[int, Maps]] = []
    reasons: list[TheodoliteError] = []
    for number in np.unique(np.linspace(0, len(views) - 1, min(_LOOKED_AT, len(views))).round().astype(int)):
        try:
            found.append((int(number), source(views[number])))
        except TheodoliteError as error:
            reasons.append(error)
    if not found and reasons:
        raise reasons[0]
    return found


def _unit(
    views: Views, chosen: tuple[View, ...], looked_at: list[tuple[int, Maps]], settings: Settings, predicts: bool
) -> PoseScale:
    if settings.pose_scale is not None:
        return PoseScale(settings.pose_scale, "given")
    # Measured depth of a reconstruction that is known up to scale is in its unit, whatever that is.
    return pose_scale(chosen, looked_at) if predicts and not views.metric else PoseScale(1.0, "poses")


def _metric(view: View, metres: float) -> View:
    pose: Float[np.ndarray, "4 4"] = view.world_from_camera.copy()
    pose[:3, 3] *= metres
    return replace(view, world_from_camera=pose, points=None if view.points is None else view.points * metres)
