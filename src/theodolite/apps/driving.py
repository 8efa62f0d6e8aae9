"""A vehicle's camera picture as pseudo-LiDAR, ground plane, camera height and bird's-eye view."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.birds_eye import birds_eye, write_picture
from theodolite.apps.ground import Ground, fit_ground
from theodolite.apps.mounted_camera import MountedCamera
from theodolite.apps.pseudo_lidar import pseudo_lidar, sweep_errors, write_sweep
from theodolite.apps.rig import Agreement, PosedDepth, agreement
from theodolite.errors import OutputError, TheodoliteError
from theodolite.geometry.unproject import unproject
from theodolite.inference.length import depth_sigma
from theodolite.inference.prediction import Prediction
from theodolite.types import Float
from theodolite.weights.atomic import writing

ENDINGS = (".bin", "_birdseye.png", "_driving.json")


@dataclass(frozen=True, eq=False)
class Drive:
    """What one picture says about the road.

    Args:
        prediction: of the picture, with the camera of the calibration.
        mounted: its calibration.
        points: pseudo-LiDAR, in the body's axes, with intensity.
        ground: its plane in camera coordinates; None where it was not found, and `reason` says why.
        sweep: of the scanner, in the body's axes, where given.
    """

    prediction: Prediction
    mounted: MountedCamera
    points: Float[np.ndarray, "n 4"]
    ground: Ground | None
    reason: str = ""
    sweep: Float[np.ndarray, "m c"] | None = None

    @property
    def up(self) -> Float[np.ndarray, " 3"]:
        """The vehicle's, in camera coordinates."""
        return self.mounted.body_from_camera[2, :3]

    @property
    def height_sigma(self) -> float:
        """Standard deviation of the camera's height, metres: of the fit, and what confidence says all depths share."""
        if self.ground is None:
            return math.nan
        confidence = self.prediction.confidence[self.prediction.valid]
        shared = depth_sigma(float(np.median(confidence))) if confidence.size else 1.0
        return math.hypot(self.ground.sigma, shared * self.ground.height)

    @property
    def ground_level(self) -> float:
        """z of the ground below the body's origin; by the calibration's word where it was not found."""
        pose = self.mounted.body_from_camera
        if self.ground is not None:
            x, y, z = pose[:3, :3] @ self.ground.normal
            return float(pose[2, 3] + (x * pose[0, 3] + y * pose[1, 3] - self.ground.height) / z)
        # KITTI's scanner stands 1.73 m above the road; nuScenes' vehicle stands on it.
        return -1.73 if self.mounted.body == "velodyne" else 0.0

    def facts(self) -> dict[str, Any]:
        """Plain values for JSON."""
        facts: dict[str, Any] = {
            "photo": self.prediction.name,
            "model": self.prediction.model,
            "body": self.mounted.body,
            "focal_px": self.prediction.camera.focal,
            "points": len(self.points),
        }
        if self.ground is None:
            facts["ground"] = {"reason": self.reason}
        else:
            facts["ground"] = {
                "camera_height_m": self.ground.height,
                "sigma_m": self.height_sigma,
                "fit_sigma_m": self.ground.sigma,
                "normal_camera": self.ground.normal.tolist(),
                "tilt_degrees": self.ground.tilt(self.up),
                "points": self.ground.points,
                "relative_spread": self.ground.spread,
            }
        if self.sweep is not None:
            bands = sweep_errors(self._usable(), self.prediction.camera, self.mounted.body_from_camera, self.sweep)
            facts["sweep"] = [asdict(band) for band in bands]
        return facts

    def posed(self) -> PosedDepth:
        """For `rig.agreement`, in the body's axes."""
        scene = self.prediction
        return PosedDepth(self._usable(), scene.camera, self.mounted.body_from_camera, scene.name)

    def _usable(self) -> Float[np.ndarray, "h w"]:
        return usable_depth(self.prediction)

    def save(self, folder: str | Path, stem: str | None = None, overwrite: bool = False) -> list[Path]:
        """Write the points (.bin), the bird's-eye view and the facts. Returns: the files. Raises: OutputError."""
        paths = [Path(folder) / f"{stem or self.prediction.stem}{ending}" for ending in ENDINGS]
        if not overwrite and (there := [path for path in paths if path.exists()]):
            raise OutputError(f"{there[0]} is there already; --overwrite replaces it.")
        sweep, picture, facts = paths
        write_sweep(sweep, self.points)
        write_picture(picture, birds_eye(self.points, self.ground_level, self.sweep))
        with writing(facts) as temporary:
            temporary.write_text(json.dumps(self.facts(), indent=1) + "\n")
        return paths


def usable_depth(prediction: Prediction) -> Float[np.ndarray, "h w"]:
    """Depth, NaN where it is not valid."""
    return np.where(prediction.valid, prediction.depth, np.float32(np.nan))


def drive(
    prediction: Prediction, mounted: MountedCamera, sweep: Float[np.ndarray, "m c"] | None = None, seed: int = 0
) -> Drive:
    """What a prediction, made with the calibration's camera, says about the road.

    Args:
        sweep: of the scanner at the same moment, in the body's axes, to compare with.
    """
    depth, camera, pose = usable_depth(prediction), prediction.camera, mounted.body_from_camera
    ground, reason = None, ""
    try:
        ground = fit_ground(unproject(depth, camera), pose[2, :3], prediction.normals, seed)
    except TheodoliteError as error:
        reason = str(error)
    points = pseudo_lidar(depth, camera, pose, prediction.image)
    return Drive(prediction, mounted, points, ground, reason, sweep)


def agreements(drives: Sequence[Drive]) -> list[tuple[str, str, Agreement]]:
    """Every two cameras that see the same surfaces; all have to be mounted on one body, and seen at one time."""
    found = []
    for first, second in combinations(drives, 2):
        result = agreement(first.posed(), second.posed())
        if result is not None:
            found.append((first.prediction.name, second.prediction.name, result))
    return found
