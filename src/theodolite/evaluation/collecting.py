"""Scores of any number of images, kept as rows of numbers: what means and intervals are taken of."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.evaluation.confidence_metrics import Certainty
from theodolite.evaluation.depth_metrics import DepthSums
from theodolite.evaluation.distance import DistanceSums
from theodolite.evaluation.normal_metrics import NormalSums
from theodolite.evaluation.scores import ImageFailure, ImageScore
from theodolite.types import Float, Int

Identity = tuple[float, ...]


@dataclass
class Rows:
    """Rows of numbers, a row an image; an image may have none. Kept without the weight of Python's objects."""

    width: int
    places: array = field(default_factory=lambda: array("L"))
    numbers: array = field(default_factory=lambda: array("d"))

    def add(self, place: int, row: Sequence[float]) -> None:
        assert len(row) == self.width
        self.places.append(place)
        self.numbers.extend(row)

    @property
    def values(self) -> Float[np.ndarray, "images width"]:
        return np.array(self.numbers, float).reshape(-1, self.width)

    @property
    def images(self) -> Int[np.ndarray, " images"]:
        """Which image each row is of."""
        return np.array(self.places, np.int64)


@dataclass
class Collected:
    """What there is of all images added so far; a few kilobytes for each, whatever its size.

    Args:
        depth: by (region, alignment), the fields of `DepthSums`.
        normals: by "network" and "depth", of what normals are: the fields of `NormalSums` that are numbers, `within` in
            five columns, and the median last.
        pooled_normals: all images' sums, for the median of their pixels.
        measures: by name, one number.
        scales: by alignment, factor and shift.
    """

    names: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    cameras: list[Identity] = field(default_factory=list)
    failures: list[ImageFailure] = field(default_factory=list)
    known_cameras: dict[Identity, Camera] = field(default_factory=dict)
    facts: Rows = field(default_factory=lambda: Rows(5))  # pixels, dense, unknown, seconds, told_focal
    depth: dict[tuple[str, str], Rows] = field(default_factory=dict)
    scales: dict[str, Rows] = field(default_factory=dict)
    constant: Rows = field(default_factory=lambda: Rows(len(fields(DepthSums))))
    normals: dict[str, Rows] = field(default_factory=dict)
    pooled_normals: dict[tuple[str, str], NormalSums] = field(default_factory=dict)
    measures: dict[str, Rows] = field(default_factory=dict)
    distance: dict[str, DistanceSums] = field(default_factory=dict)
    certainty: dict[str, Certainty] = field(default_factory=dict)
    attempted: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: ImageScore | ImageFailure) -> None:
        self.attempted[outcome.group] += 1
        if isinstance(outcome, ImageFailure):
            self.failures.append(outcome)
            return
        place = len(self.names)
        self.names.append(outcome.name)
        self.groups.append(outcome.group)
        self.cameras.append(identity(outcome.camera))
        self.known_cameras.setdefault(identity(outcome.camera), outcome.camera)
        self.facts.add(place, (outcome.pixels, outcome.dense, outcome.unknown, outcome.seconds, outcome.told_focal))
        self.constant.add(place, astuple(outcome.constant))
        for region, each in outcome.depth.items():
            for alignment, sums in each.items():
                _rows(self.depth, (region, alignment), len(fields(DepthSums))).add(place, astuple(sums))
        for alignment, line in outcome.scales.items():
            _rows(self.scales, alignment, 2).add(place, line)
        for name, value in outcome.measures.items():
            _rows(self.measures, name, 1).add(place, (value,))
        self._add_normals(place, outcome)
        for group in ("", outcome.group) if outcome.group else ("",):
            known = self.distance.get(group)
            self.distance[group] = outcome.distance if known is None else known + outcome.distance
        for name, certainty in outcome.certainty.items():
            own = certainty.sparsification
            for measure, value in (("ause", own.ause), ("aurg", own.aurg)):
                _rows(self.measures, f"{name}_{measure}", 1).add(place, (value,))
            known_certainty = self.certainty.get(name)
            self.certainty[name] = certainty if known_certainty is None else known_certainty + certainty

    def _add_normals(self, place: int, score: ImageScore) -> None:
        for source, sums in (("network", score.normals), ("depth", score.normals_from_depth)):
            if sums is None:
                continue
            assert sums.median is not None
            row = (sums.pixels, sums.angle, sums.squared, *sums.within, sums.median)
            _rows(self.normals, source, len(row)).add(place, row)
            for group in ("", score.group) if score.group else ("",):
                known = self.pooled_normals.get((source, group))
                self.pooled_normals[source, group] = sums if known is None else known + sums


def _rows(table: dict, key: object, width: int) -> Rows:
    if key not in table:
        table[key] = Rows(width)
    return table[key]


def identity(camera: Camera) -> Identity:
    """What tells cameras apart."""
    return camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height


def camera_names(cameras: Mapping[Identity, Camera]) -> dict[Identity, str]:
    """Each camera's focal length in px and picture size, in as many words as tell it from the others."""
    wordings = (
        lambda c: f"f {c.focal:.0f} px, {c.width}x{c.height}",
        lambda c: f"f {c.focal:.1f} px, {c.width}x{c.height}",
        lambda c: f"f {c.focal:.1f} px, {c.width}x{c.height}, centre {c.cx:.1f}, {c.cy:.1f}",
        lambda c: f"f {c.fx!r}, {c.fy!r} px, {c.width}x{c.height}, centre {c.cx!r}, {c.cy!r}",
    )
    for wording in wordings:
        names = {key: wording(camera) for key, camera in cameras.items()}
        if len(set(names.values())) == len(names):
            break
    return names
