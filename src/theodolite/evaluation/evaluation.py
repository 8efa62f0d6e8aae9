"""One model on one benchmark: every image's outcome, what it adds up to, and all of it as plain values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.confidence_metrics import Certainty
from theodolite.evaluation.depth_metrics import DepthMetrics, depth_metrics_of_sums
from theodolite.evaluation.normal_metrics import LIMITS, NormalMetrics
from theodolite.evaluation.protocols import Protocol
from theodolite.evaluation.sparsification import REMOVED
from theodolite.evaluation.summary import Estimates, Part, summarise

DEPTH_NAMES = tuple(field.name for field in fields(DepthMetrics))
NORMAL_NAMES = tuple(field.name for field in fields(NormalMetrics))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The outcome of an evaluation.

    Args:
        settings: what was run: model, protocol, data, as `runner.Task.settings` has them.
        collected: of every image attempted.
        listed: images that the protocol lists.
    """

    settings: dict[str, Any]
    collected: Collected
    listed: int

    @cached_property
    def protocol(self) -> Protocol:
        """As it was run, whatever the table of protocols says by now."""
        plain: dict[str, Any] = dict(self.settings["protocol"])
        near, far = plain["range"]
        plain["range"] = (near, math.inf if far is None else far)
        plain = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
        return Protocol(**plain)

    @cached_property
    def parts(self) -> list[Part]:
        """All images first, then groups and cameras; empty when none could be scored."""
        return summarise(self.collected, self.protocol)

    @property
    def overall(self) -> Part | None:
        return self.parts[0] if self.parts else None

    @property
    def groups(self) -> list[Part]:
        return [part for part in self.parts if part.kind == "group"]

    @property
    def alignments(self) -> tuple[str, ...]:
        """Those that the model could be judged after, in the protocol's order."""
        region = self.protocol.regions[0]
        return tuple(name for name in self.protocol.alignments if (region, name) in self.collected.depth)

    @property
    def model(self) -> str:
        return self.settings["model"]["model"]

    @property
    def missing(self) -> int:
        """Images that were listed and not attempted: the run was interrupted."""
        return self.listed - len(self.collected.names) - len(self.collected.failures)

    def per_image(self) -> tuple[list[str], Iterator[list[Any]]]:
        """Names of the columns, and a row for each image scored, all in the order of the benchmark."""
        kept, total = self.collected, len(self.collected.names)
        columns: dict[str, np.ndarray] = {}

        def put(name: str, places: np.ndarray, values: np.ndarray) -> None:
            column = np.full(total, np.nan)
            column[places] = values
            columns[name] = column

        facts = kept.facts
        for name, values in zip(("pixels", "dense", "unknown", "seconds", "told_focal"), facts.values.T, strict=True):
            put(name, facts.images, values)
        for (region, alignment), rows in kept.depth.items():
            for name, values in zip(DEPTH_NAMES, depth_metrics_of_sums(rows.values).T, strict=True):
                put(f"{region}/{alignment}/{name}", rows.images, values)
        for alignment, rows in kept.scales.items():
            put(f"scale/{alignment}", rows.images, rows.values[:, 0])
            put(f"shift/{alignment}", rows.images, rows.values[:, 1])
        for name, values in zip(DEPTH_NAMES, depth_metrics_of_sums(kept.constant.values).T, strict=True):
            put(f"constant/{name}", kept.constant.images, values)
        for source, rows in kept.normals.items():
            for name, values in zip(NORMAL_NAMES, _normals(rows.values).T, strict=True):
                put(f"normals/{source}/{name}", rows.images, values)
        for name, rows in kept.measures.items():
            put(name, rows.images, rows.values[:, 0])
        head = ["name", "group", "width", "height", "fx", "fy", *columns]
        return head, self._rows(columns)

    def _rows(self, columns: dict[str, np.ndarray]) -> Iterator[list[Any]]:
        kept = self.collected
        for place, (name, group) in enumerate(zip(kept.names, kept.groups, strict=True)):
            camera = kept.known_cameras[kept.cameras[place]]
            numbers = [float(column[place]) for column in columns.values()]
            yield [name, group, camera.width, camera.height, camera.fx, camera.fy, *numbers]

    def csv(self) -> str:
        """A line for each image scored; what it has not is an empty cell, what was no number is nan."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        head, rows = self.per_image()
        writer.writerow(head)
        writer.writerows(rows)
        return text.getvalue()

    def document(self) -> dict[str, Any]:
        """Everything but single images, as JSON can hold it: null where a number is none."""
        document = {
            **self.settings,
            "listed": self.listed,
            "scored": len(self.collected.names),
            "missing": self.missing,
            "failures": [asdict(failure) for failure in self.collected.failures],
            "alignments": list(self.alignments),
            "parts": [_plain(part) for part in self.parts],
            "certainty": {name: _certainty(each) for name, each in self.collected.certainty.items()},
        }
        return without_nan(document)


def _normals(rows: np.ndarray) -> np.ndarray:
    """Metrics of each row of `Collected.normals`."""
    pixels, angle, squared = rows[:, :1], rows[:, 1:2], rows[:, 2:3]
    within = rows[:, 3 : 3 + len(LIMITS)]
    return np.hstack([angle / pixels, rows[:, -1:], np.sqrt(squared / pixels), within / pixels])


def _plain(part: Part) -> dict[str, Any]:
    depth: dict[str, Any] = {}
    for (region, alignment), estimates in part.depth.items():
        depth.setdefault(region, {})[alignment] = _estimates(estimates)
    return {
        "name": part.name,
        "kind": part.kind,
        "images": part.images,
        "failures": part.failures,
        "depth": depth,
        "constant": None if part.constant is None else _estimates(part.constant),
        "scales": part.scales,
        "normals": {name: _estimates(each) for name, each in part.normals.items()},
        "measures": {name: _estimates(each) for name, each in part.measures.items()},
        "distance": [asdict(row) for row in part.distance],
        "unknown_share": part.unknown[0],
        "images_with_unknown": part.unknown[1],
        "dense_share": part.dense,
    }


def _estimates(estimates: Estimates) -> dict[str, Any]:
    ways = ("images", "pixels", "groups", "low", "high")
    named = {way: dict(zip(estimates.names, getattr(estimates, way), strict=True)) for way in ways}
    return {"headline": estimates.aggregation, "count": estimates.count, **named}


def _certainty(certainty: Certainty) -> dict[str, Any]:
    curves = certainty.sparsification
    document: dict[str, Any] = dict(certainty.as_dict())
    document["curves"] = {
        "removed": REMOVED.tolist(),
        "model": (curves.model / curves.images).tolist(),
        "oracle": (curves.oracle / curves.images).tolist(),
    }
    if certainty.reliability is not None:
        document["reliability"] = [asdict(row) for row in certainty.reliability.rows()]
    return document


def without_nan(value: Any) -> Any:
    """Plain values with None for every number that is none, which JSON has no word for."""
    if isinstance(value, dict):
        return {name: without_nan(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
