"""What the frozen part of an encoder makes of fixed views, kept on disk: computed once, however often one comes again.

A folder holds, for each set of samples, an array of float16 with a row for each view, and a checksum of the pixels that
the row was made of. It belongs to one frozen part and one way of drawing views, of one canvas, told by a digest in the
folder's name, so that runs with different decoders share it. The checksum guards against what the digest cannot know:
another set of the same name, a set rendered anew, other sets before it in the run.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from theodolite.errors import OutputError
from theodolite.network.vit import Partway, ViTEncoder
from theodolite.training.batch import Batch
from theodolite.training.config import Recipe
from theodolite.training.data import Stream

# Weights change, or the views do, and rows of old would be wrong: what both depend on, of a recipe.
_OF_VIEWS = ("seed", "views", "framing", "jitter")

Canvas = tuple[int, int]  # rows, columns, px


class Features:
    """What the part of an encoder that never learns makes of the views of a stream, from disk where it is there.

    Of a transformer that part is all but the blocks that a recipe thaws; of a pyramid it is everything, while nothing
    of it learns.

    Args:
        folder: for the features of all runs.
        stream: whose recipe has fixed views, and thaws stages of the encoder or none.
    """

    def __init__(self, folder: Path, stream: Stream, encoder: nn.Module) -> None:
        recipe = stream.recipe
        if not recipe.views or recipe.thawed is None or recipe.lora:
            raise ValueError("features are kept of fixed views and of encoders of which a part never learns")
        self._encoder: Any = encoder
        self._blocks = max(len(encoder.blocks) - recipe.thawed, 0) if isinstance(encoder, ViTEncoder) else None
        self._folders = {canvas: folder / self._digest(recipe, canvas) for canvas in recipe.canvases}
        self._names = [f"{place['name']}-{place['start']}-{place['samples']}" for place in stream.placed]
        self._views = [len(s.source) * recipe.views for s in stream.sets]
        self._files: dict[Path, tuple[np.memmap, np.memmap]] = {}
        self._forms: dict[Canvas, _Form] = {}
        for place in self._folders.values():
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"{place} cannot be made: {error.strerror}.") from error

    @torch.no_grad()
    def begun(self, batch: Batch, encoder_learns: bool) -> Partway | list[Tensor] | None:
        """What the frozen part gives for a batch on its device, in float32, rounded as on disk; None if none is frozen.

        Returns: of a transformer, what its `finish` takes; of a pyramid, its maps.
        """
        if self._blocks is None and encoder_learns:
            return None
        rows, columns = batch.pixels.shape[-2:]
        canvas = (rows, columns)
        sums = [_checksum(view) for view in batch.pixels.cpu().contiguous().numpy()]
        absent = [i for i, view in enumerate(batch.views) if not self._has(canvas, *view, sums[i])]
        if absent:
            made = self._make(batch.pixels[absent])
            self._forms[canvas] = _Form.of(made)
            flat = torch.cat([leaf.float().flatten(1) for leaf in _leaves(made)], dim=1).half().cpu().numpy()
            for i, row in zip(absent, flat, strict=True):
                self._keep(canvas, *batch.views[i], sums[i], row)
        elif canvas not in self._forms:  # one look at how a row is divided
            self._forms[canvas] = _Form.of(self._make(batch.pixels[:1]))
        found = np.stack([self._open(canvas, which)[0][row] for which, row in batch.views])
        return self._forms[canvas].filled(torch.from_numpy(found).to(batch.pixels.device).float())

    def _make(self, pixels: Tensor) -> Partway | list[Tensor]:
        return self._encoder(pixels) if self._blocks is None else self._encoder.begin(pixels, self._blocks)

    def _digest(self, recipe: Recipe, canvas: Canvas) -> str:
        told = {name: value for name, value in asdict(recipe).items() if name in _OF_VIEWS} | {"canvases": (canvas,)}
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        digest.update(f"{getattr(self._encoder, 'spec', None)} {self._blocks}".encode())  # which blocks are tapped
        for name, tensor in sorted(self._encoder.state_dict().items()):
            if self._blocks is None or _block_of(name) < self._blocks:
                digest.update(name.encode())
                digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

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


def _block_of(name: str) -> int:
    """The number of the block that a weight belongs to; -1 of what comes before the first."""
    parts = name.split(".")
    if parts[0] == "norm":
        return 10**9
    return int(parts[1]) if parts[0] == "blocks" else -1


def _leaves(made: Partway | Sequence[Tensor]) -> list[Tensor]:
    return [made.sequence, *made.taps] if isinstance(made, Partway) else list(made)


@dataclass(frozen=True)
class _Form:
    """How a row is divided: the shape of each part for one picture; of a transformer, its grid and blocks."""

    shapes: tuple[tuple[int, ...], ...]
    partway: tuple[tuple[int, int], int] | None

    @classmethod
    def of(cls, made: Partway | Sequence[Tensor]) -> _Form:
        partway = (made.grid, made.blocks) if isinstance(made, Partway) else None
        return cls(tuple(tuple(leaf.shape[1:]) for leaf in _leaves(made)), partway)

    def filled(self, flat: Tensor) -> Partway | list[Tensor]:
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = [p.unflatten(1, shape) for p, shape in zip(flat.split(sizes, dim=1), self.shapes, strict=True)]
        return parts if self.partway is None else Partway(parts[0], tuple(parts[1:]), *self.partway)
