"""Priors as the reference 3D Gaussian Splatting reads them: inverse depth with scale and offset, and points3D.ply.

Facts, from the reference implementation's ``scene/dataset_readers.py``, ``scene/cameras.py`` and
``utils/camera_utils.py``: inverse depth is value / 65536 · scale + offset of a 16-bit PNG in the folder ``--depths``,
which is named as the picture; scale and offset are in ``sparse/0/depth_params.json`` by the picture's name without
ending; a picture whose scale is not between a fifth and five times the median of all is not used; every pixel counts,
there is no mask for depth; pictures have to be free of lens distortion, and the principal point is taken to be in the
middle.
``sparse/0/points3D.ply`` is the initial cloud, in COLMAP's world.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.priors.colmap_files import write_model
from theodolite.apps.priors.maps_files import write_grey16
from theodolite.apps.priors.scene import Finished, Range, Scene
from theodolite.apps.priors.view_priors import ViewPriors
from theodolite.apps.view_readers.colmap import is_made
from theodolite.apps.views import View
from theodolite.errors import DatasetError, OutputError
from theodolite.geometry.pointcloud import PointCloud
from theodolite.inference.files.ply import write_cloud
from theodolite.weights.atomic import writing

DEPTHS, MODEL, CLOUD, KEPT, PARAMETERS = (
    "prior_inverse_depths",
    Path("sparse") / "0",
    "points3D.ply",
    "points3D.original.ply",
    "depth_params.json",
)
STEPS = 65536  # the trainer divides by this, whatever the largest value is
_OURS = b"theodolite: unit and axes of the poses"


class SplattingFiles:
    """Writes them for `train.py -d prior_inverse_depths`."""

    def __init__(self) -> None:
        self._parameters: dict[str, dict[str, float]] = {}

    def check(self, scene: Scene) -> list[Path]:
        bent = next((view for view in scene.views if view.camera.distortion is not None), None)
        if bent is not None:
            raise DatasetError(
                f"{bent.image} has lens distortion, and Gaussian Splatting reads pinhole pictures only. Undistort the "
                "reconstruction first (colmap image_undistorter), or make priors for nerfstudio."
            )
        model = scene.out / MODEL
        if _has_model(model) and not is_made(model) and not (scene.form == "colmap" and scene.in_place):
            raise OutputError(
                f"{model} holds a COLMAP model that these poses are not from, and Gaussian Splatting reads that one. "
                "Give another folder by --out."
            )
        return [scene.out / DEPTHS, model / PARAMETERS]

    def write(self, scene: Scene, priors: ViewPriors, extent: Range) -> None:
        # One scale for all: a picture whose scale is unlike the others' is not used. And 16 bits reach the nearest.
        scale = 1 / extent.nearest
        depth = priors.picture_depth()
        # Unknown is the sky, or beyond the network's range: infinitely far. Every pixel counts, none can be left out.
        inverse = np.where(np.isfinite(depth), 1 / np.where(np.isfinite(depth), depth, 1), 0)
        name = self._name(scene, priors.view)
        write_grey16(scene.out / DEPTHS / f"{name}.png", inverse / scale * STEPS)
        self._parameters[name] = {"scale": float(scale), "offset": 0.0}

    def finish(self, scene: Scene, cloud: PointCloud | None) -> Finished:
        folder = scene.out / MODEL
        notes = [
            "Gaussian Splatting takes the principal point to be in the middle of the picture.",
        ] * _off_centre(scene)
        if scene.skipped and scene.form == "colmap":
            notes.append(
                f"{scene.skipped} pictures were left out and have no depth, and the trainer stops at those that its "
                "model has: take them out of it, or mend them and make priors again."
            )
        self._give_up_others(scene)
        if not _has_model(folder) or is_made(folder):
            write_model(folder, [(view, self._picture(scene, view)) for view in scene.views])
            notes += _place_pictures(scene)
        with writing(folder / PARAMETERS) as temporary:
            temporary.write_text(json.dumps(self._parameters, indent=1) + "\n", "utf-8")
        if cloud is not None and len(cloud):
            _write_cloud(folder, cloud)
        command = f"python train.py -s {scene.out} -d {DEPTHS}"
        return Finished((folder / PARAMETERS, folder / CLOUD, scene.out / DEPTHS), tuple(notes), command)

    def _give_up_others(self, scene: Scene) -> None:
        """The trainer stops at a picture without inverse depth; one of scale 0 it leaves out of the depth loss."""
        for view in scene.views:
            name = self._name(scene, view)
            if name not in self._parameters:
                camera = view.camera.camera
                write_grey16(scene.out / DEPTHS / f"{name}.png", np.zeros((camera.height, camera.width)))
                self._parameters[name] = {"scale": 0.0, "offset": 0.0}

    def _picture(self, scene: Scene, view: View) -> str:
        """As the model names it."""
        if scene.form == "colmap":
            return view.name
        return f"{scene.name(view).as_posix()}{view.image.suffix}"

    def _name(self, scene: Scene, view: View) -> str:
        """The trainer cuts off what follows the last dot."""
        return self._picture(scene, view).rpartition(".")[0]


def _has_model(folder: Path) -> bool:
    return any(all((folder / f"{name}{end}").is_file() for name in ("cameras", "images")) for end in (".bin", ".txt"))


def _off_centre(scene: Scene) -> int:
    """1 where a principal point is more than a hundredth of the picture's width from its middle."""
    cameras = [view.camera.camera for view in scene.views]
    away = [np.hypot(c.cx - (c.width - 1) / 2, c.cy - (c.height - 1) / 2) / c.width for c in cameras]
    return int(max(away) > 0.01)


def _write_cloud(folder: Path, cloud: PointCloud) -> None:
    """As points3D.ply; one that is not ours is kept beside it."""
    path = folder / CLOUD
    if path.is_file():
        with path.open("rb") as file:
            ours = _OURS in file.read(200)
        if not ours:
            with writing(folder / KEPT) as temporary:
                shutil.copyfile(path, temporary)
    with writing(path) as temporary, temporary.open("wb") as file:
        write_cloud(cloud, file, "theodolite: unit and axes of the poses")


def _place_pictures(scene: Scene) -> list[str]:
    """OUT/images, which the trainer looks in: a link to the pictures, where links can be made."""
    wanted: Any = scene.out / "images"
    if wanted.exists():
        return [] if wanted.resolve() == scene.pictures else [f"Give the trainer the pictures: -i {scene.pictures}"]
    try:
        wanted.symlink_to(scene.pictures, target_is_directory=True)
    except OSError:
        return [f"Give the trainer the pictures: -i {scene.pictures}"]
    return []
