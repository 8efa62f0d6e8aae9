"""What all writers of priors share: the folder, its views, where their pictures are, and how deep the scene is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Protocol

from theodolite.apps.priors.settings import Settings
from theodolite.apps.priors.view_priors import ViewPriors
from theodolite.apps.views import View
from theodolite.geometry.pointcloud import PointCloud


@dataclass(frozen=True, eq=False)
class Scene:
    """A folder of posed pictures and where its priors go.

    Args:
        form: of the folder, see `Views`.
        views: all of them.
        out: folder of the results.
        transforms: the user's transforms.json, if the folder is nerfstudio's.
        skipped: pictures of the folder that cannot be used, and are not among the views.
    """

    root: Path
    form: str
    views: Sequence[View]
    out: Path
    settings: Settings
    transforms: Mapping[str, Any] | None = None
    skipped: int = 0

    @property
    def in_place(self) -> bool:
        """Whether results go into the folder itself."""
        return self.out.resolve() == self.root.resolve()

    @property
    def pictures(self) -> Path:
        """The folder that holds all pictures, at whatever depth."""
        return Path(os.path.commonpath([view.image.resolve().parent for view in self.views]))

    def name(self, view: View) -> PurePath:
        """Of a view's files: its picture's below `pictures`, without ending."""
        return PurePath(view.image.resolve().relative_to(self.pictures)).with_suffix("")

    def relative(self, path: Path) -> str:
        """As files in `out` name another one."""
        return Path(os.path.relpath(path.resolve(), self.out.resolve())).as_posix()


@dataclass(frozen=True)
class Range:
    """Of aligned depth over all views, units of the poses: the 0.1st, 50th and 99.9th percentile.

    The first and last are those of the most extreme view.
    """

    nearest: float
    median: float
    farthest: float


class Writer(Protocol):
    """What writes the priors for one trainer."""

    def check(self, scene: Scene) -> list[Path]:
        """Files and folders that are about to be written. Raises: TheodoliteError, for pictures it cannot be for."""

    def write(self, scene: Scene, priors: ViewPriors, extent: Range) -> None:
        """Files of one view."""

    def finish(self, scene: Scene, cloud: PointCloud | None) -> Finished:
        """What is for all views."""


@dataclass(frozen=True)
class Finished:
    """What was written for one trainer.

    Args:
        files: the main ones.
        notes: what a user has to know, a sentence each.
        command: how the trainer is started.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...] = field(default=())
    command: str = ""
