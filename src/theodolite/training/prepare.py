"""From folders on disk to what a run needs: its stream of batches, and samples kept out of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from theodolite.datasets.frames import find_frame_folders, read_frames
from theodolite.errors import DatasetError
from theodolite.training.config import Recipe
from theodolite.training.data import Measured, Stream
from theodolite.training.sample import Sample
from theodolite.training.scenes import Part, Scenes


def prepare(recipe: Recipe, data: Sequence[Path], real: Sequence[Path], held_out: int) -> tuple[Stream, list[Sample]]:
    """The stream of a run, and the rendered samples to judge it by.

    Args:
        data: folders of rendered shards.
        real: folders of measured frames, or folders of such folders.
        held_out: the first samples, which are not trained on.
    Raises: DatasetError.
    """
    scenes = Scenes(data)
    if held_out >= len(scenes):
        raise DatasetError(f"{len(scenes)} rendered samples are too few to hold {held_out} of them out.")
    judged = [scenes[i] for i in range(held_out)]
    return Stream(recipe, Part(scenes, held_out, len(scenes)), _measured(real)), judged


def _measured(folders: Sequence[Path]) -> Measured | None:
    places = [read_frames(place) for folder in folders for place in find_frame_folders(folder)]
    if folders and not any(places):
        raise DatasetError(f"{', '.join(map(str, folders))}: no frames.json with depth there, nor in a folder below.")
    return Measured([place for place in places if place]) if folders else None
