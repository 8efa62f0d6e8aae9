"""An evaluation in tables: depth as predicted, depth aligned, and normals; for a terminal and for a page alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from theodolite.evaluation.depth_metrics import DepthMetrics
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.normal_metrics import NormalMetrics
from theodolite.evaluation.real_frames import DENSE
from theodolite.evaluation.scores import Means


@dataclass(frozen=True)
class Row:
    """One row.

    Args:
        name: of the set, or of the camera in it.
        kind: "set", "camera" or "overall".
        cells: the numbers, as text.
    """

    name: str
    kind: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        title: what it shows.
        about: how to read it, in a sentence or two.
        columns: names of the numbers, after the first column.
    """

    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(evaluation: Evaluation) -> list[Table]:
    """Depth as predicted and aligned; normals, if any could be judged. Empty without a scored frame."""
    if not evaluation.sets:
        return []
    found = [_metric(evaluation), _aligned(evaluation)]
    if any(row.normal_frames for row in evaluation.sets):
        found.append(_normals(evaluation))
    return found


def notes(evaluation: Evaluation) -> list[str]:
    """What the tables leave unsaid: frames not scored, and of which sets normals were judged."""
    lines = []
    if evaluation.failures:
        lost = {name: sum(f.set == name for f in evaluation.failures) for name in evaluation.set_names}
        each = ", ".join(f"{name} {count}" for name, count in lost.items() if count)
        lines.append(f"Could not be scored: {len(evaluation.failures)} of {len(evaluation.outcomes)} frames ({each}).")
    judged = [row.set for row in evaluation.sets if row.normal_frames]
    others = [row.set for row in evaluation.sets if not row.normal_frames]
    if others:
        lines.append(
            f"Normals judged: {', '.join(judged) or 'none'}. Not judged: {', '.join(others)}, where less than "
            f"{DENSE:.0%} of a frame has depth, or hardly any of it is flat."
        )
    return lines


def as_text(table: Table) -> list[str]:
    """Lines of Markdown, which reads well in a terminal, too."""
    rows = [(table.title, *table.columns)]
    rows += [(f"  {row.name}" if row.kind == "camera" else row.name, *row.cells) for row in table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in (rows[0], rule, *rows[1:])]
    return [f"| {' | '.join(cells)} |" for cells in padded]


def number(value: float, digits: int = 3) -> str:
    """A dash for what is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def _metric(evaluation: Evaluation) -> Table:
    columns = ("frames", "AbsRel", "delta1", "delta2", "delta3", "RMSE, m", "SILog")
    about = (
        "Depth in metres, as predicted. AbsRel: mean error as a share of the depth. Delta1, 2, 3: share of pixels "
        "within a factor of 1.25, 1.25² and 1.25³. SILog: spread of the logarithmic error, which no scale changes."
    )
    return Table(
        "as predicted", about, columns, _rows(evaluation, lambda m: (*_errors(m.metric), number(m.metric.silog)))
    )


def _aligned(evaluation: Evaluation) -> Table:
    columns = ("frames", "AbsRel", "delta1", "delta2", "delta3", "RMSE, m", "scale needed", "AbsRel of a constant")
    about = (
        "Each frame's depth scaled so that its median is the truth's: the shape alone. Scale needed: that factor, the "
        "median over frames. AbsRel of a constant: of the truth's own median everywhere, which a model has to beat."
    )

    def cells(means: Means) -> tuple[str, ...]:
        return (*_errors(means.aligned), number(means.median_scale, 2), number(means.constant.abs_rel))

    return Table("median-aligned", about, columns, _rows(evaluation, cells))


def _normals(evaluation: Evaluation) -> Table:
    angles = ("mean", "median", "< 11.25", "< 22.5", "< 30")
    columns = ("frames", *angles, *(f"depth {angle}" for angle in angles))
    about = (
        "Degrees between normals and those of the planes that the sensor's depth shows, where it is dense and flat; "
        "shares of pixels within 11.25, 22.5 and 30 degrees. First the network's own normals, then (depth ...) those "
        "of the depth it predicts."
    )

    def cells(means: Means) -> tuple[str, ...]:
        return (*_angles(means.normals), *_angles(means.normals_from_depth))

    return Table("normals", about, columns, _rows(evaluation, cells, normals=True))


def _rows(evaluation: Evaluation, cells: Callable[[Means], tuple[str, ...]], normals: bool = False) -> tuple[Row, ...]:
    """Sets, each followed by its cameras where it has several, and the mean over sets where there are several."""
    rows = []

    def add(name: str, kind: str, means: Means, failures: int = 0) -> None:
        count = means.normal_frames if normals else means.frames
        if count:
            lost = f" of {count + failures}" if failures and not normals else ""
            rows.append(Row(name, kind, (f"{count}{lost}", *cells(means))))

    for row in evaluation.sets:
        add(row.set, "set", row, row.failures)
        own = [camera for camera in evaluation.cameras if camera.set == row.set]
        for camera in own if len(own) > 1 else ():
            add(camera.camera, "camera", camera)
    if evaluation.overall is not None and sum(row.kind == "set" for row in rows) > 1:
        add("mean over sets", "overall", evaluation.overall)
    return tuple(rows)


def _errors(metrics: DepthMetrics) -> tuple[str, ...]:
    return (
        number(metrics.abs_rel),
        number(metrics.delta1),
        number(metrics.delta2),
        number(metrics.delta3),
        number(metrics.rmse, 2),
    )


def _angles(metrics: NormalMetrics | None) -> tuple[str, ...]:
    if metrics is None:
        return ("-",) * 5
    shares = (metrics.within_11_25, metrics.within_22_5, metrics.within_30)
    return (number(metrics.mean, 1), number(metrics.median, 1), *map(number, shares))
