"""The numbers of every image of an evaluation, by the names of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from theodolite.evaluation.evaluation import Evaluation
from theodolite.types import Float, Int


@dataclass(frozen=True, eq=False)
class Columns:
    """What `Evaluation.per_image` has, column by column, in its order of images."""

    evaluation: Evaluation

    @cached_property
    def _table(self) -> dict[str, tuple]:
        head, rows = self.evaluation.per_image()
        return dict(zip(head, zip(*rows, strict=True), strict=False))

    @property
    def names(self) -> tuple[str, ...]:
        return self._table.get("name", ())

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def __getitem__(self, name: str) -> Float[np.ndarray, " images"]:
        """NaN where an image has no such number."""
        return np.array(self._table[name], float)

    def of(self, alignment: str, metric: str) -> Float[np.ndarray, " images"]:
        """A depth metric in the headline's region."""
        return self[f"{self.evaluation.protocol.regions[0]}/{alignment}/{metric}"]

    @property
    def aligned(self) -> str:
        """The alignment by which images are told apart: the second one, where a model could be judged after two."""
        return self.evaluation.alignments[:2][-1]

    def members(self, group: str) -> Int[np.ndarray, " n"]:
        """Places of a group's images; of all of them for the empty name."""
        groups = self._table.get("group", ())
        return np.array([place for place, each in enumerate(groups) if each == group or not group], np.int64)
