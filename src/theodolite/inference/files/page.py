"""Pages of saved predictions: finding the prediction, and making its viewer page unless that is there."""

from __future__ import annotations

import os
from pathlib import Path

from theodolite.errors import OutputError
from theodolite.inference.files.html import write_html
from theodolite.inference.files.npz import read_npz
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.files.staging import staged


def find_result(path: str | Path) -> Path:
    """The NPZ or HTML file that a file or folder stands for; an NPZ before an HTML.

    Raises: OutputError, when there is none, or more than one prediction to choose from.
    """
    path = Path(path)
    if os.path.isdir(path):  # Path.is_dir fails where a name is too long
        for ending in (".npz", ".html"):
            found = sorted(path.glob("*" + ending))
            if len(found) == 1:
                return found[0]
            if found:
                names = ", ".join(file.name for file in found[:3])
                raise OutputError(f"{path} holds {len(found)} predictions ({names}, ...). Name one of the files.")
        raise OutputError(f"{path} holds no prediction (.npz). Make one: theodolite predict PHOTO --out {path}")
    if path.suffix.lower() not in (".npz", ".html"):
        raise OutputError(
            f"A prediction's .npz or .html file is wanted, got {path}. Make one: theodolite predict PHOTO"
        )
    if not os.path.isfile(path):
        raise OutputError(f"Cannot read {path}: no such file.")
    return path


def make_page(source: Path, out: Path | None = None, overwrite: bool = False) -> Path:
    """The viewer page of an NPZ file, beside it unless told otherwise; one made since the NPZ is taken as it is.

    Raises: OutputError, when the prediction cannot be read, or an older page may not be replaced.
    """
    if source.suffix.lower() != ".npz":
        raise OutputError(f"A page is made from a prediction's .npz file, got {source}.")
    page = out or source.with_suffix(".html")
    # A page asked for by name may be anything; only the one beside the prediction is known to be its own.
    if out is None and page.is_file() and not overwrite and page.stat().st_mtime >= source.stat().st_mtime:
        return page
    prediction = read_npz(source)
    with staged([page], overwrite) as (file,):
        write_html(prediction, SaveOptions(), file)
    return page
