"""Entries of nerfstudio's transforms.json: the user's own, completed, or made from a view.

Cameras look along -z, y up; the middle of the first pixel is (0.5, 0.5). Source: docs.nerf.studio, "Data conventions".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from theodolite.apps.priors.scene import Scene
from theodolite.apps.views import View
from theodolite.camera.distortion import Fisheye, RadialTangential
from theodolite.errors import DatasetError
from theodolite.geometry.pointcloud import VIEWER_FROM_CAMERA

_LISTS = ("train_filenames", "val_filenames", "test_filenames")
_LENS = ("k1", "k2", "k3", "k4", "p1", "p2")


def own_frame(scene: Scene, view: View) -> Mapping[str, Any]:
    """The user's own entry of a view; empty without."""
    frames = scene.transforms["frames"] if scene.transforms is not None else []
    return next((frame for frame in frames if frame.get("file_path") == view.name), {})


def frame_of(scene: Scene, view: View, own: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own entry, with what nerfstudio misses in it, or one made from the view; paths as `out` sees them."""
    path = {"file_path": scene.relative(view.image)}
    camera = view.camera.camera
    intrinsics = {
        "fl_x": camera.fx,
        "fl_y": camera.fy,
        "cx": camera.cx + 0.5,
        "cy": camera.cy + 0.5,
        "w": camera.width,
        "h": camera.height,
    }
    if own:
        given = {} if scene.transforms is None else scene.transforms
        # Blender's files give an angle only, others no size: nerfstudio wants each of these.
        return {key: value for key, value in intrinsics.items() if key not in given} | dict(own) | path
    pose = {"transform_matrix": (view.world_from_camera @ VIEWER_FROM_CAMERA).tolist()}
    return path | intrinsics | lens_of(view)[1] | pose


def shared_of(scene: Scene) -> dict[str, Any]:
    """What stands in the file for all frames."""
    if scene.transforms is not None:
        shared = {name: value for name, value in scene.transforms.items() if name != "frames"}
        # Depth that is written is in thousandths, whatever the user's own was in.
        return shared | ({"depth_unit_scale_factor": 1e-3} if "depth_unit_scale_factor" in shared else {})
    # Without applied_transform nerfstudio assumes one of its own where it finds colmap/sparse/0.
    return {"camera_model": lens_of(scene.views[0])[0], "applied_transform": np.eye(4)[:3].tolist()}


def renamed_lists(shared: Mapping[str, Any], now: Mapping[str, str]) -> dict[str, list[str]]:
    """The lists of pictures to train and to test with, by the names that pictures have now; without those left out."""
    return {name: [now[path] for path in shared[name] if path in now] for name in _LISTS if name in shared}


def lens_of(view: View) -> tuple[str, dict[str, float]]:
    """nerfstudio's name of the camera's model, and its coefficients. Raises: DatasetError."""
    lens = view.camera.distortion
    if lens is None:
        return "OPENCV", {}
    known = isinstance(lens, Fisheye) or (isinstance(lens, RadialTangential) and not any((lens.k4, lens.k5, lens.k6)))
    if not known:
        raise DatasetError(
            f"{view.image}: nerfstudio knows no lens like {type(lens).__name__}. Undistort the pictures first, for "
            "example with COLMAP's image_undistorter."
        )
    name = "OPENCV_FISHEYE" if isinstance(lens, Fisheye) else "OPENCV"
    return name, {key: getattr(lens, key) for key in _LENS if getattr(lens, key, 0.0)}
