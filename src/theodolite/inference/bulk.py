"""Many photos to files: one bad photo is told and the rest are done; what is done already is kept."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from theodolite.camera.photo import CameraGiven
from theodolite.errors import TheodoliteError
from theodolite.inference.files import DEFAULT_FORMATS, SaveOptions, paths
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
        if path.is_dir():
            photos += sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES and file.is_file())
        else:
            photos.append(path)
    return list(dict.fromkeys(photos))


def stems(photos: Sequence[Path]) -> list[str]:
    """A file-name stem for each photo, no two alike: the photo's own, with ending, folder or number where needed."""
    chosen = [photo.stem for photo in photos]
    for longer in (lambda photo: photo.name.replace(".", "_"), lambda photo: f"{photo.parent.name}_{photo.stem}"):
        # Case does not tell files apart everywhere.
        count = Counter(stem.lower() for stem in chosen)
        chosen = [
            longer(photo) if count[stem.lower()] > 1 else stem for photo, stem in zip(photos, chosen, strict=True)
        ]
    seen: Counter[str] = Counter()
    for index, stem in enumerate(chosen):
        seen[stem.lower()] += 1
        if seen[stem.lower()] > 1:
            chosen[index] = f"{stem}-{seen[stem.lower()]}"
    return chosen


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

    Running it again does what is missing: of each photo only the formats whose files are not all there.

    Args:
        settings: see `inference.predictor.Settings`.
    """
    pending = []
    for photo, stem in zip(photos, stems(photos), strict=True):
        missing = [name for name in formats if overwrite or not _exist(paths(folder, stem, [name]))]
        if missing:
            pending.append((photo, stem, missing))
        else:
            yield Outcome(photo, "kept", tuple(paths(folder, stem, formats)))
    results = predictor.attempt_many([photo for photo, *_ in pending], camera, batch=batch, **settings)
    for photo, stem, missing in pending:
        started = time.perf_counter()
        result = next(results)
        try:
            if isinstance(result, TheodoliteError):
                raise result
            files = result.save(folder, missing, overwrite=True, stem=stem, options=options)
        except TheodoliteError as error:
            yield Outcome(photo, "failed", error=str(error))
        else:
            yield Outcome(photo, "done", tuple(files), facts(result), seconds=time.perf_counter() - started)


def _exist(files: Sequence[Path]) -> bool:
    return all(file.is_file() for file in files)
