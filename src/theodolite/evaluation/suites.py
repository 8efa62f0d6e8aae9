"""The suites of `theodolite evaluate`: which frames a model is judged on, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from theodolite.errors import UnknownSuite
from theodolite.evaluation.real_frames import ListedFrame, list_frames


@dataclass(frozen=True)
class Suite:
    """A suite is the frames it lists; scoring, tables and report are the same for all.

    Args:
        about: in a line.
        frames: of a folder; raises DatasetError where there are none.
    """

    about: str
    frames: Callable[[Path], list[ListedFrame]]


SUITES = {"real": Suite("your own RGB-D frames: a folder with a frames.json, or a folder of such folders", list_frames)}


def find_suite(name: str) -> Suite:
    """Raises: UnknownSuite, which lists those there are."""
    if name not in SUITES:
        known = "; ".join(f"{known} ({suite.about})" for known, suite in SUITES.items())
        raise UnknownSuite(f"There is no suite {name!r}. There is: {known}.")
    return SUITES[name]
