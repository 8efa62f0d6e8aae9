"""Predictions that any model saved, scored without the model: NPZ, NumPy, 16-bit PNG, EXR or PFM, a file an example."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets import arrays
from theodolite.errors import CameraError, DatasetError, OutputError
from theodolite.evaluation.estimate import Estimate, EstimateError
from theodolite.types import Array, Float
from theodolite.weights.atomic import writing

# The last is what `theodolite predict` calls its depth picture.
ENDINGS = (".npz", ".npy", ".png", ".exr", ".pfm", ".tif", ".tiff", "_depth.png")
MODEL = "model.json"
_MAPS = ("depth", "normals", "confidence", "kappa")
_MEANING = ("kind", "space", "stated_error")


@dataclass(frozen=True)
class SavedPredictions:
    """A folder of predictions, named as the examples: FOLDER/<name>.npz, or <name> with "_" for each "/".

    `theodolite predict` calls its files by the picture alone. So the last part of an example's name is enough, too,
    where no other example has the same.

    A `model.json` there may give `name`, and `kind`, `space`, `stated_error` and `scale` of all predictions.

    Args:
        scale: steps per metre of depth in whole numbers, where the file does not say it itself, as PNGs of
            `theodolite predict` do. It goes before the model.json's.
        short: last parts of names that belong to one example only.
        meaning: those of `kind`, `space` and `stated_error` that the model.json gives.
    Raises: EstimateError, when the model.json is none, or the scale no positive number.
    """

    folder: Path
    scale: float | None = None
    short: frozenset[str] = frozenset()
    name: str = field(init=False)
    meaning: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        about = _about(self.folder / MODEL)
        object.__setattr__(self, "name", about.get("name", self.folder.resolve().name))
        object.__setattr__(self, "meaning", {key: about[key] for key in _MEANING if key in about})
        if self.scale is None:
            object.__setattr__(self, "scale", about.get("scale"))
        elif not _is_scale(self.scale):
            raise EstimateError(f"A positive number of steps per metre is needed, got {self.scale!r}.")

    @property
    def facts(self) -> dict[str, Any]:
        """What decides the numbers, as plain values."""
        scale = {} if self.scale is None else {"steps per metre": self.scale}
        return {"predictions": str(self.folder), **self.meaning, **scale}

    def estimate(self, name: str) -> Estimate:
        """What was saved for an example.

        Raises: EstimateError, when there is no such file, or it holds no depth; MissingExtra.
        """
        path = self._find(name)
        try:
            return Estimate(**{**_read(path, self.scale), **self.meaning})
        except (DatasetError, OutputError, EstimateError, OSError) as error:
            reason = str(error).rstrip(".")
            raise EstimateError(f"{reason}." if str(path) in reason else f"{path}: {reason}.") from error

    def stamp(self, name: str) -> str:
        """Changes with the files of an example: their names, sizes and times; empty where there are none."""
        try:
            path = self._find(name)
            files = [path, *([beside] if (beside := _normals_beside(path)).is_file() else [])]
            told = [(file.name, file.stat()) for file in files]
        except (EstimateError, OSError):
            return ""
        return ", ".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in told)

    def _find(self, name: str) -> Path:
        stems: tuple[Path, ...] = _stems(self.folder, name)
        last = PurePosixPath(name).name
        if last in self.short:
            stems += (self.folder / last,)
        for stem in stems:
            for ending in ENDINGS:
                path = stem.with_name(stem.name + ending)
                if path.is_file():
                    return path
        raise EstimateError(f"{stems[0]}: there is no prediction of this name; looked for {', '.join(ENDINGS)}.")


def save_estimate(folder: Path, name: str, estimate: Estimate) -> Path:
    """Write an estimate where `SavedPredictions` finds it, so that a model need run only once; the file.

    What its depth means goes into a model.json, which is written once for all.
    Raises: OutputError; EstimateError, when the folder holds predictions of another kind, or for a name that leaves it.
    """
    target = _stems(folder, name)[0]
    target = target.with_name(f"{target.name}.npz")
    meaning = {key: getattr(estimate, key) for key in _MEANING}
    path = folder / MODEL
    if path.is_file():
        usual = {each.name: each.default for each in fields(Estimate)}
        known = SavedPredictions(folder).meaning
        if any(known.get(key, usual[key]) != value for key, value in meaning.items()):
            raise EstimateError(f"{folder} holds predictions of another kind than {meaning}; save them elsewhere.")
    else:
        with writing(path) as temporary:
            temporary.write_text(json.dumps(meaning), "utf-8")
    maps: dict[str, Any] = {key: getattr(estimate, key) for key in _MAPS}
    maps = {key: np.asarray(values, np.float32) for key, values in maps.items() if values is not None}
    with writing(target) as temporary, temporary.open("wb") as file:
        np.savez(file, **maps)
    return target


def _stems(folder: Path, name: str) -> tuple[Path, Path]:
    """Where an example's files are looked for, without their endings. Raises: EstimateError, outside the folder."""
    parts = PurePosixPath(name).parts
    stems = folder.joinpath(*parts), folder / "_".join(parts)
    inside = os.path.join(os.path.abspath(folder), "")
    # A drive, or a separator of this system, in a part would lead elsewhere too. Links in the folder are its owner's.
    if not parts or ".." in parts or not all(os.path.abspath(stem).startswith(inside) for stem in stems):
        raise EstimateError(f"{name!r} is no name of an example.")
    return stems


def _about(path: Path) -> dict[str, Any]:
    """The model.json, checked; empty without one."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EstimateError(f"{path}: no valid JSON ({error}).") from error
    known = ("name", *_MEANING, "scale")
    if not isinstance(content, dict) or set(content) - set(known):
        raise EstimateError(f"{path}: an object with any of {', '.join(known)} is needed.")
    if not isinstance(content.get("name", ""), str) or not isinstance(content.get("stated_error", False), bool):
        raise EstimateError(f"{path}: the name is a text, stated_error true or false.")
    if not _is_scale(content.get("scale", 1)):
        raise EstimateError(f"{path}: a positive number of steps per metre is needed for scale.")
    try:
        Estimate(np.ones((1, 1)), **{key: content[key] for key in _MEANING if key in content})
    except EstimateError as error:
        raise EstimateError(f"{path}: {error}") from error
    return content


def _is_scale(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < np.inf


def _read(path: Path, scale: float | None) -> dict[str, Any]:
    """Fields of an `Estimate`. Raises: DatasetError, OutputError, OSError, MissingExtra."""
    maps = _npz(path) if path.suffix == ".npz" else {"depth": _one_map(path, scale)}
    maps["depth"] = _in_metres(maps["depth"], scale)
    beside = _normals_beside(path)
    if "normals" not in maps and beside.is_file():
        from theodolite.inference.files.normal_png import read_normal_png

        maps["normals"] = read_normal_png(beside)
    return maps


def _normals_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem.removesuffix('_depth')}_normals.png")


def _npz(path: Path) -> dict[str, Any]:
    """The maps of an archive: under our names, or a single array, which is depth."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = archive.files
            if "depth" not in names and len(names) != 1:
                raise DatasetError(f"has no array 'depth', but {', '.join(names) or 'nothing'}")
            if "depth" not in names:
                return {"depth": archive[names[0]]}
            maps: dict[str, Any] = {key: archive[key] for key in _MAPS if key in names}
            about = json.loads(str(archive["about"])) if "about" in names else None
    except (DatasetError, OSError):
        raise
    except Exception as error:  # archives are damaged in many ways
        raise DatasetError(f"is no NPZ archive, or is damaged ({type(error).__name__})") from error
    wrong = [key for key, values in maps.items() if key != "depth" and values.dtype.kind != "f"]
    if wrong:
        raise DatasetError(f"{wrong[0]} in floats are needed, found {maps[wrong[0]].dtype}")
    if about is None:
        return maps
    # A file of `theodolite predict`: there, 1 - confidence is the error that the model expects.
    try:
        return maps | {"stated_error": True, "camera": Camera(**about["camera"])}
    except (TypeError, KeyError, CameraError) as error:
        raise DatasetError("is damaged: it holds no camera") from error


def _one_map(path: Path, scale: float | None) -> Array:
    """What a file of one array holds; metres, where a PNG says how."""
    if path.suffix != ".png":
        return arrays.read_by_ending(path)
    if scale is None or _states_scale(path):
        from theodolite.inference.files.depth_png import read_depth_png

        return read_depth_png(path)
    # Pillow undoes the filters that other programs write many times faster than our own reader does.
    found = arrays.read_by_ending(path)
    if found.ndim != 2 or found.dtype.kind not in "iu" or found.dtype.itemsize < 2:
        raise DatasetError("is not a 16-bit greyscale PNG, so it holds no depth")
    return found


def _states_scale(path: Path) -> bool:
    """Whether the text in a PNG, or the JSON beside it, gives its steps per metre."""
    beside = path.with_suffix(".json")
    return b"tEXtdepth_scale\0" in path.read_bytes() or (beside.is_file() and b'"depth_scale"' in beside.read_bytes())


def _in_metres(found: Array, scale: float | None) -> Float[np.ndarray, "h w"]:
    """One channel of depth; whole numbers are steps, and 0 of them is unknown."""
    if found.ndim == 3 and 1 in (found.shape[0], found.shape[2]):
        found = found.squeeze(0 if found.shape[0] == 1 else 2)
    if found.ndim != 2 or found.dtype.kind not in "fiu":
        raise DatasetError(f"one channel of depth is needed, found {found.dtype} of shape {found.shape}")
    if found.dtype.kind == "f":
        return found.astype(np.float32, copy=False)
    if scale is None:
        raise DatasetError("holds whole numbers; give their steps per metre (--depth-scale)")
    depth = found.astype(np.float32)
    depth /= np.float32(scale)
    depth[found == 0] = np.nan
    return depth
