"""An initial cloud for Gaussian splatting: aligned depth of all views, where other views that look there confirm it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from theodolite.apps.priors.thinning import Thinned
from theodolite.apps.view_readers.opening import open_photo
from theodolite.apps.views import View
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, transform_normals, transform_points
from theodolite.geometry.unproject import in_view, project, unproject
from theodolite.types import Bool, Float, UInt8

SIDE = 400  # px along the longer side, of the maps that points are taken from and compared with
_CONFIRMED = 0.06  # relative difference of depth up to which another view sees the same
_NEIGHBOURS = 6
_MEMORY = 48  # views
_TURNED = np.cos(np.radians(70))  # views that look elsewhere confirm nothing
_APART = 0.01  # of the depth; views from one place err alike
_SPARE = 3  # points looked at for each one wanted


@dataclass(frozen=True, eq=False)
class SmallView:
    """One view at `SIDE`, depth in the unit of the poses.

    Args:
        depth: of trusted pixels; NaN elsewhere.
        anywhere: the same at all pixels with depth, to compare with.
    """

    depth: Float[np.ndarray, "h w"]
    anywhere: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"]
    confidence: Float[np.ndarray, "h w"]
    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera
    world_from_camera: Float[np.ndarray, "4 4"]


SmallOf = Callable[[int], SmallView]


def shrunk(values: np.ndarray, step: int) -> np.ndarray:
    """Every `step`-th pixel, beginning in the middle of the first."""
    return values[step // 2 :: step, step // 2 :: step]


def shrunk_camera(camera: Camera, step: int) -> Camera:
    """Of maps that were `shrunk`."""
    first = step // 2
    return Camera(
        camera.fx / step,
        camera.fy / step,
        (camera.cx - first) / step,
        (camera.cy - first) / step,
        len(range(first, camera.width, step)),
        len(range(first, camera.height, step)),
    )


def picture_at(view: View, camera: Camera, step: int, max_side: int) -> UInt8[np.ndarray, "h w 3"]:
    """Colours of `shrunk` maps."""
    photo = open_photo(view, max_side)
    assert photo.image.shape[:2] == (camera.height, camera.width)  # maps were made of this very picture
    return shrunk(photo.image, step)


def fuse(numbers: Sequence[int], poses: Float[np.ndarray, "n 4 4"], small: SmallOf, most: int) -> Iterator[Thinned]:
    """The cloud so far, after each view. Take `cloud()` of the last.

    Args:
        numbers: of views that have depth; `poses` are theirs.
        most: points.
    """
    cached = lru_cache(maxsize=_MEMORY)(small)
    thinned: Thinned | None = None
    each = max(200, _SPARE * most // max(len(numbers), 1))
    for at, number in enumerate(numbers):
        view = cached(number)
        middle = float(np.nanmedian(view.depth)) if np.isfinite(view.depth).any() else float("nan")
        if not np.isfinite(middle):
            continue
        if thinned is None:
            # Two pixels wide at the usual depth; it grows where that is too fine.
            thinned = Thinned(2 * middle / view.camera.focal, most, poses[:, :3, 3].mean(axis=0))
        beside = [cached(numbers[other]) for other in _neighbours(at, poses, middle)]
        _add(thinned, view, beside, each)
        yield thinned


def _add(thinned: Thinned, view: SmallView, beside: Sequence[SmallView], most: int) -> None:
    v, u = np.nonzero(np.isfinite(view.depth))
    every = max(1, int(np.ceil(len(v) / most)))
    v, u = v[::every], u[::every]
    points = unproject(view.depth, view.camera)[v, u].astype(float)
    points = transform_points(view.world_from_camera, points)
    kept = confirmed(points, beside)
    normals = transform_normals(view.world_from_camera, np.nan_to_num(view.normals[v, u].astype(float)))
    weights = np.clip(np.nan_to_num(view.confidence[v, u]), 0.05, 1).astype(float) / view.depth[v, u] ** 2
    thinned.add(points[kept], normals[kept], view.image[v, u][kept], weights[kept])


def confirmed(points: Float[np.ndarray, "n 3"], beside: Sequence[SmallView]) -> Bool[np.ndarray, " n"]:
    """Points that another view sees at the same depth, and no fewer than look through; and those nobody else looks at.

    A view that sees something nearer counts neither way: the point may be hidden from it.
    """
    agree, through = np.zeros(len(points), int), np.zeros(len(points), int)
    looked = np.zeros(len(points), bool)
    for view in beside:
        local = transform_points(inverse(view.world_from_camera), points)
        uv = project(local, view.camera)
        inside = in_view(uv, view.camera)
        u, v = np.rint(np.where(inside[:, None], uv, 0)).astype(int).T
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.log(local[:, 2] / view.anywhere[v, u])
        known = inside & np.isfinite(error)
        agree += known & (np.abs(error) <= _CONFIRMED)
        through += known & (error < -_CONFIRMED)
        looked |= known
    return (agree > 0) & (agree >= through) | ~looked


def _neighbours(at: int, poses: Float[np.ndarray, "n 4 4"], depth: float) -> list[int]:
    """The nearest views that are somewhat apart and look about the same way."""
    away = np.linalg.norm(poses[:, :3, 3] - poses[at, :3, 3], axis=1)
    same = poses[:, :3, 2] @ poses[at, :3, 2] > _TURNED
    usable = np.flatnonzero(same & (away > _APART * depth))
    usable = usable[np.argsort(away[usable], kind="stable")]
    # Near ones are in memory; each second of them, as views in a row err alike.
    return [int(other) for other in usable[: 2 * _NEIGHBOURS : 2]]
