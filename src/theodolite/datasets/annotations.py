"""The authors' annotation files, `{"files": [{"rgb": ..., "depth": ..., "cam_in": ...}]}`, as records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from theodolite.datasets.pickles import read_pickle
from theodolite.datasets.profiles import Profile, find_profile
from theodolite.datasets.record import Record, RecordError, locating
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

# What their readers prefix to paths, each with a folder of its own; here, what is not given is where the data are.
ROOTS = ("data", "depth", "sem", "normal", "mask", "meta")
# One field, by the names it has in different sets' files; of several pictures the one that looks like a photograph.
_IMAGE, _DEPTH = ("rgb", "rgb_path", "rgb_color"), ("depth", "depth_path")
_PLANES = ("ins_planes", "sem")


class Annotations(Sequence[Record]):
    """The entries of an annotation file, each made a record when it is asked for.

    Indexing raises RecordError where an entry cannot be used, naming file, entry and field.
    """

    def __init__(self, path: Path, entries: Sequence[Any], profile: Profile, roots: Mapping[str, Path]) -> None:
        self.path = path
        self._entries, self._profile, self._roots = entries, profile, roots

    @classmethod
    def read(cls, path: str | Path, profile: str, roots: Mapping[str, Path] | None = None) -> Annotations:
        """The entries that have labels.

        Args:
            profile: a name in `profiles.PROFILES`.
            roots: folders that paths start at, by the names in `ROOTS`; the file's own folder without "data".
        Raises: DatasetError, when this is no annotation file.
        """
        path, given = Path(path), dict(roots or {})
        known = find_profile(profile)
        if unknown := [name for name in given if name not in ROOTS]:
            raise DatasetError(f"Roots are named {', '.join(ROOTS)}; got {unknown[0]!r}.")
        try:
            entries = json.loads(path.read_text("utf-8"))["files"]
        except OSError as error:
            raise DatasetError(
                f"{path}: annotations were expected: {(error.strerror or str(error)).lower()}."
            ) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DatasetError(f"{path}: a JSON object with a list 'files' is needed ({error}).") from error
        if not isinstance(entries, list):
            raise DatasetError(f"{path}: files: a list is needed, one object for each picture.")
        numbered = [pair for pair in enumerate(entries) if not _only_a_picture(pair[1], known)]
        data = given.get("data", path.parent)
        return cls(path, numbered, known, {name: given.get(name, data) for name in ROOTS})

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        if isinstance(index, slice):
            return Annotations(self.path, self._entries[index], self._profile, self._roots)
        number, entry = self._entries[index]
        origin = f"{self.path}, entry {number}"
        with locating(origin):
            return self._record(self._whole(entry), origin)

    def _whole(self, entry: Any) -> dict[str, Any]:
        """An entry, with what its pickle adds."""
        if not isinstance(entry, dict):
            raise RecordError("", f"an object is needed, got {type(entry).__name__}")
        for field in ("meta_data", "meta"):
            if entry.get(field):
                path = self._path("meta", field, entry[field])
                try:
                    more = read_pickle(path)
                except DatasetError as error:
                    raise RecordError(field, str(error), file=path) from error
                if not isinstance(more, dict):
                    raise RecordError(field, f"a dictionary is needed, found {type(more).__name__}", file=path)
                entry = {**entry, **more}
        return {**entry, **entry["rgbs"]} if isinstance(entry.get("rgbs"), dict) else entry

    def _record(self, entry: dict[str, Any], origin: str) -> Record:
        profile = self._profile
        others = self._other_labels(entry)
        # Depth may be missing where there is something else to learn; elsewhere its absence is told.
        depth = {} if others and not any(entry.get(name) for name in _DEPTH) else self._depth(entry)
        return Record(
            image=self._path("data", _first(entry, _IMAGE), entry.get(_first(entry, _IMAGE))),
            camera=_camera(entry.get("cam_in"), profile.camera_order),
            kind=_kind(entry["kind"]) if "kind" in entry else profile.kind,
            **depth,
            **others,
            mask=self._optional("mask", "depth_mask", entry),
            range=profile.range,
            sparse=profile.sparse,
            domain=profile.domain or self.path.parent.name,
            origin=origin,
        )

    def _depth(self, entry: dict[str, Any]) -> dict[str, Any]:
        name = _first(entry, _DEPTH)
        path = self._path("depth", name, entry.get(name))
        return {"depth": path, "depth_encoding": _encoding(entry, self._profile)}

    def _other_labels(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Fields of a record that are labels beside depth; none where the profile has no use for what is listed."""
        profile = self._profile
        found: dict[str, Any] = {}
        if profile.normals and entry.get("normal"):
            found["normals"] = self._normals(entry["normal"])
            found["normal_convention"] = profile.normals
            found["normal_mask"] = self._optional("normal", "normal_mask", entry)
        if profile.sky and entry.get("sem"):
            found["sky"], found["sky_encoding"] = self._optional("sem", "sem", entry), profile.sky
        if profile.planes and (name := next((n for n in _PLANES if entry.get(n)), None)):
            found["planes"] = self._optional("sem", name, entry)
        return found

    def _normals(self, value: Any) -> Path | tuple[Path, Path, Path]:
        if not isinstance(value, dict):
            return self._path("normal", "normal", value)
        if set(value) != {"x", "y", "z"}:
            raise RecordError("normal", f"one path, or one each for x, y and z, is needed, got {', '.join(value)}")
        x, y, z = (self._path("normal", "normal", value[axis]) for axis in "xyz")
        return x, y, z

    def _optional(self, root: str, field: str, entry: dict[str, Any]) -> Path | None:
        return self._path(root, field, entry[field]) if entry.get(field) else None

    def _path(self, root: str, field: str, value: Any) -> Path:
        if not isinstance(value, str) or not value:
            raise RecordError(field, f"a path is needed, got {value!r}")
        return self._roots[root] / value


def _only_a_picture(entry: Any, profile: Profile) -> bool:
    """Demonstration files list pictures without labels, which is no mistake; metadata may hold the path of depth."""
    names = [*_DEPTH, "meta_data", "meta"]
    names += ["normal"] if profile.normals else []
    names += ["sem"] if profile.sky else []
    names += _PLANES if profile.planes else []
    return isinstance(entry, dict) and not any(entry.get(name) for name in names)


def _first(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((name for name in names if entry.get(name)), names[0])


def _camera(values: Any, order: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    """Numbers in whatever container a pickle may have held them."""
    try:
        numbers = np.asarray(values, dtype=float).ravel().tolist()
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 4:
        raise RecordError("cam_in", f"four numbers are needed, got {values!r:.80}")
    fx, fy, cx, cy = (numbers[place] for place in order)
    if min(fx, fy) <= 0:
        raise RecordError("cam_in", f"focal lengths must be positive, got fx, fy = [{fx:g}, {fy:g}]")
    return fx, fy, cx, cy


def _encoding(entry: dict[str, Any], profile: Profile):
    """The profile's, but an entry may know its own scale and what it calls unknown."""
    encoding = profile.depth
    try:
        if entry.get("depth_scale") is not None:
            encoding = replace(encoding, scale=float(entry["depth_scale"]))
        unknown = [float(value) for value in entry.get("depth_invalid") or () if value > 0]
    except DatasetError as error:
        raise RecordError("depth_scale", str(error)) from error
    except (TypeError, ValueError) as error:
        raise RecordError("depth_scale", f"numbers, here and in depth_invalid, are needed ({error})") from error
    return replace(encoding, invalid_from=min(unknown)) if unknown else encoding


def _kind(value: Any) -> LabelKind:
    try:
        return LabelKind(value)
    except ValueError as error:
        raise RecordError("kind", f"one of {', '.join(kind.value for kind in LabelKind)}, got {value!r}") from error
