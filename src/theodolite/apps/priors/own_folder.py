"""Folders whose names a trainer dictates: ours are marked, and one of the user's is kept under another name."""

from __future__ import annotations

from pathlib import Path

from theodolite.errors import OutputError
from theodolite.weights.atomic import writing

MARK = "made_by_theodolite_priors.txt"


def own_folder(folder: Path) -> Path:
    """The folder, ours from now on. One that was not is renamed to NAME.original.

    Raises: OutputError, when there is such a one already, or the folder cannot be written.
    """
    if (folder / MARK).is_file():
        return folder
    if folder.is_dir() and any(folder.iterdir()):
        kept = folder.with_name(f"{folder.name}.original")
        if kept.exists():
            raise OutputError(f"{folder} was not made by priors, and {kept} is there already; move one of them away.")
        try:
            folder.rename(kept)
        except OSError as error:
            raise OutputError(f"{folder} cannot be kept as {kept}: {error.strerror}.") from error
    with writing(folder / MARK) as temporary:
        temporary.write_text("Files here are replaced when priors are made again.\n", "utf-8")
    return folder
