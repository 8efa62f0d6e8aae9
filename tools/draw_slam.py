"""Draws docs/images/slam.png: odometry through a rendered room, and a drifting path before and after its correction.

    python tools/draw_slam.py OUT.png [--seed 11] [--views 28]

Views of one room of `theodolite.synth` along a path are followed with the depth the embedded model predicts. The true
path, shrunk and made to drift by a factor of two in scale, is corrected by the same predictions.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

import theodolite
from theodolite.apps.frames import Frame
from theodolite.apps.odometry import Tracker, follow_frames
from theodolite.apps.odometry_path import path_of
from theodolite.apps.path_scale import path_scale, view_factors
from theodolite.apps.predicted_depth import predicted_depth
from theodolite.apps.trajectory import Trajectory
from theodolite.apps.views import View
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.evaluation.trajectory_metrics import absolute_error, alignment, associated, scale_error
from theodolite.synth.families import sample_scene
from theodolite.synth.render import render
from theodolite.synth.views import looking

matplotlib.use("Agg")
SIZE = (480, 360)
SHRUNK, DRIFT = 0.37, 2.0


class Rendered:
    def __init__(self, frames: list[Frame]) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)

    def read(self, start: int = 0):
        yield from self.frames[start:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--views", type=int, default=28)
    given = parser.parse_args()
    frames, truth = walk(given.seed, given.views)
    known: dict[int, np.ndarray] = {}
    predict = predicted_depth(theodolite.load())

    def depth(frame: Frame) -> np.ndarray:
        if frame.number not in known:
            known[frame.number] = predict(frame)
        return known[frame.number]

    tracker = Tracker(depth)
    for note in follow_frames(tracker, Rendered(frames)):
        if note:
            print(note)
    odometry, true = associated(path_of(tracker.map).trajectory, truth)
    lost = drifting(truth)
    with tempfile.TemporaryDirectory() as folder:
        scale = path_scale(list(view_factors(views(frames, lost, Path(folder)), depth)))
    found = scale.corrected(lost)
    print(f"odometry: ATE {absolute_error(odometry, true):.3f} m, scale {100 * scale_error(odometry, true):+.1f} %")
    print(f"drifting: ATE {absolute_error(lost, truth, 'sim3'):.3f} m after the best similarity")
    print(f"corrected: ATE {absolute_error(found, truth):.3f} m, scale {100 * scale_error(found, truth):+.1f} %")
    panels = {
        "odometry": [(odometry, true, "se3", "odometry")],
        "scale": [(lost, truth, "sim3", "drifting, best similarity"), (found, truth, "se3", "after theodolite scale")],
    }
    draw(given.out, frames[len(frames) // 2].image, truth, panels)


def walk(seed: int, count: int) -> tuple[list[Frame], Trajectory]:
    """A bow to both sides of the scene's own view, looking at its middle."""
    scene = sample_scene("room", seed, 0)
    pose = scene.view.world_from_camera
    own = render([scene], SIZE[1], SIZE[0])[0]
    middle = pose[:3, 3] + pose[:3, 2] * float(np.nanmedian(own.depth))
    frames, poses = [], []
    for number in range(count):
        share = 2 * number / (count - 1) - 1
        place = pose[:3, 3] + 0.7 * share * pose[:3, 0] + 0.4 * np.cos(2 * share) * pose[:3, 2]
        poses.append(looking(tuple(place), tuple(middle + 0.5 * np.sin(2 * share) * pose[:3, 0])))
        moved = replace(scene, view=replace(scene.view, world_from_camera=poses[-1]))
        seen = render([moved], SIZE[1], SIZE[0])[0]
        frames.append(Frame(number, float(number), f"{number:03}.png", seen.image, seen.camera))
    return frames, Trajectory(np.arange(count, dtype=float), np.stack(poses))


def drifting(truth: Trajectory) -> Trajectory:
    factors = SHRUNK * np.exp(np.log(DRIFT) * np.linspace(-0.5, 0.5, len(truth) - 1))
    poses = truth.world_from_camera.copy()
    steps = np.diff(truth.places, axis=0) * factors[:, None]
    poses[:, :3, 3] = np.concatenate([truth.places[:1] * SHRUNK, steps]).cumsum(0)
    return Trajectory(truth.times, poses)


def views(frames: list[Frame], path: Trajectory, folder: Path) -> list[View]:
    for frame in frames:
        Image.fromarray(frame.image).save(folder / frame.name)
    return [
        View(frame.name, folder / frame.name, CalibratedCamera(frame.camera), pose, time=frame.time)
        for frame, pose in zip(frames, path.world_from_camera, strict=True)
    ]


def draw(out: Path, image: np.ndarray, truth: Trajectory, panels: dict) -> None:
    """A picture of the room, and the paths from above."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.6), width_ratios=(1.3, 1, 1), layout="constrained")
    axes[0].imshow(image)
    axes[0].axis("off")
    for axis, (title, paths) in zip(axes[1:], panels.items(), strict=True):
        axis.plot(*truth.places[:, :2].T, color="black", linewidth=3, alpha=0.3, label="true")
        for path, true, kind, label in paths:
            axis.plot(*alignment(path, true, kind).points(path.places)[:, :2].T, ".-", markersize=4, label=label)
        axis.set(title=title, xlabel="m", ylabel="m")
        axis.set_aspect("equal", adjustable="datalim")
        axis.legend(fontsize=7)
    figure.savefig(out, dpi=80)


if __name__ == "__main__":
    main()
