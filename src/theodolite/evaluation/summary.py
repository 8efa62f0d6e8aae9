"""What a model's scores add up to: each measure over images, over pixels and over groups, with its uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from theodolite.evaluation.bootstrap import Bootstrap
from theodolite.evaluation.collecting import Collected, Rows, camera_names
from theodolite.evaluation.depth_metrics import DepthMetrics, depth_metrics_of_sums
from theodolite.evaluation.distance import DistanceRow, distance_rows
from theodolite.evaluation.normal_metrics import LEAST_PIXELS, NormalMetrics
from theodolite.evaluation.protocols import Protocol
from theodolite.types import Float, Int

MOST_CAMERAS = 12
# Columns of a `Rows` of normals.
_MEDIAN = -1


@dataclass(frozen=True)
class Estimates:
    """One set of metrics, averaged in each of the ways the field does; each a tuple of the metrics' values.

    Args:
        names: of the metrics.
        aggregation: of the headline: "images", "pixels" or "groups".
        images: plain mean over images.
        pixels: of the pixels of all images together.
        groups: mean over the groups' means over images; those of no group are one.
        low, high: 95 % interval of the headline over draws of the images; NaN where there is none.
        count: images that have these metrics.
    """

    names: tuple[str, ...]
    aggregation: str
    images: tuple[float, ...]
    pixels: tuple[float, ...]
    groups: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    count: int

    @property
    def headline(self) -> tuple[float, ...]:
        return getattr(self, self.aggregation)

    def __getitem__(self, name: str) -> float:
        """A metric's headline."""
        return self.headline[self.names.index(name)]

    def interval(self, name: str) -> tuple[float, float]:
        place = self.names.index(name)
        return self.low[place], self.high[place]


@dataclass(frozen=True)
class Part:
    """All images, those of a group, or those of one of its cameras.

    Args:
        name: empty for all.
        kind: "all", "group" or "camera".
        images, failures: scored, and not.
        depth: by (region, alignment).
        constant: depth metrics of each image's own median.
        scales: by alignment, the median factor over images.
        normals: by "network" and "depth".
        measures: by name, each with one metric called "mean".
        distance: rows by true depth; none for a camera.
        unknown: mean share of pixels without prediction, and how many images have such.
        dense: mean share of pixels with true depth.
    """

    name: str
    kind: str
    images: int
    failures: int
    depth: dict[tuple[str, str], Estimates]
    constant: Estimates | None
    scales: dict[str, float]
    normals: dict[str, Estimates]
    measures: dict[str, Estimates]
    distance: tuple[DistanceRow, ...]
    unknown: tuple[float, int]
    dense: float


def summarise(collected: Collected, protocol: Protocol) -> list[Part]:
    """All images first; then each group in order of appearance, followed by its cameras where it has a few."""
    if not collected.names:
        return []
    groups = np.array(collected.groups, dtype=object)
    everything = np.arange(groups.size)
    parts = [_part("", "all", collected, protocol, everything)]
    for group in dict.fromkeys(collected.groups):
        members = np.flatnonzero(groups == group)
        if group:
            parts.append(_part(group, "group", collected, protocol, members))
        parts += _cameras(collected, protocol, members)
    return parts


def _cameras(collected: Collected, protocol: Protocol, members: Int[np.ndarray, " n"]) -> list[Part]:
    of_camera: dict = {}
    for image in members:
        of_camera.setdefault(collected.cameras[image], []).append(image)
    # With a camera for nearly every image, or dozens of them, a row a camera would hide the groups.
    if not 1 < len(of_camera) <= min(MOST_CAMERAS, len(members) - 1):
        return []
    names = camera_names({key: collected.known_cameras[key] for key in of_camera})
    return [_part(names[key], "camera", collected, protocol, np.array(own)) for key, own in of_camera.items()]


def _part(name: str, kind: str, collected: Collected, protocol: Protocol, members: Int[np.ndarray, " n"]) -> Part:
    whole = kind == "all"
    own = np.array(collected.groups, dtype=object)[members]
    numbers = {group: number for number, group in enumerate(dict.fromkeys(own))}
    groups = np.array([numbers[group] for group in own])
    averages = _Averages(members, groups)
    of_depth = protocol.aggregation if whole else _inside(protocol.aggregation)
    of_normals = protocol.normal_aggregation if whole else _inside(protocol.normal_aggregation)
    facts = averages.chosen(collected.facts)[0]
    failures = collected.failures if whole else [f for f in collected.failures if f.group == name and kind == "group"]
    group = "" if whole else name
    pooled = {
        source: sums.metrics().median
        for (source, of), sums in collected.pooled_normals.items()
        if of == group and kind != "camera"
    }
    return Part(
        name=name,
        kind=kind,
        images=members.size,
        failures=len(failures),
        depth=_known({key: averages.depth(rows, of_depth) for key, rows in collected.depth.items()}),
        constant=averages.depth(collected.constant, of_depth),
        scales={
            alignment: float(np.median(averages.chosen(rows)[0][:, 0])) for alignment, rows in collected.scales.items()
        },
        normals=_known(
            {
                source: averages.normals(rows, of_normals, pooled.get(source, float("nan")))
                for source, rows in collected.normals.items()
            }
        ),
        measures=_known(
            {
                measure: averages.plain(rows, "images" if of_depth == "pixels" else of_depth)
                for measure, rows in collected.measures.items()
            }
        ),
        distance=tuple(distance_rows(collected.distance[group])) if kind != "camera" else (),
        unknown=(float(facts[:, 2].mean()), int(np.count_nonzero(facts[:, 2]))),
        dense=float(facts[:, 1].mean()),
    )


def _inside(aggregation: str) -> str:
    """A group is averaged over its images, where all are averaged over groups."""
    return "images" if aggregation == "groups" else aggregation


def _known(table: dict) -> dict:
    return {key: value for key, value in table.items() if value is not None}


class _Averages:
    """The three averages, and the headline's interval, of rows of some images.

    Args:
        members: places of these images.
        groups: number of each one's group.
    """

    def __init__(self, members: Int[np.ndarray, " n"], groups: Int[np.ndarray, " n"]) -> None:
        self.members, self.groups = members, groups
        self._bootstraps: dict = {}

    def chosen(self, rows: Rows) -> tuple[Float[np.ndarray, "n width"], Int[np.ndarray, " n"]]:
        """The rows of these images, and the group of each."""
        values, images = rows.values, rows.images
        where = np.searchsorted(self.members, images)
        mine = (where < self.members.size) & (self.members[np.minimum(where, self.members.size - 1)] == images)
        return values[mine], self.groups[where[mine]]

    def depth(self, rows: Rows, aggregation: str) -> Estimates | None:
        sums, groups = self.chosen(rows)
        names = tuple(field.name for field in fields(DepthMetrics))
        if not len(sums):
            return None
        return self._estimates(names, depth_metrics_of_sums(sums), sums, depth_metrics_of_sums, groups, aggregation)

    def normals(self, rows: Rows, aggregation: str, pooled_median: float) -> Estimates | None:
        """Images with hardly a pixel count among the pixels only, as in the release."""
        sums, groups = self.chosen(rows)
        names = tuple(field.name for field in fields(NormalMetrics))
        if not len(sums):
            return None
        enough = sums[:, 0] >= LEAST_PIXELS
        if not enough.any():
            return None
        each = _normal_metrics_of_sums(sums)
        each[:, names.index("median")] = sums[:, _MEDIAN]
        found = self._estimates(names, each, sums, _normal_metrics_of_sums, groups, aggregation, enough)
        pixels = tuple(
            pooled_median if name == "median" else value for name, value in zip(names, found.pixels, strict=True)
        )
        return Estimates(
            names, aggregation, found.images, pixels, found.groups, found.low, found.high, int(enough.sum())
        )

    def plain(self, rows: Rows, aggregation: str) -> Estimates | None:
        values, groups = self.chosen(rows)
        if not len(values):
            return None
        counted = np.hstack([values, np.ones_like(values)])  # pixels have no say: every image counts alike
        return self._estimates(("mean",), values, counted, lambda sums: sums[:, :1] / sums[:, 1:], groups, aggregation)

    def _estimates(
        self,
        names: tuple[str, ...],
        each: Float[np.ndarray, "n metrics"],
        sums: Float[np.ndarray, "n columns"],
        of_sums: Callable[[np.ndarray], np.ndarray],
        groups: Int[np.ndarray, " n"],
        aggregation: str,
        counts: np.ndarray | None = None,
    ) -> Estimates:
        counts = np.ones(len(each), bool) if counts is None else counts
        judged, own = each[counts], groups[counts]
        # A NaN of weight 0 would still be NaN: an image that a draw leaves out has no say in it.
        plain = np.ones((1, len(sums)))

        def over_images(weights: np.ndarray) -> np.ndarray:
            return _weighted(weights[:, counts], judged)

        def over_pixels(weights: np.ndarray) -> np.ndarray:
            return of_sums(_weighted_sum(weights, sums))

        def over_groups(weights: np.ndarray) -> np.ndarray:
            of_judged = weights[:, counts]
            return np.mean([_weighted(of_judged[:, own == g], judged[own == g]) for g in np.unique(own)], axis=0)

        ways = {"images": over_images, "pixels": over_pixels, "groups": over_groups}
        key = (aggregation == "groups", groups.tobytes())
        if key not in self._bootstraps:
            self._bootstraps[key] = Bootstrap(groups, within=aggregation == "groups")
        low, high = self._bootstraps[key].interval(ways[aggregation])
        means = {name: tuple(way(plain)[0].tolist()) for name, way in ways.items()}
        return Estimates(
            names, aggregation, **means, low=tuple(low.tolist()), high=tuple(high.tolist()), count=len(judged)
        )


def _weighted(weights: Float[np.ndarray, "d n"], values: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "d m"]:
    """Weighted means of the columns; NaN for a draw without weight."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return _weighted_sum(weights, values) / weights.sum(axis=1, keepdims=True)


def _weighted_sum(weights: Float[np.ndarray, "d n"], values: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "d m"]:
    known = np.isfinite(values)
    total = weights @ np.where(known, values, 0)
    if known.all():
        return total
    lost = weights @ (~known).astype(float) > 0
    return np.where(lost, np.nan, total)


def _normal_metrics_of_sums(sums: Float[np.ndarray, "*batch 9"]) -> Float[np.ndarray, "*batch 8"]:
    """The fields of `NormalMetrics` but the median, which no sum has: NaN in its place."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / sums[..., :1]
    _, angle, squared, *within, _ = np.moveaxis(means, -1, 0)
    return np.stack([angle, np.full_like(angle, np.nan), np.sqrt(squared), *within], axis=-1)
