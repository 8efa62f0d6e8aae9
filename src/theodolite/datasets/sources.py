"""Records of whatever lists samples: a manifest, a folder with frames.json, or the authors' annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from theodolite.datasets.annotations import Annotations
from theodolite.datasets.manifest import Manifest
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError


def open_records(
    path: str | Path, profile: str | None = None, roots: Mapping[str, Path] | None = None
) -> Sequence[Record]:
    """The records listed by a file or folder.

    Args:
        path: a .jsonl manifest, a folder with a frames.json, or an annotation file (.json).
        profile: a name in `profiles.PROFILES`, which an annotation file needs.
        roots: folders that an annotation file's paths start at, where that is not its own, by names in
            `annotations.ROOTS`.
    Raises: DatasetError.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "frames.json"
        if not path.is_file():
            raise DatasetError(
                f"{path.parent} has no frames.json. Give a manifest (.jsonl) or an annotation file (.json)."
            )
    if path.suffix != ".json":
        if profile or roots:
            raise DatasetError(f"{path}: a manifest says everything itself; --profile and --root are for annotations.")
        return Manifest.read(path)
    if path.name == "frames.json":
        profile = profile or "frames"
    if profile is None:
        raise DatasetError(f"{path}: annotations do not say how their files are encoded. Give --profile NAME.")
    return Annotations.read(path, profile, roots)
