"""Draws the picture of docs/driving.md: a rendered street, its predicted depth, and its points seen from above.

python tools/draw_driving.py OUT.png [--scene 3]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import theodolite
from theodolite.apps.birds_eye import Field, birds_eye
from theodolite.apps.driving import drive
from theodolite.apps.mounted_camera import MountedCamera
from theodolite.apps.pseudo_lidar import pseudo_lidar
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.geometry.pose import rigid
from theodolite.synth.compiled import eager
from theodolite.synth.families import sample_scene
from theodolite.synth.render import render
from theodolite.viz import colourise_depth, side_by_side

SEED = 7041


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scene", type=int, default=3)
    arguments = parser.parse_args()
    scene = sample_scene("street", SEED, arguments.scene)
    with eager():
        view = render([scene], 384, 640)[0]
    # The body: below the camera at its height above the road, its x axis where the camera looks.
    forward = scene.view.world_from_camera[:3, 2] * (1, 1, 0)
    forward /= np.linalg.norm(forward)
    turn = np.stack([forward, np.cross([0, 0, 1.0], forward), [0, 0, 1.0]]) @ scene.view.world_from_camera[:3, :3]
    pose = rigid(turn, np.array([0, 0, scene.view.world_from_camera[2, 3]]))
    mounted = MountedCamera(CalibratedCamera(view.camera), pose, "vehicle")
    result = drive(theodolite.load().predict(view.image, camera=view.camera), mounted)
    truth = pseudo_lidar(view.depth[::6], view.camera.resized(640, 64), pose)
    field = Field((0, 38.4), 16, 0.1)
    height = pose[2, 3]
    if result.ground is not None:
        print(f"camera {result.ground.height:.2f} ± {result.height_sigma:.2f} m above the ground, truth {height:.2f} m")
    above = birds_eye(result.points, result.ground_level, truth, field)
    picture = side_by_side(view.image, colourise_depth(result.prediction.depth), above)
    Image.fromarray(picture).save(arguments.out)


if __name__ == "__main__":
    main()
