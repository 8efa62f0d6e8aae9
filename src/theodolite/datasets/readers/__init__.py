"""Readers of test data as its authors distribute it, one module for each data set: examples to judge models by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from theodolite.datasets.example import Listed
from theodolite.errors import DatasetError

# Name on the command line -> module in this folder. Nothing is imported before use.
READERS: dict[str, str] = {
    "7scenes": "seven_scenes",
    "ddad": "ddad",
    "diode": "diode",
    "eth3d": "eth3d",
    "frames": "frames",
    "hypersim": "hypersim",
    "ibims1": "ibims1",
    "kitti": "kitti",
    "nuscenes": "nuscenes",
    "nyuv2": "nyuv2",
    "scannet": "scannet",
    "sintel": "sintel",
    "sunrgbd": "sunrgbd",
    "tum-rgbd": "tum_rgbd",
    "vkitti2": "vkitti2",
}


@dataclass(frozen=True)
class About:
    """What somebody has to know who wants to use a data set.

    Args:
        title: its name in full, and what it shows, in a line.
        source: the address it is to be had from, and which files of it.
        licence: as its authors state it.
        layout: the folders and files expected, as a tree.
        paper: who made it, where it was published.
        splits: parts that can be asked for -> what they are; the first one is usual.
        truths: forms of the truth that can be asked for -> what they are; the first one is usual.
        notes: what else has to be known of its use, a sentence or more each.
    """

    title: str
    source: str
    licence: str
    layout: str
    paper: str
    splits: Mapping[str, str]
    truths: Mapping[str, str]
    notes: Sequence[str] = field(default_factory=tuple)


class Reader(Protocol):
    """What a reader's module offers."""

    ABOUT: About

    def examples(self, root: Path, split: str, truth: str) -> list[Listed]:
        """Every example of a split, in an order that never changes; listing opens no picture.

        Args:
            root: folder the data set was unpacked to.
            split, truth: of `ABOUT`.
        Raises: DatasetError, when `root` is not that data set; MissingExtra.
        """
        ...


def find_reader(name: str) -> Reader:
    """Raises: DatasetError, when there is none of this name."""
    if name not in READERS:
        raise DatasetError(f"There is no reader {name!r}. There are: {', '.join(READERS)}.")
    return cast(Reader, import_module(f"{__name__}.{READERS[name]}"))


def list_examples(name: str, root: Path, split: str = "", truth: str = "") -> list[Listed]:
    """The examples of a data set.

    Args:
        split, truth: of the reader's `ABOUT`; the usual ones when empty.
    Raises: DatasetError, for an unknown name, a folder that is not this data set, or one that holds none of the split.
    """
    reader = find_reader(name)
    split = _chosen(name, "split", split, reader.ABOUT.splits)
    truth = _chosen(name, "truth", truth, reader.ABOUT.truths)
    if not root.is_dir():
        raise DatasetError(f"{root}: the folder that {name} was unpacked to is needed; there is none of this name.")
    found = reader.examples(root, split, truth)
    if not found:
        raise DatasetError(f"{root}: holds no example of {name}'s split {split!r}.")
    return found


def _chosen(name: str, what: str, asked: str, known: Mapping[str, str]) -> str:
    if asked and asked not in known:
        raise DatasetError(f"{name} has no {what} {asked!r}; it has {', '.join(known)}.")
    return asked or next(iter(known))
