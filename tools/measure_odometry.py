"""Measure odometry and path scale on sequences with known poses, with predicted depth and, if there is some, measured.

python tools/measure_odometry.py FOLDER [FOLDER ...] [--model pocket] [--colour-focal 525] [--json]

A folder is any that `apps.view_readers.read_views` knows. Three things are measured: the path that odometry
finds; the scale found for the true path shrunk to 0.37 of its size; and the same with an artificial drift of scale by a
factor of 2 along the path, before and after its correction. --json prints a line of JSON for each.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import theodolite
from theodolite.apps.bundle import SENSOR, Trust
from theodolite.apps.frames import Frame
from theodolite.apps.odometry import Settings, Tracker, follow_frames
from theodolite.apps.odometry_path import path_of
from theodolite.apps.path_scale import path_scale, view_factors
from theodolite.apps.predicted_depth import DepthOf, predicted_depth
from theodolite.apps.trajectory import Trajectory
from theodolite.apps.view_readers import read_views
from theodolite.apps.view_readers.depth import resampled
from theodolite.apps.view_readers.opening import open_photo
from theodolite.apps.views import View
from theodolite.evaluation.trajectory_metrics import (
    absolute_error,
    associated,
    kitti_error,
    relative_error,
    scale_error,
)

SHRUNK, DRIFT = 0.37, 2.0


class ViewFrames:
    """Views as the frames of a sequence, numbered in time."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views = views

    def __len__(self) -> int:
        return len(self.views)

    def read(self, start: int = 0):
        for number in range(start, len(self.views)):
            view = self.views[number]
            photo = open_photo(view, 1280)
            yield Frame(number, float(number), view.name, photo.image, photo.camera)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--colour-focal", type=float, help="px, of pictures whose folder gives the depth camera's")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    predictor = theodolite.load(given.model)
    rows = []
    for folder in given.folders:
        views = read_views(folder).views
        depth_lens = views[0].camera
        if given.colour_focal and views[0].depth:
            camera = replace(depth_lens.camera, fx=given.colour_focal, fy=given.colour_focal)
            views = tuple(replace(view, camera=replace(view.camera, camera=camera)) for view in views)
        views = tuple(replace(view, time=float(number)) for number, view in enumerate(views))
        sources: dict[str, tuple[DepthOf, Trust]] = {given.model: (_kept(predicted_depth(predictor)), Trust())}
        if views[0].read_depth is not None:
            sources["measured"] = (lambda frame, v=views, lens=depth_lens: _measured(v, frame, lens), SENSOR)
        for name, (depth, trust) in sources.items():
            rows.append({"folder": folder, "depth": name} | measured_row(views, depth, trust))
            print(json.dumps(rows[-1]) if given.json else _told(rows[-1]), flush=True)


def measured_row(views: Sequence[View], depth: DepthOf, trust: Trust) -> dict[str, float]:
    truth = Trajectory(np.arange(len(views), dtype=float), np.stack([view.world_from_camera for view in views]))
    tracker = Tracker(depth, Settings(trust=trust))
    started = time.perf_counter()
    notes = [note for note in follow_frames(tracker, ViewFrames(views)) if note]
    seconds = time.perf_counter() - started
    path = path_of(tracker.map)
    estimate, true = associated(path.trajectory, truth)
    moved, turned = relative_error(estimate, true)
    # KITTI's rule with segments that fit the path.
    lengths = tuple(truth.length * share for share in (0.2, 0.4, 0.6, 0.8))
    segments = kitti_error(estimate, true, lengths, 1)
    row: dict[str, float] = {
        "pictures": len(views),
        "placed": len(estimate),
        "keyframes": len(path.keyframe_times),
        "notes": len(notes),
        "length_m": truth.length,
        "ate_se3_m": absolute_error(estimate, true, "se3"),
        "ate_sim3_m": absolute_error(estimate, true, "sim3"),
        "rpe_m": moved,
        "rpe_degrees": turned,
        "t_rel_percent": segments.translation,
        "r_rel_degrees_per_100m": segments.rotation,
        "scale_error_percent": 100 * scale_error(estimate, true),
        "stated_sigma_percent": 100 * path.scale.sigma,
        "seconds": seconds,
    }
    for name, growth in (("shrunk", 1.0), ("drifting", DRIFT)):
        lost = unscaled(truth, growth)
        posed = [replace(v, world_from_camera=p) for v, p in zip(views, lost.world_from_camera, strict=True)]
        scale = path_scale(list(view_factors(posed, depth)))
        found = scale.corrected(lost)
        row |= {
            f"{name}_ate_sim3_before_m": absolute_error(lost, truth, "sim3"),
            f"{name}_ate_se3_after_m": absolute_error(found, truth, "se3"),
            f"{name}_scale_error_percent": 100 * scale_error(found, truth),
            f"{name}_sigma_percent": 100 * scale.sigma,
            f"{name}_drift_percent": 100 * scale.drift,
        }
    return row


def unscaled(truth: Trajectory, growth: float) -> Trajectory:
    """The path in another unit, which changes evenly in logarithm by this factor from its start to its end."""
    factors = SHRUNK * np.exp(np.log(growth) * np.linspace(-0.5, 0.5, len(truth) - 1))
    poses = truth.world_from_camera.copy()
    steps = np.diff(truth.places, axis=0) * factors[:, None]
    poses[:, :3, 3] = np.concatenate([truth.places[:1] * SHRUNK, steps]).cumsum(0)
    return Trajectory(truth.times, poses)


def _kept(depth: DepthOf) -> DepthOf:
    """Each picture is predicted once."""
    known: dict[str, np.ndarray] = {}

    def of(frame: Frame) -> np.ndarray:
        if frame.name not in known:
            known[frame.name] = depth(frame)
        return known[frame.name]

    return of


def _measured(views: Sequence[View], frame: Frame, lens) -> np.ndarray:
    view = views[frame.number]
    assert view.read_depth is not None
    return resampled(view.read_depth(), lens, frame.camera)


def _told(row: dict) -> str:
    return "\n".join(
        f"  {name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}" for name, value in row.items()
    )


if __name__ == "__main__":
    main()
