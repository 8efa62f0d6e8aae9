"""Camera heights, pseudo-LiDAR and agreement of cameras on real driving pictures: the tables of docs/driving.md.

python tools/measure_driving.py SHARED
    SHARED: folder with data/kitti_object_3, kitti_demo and driving_multicam_a.

Everything twice: with predicted depth, and with the LiDAR's depth in its place.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import theodolite
from theodolite.apps.driving import drive, usable_depth
from theodolite.apps.driving_files import measured_prediction
from theodolite.apps.ground import fit_ground
from theodolite.apps.mounted_camera import read_mounted
from theodolite.apps.pseudo_lidar import read_sweep, sweep_errors
from theodolite.apps.rig import PosedDepth, agreement
from theodolite.camera.photo import Photo
from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.geometry.unproject import unproject
from theodolite.inference.prediction import Prediction
from theodolite.inference.predictor import Predictor

# Makes the prediction of a picture with a camera; `folder` holds its measured depth.
Depth = Callable[[Path, Path, Camera], Prediction]


def kitti_object(folder: Path, depth: Depth) -> None:
    for picture in sorted((folder / "image_2").glob("*.png")):
        with Image.open(picture) as opened:
            mounted = read_mounted(folder / "calib", picture, opened.size)
        sweep = read_sweep(folder / "velodyne" / f"{picture.stem}.bin")
        result = drive(depth(picture, folder / "depth", mounted.lens.camera), mounted, sweep)
        print(f"  {picture.stem}: {_height(result.facts()['ground'])}; {len(result.points)} points")
        for band in sweep_errors(usable_depth(result.prediction), mounted.lens.camera, mounted.body_from_camera, sweep):
            print(
                f"    {band.near:3.0f} to {band.far:3.0f} m: {band.points:6d} points, "
                f"ratio {band.ratio:.3f}, {100 * band.relative:.1f} % off"
            )


def kitti_demo(folder: Path, depth: Depth) -> None:
    """Without a calibration of the mounting: the camera is taken for level."""
    for frame in _frames(folder):
        with Image.open(folder / frame["rgb"]) as opened:
            camera = Camera(*frame["cam_in"], *opened.size)
        scene = depth(folder / frame["rgb"], folder / "depth", camera)
        try:
            ground = fit_ground(unproject(usable_depth(scene), camera), np.array([0, -1.0, 0]), scene.normals)
        except TheodoliteError as error:
            print(f"  {frame['rgb']}: {error}")
            continue
        print(f"  {frame['rgb']}: camera {ground.height:.2f} m above the ground, fit ±{ground.sigma:.2f} m")


def rig(folder: Path, depth: Depth, reach: int) -> None:
    views: dict[str, PosedDepth] = {}
    frames = _frames(folder)
    for frame in frames:
        with Image.open(folder / frame["rgb"]) as opened:
            camera = Camera(*frame["cam_in"], *opened.size)
        scene = depth(folder / frame["rgb"], folder / "depth", camera)
        pose = np.array(frame["pose_world_from_camera"])
        moment = frame["rgb"].rsplit("_")[-1][:-5]
        views[f"{frame['camera']} {moment}"] = PosedDepth(usable_depth(scene), camera, pose)
        truth = _measured(folder / frame["depth"])
        ratio = (usable_depth(scene) / truth)[np.isfinite(truth)]
        print(f"  {frame['rgb']}: f {camera.focal:.0f} px, depth is {np.nanmedian(ratio):.3f} of the LiDAR's (median)")
    for first, second in (("01", "05"), ("01", "06"), ("05", "06")):
        for moment in sorted({name.split()[1] for name in views}):
            a, b = (views.get(f"CAMERA_{number} {moment}") for number in (first, second))
            found = agreement(a, b, reach) if a and b else None
            told = (
                "see nothing in common"
                if found is None
                else f"ratio {found.ratio:.4f}, spread {found.spread:.3f}, {found.points} points"
            )
            print(f"  CAMERA_{first} and CAMERA_{second} at {moment}: {told}")


def _frames(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "frames.json").read_text())["files"]


def _measured(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        depth = np.asarray(opened).astype(np.float32) / 256
    return np.where(depth > 0, depth, np.nan)


def _height(ground: dict[str, Any]) -> str:
    if "reason" in ground:
        return ground["reason"]
    return (
        f"camera {ground['camera_height_m']:.2f} m above the ground, give or take {ground['sigma_m']:.2f} m "
        f"(fit ±{ground['fit_sigma_m']:.3f}), {ground['tilt_degrees']:.1f} degrees from level"
    )


def network(predictor: Predictor) -> Depth:
    return lambda picture, folder, camera: predictor.predict(picture, camera=camera)


def lidar(picture: Path, folder: Path, camera: Camera) -> Prediction:
    return measured_prediction(Photo.open(picture, camera), folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--model", default="pocket")
    arguments = parser.parse_args()
    data = arguments.shared / "data"
    for title, depth, reach in (("predicted", network(theodolite.load(arguments.model)), 0), ("LiDAR", lidar, 3)):
        print(f"\n{title} depth, kitti_object_3")
        kitti_object(data / "kitti_object_3", depth)
        print(f"\n{title} depth, kitti_demo")
        kitti_demo(data / "kitti_demo", depth)
        print(f"\n{title} depth, driving_multicam_a")
        rig(data / "driving_multicam_a", depth, reach)


if __name__ == "__main__":
    main()
