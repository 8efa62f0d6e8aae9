"""Hypersim: photorealistic renders of 457 interiors made by artists, with exact distance and normals.

From https://github.com/apple/ml-hypersim, CC BY-SA 3.0.

    ai_001_001/images/scene_cam_00_final_preview/frame.0000.tonemap.jpg              1024x768
    ai_001_001/images/scene_cam_00_geometry_hdf5/frame.0000.depth_meters.hdf5        metres along the ray, not along z
    ai_001_001/images/scene_cam_00_geometry_hdf5/frame.0000.normal_cam.hdf5          x right, y up, z backward
    metadata_camera_parameters.csv        of the repository, contrib/mikeroberts3000: projection of every scene
    metadata_images_split_scene_v1.csv    of the repository, evermotion_dataset/analysis: only "train" is taken

`source` is the folder of the scenes; the two tables are looked for in it and may be absent. Without the split every
frame is taken. Without the cameras all scenes get the nominal one, 60 degrees wide (886.81 px) with its axis in the
middle, and `extra` says so. That is wrong for the scenes, some two in five, whose artist shifted or tilted the lens:
put the table there.

Such a camera is a pinhole still, only turned against the one that the files' axes belong to. Distance along the ray
does not mind, so depth is exact along the axis of the turned camera. Normals would have to be turned, too, and no
convention says by how much: they are left out in scenes turned by more than `NORMALS_WITHIN`. Left out as well: HDR
colour (the authors advise against learning from previews; Metric3D did), reflectance, segmentation, poses.

Source: README of the repository and of contrib/mikeroberts3000, issues 9, 24 and 26 (normals may face away, be zero or
not of unit length). Verified on the published table: ai_001_001 gives 886.81, 886.81, 511.5, 383.5.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import intrinsics, need, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import CameraError, DatasetError

_CAMERAS, SPLIT = "metadata_camera_parameters.csv", "metadata_images_split_scene_v1.csv"
_DISTANCE = DepthEncoding("hdf5", key="dataset", measures="ray")
_RANGE = (0.01, 1000.0)
# Degrees; half the error of normals stored in 8 bits.
NORMALS_WITHIN = 0.1
# Scene, trajectory and frame, as folders and files are named.
FrameName = tuple[str, str, str]


@dataclass(frozen=True)
class SceneCamera:
    """A scene's pinhole camera, and by how many degrees it is turned against the axes of the scene's normals."""

    camera: Camera
    turned: float = 0.0
    note: str = ""


_NOMINAL = SceneCamera(Camera.from_fov(60, 1024, 768), note="nominal; no metadata_camera_parameters.csv")


def records(source: Path, out: Path) -> Iterator[Record]:
    """The training frames. Raises: DatasetError."""
    split = source / SPLIT
    return frames(source, read_split(split, "train") if split.is_file() else None)


def frames(source: Path, wanted: Set[FrameName] | None) -> Iterator[Record]:
    """The frames wanted, or every one. Raises: DatasetError."""
    scenes = need((path for path in source.glob("ai_*_*") if path.is_dir()), source, "ai_VVV_NNN")
    cameras = read_cameras(source / _CAMERAS) if (source / _CAMERAS).is_file() else None
    for scene in scenes:
        found = _NOMINAL if cameras is None else cameras.get(scene.name)
        if found is None:
            continue
        for image in sorted(scene.glob("images/scene_cam_*_final_preview/frame.*.tonemap.jpg")):
            _, trajectory, frame = name = frame_name(image)
            if wanted is None or name in wanted:
                geometry = image.parent.with_name(f"scene_{trajectory}_geometry_hdf5")
                yield _record(image, geometry / frame, scene.name, found)


def frame_name(image: Path) -> FrameName:
    """Of a frame's preview, by where it lies."""
    trajectory = image.parent.name.removeprefix("scene_").removesuffix("_final_preview")
    return image.parents[2].name, trajectory, image.name.removesuffix(".tonemap.jpg")


def _record(image: Path, frame: Path, scene: str, found: SceneCamera) -> Record:
    straight = found.turned <= NORMALS_WITHIN
    return Record(
        image=image,
        camera=intrinsics(found.camera),
        size=(found.camera.width, found.camera.height),
        kind=LabelKind.SYNTHETIC,
        depth=frame.with_name(f"{frame.name}.depth_meters.hdf5"),
        depth_encoding=_DISTANCE,
        normals=frame.with_name(f"{frame.name}.normal_cam.hdf5") if straight else None,
        normal_convention="hypersim" if straight else None,
        range=_RANGE,
        domain="hypersim",
        extra={"scene": scene} | ({"camera": found.note} if found.note else {}),
    )


def read_cameras(path: Path) -> dict[str, SceneCamera]:
    """Cameras by scene, from the authors' table; scenes are absent whose pixels are not upright rectangles.

    Raises: DatasetError, naming file and scene.
    """
    cameras = {}
    for row in csv.DictReader(io.StringIO(read_text(path))):
        try:
            size = int(float(row["settings_output_img_width"])), int(float(row["settings_output_img_height"]))
            matrix = [[float(row[f"M_cam_from_uv_{i}{j}"]) for j in range(3)] for i in range(3)]
            found = scene_camera(np.array(matrix), *size)
        except (KeyError, TypeError, ValueError, np.linalg.LinAlgError) as error:
            raise DatasetError(
                f"{path}: no camera of scene {row.get('scene_name')!r} can be read ({error!r})."
            ) from error
        except CameraError:  # skew
            continue
        cameras[row["scene_name"]] = found
    return cameras


def scene_camera(rays_from_uv: np.ndarray, width: int, height: int) -> SceneCamera:
    """The pinhole camera of the table's M_cam_from_uv.

    Args:
        rays_from_uv: rays, x right, y up, z backward, of (u, v, 1); u goes from -1 to 1 rightward, v upward.
    Raises: CameraError, when pixels are skewed.
    """
    uv_from_pixel = np.array([[2 / width, 0, 1 / width - 1], [0, -2 / height, 1 - 1 / height], [0, 0, 1]])
    rays = np.diag([1.0, -1.0, -1.0]) @ rays_from_uv @ uv_from_pixel
    # rays = turn @ K^-1, up to scale: an orthogonal matrix times a triangular one.
    turn, inverse = np.linalg.qr(rays)
    signs = np.sign(np.diag(inverse))
    turn, inverse = turn * signs, signs[:, None] * inverse
    K = np.linalg.inv(inverse / inverse[2, 2])
    cosine = np.clip((np.trace(turn) - 1) / 2, -1, 1)
    return SceneCamera(Camera.from_K(K, width, height), math.degrees(math.acos(cosine)))


def read_split(path: Path, part: str) -> set[FrameName]:
    """The frames of a part of the authors' split: "train", "val" or "test". Raises: DatasetError."""
    rows = csv.DictReader(io.StringIO(read_text(path)))
    try:
        return {
            (row["scene_name"], row["camera_name"], f"frame.{int(row['frame_id']):04d}")
            for row in rows
            if row["split_partition_name"] == part
        }
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path}: not the table of Hypersim's split ({error!r}).") from error
