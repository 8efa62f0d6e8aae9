"""What a folder of test data holds: its examples listed, some of them loaded and measured, failures told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from theodolite.datasets.check import chosen
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import list_examples
from theodolite.errors import MissingExtra, TheodoliteError
from theodolite.types import Float

# Depths that stand for those of one example: enough for percentiles, and examples of any number fit into memory.
_SHARES = np.linspace(0, 1, 1001)


@dataclass(frozen=True)
class Check:
    """What was found.

    Args:
        listed: examples there are.
        groups: parts of the data set -> how many examples are in each.
        checked: examples that were tried.
        failures: one line for each that could not be loaded.
        pictures, truths: "WxH" of pictures, of true maps -> how many of the examples that were loaded.
        focal: smallest and largest, px.
        known: smallest, middle and largest share of pixels with depth.
        depth: 1st, 50th and 99th percentile, metres, every example with depth weighing the same.
        having: "normals", "edges", "planes", "mask NAME" -> how many examples have some.
    """

    listed: int
    groups: dict[str, int]
    checked: int
    failures: tuple[str, ...]
    pictures: dict[str, int]
    truths: dict[str, int]
    focal: tuple[float, float] | None
    known: tuple[float, float, float] | None
    depth: tuple[float, float, float] | None
    having: dict[str, int]


def check(name: str, root: Path, split: str = "", truth: str = "", most: int | None = 20) -> Check:
    """List a data set's examples, and load some.

    Args:
        name: of `READERS`.
        split, truth: of the reader's `ABOUT`; the usual ones when empty.
        most: load only so many, spread evenly over the list.
    Raises: DatasetError, when nothing can be listed; MissingExtra.
    """
    return check_listed(list_examples(name, root, split, truth), most)


def check_listed(listed: Sequence[Listed], most: int | None = 20) -> Check:
    """As `check`, of a list. Raises: MissingExtra."""
    sums = _Sums()
    places = chosen(len(listed), most)
    for place in places:
        try:
            sums.add(listed[place].load())
        except MissingExtra:  # concerns all of them
            raise
        except TheodoliteError as error:
            sums.failures.append(f"{listed[place].name}: {' '.join(str(error).split())}")
    return Check(
        listed=len(listed),
        groups=dict(Counter(one.group for one in listed)),
        checked=len(places),
        failures=tuple(sums.failures),
        pictures=dict(sums.pictures.most_common()),
        truths=dict(sums.truths.most_common()),
        focal=(min(sums.focal), max(sums.focal)) if sums.focal else None,
        known=_percentiles(sums.known, (0, 50, 100)),
        depth=_percentiles(sums.depth, (1, 50, 99)),
        having=dict(sums.having),
    )


@dataclass
class _Sums:
    failures: list[str] = field(default_factory=list)
    pictures: Counter[str] = field(default_factory=Counter)
    truths: Counter[str] = field(default_factory=Counter)
    having: Counter[str] = field(default_factory=Counter)
    focal: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    depth: list[Float[np.ndarray, " n"]] = field(default_factory=list)

    def add(self, example: Example) -> None:
        height, width = example.depth.shape
        self.pictures[f"{example.camera.width}x{example.camera.height}"] += 1
        self.truths[f"{width}x{height}"] += 1
        self.focal.append(example.camera.focal)
        present = {"normals": example.normals is not None, "edges": example.edges is not None}
        present |= {"planes": bool(example.planes)} | {f"mask {name}": True for name in example.masks}
        self.having.update(name for name, there in present.items() if there)
        known = np.isfinite(example.depth)
        self.known.append(float(known.mean()))
        if known.any():
            self.depth.append(np.quantile(example.depth[known].astype(np.float64), _SHARES))


def _percentiles(values: Sequence[object], which: tuple[int, int, int]) -> tuple[float, float, float] | None:
    if not values:
        return None
    low, middle, high = np.percentile(np.array(values), which).tolist()
    return low, middle, high
