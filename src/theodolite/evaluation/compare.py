"""Two evaluations of one benchmark, image by image: which model is better, and whether chance could say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.errors import TheodoliteError
from theodolite.evaluation.bootstrap import Paired, paired
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.runner import stored
from theodolite.types import Float

# Measures of which more is better; of all others less is.
_MORE = ("delta", "within", "boundary_f1", "f_score", "directed_correct", "depth_aurg", "normals_aurg")
# Columns that tell of the image or of the alignment, not of how good the depth is.
_NO_MEASURES = ("pixels", "dense", "unknown", "seconds", "told_focal", "width", "height", "fx", "fy")


@dataclass(frozen=True)
class Compared:
    """One measure.

    Args:
        name: the column's in `Evaluation.per_image`.
        more_is_better: of this measure.
        numbers: of both models, None when no image has a number of both.
        no_number: images where one of the two has none, which takes no part; a failed prediction is such.
    """

    name: str
    more_is_better: bool
    numbers: Paired | None
    no_number: int

    @property
    def second_better(self) -> float | None:
        """Share of the images on which the second model is better; ties count half."""
        if self.numbers is None:
            return None
        higher = self.numbers.second_higher
        return higher if self.more_is_better else 1 - higher


@dataclass(frozen=True)
class Comparison:
    """What two runs have in common.

    Args:
        first, second: names of the models.
        measures: that both runs have.
        only_first, only_second: images that the other run has not scored.
    """

    first: str
    second: str
    measures: tuple[Compared, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def compare(first: Path, second: Path) -> Comparison:
    """Compare the runs in two folders.

    Raises: OutputError, when a folder holds no run; TheodoliteError, when they are of different protocols or data, or
        have no image in common.
    """
    runs = stored(first), stored(second)
    _refuse_different(*runs)
    tables = [_columns(run) for run in runs]
    names = [run.collected.names for run in runs]
    common = sorted(set(names[0]) & set(names[1]))
    if not common:
        raise TheodoliteError(f"{first} and {second} have no image in common.")
    _refuse_other_truth(runs, common)
    places = [[{name: place for place, name in enumerate(each)}[name] for name in common] for each in names]
    shared = [name for name in tables[0] if name in tables[1]]
    measures = tuple(
        _compared(name, *(table[name][at] for table, at in zip(tables, places, strict=True))) for name in shared
    )
    return Comparison(
        runs[0].model,
        runs[1].model,
        measures,
        tuple(sorted(set(names[0]) - set(common))),
        tuple(sorted(set(names[1]) - set(common))),
    )


def _refuse_different(first: Evaluation, second: Evaluation) -> None:
    one, other = (
        {**run.protocol.as_dict(), "unknown_is_far": run.settings["unknown_is_far"]} for run in (first, second)
    )
    # Leaving normals or points out, as the last words of the changes say, changes no other number.
    left_out = {"measures", "changes"} | ({"normals"} if not (one["normals"] and other["normals"]) else set())
    different = [name for name in one if name not in left_out and one[name] != other[name]]
    if different:
        name = different[0]
        raise TheodoliteError(
            f"The runs follow different protocols: {name} is {one[name]!r} in one and {other[name]!r} in the other. "
            "Only numbers of one protocol can be compared."
        )


def _refuse_other_truth(runs: tuple[Evaluation, Evaluation], common: Sequence[str]) -> None:
    """Images of one name, but not of one truth, are of two data sets."""
    pixels = [
        dict(zip(run.collected.names, run.collected.facts.values[:, 0].astype(int).tolist(), strict=True))
        for run in runs
    ]
    for name in common:
        if pixels[0][name] != pixels[1][name]:
            raise TheodoliteError(
                f"{name} was judged by {pixels[0][name]} pixels in one run and by {pixels[1][name]} in the other: the "
                f"data, {runs[0].settings['data']} and {runs[1].settings['data']}, differ."
            )


def _columns(run: Evaluation) -> dict[str, Float[np.ndarray, " images"]]:
    head, rows = run.per_image()
    table = list(rows)
    return {
        name: np.array([row[place] for row in table], float)
        for place, name in enumerate(head)
        if place > 1 and name not in _NO_MEASURES and not name.startswith(("scale/", "shift/", "constant/"))
    }


def _compared(name: str, first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]) -> Compared:
    known = np.isfinite(first) & np.isfinite(second)
    measure = name.rpartition("/")[2]
    return Compared(
        name,
        measure.startswith(_MORE),
        paired(first[known], second[known]) if known.any() else None,
        int(np.count_nonzero(np.isfinite(first) != np.isfinite(second))),
    )
