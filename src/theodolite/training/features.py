"""What a frozen encoder makes of fixed views, kept on disk: computed once, however often a view comes again.

A folder holds, for each set of samples, an array of float16 with a row for each view, and a checksum of the pixels that
the row was made of. It belongs to one encoder and one way of drawing views, of one canvas, told by a digest in the
folder's name, so that runs with different decoders share it. The checksum guards against what the digest cannot know:
another set of the same name, a set rendered anew, other sets before it in the run.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from theodolite.errors import OutputError
from theodolite.network.vit import Tokens
from theodolite.training.batch import Batch
from theodolite.training.config import Recipe
from theodolite.training.data import Stream

# Weights change, or the views do, and rows of old would be wrong: what both depend on, of a recipe.
_OF_VIEWS = ("seed", "views", "framing", "jitter")

Canvas = tuple[int, int]  # rows, columns, px


class Features:
    """An encoder's taps of the views of a stream, from disk where they are there.

    Args:
        folder: for the features of all runs.
        stream: whose recipe has fixed views.
        encoder: that does not learn.
    """

    def __init__(self, folder: Path, stream: Stream, encoder: nn.Module) -> None:
        self._encoder = encoder
        self._folders = {canvas: folder / _digest(stream.recipe, canvas, encoder) for canvas in stream.recipe.canvases}
        self._names = [f"{place['name']}-{place['start']}-{place['samples']}" for place in stream.placed]
        self._views = [len(s.source) * (stream.recipe.views or 0) for s in stream.sets]
        self._files: dict[Path, tuple[np.memmap, np.memmap]] = {}
        self._shapes: dict[Canvas, list[list[tuple[int, ...]]]] = {}
        for place in self._folders.values():
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"{place} cannot be made: {error.strerror}.") from error

    @torch.no_grad()
    def taps(self, batch: Batch) -> list[Any]:
        """What the encoder gives for a batch on its device, in float32, rounded as on disk."""
        rows, columns = batch.pixels.shape[-2:]
        canvas = (rows, columns)
        sums = [_checksum(view) for view in batch.pixels.cpu().contiguous().numpy()]
        absent = [i for i, view in enumerate(batch.views) if not self._has(canvas, *view, sums[i])]
        if absent:
            made = self._encoder(batch.pixels[absent])
            self._shapes[canvas] = _shapes(made)
            flat = torch.cat([leaf.float().flatten(1) for leaf in _leaves(made)], dim=1).half().cpu().numpy()
            for i, row in zip(absent, flat, strict=True):
                self._keep(canvas, *batch.views[i], sums[i], row)
        elif canvas not in self._shapes:  # one look at how the encoder divides a row
            self._shapes[canvas] = _shapes(self._encoder(batch.pixels[:1]))
        found = np.stack([self._open(canvas, which)[0][row] for which, row in batch.views])
        return _unflatten(torch.from_numpy(found).to(batch.pixels.device).float(), self._shapes[canvas])

    def _has(self, canvas: Canvas, which: int, row: int, checksum: int) -> bool:
        return self._path(canvas, which).exists() and int(self._open(canvas, which)[1][row]) == checksum

    def _keep(self, canvas: Canvas, which: int, row: int, checksum: int, values: np.ndarray) -> None:
        rows, sums = self._open(canvas, which, len(values))
        rows[row] = values
        sums[row] = checksum

    def _open(self, canvas: Canvas, which: int, length: int | None = None) -> tuple[np.memmap, np.memmap]:
        """The rows of a set, and their checksums; files of a set are made when its first row is known."""
        path, count = self._path(canvas, which), self._views[which]
        if path not in self._files:
            told = path.with_suffix(".sums")
            try:
                if length is not None:
                    _reserve(told, 4 * count)
                    _reserve(path, 2 * count * length)
                width = path.stat().st_size // (2 * count)
                self._files[path] = (
                    np.memmap(path, np.float16, "r+", shape=(count, width)),
                    np.memmap(told, np.uint32, "r+", shape=(count,)),
                )
            except OSError as error:
                raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
        return self._files[path]

    def _path(self, canvas: Canvas, which: int) -> Path:
        return self._folders[canvas] / f"{self._names[which]}.rows"


def _checksum(pixels: np.ndarray) -> int:
    """Of a view's pixels; never 0, which stands for no row."""
    return zlib.crc32(pixels.data) or 1


def _reserve(path: Path, size: int) -> None:
    """A file of zeros that takes no room until it is written to; one that is there stays."""
    if not path.exists():
        with path.open("ab") as file:
            file.truncate(size)


def _digest(recipe: Recipe, canvas: Canvas, encoder: nn.Module) -> str:
    told = {name: value for name, value in asdict(recipe).items() if name in _OF_VIEWS} | {"canvases": (canvas,)}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    digest.update(repr(getattr(encoder, "spec", None)).encode())  # which of its blocks are tapped
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _leaves(taps: Sequence[Any]) -> list[Tensor]:
    return [leaf for tap in taps for leaf in (tap if isinstance(tap, Tokens) else (tap,))]


def _shapes(taps: Sequence[Any]) -> list[list[tuple[int, ...]]]:
    """Of each tap, the shapes of its parts for one picture."""
    return [[tuple(leaf.shape[1:]) for leaf in _leaves([tap])] for tap in taps]


def _unflatten(flat: Tensor, shapes: list[list[tuple[int, ...]]]) -> list[Any]:
    taps: list[Any] = []
    at = 0
    for parts in shapes:
        leaves = []
        for shape in parts:
            size = int(np.prod(shape))
            leaves.append(flat[:, at : at + size].unflatten(1, shape))
            at += size
        taps.append(Tokens(*leaves) if len(leaves) > 1 else leaves[0])
    return taps
