"""Priors as sdfstudio reads them: a folder of its own with pictures, depth and normals as arrays, meta_data.json.

Facts, from sdfstudio's ``sdfstudio_dataparser.py``: ``mono_normal_path`` is (3, h, w), (n + 1) / 2 of normals that
``camtoworld``, whose axes are OpenCV's, takes to the world; ``mono_depth_path`` and ``sensor_depth_path`` are (h, w);
all pictures are of one size, without lens distortion. The scene lies in the box from -1 to 1; ``worldtogt`` leads back
to the world of the poses. That depth is along z is inferred from its being given to depth networks, not verified.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.priors.maps_files import write_array, write_mask
from theodolite.apps.priors.scene import Finished, Range, Scene
from theodolite.apps.priors.view_priors import ViewPriors
from theodolite.apps.view_readers.opening import open_photo
from theodolite.errors import DatasetError
from theodolite.geometry.pointcloud import PointCloud
from theodolite.types import Float
from theodolite.weights.atomic import writing

FOLDER = "sdfstudio"
_ROOM = 0.9  # share of the box that the scene fills


class SdfstudioFiles:
    """Writes them for `ns-train METHOD sdfstudio-data --include-mono-prior True`."""

    def __init__(self) -> None:
        self._frames: list[dict[str, Any]] = []
        self._size = 0, 0
        self._reach = 0.0, 0.0
        self._box = np.zeros(3), 1.0

    def check(self, scene: Scene) -> list[Path]:
        sizes = {(view.camera.camera.width, view.camera.camera.height) for view in scene.views}
        if len(sizes) > 1:
            told = ", ".join(f"{width}x{height}" for width, height in sorted(sizes)[:3])
            raise DatasetError(f"{scene.root}: sdfstudio takes pictures of one size only, found {told} px.")
        return [scene.out / FOLDER]

    def write(self, scene: Scene, priors: ViewPriors, extent: Range) -> None:
        from PIL import Image

        self._box = middle, scale = box(scene, extent)
        folder, stem = scene.out / FOLDER, f"{priors.number:06}"
        names = {
            "rgb_path": f"{stem}_rgb.png",
            "mono_depth_path": f"{stem}_depth.npy",
            "mono_normal_path": f"{stem}_normal.npy",
            "sensor_depth_path": f"{stem}_sensor_depth.npy",
            "confidence_mask_path": f"{stem}_mask.png",
        }
        with writing(folder / names["rgb_path"]) as temporary:
            picture = open_photo(priors.view, scene.settings.max_side).image
            Image.fromarray(picture).save(temporary, format="PNG")
        depth = np.nan_to_num(priors.depth * np.float32(scale))
        write_array(folder / names["mono_depth_path"], depth)
        write_array(folder / names["sensor_depth_path"], np.where(priors.trusted, depth, np.float32(0)))
        write_array(folder / names["mono_normal_path"], encoded(priors.maps.normals))
        write_mask(folder / names["confidence_mask_path"], priors.trusted)
        self._frames.append(names | _geometry(priors, middle, scale))
        self._size = priors.maps.camera.width, priors.maps.camera.height
        self._reach = 0.2 * extent.nearest * scale, 1.2 * extent.farthest * scale

    def finish(self, scene: Scene, cloud: PointCloud | None) -> Finished:
        middle, scale = self._box
        back = np.diag([1 / scale, 1 / scale, 1 / scale, 1.0])
        back[:3, 3] = middle
        near, far = self._reach
        width, height = self._size
        content = {
            "camera_model": "OPENCV",
            "height": height,
            "width": width,
            "has_mono_prior": True,
            "has_sensor_depth": True,
            "has_foreground_mask": False,
            "has_sparse_sfm_points": False,
            "pairs": None,
            "worldtogt": back.tolist(),
            "scene_box": {
                "aabb": [[-1, -1, -1], [1, 1, 1]],
                "near": near,
                "far": far,
                "radius": 1.0,
                "collider_type": "near_far",
            },
            "frames": self._frames,
        }
        path = scene.out / FOLDER / "meta_data.json"
        with writing(path) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        command = f"ns-train neus-facto sdfstudio-data --data {path.parent} --include-mono-prior True"
        return Finished((path,), (), command)


def box(scene: Scene, extent: Range) -> tuple[Float[np.ndarray, " 3"], float]:
    """Middle and factor that put cameras, and what they see to four times the usual depth, into the box."""
    poses = np.stack([view.world_from_camera for view in scene.views])
    seen = poses[:, :3, 3] + poses[:, :3, 2] * min(extent.farthest, 4 * extent.median)
    places = np.vstack([poses[:, :3, 3], seen])
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    return middle, _ROOM / float(np.abs(places - middle).max())


def encoded(normals: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "3 h w"]:
    """(n + 1) / 2, channels first. Unknown ones face the camera: sdfstudio knows no unknown normal."""
    known = np.isfinite(normals).all(-1, keepdims=True)
    filled = np.where(known, normals, np.array([0, 0, -1], np.float32))
    return np.moveaxis((filled + 1) / 2, -1, 0).astype(np.float32)


def _geometry(priors: ViewPriors, middle: Float[np.ndarray, " 3"], scale: float) -> dict[str, Any]:
    pose = priors.view.world_from_camera.copy()
    pose[:3, 3] = (pose[:3, 3] - middle) * scale
    matrix = np.eye(4)
    matrix[:3, :3] = priors.maps.camera.K
    matrix[:2, 2] += 0.5  # the middle of the first pixel is (0.5, 0.5) there
    return {"camtoworld": pose.tolist(), "intrinsics": matrix.tolist()}
