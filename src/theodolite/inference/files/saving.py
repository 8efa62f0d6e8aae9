"""The table of formats, and saving a prediction in several of them at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from theodolite.errors import OutputError
from theodolite.inference.files.depth_png import write_depth_png
from theodolite.inference.files.facts import write_facts
from theodolite.inference.files.glb import write_glb
from theodolite.inference.files.html import write_html
from theodolite.inference.files.mesh_ply import write_mesh_ply
from theodolite.inference.files.normal_png import write_normal_png, write_normal_png16
from theodolite.inference.files.npz import write_npz
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.files.ply import write_ply
from theodolite.inference.files.preview import write_preview
from theodolite.inference.files.staging import staged
from theodolite.inference.prediction import Prediction


@dataclass(frozen=True)
class Format:
    """One way to write a prediction.

    Args:
        endings: what follows the stem in the names of its files.
        write: called with the prediction, the options, and one open file for each ending.
        what: for help texts.
    """

    endings: tuple[str, ...]
    write: Callable[..., None]
    what: str


FORMATS = {
    "npz": Format((".npz",), write_npz, "every map in float32, camera and provenance"),
    "depth-png": Format(("_depth.png", "_depth.json"), write_depth_png, "16-bit depth with its scale"),
    "normal-png": Format(("_normals.png",), write_normal_png, "normals, 8 bits a channel"),
    "normal-png16": Format(("_normals16.png",), write_normal_png16, "normals, 16 bits a channel"),
    "preview": Format(("_preview.jpg", "_depth.jpg"), write_preview, "photo, depth and normals to look at"),
    "ply": Format((".ply",), write_ply, "point cloud with normals, colours and confidence"),
    "mesh-ply": Format(("_mesh.ply",), write_mesh_ply, "mesh with normals, and a colour at each vertex"),
    "glb": Format((".glb",), write_glb, "textured mesh with normals, y up"),
    "html": Format((".html",), write_html, "viewer page to turn, colour and measure in"),
    "json": Format((".json",), write_facts, "size, camera, range of depth, warnings"),
}
DEFAULT_FORMATS = ("npz", "depth-png", "normal-png", "preview", "json")


def paths(folder: str | Path, stem: str, formats: Iterable[str] | None = None) -> list[Path]:
    """Files that `save` would write, so that a program can look before it predicts.

    Raises: OutputError, for a format that does not exist.
    """
    return [Path(folder) / (stem + ending) for name in _checked(formats) for ending in FORMATS[name].endings]


def save(
    prediction: Prediction,
    folder: str | Path,
    formats: Iterable[str] | None = None,
    overwrite: bool = False,
    stem: str | None = None,
    options: SaveOptions | None = None,
) -> list[Path]:
    """Write a prediction in each of the formats; all of the files, or none.

    Raises: OutputError, when a file is there already and may not be replaced, or cannot be written.
    """
    names = _checked(formats)
    targets = paths(folder, stem or prediction.stem, names)
    options = options or SaveOptions()
    with staged(targets, overwrite) as files, ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = iter(files)
        jobs = []
        for name in names:
            own = [next(waiting) for _ in FORMATS[name].endings]
            jobs.append(pool.submit(FORMATS[name].write, prediction, options, *own))
        for job in jobs:
            job.result()
    return targets


def _checked(formats: Iterable[str] | None) -> list[str]:
    """Names without repetition, in the order given."""
    names = list(dict.fromkeys(DEFAULT_FORMATS if formats is None else formats))
    for name in names:
        if name not in FORMATS:
            raise OutputError(f"No file format is called {name!r}. There are: {', '.join(FORMATS)}.")
    return names
