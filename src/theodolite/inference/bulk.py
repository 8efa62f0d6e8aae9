"""Many photos to files: one bad photo is told and the rest are done; what is done already is kept."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as count_from
from pathlib import Path
from typing import Any

from theodolite.camera.photo import CameraGiven
from theodolite.errors import TheodoliteError
from theodolite.inference.files import DEFAULT_FORMATS, FORMATS, SaveOptions, paths
from theodolite.inference.files.facts import facts
from theodolite.inference.predictor import Predictor

# Endings taken from a folder; a file named on its own may have any, its content decides.
PICTURES = {
    ".jpg",
    ".jpeg",
    ".png",
    ".heic",
    ".heif",
    ".tif",
    ".tiff",
    ".webp",
    ".bmp",
    ".ppm",
    ".jp2",
    ".avif",
    ".gif",
}
# Files of a prediction that no camera writes.
_SIGNS = (".npz", "_depth.json")


@dataclass(frozen=True)
class Outcome:
    """What became of one photo.

    Args:
        status: "done", "kept" (all its files were there already) or "failed".
        files: its result files.
        facts: size, camera, range of depth, warnings; empty unless done.
        error: the reason, when failed.
        seconds: from asking for it to its files; the first of a batch bears the network's time.
    """

    photo: Path
    status: str
    files: tuple[Path, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0


def expand(inputs: Sequence[Path]) -> list[Path]:
    """Photos named by files and folders, in order; of a folder, the pictures directly in it, by name."""
    photos: list[Path] = []
    for path in inputs:
        try:
            photos += sorted(filter(_is_picture, path.iterdir())) if path.is_dir() else [path]
        except OSError:  # a name too long, a folder that may not be read: opening it as a photo will say so
            photos.append(path)
    return list(dict.fromkeys(photos))


def _is_picture(file: Path) -> bool:
    # Hidden files are no photos: macOS leaves a "._desk.jpg" beside every "desk.jpg" on a memory card.
    if file.suffix.lower() not in PICTURES or file.name.startswith(".") or not file.is_file():
        return False
    return not _is_result(file)


def _is_result(file: Path) -> bool:
    """A picture that an earlier run wrote here: named as one, beside the prediction it belongs to."""
    endings = [ending for form in FORMATS.values() for ending in form.endings if file.name.endswith(f"_{ending[1:]}")]
    return any(file.with_name(file.name.removesuffix(ending) + kind).is_file() for ending in endings for kind in _SIGNS)


def stems(photos: Sequence[Path]) -> list[str]:
    """A file-name stem for each photo, no two alike: the photo's own, with ending, folder or number where needed."""
    chosen = [photo.stem for photo in photos]
    for longer in (lambda photo: photo.name.replace(".", "_"), lambda photo: f"{photo.parent.name}_{photo.stem}"):
        # Case does not tell files apart everywhere.
        count = Counter(stem.lower() for stem in chosen)
        chosen = [
            longer(photo) if count[stem.lower()] > 1 else stem for photo, stem in zip(photos, chosen, strict=True)
        ]
    taken: set[str] = set()
    for index, stem in enumerate(chosen):
        numbered = (stem if number == 1 else f"{stem}-{number}" for number in count_from(1))
        chosen[index] = next(name for name in numbered if taken.isdisjoint(_reserved(name)))
        taken |= _reserved(chosen[index])
    return chosen


def _reserved(stem: str) -> set[str]:
    # desk_depth.json is the depth PNG's for desk.jpg, and would be the facts' for desk_depth.jpg.
    return {stem.lower(), f"{stem.lower()}_depth"}


def predict_to_folder(
    predictor: Predictor,
    photos: Sequence[Path],
    folder: Path,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    overwrite: bool = False,
    options: SaveOptions | None = None,
    camera: CameraGiven | None = None,
    batch: int = 1,
    **settings: Any,
) -> Iterator[Outcome]:
    """Predict photos and write their files, one outcome for each, memory flat in their number.

    Running it again does what is missing: of each photo only the formats whose files are not all there. A format of
    which some files are there is not replaced either: they may be somebody's own.

    Args:
        settings: see `inference.predictor.Settings`.
    """
    plans = [
        (photo, stem, [name for name in formats if overwrite or not _exist(paths(folder, stem, [name]))])
        for photo, stem in zip(photos, stems(photos), strict=True)
    ]
    results = predictor.attempt_many([photo for photo, _, missing in plans if missing], camera, batch=batch, **settings)
    for photo, stem, missing in plans:
        if not missing:
            yield Outcome(photo, "kept", tuple(paths(folder, stem, formats)))
            continue
        started = time.perf_counter()
        result = next(results)
        try:
            if isinstance(result, TheodoliteError):
                raise result
            files = result.save(folder, missing, overwrite, stem, options)
        except TheodoliteError as error:
            yield Outcome(photo, "failed", error=str(error))
        else:
            yield Outcome(photo, "done", tuple(files), facts(result), seconds=time.perf_counter() - started)


def _exist(files: Sequence[Path]) -> bool:
    # Path.is_file fails where a name is too long or a folder may not be entered; here that is for writing to say.
    return all(os.path.isfile(file) for file in files)
