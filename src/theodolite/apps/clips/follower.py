"""Follows still points through a clip, and tells how the scales of its depth maps relate.

Each picture is compared with the one before and with an anchor: an earlier picture most of whose points are still seen.
The chain of anchors has few links, so errors add up slowly; neighbours bind what is quick. Where points are lost, the
anchor is looked for by likeness; where that fails too, another scene begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from theodolite.apps.clips.still_points import Comparison, compare
from theodolite.apps.feature_tracks import corners, follow, matches, to_grey
from theodolite.apps.resection import LEAST
from theodolite.camera.pinhole import Camera
from theodolite.types import Float, UInt8

POINTS = 350
_LEFT = 0.5  # share of the anchor's points below which another is wanted
_MOVED = 0.1  # of the picture's width, likewise
_PATIENCE = 3  # pictures after a loss in which the scene before is looked for
# Standard deviation of a link beside what its points say: neighbours, anchors.
NEIGHBOUR, ANCHOR = 0.004, 0.01
_ALIKE = 10  # points that err together, as those of one surface do


@dataclass(frozen=True)
class Link:
    """What relates the scales of two depth maps.

    Args:
        frame, other: numbers of the pictures.
        step: log factor that brings `frame` to the scale of `other`.
        sigma: its standard deviation.
    """

    frame: int
    other: int
    step: float
    sigma: float


@dataclass(frozen=True, eq=False)
class Followed:
    """What one picture told.

    Args:
        links: to pictures before it.
        before: still points in the picture before, px, and
        here: in this one; none where the two were not compared.
        neighbours: the two maps compared.
    """

    links: tuple[Link, ...] = ()
    before: Float[np.ndarray, "n 2"] = field(default_factory=lambda: np.empty((0, 2)))
    here: Float[np.ndarray, "n 2"] = field(default_factory=lambda: np.empty((0, 2)))
    neighbours: Comparison | None = None


@dataclass(frozen=True, eq=False)
class _Picture:
    number: int
    grey: UInt8[np.ndarray, "h w"]
    depth: Float[np.ndarray, "h w"]


class Follower:
    """Takes one picture after the other; holds three at most."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self._anchor: _Picture | None = None
        self._last: _Picture | None = None
        self._lost: _Picture | None = None  # anchor of the scene before, while it is still looked for
        self._tries = 0
        self._at_anchor = self._uv = np.empty((0, 2), np.float32)
        self._count = 0  # points of the anchor when it was new

    def take(self, number: int, image: UInt8[np.ndarray, "h w 3"], depth: Float[np.ndarray, "h w"]) -> Followed:
        """What a picture tells.

        Args:
            depth: metres along z; NaN where unknown, or where it may belong to another surface.
        """
        here = _Picture(number, to_grey(image), depth)
        last, self._last = self._last, here
        if self._anchor is None or last is None:
            self._become_anchor(here)
            return Followed()
        uv, found = follow(last.grey, here.grey, self._uv)
        start, before, moved = self._at_anchor[found], self._uv[found], uv[found]
        pair = compare((last.depth, here.depth), (before, moved), self.camera)
        anchored = self._anchor is last  # then one comparison says all
        held = pair if anchored else compare((self._anchor.depth, here.depth), (start, moved), self.camera)
        links = [] if pair is None else [_link(here, last, pair, NEIGHBOUR)]
        links += self._scene_before(here)
        if held is None:
            links += self._search(here, linked=bool(links))
        else:
            links += [] if anchored else [_link(here, self._anchor, held, ANCHOR)]
            self._at_anchor, self._uv = start[held.still], moved[held.still]
        if held is not None and self._wants_anchor():
            self._become_anchor(here)
        if pair is None:
            return Followed(tuple(links))
        return Followed(tuple(links), before[pair.still], moved[pair.still], pair)

    def _search(self, here: _Picture, linked: bool) -> list[Link]:
        """The anchor by likeness, and what to do when it is not in sight."""
        assert self._anchor is not None
        alike = self._likeness(self._anchor, here)
        if alike is None and not linked:
            # A picture that shows nothing, blurred or covered, begins no scene.
            if len(corners(here.grey, 2 * LEAST)) < 2 * LEAST:
                self._uv = self._at_anchor = self._uv[:0]
                return []
            if self._lost is None:
                self._lost, self._tries = self._anchor, _PATIENCE
        self._uv = self._uv[:0]
        self._become_anchor(here)
        return [] if alike is None else [alike]

    def _scene_before(self, here: _Picture) -> list[Link]:
        """A scene that only seemed to end, as when something passed the camera, goes on."""
        if self._lost is None:
            return []
        alike, self._tries = self._likeness(self._lost, here), self._tries - 1
        if alike is not None or self._tries == 0:
            self._lost = None
        return [] if alike is None else [alike]

    def _likeness(self, anchor: _Picture, here: _Picture) -> Link | None:
        found = compare((anchor.depth, here.depth), matches(anchor.grey, here.grey), self.camera)
        return None if found is None else _link(here, anchor, found, ANCHOR)

    def _wants_anchor(self) -> bool:
        if len(self._uv) < max(_LEFT * self._count, 3 * LEAST):
            return True
        shift = np.median(np.linalg.norm(self._uv - self._at_anchor, axis=1))
        return bool(shift > _MOVED * self.camera.width)

    def _become_anchor(self, here: _Picture) -> None:
        new = corners(here.grey, POINTS - len(self._uv), self._uv)
        self._uv = np.concatenate([self._uv, new])
        self._anchor, self._at_anchor, self._count = here, self._uv, len(self._uv)


def _link(frame: _Picture, other: _Picture, compared: Comparison, least: float) -> Link:
    # Of a median, were the points independent: 1.25 spreads over the root of their number.
    told = 1.25 * compared.spread / np.sqrt(max(len(compared.log_ratios) / _ALIKE, 1))
    return Link(frame.number, other.number, compared.step, float(np.hypot(least, told)))
