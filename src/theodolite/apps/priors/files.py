"""The table of trainers, and which of them a folder is for when nobody says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePath

from theodolite.apps.priors.nerfstudio_files import NerfstudioFiles
from theodolite.apps.priors.predictions import FOLDER
from theodolite.apps.priors.report import NAME
from theodolite.apps.priors.scene import Scene, Writer
from theodolite.apps.priors.sdfstudio_files import SdfstudioFiles
from theodolite.apps.priors.splatting_files import SplattingFiles
from theodolite.errors import DatasetError, OutputError

WRITERS: dict[str, Callable[[], Writer]] = {
    "nerfstudio": NerfstudioFiles,
    "gaussian-splatting": SplattingFiles,
    "dn-splatter": lambda: NerfstudioFiles(normals=True),
    "sdfstudio": SdfstudioFiles,
}


def targets_of(scene: Scene) -> tuple[str, ...]:
    """Those asked for; else Gaussian Splatting for COLMAP's pinhole pictures, and nerfstudio for all others."""
    if scene.settings.targets:
        chosen = tuple(dict.fromkeys(scene.settings.targets))
        # What dn-splatter reads holds all that nerfstudio reads.
        return tuple(name for name in chosen if name != "nerfstudio" or "dn-splatter" not in chosen)
    pinhole = all(view.camera.distortion is None for view in scene.views)
    return ("gaussian-splatting",) if scene.form == "colmap" and pinhole else ("nerfstudio",)


def writers_of(scene: Scene, overwrite: bool) -> dict[str, Writer]:
    """Ready to write, before minutes of work. Raises: OutputError, when files are there; TheodoliteError."""
    names = Counter(scene.name(view) for view in scene.views)
    if twice := [name.as_posix() for name, count in names.items() if count > 1]:
        raise DatasetError(
            f"{scene.pictures}: {twice[0]} is the name of {names[PurePath(twice[0])]} pictures, but for the ending or "
            "by links to one file; their priors would be one. Rename them."
        )
    writers = {name: WRITERS[name]() for name in targets_of(scene)}
    made = [path for writer in writers.values() for path in writer.check(scene)]
    # An interrupted run may be taken up.
    if not overwrite and not (scene.out / FOLDER).is_dir():
        kept: Path | None = next((path for path in [scene.out / NAME, *made] if path.exists()), None)
        if kept is not None:
            raise OutputError(f"{kept} is there already and is kept; --overwrite replaces it, --out writes elsewhere.")
    return writers
