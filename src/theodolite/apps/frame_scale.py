"""By which factor the predicted depth of one view has to be taken, for it to agree with what else is known.

A network's metres are off by a few per cent, and by others in each picture: as they are, walls come out double. What
poses add is parallax. With the right factor the points of one picture fall, in the others, onto the same texture; or
onto the triangulated points of a sparse reconstruction; or onto the surfaces that are fused already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.apps.scale_search import search
from theodolite.apps.small_pictures import SmallPicture, SmallPictures
from theodolite.apps.tsdf import Volume
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import in_view, project, unproject
from theodolite.types import Bool, Float

LEAST_POINTS = 15  # of a sparse reconstruction, in one view
_SAMPLES = 4000  # points of a view that are compared
_NEIGHBOURS = 4
_LOOKED_AT = 24  # views around, of which the best are taken
_TESTED = 1.1  # a factor that neighbours have to tell from 1 ...
_PARALLAX = (0.7, 12.0)  # ... by a shift of so many pixels of a small picture: more, and they look from elsewhere
_BEST = 4.0
_OVERLAP = 0.5
_DIFFERENT = 1.0  # local deviations: more is another thing, however much
_LEAST_DROP = 0.02  # of the photometric cost
_TEXTURE = 0.35
_ONLY = 1.6  # the factor is searched so far each way


@dataclass(frozen=True)
class Scale:
    """A view's factor.

    Args:
        factor: depth = factor · predicted depth.
        by: "points", "pictures", "model", or "none": then it is the usual one of the views before.
    """

    factor: float
    by: str


@dataclass(frozen=True, eq=False)
class Samples:
    """Points spread over a view, in its camera's coordinates, and the pixels of its small picture they are seen at."""

    points: Float[np.ndarray, "n 3"]
    values: Float[np.ndarray, " n"]

    @classmethod
    def of(cls, depth: Float[np.ndarray, "h w"], camera: Camera, picture: SmallPicture) -> Samples:
        """Where depth is known and the picture has texture."""
        step = max(1, int(np.sqrt(picture.values.size / _SAMPLES / 4)))
        values = picture.values[::step, ::step]
        small = picture.camera
        v, u = np.mgrid[0 : small.height : step, 0 : small.width : step]
        row = np.clip(np.rint((v + 0.5) * camera.height / small.height - 0.5), 0, camera.height - 1).astype(int)
        column = np.clip(np.rint((u + 0.5) * camera.width / small.width - 0.5), 0, camera.width - 1).astype(int)
        z = depth[row, column]
        points = np.stack([(u - small.cx) / small.fx * z, (v - small.cy) / small.fy * z, z], axis=-1)
        kept = np.isfinite(z) & (np.abs(values) > _TEXTURE)
        points, values = points[kept].astype(float), values[kept]
        every = max(1, len(points) // _SAMPLES)
        return cls(points[::every], values[::every])


def by_points(
    depth: Float[np.ndarray, "h w"],
    camera: Camera,
    world_from_camera: Float[np.ndarray, "4 4"],
    points: Float[np.ndarray, "n 3"] | None,
) -> float | None:
    """The median of triangulated depth over predicted depth, in logarithm; None with too few points.

    Args:
        points: world, metres.
    """
    if points is None:
        return None
    seen = transform_points(inverse(world_from_camera), points)
    uv = project(seen, camera)
    inside = in_view(uv, camera)
    u, v = np.rint(uv[inside]).astype(int).T
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.log(seen[inside, 2] / depth[v, u])
    ratio = ratio[np.isfinite(ratio)]
    return float(np.exp(np.median(ratio))) if len(ratio) >= LEAST_POINTS else None


@dataclass(frozen=True, eq=False)
class Pictures:
    """Views whose parallax tells scales.

    Args:
        poses: world_from_camera of all views, metres.
    """

    small: SmallPictures
    poses: Float[np.ndarray, "n 4 4"]

    def factor(self, number: int, samples: Samples, middle: float = 1.0) -> float | None:
        """Of a view, from its neighbours; None where they tell nothing, as where the camera stands still."""
        chosen = self.neighbours(number, samples, middle)
        if not chosen:
            return None
        found = search(lambda factor: self.cost(number, samples, chosen, factor), middle, _ONLY)
        return None if found is None or found.drop < _LEAST_DROP else found.factor

    def neighbours(self, number: int, samples: Samples, middle: float) -> list[int]:
        """Views that see the same from places well apart."""
        away = np.linalg.norm(self.poses[:, :3, 3] - self.poses[number, :3, 3], axis=1)
        near = [int(other) for other in np.argsort(away)[: _LOOKED_AT + 1] if other != number]
        # Those next in time as well: among many views from one place, the nearest are too near.
        near += [
            n for n in range(number - _LOOKED_AT, number + _LOOKED_AT + 1, 3) if 0 <= n < len(away) and n != number
        ]
        rated = []
        for other in dict.fromkeys(near):
            shift, overlap = self._parallax(number, other, samples, middle)
            if overlap >= _OVERLAP and _PARALLAX[0] <= shift <= _PARALLAX[1]:
                rated.append((abs(np.log(shift / _BEST)), other))
        return [other for _, other in sorted(rated)[:_NEIGHBOURS]]

    def _parallax(self, number: int, other: int, samples: Samples, middle: float) -> tuple[float, float]:
        picture = self.small[other]
        if picture is None or not len(samples.points):
            return 0.0, 0.0
        points = samples.points[::8]
        uv, moved = (
            self._seen(number, other, points * factor, picture.camera) for factor in (middle, middle * _TESTED)
        )
        inside = np.isfinite(picture.at(uv)) & np.isfinite(picture.at(moved))
        if not inside.any():
            return 0.0, 0.0
        return float(np.median(np.linalg.norm(moved - uv, axis=1)[inside])), float(inside.mean())

    def cost(self, number: int, samples: Samples, chosen: Sequence[int], factor: float) -> float:
        """How differently the neighbours see the points, from 0 to `_DIFFERENT`; NaN where they do not see them."""
        costs = []
        for other in chosen:
            picture = self.small[other]
            assert picture is not None
            uv = self._seen(number, other, samples.points * factor, picture.camera)
            values = picture.at(uv)
            seen = np.isfinite(values)
            if seen.mean() > _OVERLAP / 2:
                costs.append(np.minimum(np.abs(values[seen] - samples.values[seen]), _DIFFERENT).mean())
        return float(np.mean(costs)) if costs else float("nan")

    def _seen(self, number: int, other: int, points: np.ndarray, camera: Camera) -> Float[np.ndarray, "n 2"]:
        return project(transform_points(inverse(self.poses[other]) @ self.poses[number], points), camera)


def by_model(
    volume: Volume, samples: Float[np.ndarray, "n 3"], world_from_camera: Float[np.ndarray, "4 4"], middle: float
) -> float | None:
    """The factor that brings points nearest to the surfaces fused so far; None where there are too few.

    Args:
        samples: camera coordinates, predicted metres.
    """
    limit = volume.grid.truncation
    ever: Bool[np.ndarray, " n"] = np.zeros(len(samples), bool)

    def distances(factor: float) -> np.ndarray:
        return np.abs(volume.distances(transform_points(world_from_camera, samples * factor)))

    for factor in middle * np.exp(np.linspace(-0.2, 0.2, 9)):
        ever |= distances(float(factor)) < limit
    if ever.mean() < 0.2 or ever.sum() < 200:
        return None
    samples = samples[ever]

    def cost(factor: float) -> float:
        return float(np.minimum(np.where(np.isnan(d := distances(factor)), limit, d), limit).mean() / limit)

    found = search(cost, middle, _ONLY)
    return None if found is None or found.drop < 0.1 else found.factor


def spread_points(depth: Float[np.ndarray, "h w"], camera: Camera) -> Float[np.ndarray, "n 3"]:
    """Some thousand points of a view, camera coordinates."""
    step = max(1, int(np.sqrt(depth.size / _SAMPLES)))
    points = unproject(depth, camera)[::step, ::step].reshape(-1, 3)
    return points[np.isfinite(points).all(axis=1)].astype(float)
