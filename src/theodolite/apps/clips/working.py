"""What is kept of a clip's pictures while its scale is not known yet: one file each, removed when all is done.

A minute of video has 1800 pictures; with every map in float32 they would fill a disk. So depth is kept in 65534 even
steps of its logarithm (0.014 % of depth at most) and normals in 8 bits a component (0.4 degrees), unless the files
asked for need more: then each map is kept as it was predicted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.clips.follower import Followed
from theodolite.apps.frames import Frame
from theodolite.inference.files.npz import about_of, read_npz, told, write_npz
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction
from theodolite.types import Array, Float
from theodolite.weights.atomic import writing

# Formats for which depth and 8-bit normals are enough.
COMPACT = frozenset({"depth-png", "normal-png", "preview", "json"})
_NEAREST, _FARTHEST, _STEPS = np.log(1e-3), np.log(1e5), 65534


@dataclass(frozen=True)
class Working:
    """The folder of these files.

    Args:
        exact: keep each map as it was predicted.
    """

    folder: Path
    exact: bool = False

    @classmethod
    def fit(cls, folder: Path, formats: Iterable[str]) -> Working:
        return cls(folder, not COMPACT.issuperset(formats))

    def has(self, number: int) -> bool:
        return self._file(number).is_file()

    def put(self, number: int, prediction: Prediction) -> None:
        """Raises: OutputError."""
        with writing(self._file(number)) as temporary, temporary.open("wb") as file:
            if self.exact:
                write_npz(prediction, SaveOptions(), file)
            else:
                np.savez_compressed(file, **_packed(prediction))

    def get(self, frame: Frame) -> Prediction:
        """Raises: OutputError, when the file is damaged."""
        if self.exact:
            return read_npz(self._file(frame.number))
        with np.load(self._file(frame.number), allow_pickle=False) as held:
            return _unpacked({name: held[name] for name in held.files}, frame)

    def put_points(self, number: int, followed: Followed) -> None:
        with writing(self._points(number)) as temporary, temporary.open("wb") as file:
            np.savez(file, before=followed.before, here=followed.here)

    def get_points(self, number: int) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]:
        """Of still points in the picture before, and in this one."""
        with np.load(self._points(number), allow_pickle=False) as held:
            return held["before"], held["here"]

    def is_finished(self, number: int) -> bool:
        """Whether all files of a picture are written."""
        return self._mark(number).is_file()

    def finish(self, number: int) -> None:
        self._mark(number).touch()

    def _mark(self, number: int) -> Path:
        return self.folder / f"{number:06d}.finished"

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"

    def _points(self, number: int) -> Path:
        return self.folder / f"{number:06d}_points.npz"


def _packed(prediction: Prediction) -> dict[str, Any]:
    maps: dict[str, Any] = {"depth": log_steps(prediction.depth), "valid": np.packbits(prediction.valid)}
    if prediction.normals is not None:
        maps["normals"] = np.rint(np.nan_to_num(prediction.normals) * 127).astype(np.int8)
    return maps | {"about": np.array(json.dumps(about_of(prediction)))}


def _unpacked(held: dict[str, np.ndarray], frame: Frame) -> Prediction:
    depth, about = from_log_steps(held["depth"]), json.loads(str(held["about"]))
    valid = np.unpackbits(held["valid"], count=depth.size).reshape(depth.shape).astype(bool)
    normals = None
    if "normals" in held:
        normals = held["normals"].astype(np.float32)
        with np.errstate(invalid="ignore"):  # unknown: of no length
            normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    unknown = np.full(depth.shape, np.nan, np.float32)
    maps: dict[str, Any] = {
        "depth": depth,
        "normals": normals,
        "confidence": unknown,
        "kappa": None,
        "image": frame.image,
    }
    return Prediction(**maps, valid=valid & np.isfinite(depth), **told(about))


def log_steps(depth: Float[np.ndarray, "h w"]) -> Array:
    """Depth as uint16 in even steps of its logarithm, from a millimetre to 100 km; 0 where unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (np.log(depth) - _NEAREST) / (_FARTHEST - _NEAREST)
    known = np.isfinite(share)
    return np.where(known, 1 + np.rint(np.clip(np.where(known, share, 0), 0, 1) * _STEPS), 0).astype(np.uint16)


def from_log_steps(steps: Array) -> Float[np.ndarray, "h w"]:
    """Metres; NaN where the steps are 0."""
    depth = np.exp(_NEAREST + (steps.astype(np.float64) - 1) / _STEPS * (_FARTHEST - _NEAREST))
    return np.where(steps == 0, np.nan, depth).astype(np.float32)
