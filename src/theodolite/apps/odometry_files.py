"""Odometry's files: the path in two forms, what is known about it, and all that is needed to go on later."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.odometry_map import WINDOW, Keyframe, Map, Placed
from theodolite.apps.odometry_path import OdometryPath
from theodolite.apps.trajectory import write_kitti, write_tum
from theodolite.errors import OutputError
from theodolite.weights.atomic import writing

STATE = "odometry.npz"
FILES = ("trajectory.txt", "trajectory_kitti.txt", "odometry.json")


def save_map(path: Path, known: Map, about: Mapping[str, Any]) -> None:
    """What is known up to the last key picture, to go on from.

    Args:
        about: what it was made of; another input does not go on from it.
    Raises: OutputError.
    """
    number = known.keyframes[-1].number
    placed = [each for each in known.path if each.number <= number]
    last = known.keyframes[-WINDOW:]
    with writing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            about=json.dumps(about, sort_keys=True),
            next_id=known.next_id,
            ids=np.array(list(known.points), np.int64),
            points=np.array(list(known.points.values())).reshape(-1, 3),
            key_numbers=[key.number for key in known.keyframes],
            key_poses=np.stack([key.world_from_camera for key in known.keyframes]),
            key_factors=[key.log_factor for key in known.keyframes],
            seen_counts=[len(key.ids) for key in last],
            seen_ids=np.concatenate([key.ids for key in last]),
            seen_uv=np.concatenate([key.uv for key in last]),
            seen_depth=np.concatenate([key.log_depth for key in last]),
            numbers=[each.number for each in placed],
            times=[each.time for each in placed],
            names=np.array([each.name for each in placed], dtype=str),
            beside=[each.keyframe for each in placed],
            motions=np.stack([each.keyframe_from_camera for each in placed]),
        )


def load_map(path: Path, about: Mapping[str, Any]) -> Map:
    """What `save_map` wrote. Raises: OutputError, when it is of another input, or no such file."""
    try:
        # From memory: a damaged archive leaves its file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        made = json.loads(str(held["about"]))
        known = _map(held)
    except Exception as error:  # a damaged archive fails in every way there is
        raise OutputError(f"{path} holds no odometry to go on from ({error}). --overwrite starts anew.") from error
    if made != json.loads(json.dumps(about, sort_keys=True)):
        different = ", ".join(name for name in {*made, *about} if made.get(name) != about.get(name))
        raise OutputError(
            f"{path} is of another {different}. Give another folder with --out, or --overwrite to start anew."
        )
    return known


def _map(held: Mapping[str, np.ndarray]) -> Map:
    counts = held["seen_counts"].astype(int)
    parts = [np.split(held[name], counts.cumsum()[:-1]) for name in ("seen_ids", "seen_uv", "seen_depth")]
    older = len(held["key_numbers"]) - len(counts)
    nothing = (np.empty(0, int), np.empty((0, 2), np.float32), np.empty(0))
    seen = [nothing] * older + list(zip(*parts, strict=True))
    keyframes = [
        Keyframe(int(number), pose, ids, uv, log_depth, float(factor))
        for number, pose, (ids, uv, log_depth), factor in zip(
            held["key_numbers"], held["key_poses"], seen, held["key_factors"], strict=True
        )
    ]
    path = [
        Placed(int(number), float(time), str(name), int(key), motion)
        for number, time, name, key, motion in zip(
            *(held[name] for name in ("numbers", "times", "names", "beside", "motions")), strict=True
        )
    ]
    points = dict(zip(held["ids"].tolist(), held["points"], strict=True))
    return Map(points, keyframes, path, int(held["next_id"]))


def refuse_foreign(folder: Path, overwrite: bool) -> None:
    """Raises: OutputError, when there are files of this name that odometry's state does not lie beside."""
    there = next((folder / name for name in FILES if (folder / name).exists()), None)
    if there is not None and not overwrite and not (folder / STATE).is_file():
        raise OutputError(f"{there} is there already. Give another folder with --out, or --overwrite.")


def write_path(folder: Path, path: OdometryPath, facts: Mapping[str, Any]) -> list[Path]:
    """The trajectory in TUM's and KITTI's form, and the facts with the pictures' names. Raises: OutputError."""
    files = [folder / name for name in FILES]
    write_tum(files[0], path.trajectory)
    write_kitti(files[1], path.trajectory)
    with writing(files[2]) as temporary:
        temporary.write_text(json.dumps({**facts, "pictures": list(path.names)}, indent=1) + "\n", "utf-8")
    return files


def path_facts(path: OdometryPath) -> dict[str, Any]:
    """Numbers about a path that JSON can hold; a number that is not known is None."""
    sigma = path.scale.sigma
    return {
        "placed": len(path.trajectory),
        "keyframes": len(path.keyframe_times),
        "length_metres": path.trajectory.length,
        "scale_sigma": sigma if np.isfinite(sigma) else None,
        "scale_spread": path.scale.spread,
        "scale_drift": path.scale.drift,
    }
