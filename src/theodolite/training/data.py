"""Where samples come from, and which ones a step sees: every choice a function of seed and step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from PIL import Image

from theodolite.datasets.frames import Frame
from theodolite.errors import DatasetError
from theodolite.training.augment import augment
from theodolite.training.config import Recipe
from theodolite.training.sample import Batch, Sample, collate
from theodolite.types import Int

# What a random stream is for, so that no two purposes share one.
_CANVAS, _ORDER, _FRAME, _VIEW = range(4)


class Source(Protocol):
    """Samples by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...


def measured_sample(frame: Frame) -> Sample:
    """A real frame as a sample: depth where the sensor gave one, nothing known of normals or sky.

    Raises: DatasetError, when a file is missing or damaged.
    """
    try:
        with Image.open(frame.rgb) as picture:
            image = np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise DatasetError(f"{frame.rgb}: a picture was expected, {type(error).__name__}: {error}.") from error
    height, width = image.shape[:2]
    return Sample(image, frame.camera(width, height), frame.read_depth())


@dataclass(frozen=True)
class Measured:
    """Frames of several places, each place as likely as the next, however many frames it has."""

    places: Sequence[Sequence[Frame]]

    def __len__(self) -> int:
        return sum(len(place) for place in self.places)

    def draw(self, rng: np.random.Generator) -> Sample:
        """A random frame of a random place."""
        place = self.places[int(rng.integers(len(self.places)))]
        return measured_sample(place[int(rng.integers(len(place)))])


@dataclass(frozen=True)
class Stream:
    """The batches of a run, by the number of the step.

    Args:
        scenes: rendered samples; each is seen once before any is seen again.
        measured: real frames, drawn at random for `recipe.real_share` of each batch.
    """

    recipe: Recipe
    scenes: Source
    measured: Measured | None = None

    def __post_init__(self) -> None:
        if not len(self.scenes):
            raise ValueError("Training needs rendered samples; the folder given holds none.")

    def batch(self, step: int) -> Batch:
        """The samples of a step, augmented, as tensors."""
        recipe = self.recipe
        canvas = self.canvas(step)
        samples = [
            augment(self._sample(step, slot), canvas, recipe.framing, recipe.jitter, self._rng(_VIEW, step, slot))
            for slot in range(recipe.batch)
        ]
        return collate(samples, recipe.canonical_focal, recipe.near, recipe.far)

    def canvas(self, step: int) -> tuple[int, int]:
        """Rows and columns, px, of all samples of a step."""
        shares = np.asarray(self.recipe.canvas_shares)
        return self.recipe.canvases[self._rng(_CANVAS, step).choice(len(shares), p=shares / shares.sum())]

    def index(self, step: int, slot: int) -> int:
        """Which rendered sample takes a place in a batch."""
        epoch, place = divmod(step * self.recipe.batch + slot, len(self.scenes))
        return int(_order(len(self.scenes), self.recipe.seed, epoch)[place])

    def _sample(self, step: int, slot: int) -> Sample:
        rng = self._rng(_FRAME, step, slot)
        if self.measured is not None and rng.random() < self.recipe.real_share:
            return self.measured.draw(rng)
        return self.scenes[self.index(step, slot)]

    def _rng(self, purpose: int, *numbers: int) -> np.random.Generator:
        return np.random.default_rng((self.recipe.seed, purpose, *numbers))


@lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> Int[np.ndarray, " count"]:
    return np.random.default_rng((seed, _ORDER, epoch)).permutation(count)
