"""Priors as nerfstudio and dn-splatter read them: transforms.json with depth, masks and an initial cloud; normals.

Facts, from nerfstudio's ``nerfstudio_dataparser.py``, ``data_utils.py`` and ``depth_dataset.py``: depth is z-depth
(``is_euclidean_depth`` is False in depth-nerfacto), in thousandths of the unit of the poses, 0 is left out of the loss;
all frames have ``depth_file_path``, or none; a lower resolution is read from ``depths_2/NAME``; a cloud is in the world
of the poses; depth and cloud, unlike the poses, are taken times ``applied_scale`` again. From dn-splatter's
``normal_nerfstudio.py`` and ``dn_dataset.py``: normals are ``normals_from_pretrain/NAME.png`` in OpenGL's camera axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.priors.cloud import shrunk
from theodolite.apps.priors.maps_files import (
    PNG_FARTHEST,
    PNG_NEAREST,
    read_mask,
    write_depth,
    write_mask,
    write_normals_opengl,
)
from theodolite.apps.priors.nerfstudio_frames import frame_of, lens_of, own_frame, renamed_lists, shared_of
from theodolite.apps.priors.own_folder import own_folder
from theodolite.apps.priors.scene import Finished, Range, Scene
from theodolite.apps.priors.transforms_file import MARK, NAME, write_transforms
from theodolite.apps.priors.view_priors import ViewPriors
from theodolite.apps.view_readers.source import natural
from theodolite.errors import DatasetError
from theodolite.geometry.pointcloud import PointCloud
from theodolite.inference.files.ply import write_cloud
from theodolite.weights.atomic import writing

DEPTHS, MASKS, COMBINED, NORMALS, CLOUD = (
    "prior_depths",
    "prior_masks",
    "prior_combined_masks",
    "normals_from_pretrain",
    "prior_points.ply",
)
# Folders of smaller pictures that nerfstudio takes on its own when pictures are large.
_REDUCED = (2, 4, 8)


class NerfstudioFiles:
    """Writes them for `ns-train`.

    Args:
        normals: also those that dn-splatter reads.
    """

    def __init__(self, normals: bool = False) -> None:
        self._normals = normals
        self._frames: dict[str, dict[str, Any]] = {}
        self._written: set[Path] = set()

    def check(self, scene: Scene) -> list[Path]:
        models = {lens_of(view)[0] for view in scene.views}
        if scene.transforms is None and len(models) > 1:
            raise DatasetError(
                f"{scene.root}: pictures with and without a fisheye lens, and nerfstudio takes one model for all. "
                "Undistort them first, for example with COLMAP's image_undistorter."
            )
        if self._normals and len({scene.name(view).name for view in scene.views}) < len(scene.views):
            raise DatasetError(
                f"{scene.pictures}: dn-splatter tells normals apart by the name of their picture, and several pictures "
                "have the same in different folders. Rename them, or make priors for nerfstudio only."
            )
        made = [scene.out / name for name in (DEPTHS, MASKS, CLOUD)]
        return made + ([scene.out / NORMALS] if self._normals else [])

    def write(self, scene: Scene, priors: ViewPriors, extent: Range) -> None:
        trusted = priors.picture_trusted()
        depth = priors.picture_depth()
        if not scene.settings.keep_untrusted:
            depth = np.where(trusted, depth, np.float32(np.nan))
        ending = _ending(scene.settings.depth_format, extent)
        entry = {
            "depth_file_path": f"{DEPTHS}/{priors.name.as_posix()}{ending}",
            "confidence_mask_path": f"{MASKS}/{priors.name.as_posix()}.png",
        }
        write_depth(scene.out / entry["depth_file_path"], depth)
        write_mask(scene.out / entry["confidence_mask_path"], trusted)
        own = own_frame(scene, priors.view)
        if scene.settings.use_masks:
            entry["mask_path"], trusted = _combined_mask(scene, priors, own, trusted)
        elif "mask_path" in own:
            entry["mask_path"] = scene.relative(scene.root / str(own["mask_path"]))
        if scene.in_place:
            _write_reduced(scene, priors, depth, trusted if scene.settings.use_masks else None, ending)
        if self._normals:
            path = own_folder(scene.out / NORMALS) / f"{priors.name.name}.png"
            write_normals_opengl(path, priors.grid.normals(priors.maps))
            self._written.add(path)
        self._frames[priors.view.name] = frame_of(scene, priors.view, own) | entry

    def finish(self, scene: Scene, cloud: PointCloud | None) -> Finished:
        content = shared_of(scene)
        notes = []
        if content.pop("applied_scale", 1.0) != 1.0:
            notes.append(
                "applied_scale was taken out of transforms.json: nerfstudio takes depth and cloud times it once more."
            )
        if cloud is not None and len(cloud):
            with writing(scene.out / CLOUD) as temporary, temporary.open("wb") as file:
                write_cloud(cloud, file, "theodolite: unit and axes of the poses")
            content["ply_file_path"] = CLOUD
        elif "ply_file_path" in content:
            content["ply_file_path"] = scene.relative(scene.root / str(content["ply_file_path"]))
        left = len(scene.views) - len(self._frames)
        if left:
            notes.append(
                f"{left} pictures without priors were left out of {NAME}: nerfstudio takes all with depth or none."
            )
        frames = [self._frames[view.name] for view in scene.views if view.name in self._frames]
        names = [str(frame["file_path"]) for frame in frames]
        content |= renamed_lists(content, {name: str(frame["file_path"]) for name, frame in self._frames.items()})
        if self._normals and sorted(names) != sorted(names, key=lambda name: natural(Path(name))):
            notes.append(
                "Pictures are numbered without leading zeros: dn-splatter orders normals by number and pictures by "
                "letter, and mixes them up. Rename the pictures first."
            )
        content |= {MARK: {"unit": "of the poses", "depth": "along z, value / 1000, 0 = unknown"}, "frames": frames}
        if self._normals:
            # dn-splatter counts the files of this folder: those of an earlier run would shift the rest.
            for old in set((scene.out / NORMALS).glob("*.png")) - self._written:
                old.unlink()
        path = write_transforms(scene.out, content)
        command = f"ns-train depth-nerfacto --data {scene.out}"
        if self._normals:
            command = (
                "ns-train dn-splatter --pipeline.model.use-depth-loss True --pipeline.model.use-normal-loss True "
                f"--pipeline.model.normal-supervision mono normal-nerfstudio --data {scene.out} --normal-format opengl"
            )
        return Finished((path, scene.out / DEPTHS, scene.out / MASKS), tuple(notes), command)


def _write_reduced(scene: Scene, priors: ViewPriors, depth: np.ndarray, mask: np.ndarray | None, ending: str) -> None:
    """Where smaller pictures lie beside the pictures: nerfstudio looks for depth of that size, without folders."""
    for factor in _REDUCED:
        if (scene.root / f"images_{factor}").is_dir():
            folder = own_folder(scene.out / f"depths_{factor}")
            write_depth(folder / f"{priors.name.name}{ending}", shrunk(depth, factor))
            if mask is not None:
                write_mask(own_folder(scene.out / f"masks_{factor}") / f"{priors.name.name}.png", shrunk(mask, factor))


def _ending(asked: str, extent: Range) -> str:
    if asked != "auto":
        return f".{asked}"
    return ".png" if extent.nearest >= PNG_NEAREST and extent.farthest <= PNG_FARTHEST else ".npy"


def _combined_mask(
    scene: Scene, priors: ViewPriors, own: Mapping[str, Any], trusted: np.ndarray
) -> tuple[str, np.ndarray]:
    """A mask of trusted pixels, less those that the user's own mask takes out, and its path."""
    path = f"{MASKS}/{priors.name.as_posix()}.png"
    if "mask_path" not in own:
        return path, trusted
    mask = read_mask(scene.root / str(own["mask_path"]))
    if mask is None or mask.shape != trusted.shape:
        raise DatasetError(f"{own['mask_path']}: the mask of {priors.view.name} cannot be read, or is of another size.")
    path = f"{COMBINED}/{priors.name.as_posix()}.png"
    write_mask(scene.out / path, mask & trusted)
    return path, mask & trusted
