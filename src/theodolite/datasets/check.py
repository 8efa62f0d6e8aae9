"""What a manifest holds: every sample loaded once, counted and measured; wrong and suspicious ones told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from theodolite.datasets.load import load
from theodolite.datasets.record import Record, RecordError
from theodolite.datasets.sample import LabelKind, Sample
from theodolite.datasets.suspicion import Facts, suspicions
from theodolite.types import Bool

# Bins of a logarithmic histogram, a hundredth of an octave wide: percentiles of any number of samples in no memory.
_OCTAVES = (-14, 20)  # 0.06 mm to 1000 km
_PER_OCTAVE = 100


@dataclass(frozen=True)
class Group:
    """The good samples of one data set and kind.

    Args:
        sizes: "WxH" of images -> how many.
        focal: smallest, middle and largest focal length, px.
        labelled: smallest, middle and largest share of pixels with depth, among samples that have any.
        density: "sparse", "semi-dense" or "dense", from the middle share; "none" without depth.
        depth: 1st, 50th and 99th percentile, metres (or the unit of the kind), every sample weighing the same.
        range: smallest near and largest far that records declare, metres.
        with_depth, with_normals, with_sky, with_planes: how many samples have some.
    """

    domain: str
    kind: str
    samples: int
    sizes: dict[str, int]
    focal: tuple[float, float, float]
    labelled: tuple[float, float, float] | None
    density: str
    depth: tuple[float, float, float] | None
    range: tuple[float, float] | None
    with_depth: int
    with_normals: int
    with_sky: int
    with_planes: int


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Args:
        listed, checked: records there are, and records that were loaded.
        failures: one line for each record that cannot be used.
        causes: what was wrong -> how many records.
        warnings: what is allowed and yet looks wrong, a line each.
    """

    listed: int
    checked: int
    groups: tuple[Group, ...]
    failures: tuple[str, ...]
    causes: dict[str, int]
    warnings: tuple[str, ...]

    @property
    def good(self) -> int:
        return self.checked - len(self.failures)


@dataclass
class Check:
    """Adds up samples and failures as they come, so that a manifest of any length can be checked."""

    listed: int
    _groups: dict[tuple[str, LabelKind], _Sums] = field(default_factory=dict)
    _failures: list[RecordError] = field(default_factory=list)

    def add(self, record: Record, sample: Sample) -> None:
        self._groups.setdefault((sample.domain, sample.kind), _Sums()).add(record, sample)

    def refuse(self, error: RecordError) -> None:
        self._failures.append(error)

    def report(self) -> Report:
        groups = sorted(self._groups.items(), key=lambda item: (item[0][0], item[0][1].value))
        warnings = [
            f"{f'{domain}, ' if domain else ''}{kind.value}: {text}"
            for (domain, kind), sums in groups
            for text in suspicions(kind, sums.range, sums.depth(), sums.facts)
        ]
        return Report(
            listed=self.listed,
            checked=len(self._failures) + sum(len(sums.facts) for _, sums in groups),
            groups=tuple(sums.group(domain, kind) for (domain, kind), sums in groups),
            failures=tuple(str(error) for error in self._failures),
            causes=dict(Counter(_cause(error) for error in self._failures).most_common()),
            warnings=tuple(warnings),
        )


def check(records: Sequence[Record], most: int | None = None) -> Report:
    """Load records and say what they hold.

    Args:
        most: check only so many, spread evenly over the list.
    """
    sums = Check(len(records))
    for outcome in examine(records, most):
        if isinstance(outcome, RecordError):
            sums.refuse(outcome)
        else:
            sums.add(*outcome)
    return sums.report()


def examine(records: Sequence[Record], most: int | None = None) -> Iterator[tuple[Record, Sample] | RecordError]:
    """Every record with its sample, or why there is none."""
    for index in chosen(len(records), most):
        try:
            record = records[index]
            yield record, load(record)
        except RecordError as error:
            yield error


def chosen(count: int, most: int | None) -> list[int]:
    """At most so many places out of `count`, evenly spread, first and last among them."""
    if most is None or most >= count:
        return list(range(count))
    return np.linspace(0, count - 1, most).round().astype(int).tolist()


@dataclass
class _Sums:
    facts: list[Facts] = field(default_factory=list)
    sizes: Counter[str] = field(default_factory=Counter)
    has: Counter[str] = field(default_factory=Counter)
    range: tuple[float, float] | None = None
    _histogram: np.ndarray = field(default_factory=lambda: np.zeros((_OCTAVES[1] - _OCTAVES[0]) * _PER_OCTAVE))

    def add(self, record: Record, sample: Sample) -> None:
        known = np.isfinite(sample.depth)
        self.facts.append(Facts.of(sample, known))
        self.sizes[f"{sample.camera.width}x{sample.camera.height}"] += 1
        self.has["depth"] += bool(known.any())
        self.has["normals"] += sample.normals is not None
        self.has["sky"] += sample.sky is not None and bool(sample.sky.any())
        self.has["planes"] += sample.planes is not None and bool(sample.planes.any())
        self._measure(sample, known)
        if record.range is not None:
            near, far = self.range or record.range
            self.range = min(near, record.range[0]), max(far, record.range[1])

    def _measure(self, sample: Sample, known: Bool[np.ndarray, "h w"]) -> None:
        if not known.any():
            return
        place = (np.log2(sample.depth[known]) - _OCTAVES[0]) * _PER_OCTAVE
        place = np.clip(place, 0, len(self._histogram) - 1).astype(int)
        self._histogram += np.bincount(place, minlength=len(self._histogram)) / len(place)

    def depth(self) -> tuple[float, float, float] | None:
        total = self._histogram.sum()
        if not total:
            return None
        place = np.searchsorted(self._histogram.cumsum() / total, (0.01, 0.5, 0.99))
        low, middle, high = (2 ** (_OCTAVES[0] + (place + 0.5) / _PER_OCTAVE)).tolist()
        return low, middle, high

    def group(self, domain: str, kind: LabelKind) -> Group:
        shares = [facts.labelled for facts in self.facts if facts.labelled]
        return Group(
            domain=domain,
            kind=kind.value,
            samples=len(self.facts),
            sizes=dict(self.sizes.most_common()),
            focal=_spread([facts.focal for facts in self.facts]),
            labelled=_spread(shares) if shares else None,
            density=_density(shares),
            depth=self.depth(),
            range=self.range,
            with_depth=self.has["depth"],
            with_normals=self.has["normals"],
            with_sky=self.has["sky"],
            with_planes=self.has["planes"],
        )


def _spread(values: list[float]) -> tuple[float, float, float]:
    return min(values), float(np.median(values)), max(values)


def _density(shares: list[float]) -> str:
    if not shares:
        return "none"
    middle = float(np.median(shares))
    return "sparse" if middle < 0.1 else "semi-dense" if middle < 0.5 else "dense"


def _cause(error: RecordError) -> str:
    name = error.field or "line"
    return f"{name}: missing file" if error.missing else name
