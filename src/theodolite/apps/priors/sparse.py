"""Sparse points that each view sees, wherever a folder keeps them: COLMAP's tracks, a cloud, measured depth.

nerfstudio's scenes hold both at best: COLMAP's model in ``colmap/sparse/0``, in COLMAP's own world, which
``applied_transform`` and ``applied_scale`` take to that of the poses; and ``sparse_pc.ply``, in the world of the poses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.view_readers import read_views
from theodolite.apps.view_readers.opening import measured_depth
from theodolite.apps.views import View, Views
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import in_view, project, unproject
from theodolite.types import Float

_CLOUDS = ("sparse_pc.ply", "points3D.ply", "points3d.ply")
_CELLS = 32  # along the longer side; in each, points much behind the nearest are taken to be hidden
_BEHIND = 1.1
_SAMPLES = 2000  # points of a measured depth map
_AGREE = 0.02  # of the path's extent: poses of both files have to be the same


@dataclass(frozen=True)
class Sparse:
    """Views with the points they see.

    Args:
        source: where the points are from, in words; "" without any.
    """

    views: tuple[View, ...]
    source: str


def with_sparse_points(views: Views, root: Path, transforms: Mapping[str, Any] | None) -> Sparse:
    """Points from the views' own reconstruction, a COLMAP model beside the poses, a cloud, or measured depth.

    The first there is.

    Args:
        transforms: content of the folder's transforms.json, where it is nerfstudio's.
    """
    if any(view.points is not None for view in views.views):
        return Sparse(views.views, "COLMAP's tracks")
    if transforms is None:
        return _measured(views.views)
    tracked = _tracked(views.views, root, transforms)
    if tracked is not None:
        return Sparse(tracked, "COLMAP's tracks in colmap/sparse/0")
    named = transforms.get("ply_file_path")
    for name in ([str(named)] if named else []) + list(_CLOUDS):
        if (root / name).is_file():
            cloud = read_cloud(root / name)
            return Sparse(tuple(replace(view, points=seen(cloud, view)) for view in views.views), name)
    return _measured(views.views)


def _measured(views: tuple[View, ...]) -> Sparse:
    """Points of measured depth, in the unit of the poses, where views have it."""
    if not any(view.read_depth is not None for view in views):
        return Sparse(views, "")
    return Sparse(tuple(replace(view, points=_sampled(view)) for view in views), "measured depth")


def _sampled(view: View) -> Float[np.ndarray, "n 3"] | None:
    """Pixels of a grid; None where depth is missing or damaged."""
    camera = view.camera.camera
    try:
        depth = measured_depth(view, camera)
    except DatasetError:
        return None
    if depth is None:
        return None
    step = max(1, int(np.sqrt(depth.size / _SAMPLES)))
    local = unproject(depth, camera)[step // 2 :: step, step // 2 :: step].reshape(-1, 3)
    return transform_points(view.world_from_camera, local[np.isfinite(local).all(axis=1)].astype(float))


def read_cloud(path: Path) -> Float[np.ndarray, "n 3"]:
    """The vertices of any PLY file. Raises: DatasetError."""
    import trimesh

    try:
        loaded: Any = trimesh.load(path, process=False)
        points = np.array(loaded.vertices, dtype=float)
    except Exception as error:  # parsers fail in every way there is
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DatasetError(f"{path} cannot be read as a point cloud: {reason}.") from error
    return points[np.isfinite(points).all(axis=1)]


def seen(cloud: Float[np.ndarray, "n 3"], view: View) -> Float[np.ndarray, "m 3"] | None:
    """Points in view that are not far behind others; None without any.

    A cloud does not say who sees what. Some points that a wall hides stay, between the points of that wall.
    """
    camera = view.camera.camera
    local = transform_points(inverse(view.world_from_camera), cloud)
    uv = project(local, camera)
    inside = in_view(uv, camera)
    if not inside.any():
        return None
    z, side = local[inside, 2], max(camera.width, camera.height) / _CELLS
    column, row = ((uv[inside] + 0.5) / side).astype(int).T
    cell = row * (_CELLS + 1) + column
    nearest = np.full(int(cell.max()) + 1, np.inf)
    np.minimum.at(nearest, cell, z)
    return cloud[inside][z <= _BEHIND * nearest[cell]]


def _tracked(views: tuple[View, ...], root: Path, transforms: Mapping[str, Any]) -> tuple[View, ...] | None:
    """Views with their tracks, if a COLMAP model is there and its poses are these; None else."""
    folder = root / "colmap" / "sparse" / "0"
    if not folder.is_dir():
        return None
    try:
        model = read_views(folder, views[0].image.parent)
    except TheodoliteError:
        return None  # for the pictures were renamed, or the model is not there; a cloud may be
    change = world_change(transforms)
    named = {Path(view.name).name: view for view in model.views}
    both = [(view, named[view.image.name]) for view in views if view.image.name in named]
    if change is None or not both:
        return None
    here = np.stack([view.world_from_camera[:3, 3] for view, _ in both])
    there = np.stack([other.world_from_camera[:3, 3] for _, other in both]) @ change[:3, :3].T + change[:3, 3]
    if np.abs(here - there).max() > _AGREE * max(float(np.ptp(here, axis=0).max()), 1e-9):
        return None
    moved = {
        view.name: None if other.points is None else other.points @ change[:3, :3].T + change[:3, 3]
        for view, other in both
    }
    return tuple(replace(view, points=moved.get(view.name)) for view in views)


def world_change(transforms: Mapping[str, Any]) -> Float[np.ndarray, "4 4"] | None:
    """From COLMAP's world to that of transforms.json; None where it is no matrix."""
    try:
        rows = np.array(transforms.get("applied_transform", np.eye(4)), dtype=float)[:3, :4]
        scale = float(transforms.get("applied_scale", 1.0))
    except (TypeError, ValueError, IndexError):
        return None
    if rows.shape != (3, 4) or not np.isfinite(rows).all():
        return None
    return np.vstack([scale * rows, [0, 0, 0, 1]])
