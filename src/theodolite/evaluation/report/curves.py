"""Curves of an evaluation: errors by distance, and what the model's certainty is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from theodolite.evaluation.confidence_metrics import Certainty
from theodolite.evaluation.distance import EDGES, DistanceRow
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.reliability import Reliability, ReliabilityRow
from theodolite.evaluation.report.facts import alignment_words, capital
from theodolite.evaluation.report.plot import Axis, Curve, Point, bars, between, even_steps, figure, plot
from theodolite.evaluation.sparsification import REMOVED, Sparsification
from theodolite.evaluation.tables import number

# More bins than this have a label at every other edge only, or labels would touch on a phone.
_LABELLED = 12
# Bins of stated error that hold less of the pixels are left out: a handful of pixels would set the scale.
_LEAST_SHARE = 1e-3
_DEPTH_TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 4.0)
_ANGLE_TICKS = (0.0, 1.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0)
# Labels closer than this on an axis, as a share of it, would touch.
_APART = 0.08


def by_distance(evaluation: Evaluation) -> str:
    """HTML: AbsRel and bias by true depth, above the share of the pixels; empty without any."""
    whole = evaluation.overall
    if whole is None or not whole.distance:
        return ""
    found = {EDGES.index(row.near): row for row in whole.distance}
    first, last = min(found), max(found)
    rows = [found.get(place) for place in range(first, last + 1)]
    total = sum(row.pixels for row in whole.distance)
    values = [value for row in whole.distance for value in (row.abs_rel, row.bias) if math.isfinite(value)]
    steps = even_steps(min(0.0, *values), max(0.0, *values)) if values else [0.0, 1.0]
    low, high = steps[0], steps[-1]

    def curve(kind: str, words: str) -> Curve:
        points = []
        for place, row in enumerate(rows):
            value = math.nan if row is None else getattr(row, kind)
            told = "" if row is None else f"{_span(row)}: {words} {value:.3f}, {row.pixels / total:.1%} of the pixels"
            points.append(Point((place + 0.5) / len(rows), between(value, low, high), told))
        return Curve(kind, words, tuple(points))

    zero = Curve("zero", "", (Point(0, between(0, low, high)), Point(1, between(0, low, high))))
    x = Axis("true depth, metres", tuple(_edges(first, len(rows))))
    y = Axis("share of the depth", tuple((between(step, low, high), f"{step:g}") for step in steps))
    shares = [0.0 if row is None else row.pixels / total for row in rows]
    titles = ["" if row is None else f"{_span(row)}: {row.pixels / total:.1%} of the pixels" for row in rows]
    drawn = plot("AbsRel and bias by true depth", x, y, (zero, curve("abs_rel", "AbsRel"), curve("bias", "bias")))
    about = (
        f"Depth {alignment_words(evaluation.alignments[0])}; pixels of all images pooled. Bias is positive where depth "
        "is overestimated."
    )
    content = f'{drawn}<p class="keys"><b>share of the pixels</b></p>{bars("Share of the pixels", shares, titles)}'
    return figure("Error by distance", about, content, whole=True)


def certainty(evaluation: Evaluation) -> list[str]:
    """HTML: for depth and normals, as far as the model says how sure it is, two panels each."""
    found = []
    for name, each in evaluation.collected.certainty.items():
        found.append(_sparsification(name, each))
        if each.reliability is not None:
            found.append(_reliability(name, each.reliability))
    return found


def _sparsification(name: str, certainty: Certainty) -> str:
    sums: Sparsification = certainty.sparsification
    title = f"{capital(name)}: are the least certain pixels the worst?"
    model, oracle = sums.model / sums.images, sums.oracle / sums.images
    if not (np.isfinite(model).all() and np.isfinite(oracle).all()):
        return figure(title, "Some pixels that count have no prediction, so these curves are no numbers.", "")
    steps = even_steps(0.0, max(1.0, float(model.max()), float(oracle.max())))
    end = steps[-1]

    def curve(kind: str, words: str, values: Sequence[float]) -> Curve:
        points = (Point(float(at), value / end) for at, value in zip(REMOVED, values, strict=True))
        return Curve(kind, words, tuple(points))

    drawn = plot(
        f"Error of {name} left when the least certain pixels are removed",
        Axis("share of the pixels removed", tuple((step, f"{step:.0%}") for step in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))),
        Axis("error left", tuple((step / end, f"{step:g}") for step in steps)),
        (
            curve("random", "by chance", np.ones(REMOVED.size).tolist()),
            curve("oracle", "worst first", oracle.tolist()),
            curve("model", "least certain first", model.tolist()),
        ),
    )
    about = (
        f"1 is the error with nothing removed. Area to the best order (AUSE) {number(sums.ause)}, area gained on "
        f"chance (AURG) {number(sums.aurg)}; each image counts alike."
    )
    return figure(title, about, drawn)


def _reliability(name: str, sums: Reliability) -> str:
    title = f"{capital(name)}: are errors as large as stated?"
    rows = [row for row in sums.rows() if row.pixels >= _LEAST_SHARE * sums.pixels.sum()]
    if not all(math.isfinite(row.stated) and math.isfinite(row.found) for row in rows):
        return figure(title, "Some pixels that count have no prediction, so this curve is no number.", "")
    unit, digits, ticks = (" degrees", 1, _ANGLE_TICKS) if name == "normals" else ("", 3, _DEPTH_TICKS)
    end = max((value for row in rows for value in (row.stated, row.found)), default=0.0) or ticks[-1]
    end = min((tick for tick in ticks if tick >= end), default=end)

    def place(value: float) -> float:
        """Most errors are small: the root gives them room, and leaves the diagonal where it is."""
        return math.sqrt(max(value, 0.0) / end)

    def point(row: ReliabilityRow) -> Point:
        share = row.pixels / sums.pixels.sum()
        told = f"stated {row.stated:.{digits}f}, found {row.found:.{digits}f}{unit}, {share:.1%} of the pixels"
        return Point(place(row.stated), place(row.found), told, round(3 + 6 * math.sqrt(share), 1))

    labels = tuple(_labels(ticks, place))
    of = "degrees" if name == "normals" else "share of the depth"
    drawn = plot(
        f"Error found of {name} by the error stated",
        Axis(f"error stated, {of}", labels),
        Axis("error found", labels),
        (Curve("random", "as stated", (Point(0, 0), Point(1, 1))), Curve("model", "found", tuple(map(point, rows)))),
    )
    about = (
        "Above the line the model is too sure, below it too doubtful. Mean gap "
        f"{number(sums.calibration_error, digits)}{unit}; a dot’s size tells its share of the pixels."
    )
    return figure(title, about, drawn)


def _labels(ticks: Sequence[float], place) -> list[tuple[float, str]]:
    kept: list[tuple[float, str]] = []
    for tick in ticks:
        at = place(tick)
        if at <= 1 + 1e-9 and (not kept or at - kept[-1][0] >= _APART):
            kept.append((at, f"{tick:g}"))
    return kept


def _edges(first: int, bins: int) -> list[tuple[float, str]]:
    """Labels at the edges of bins; the last one may be open."""
    every = 1 if bins <= _LABELLED else 2
    ends = [*EDGES, math.inf][first : first + bins + 1]
    return [(k / bins, "" if math.isinf(end) else f"{end:g}") for k, end in enumerate(ends) if k % every == 0]


def _span(row: DistanceRow) -> str:
    return f"{row.near:g} to {row.far:g} m" if math.isfinite(row.far) else f"beyond {row.near:g} m"
