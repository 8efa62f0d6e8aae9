"""An evaluation in tables, for a terminal, for Markdown and for a page alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.evaluation.alignment import ALIGNMENTS
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.measures import ABOUT as MEASURES
from theodolite.evaluation.published import PublishedRow, published
from theodolite.evaluation.regions import REGIONS
from theodolite.evaluation.summary import Estimates, Part
from theodolite.evaluation.truth import DENSE

# Focal lengths this close, relatively, are one.
SAME_FOCAL = 0.01

_WAYS = {"images": "mean over images", "pixels": "all pixels pooled", "groups": "mean over groups"}
_ANGLES = ("mean", "median", "rmse", "within_5", "within_7_5", "within_11_25", "within_22_5", "within_30")
_ANGLE_WORDS = ("mean", "median", "RMSE", "< 5", "< 7.5", "< 11.25", "< 22.5", "< 30")
_DEPTH = ("abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog", "delta1", "delta2", "delta3")
_DEPTH_WORDS = ("AbsRel", "SqRel", "RMSE, m", "RMSElog", "log10", "SILog", "delta1", "delta2", "delta3")

# Of those, what others print, by name.
_PUBLISHED_DEPTH = {
    name: word
    for name, word in zip(_DEPTH, _DEPTH_WORDS, strict=True)
    if name in ("abs_rel", "rmse", "rmse_log", "log10", "delta1", "delta2", "delta3")
}
_PUBLISHED_NORMALS = {
    name: word for name, word in zip(_ANGLES, _ANGLE_WORDS, strict=True) if name not in ("within_5", "within_7_5")
}


@dataclass(frozen=True)
class Row:
    """One row.

    Args:
        name: of what it is of.
        kind: "main", "other" (the same averaged in another way), "group", "camera" or "published".
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
    """Every table there is something for; empty without a scored image."""
    whole = evaluation.overall
    if whole is None:
        return []
    found = [_depth(evaluation, whole)]
    if len(evaluation.parts) > 1:
        found += [_parts(evaluation, alignment) for alignment in evaluation.alignments[:2]]
    if whole.normals:
        found.append(_normals(evaluation, whole))
    if whole.measures:
        found.append(_measures(evaluation, whole))
    found.append(_distance(whole, evaluation.alignments[0]))
    found += _published(evaluation, whole)
    return found


def notes(evaluation: Evaluation) -> list[str]:
    """What the tables leave unsaid: what was not scored, what was not predicted, what the protocol warns of."""
    protocol, whole = evaluation.protocol, evaluation.overall
    lines = [protocol.note] if protocol.note else []
    kept = evaluation.collected
    if kept.failures:
        lost = {group: sum(f.group == group for f in kept.failures) for group in kept.attempted}
        each = ", ".join(f"{group} {count}" for group, count in lost.items() if count and group)
        lines.append(
            f"Could not be scored: {len(kept.failures)} of {evaluation.listed} images{f' ({each})' if each else ''}."
        )
    if evaluation.missing:
        lines.append(f"Not attempted yet: {evaluation.missing} of {evaluation.listed} images.")
    if whole is not None and whole.unknown[1]:
        lines.append(
            f"Without a prediction: {whole.unknown[0]:.2%} of the pixels that count, in {whole.unknown[1]} images. "
            + (
                "They were taken for the far end of the range."
                if evaluation.settings["unknown_is_far"]
                else "These images' errors are no numbers, and so are their means."
            )
        )
    lines += _unequal(evaluation)
    if protocol.normals == "sensor" and evaluation.groups:
        judged = [part.name for part in evaluation.groups if part.normals]
        others = [part.name for part in evaluation.groups if not part.normals]
        if others:
            lines.append(
                f"Normals judged: {', '.join(judged) or 'none'}. Not judged: {', '.join(others)}, where less than "
                f"{DENSE:.0%} of an image has depth, or hardly any of it is flat."
            )
    return lines


def _unequal(evaluation: Evaluation) -> list[str]:
    """What holds for some images only: another focal length, alignments and normals that the model did not allow."""
    kept, scored = evaluation.collected, len(evaluation.collected.names)
    lines = []
    told = kept.facts.values[:, 4]
    wrong = told[np.abs(told - 1) > SAME_FOCAL]
    if wrong.size:
        lines.append(
            f"Predicted with another focal length: {wrong.size} of {scored} images, {wrong.min():.3f} to "
            f"{wrong.max():.3f} of the true one. Metric depth is off by as much."
        )
    for alignment in evaluation.alignments:
        count = len(kept.depth[evaluation.protocol.regions[0], alignment].places)
        if count < scored:
            lines.append(
                f"Alignment {alignment}: of {count} of {scored} images; in the others the depth is of another kind."
            )
    judged = {source: len(rows.places) for source, rows in kept.normals.items()}
    if 0 < judged.get("network", 0) < judged.get("depth", 0):
        lines.append(
            f"Normals were predicted in {judged['network']} of {judged['depth']} images; the others do not count."
        )
    return lines


def as_text(table: Table) -> list[str]:
    """Lines of Markdown, which reads well in a terminal, too."""
    rows = [(table.title, *table.columns)]
    rows += [(f"  {row.name}" if row.kind in ("camera", "other") else row.name, *row.cells) for row in table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in (rows[0], rule, *rows[1:])]
    return [f"| {' | '.join(cells)} |" for cells in padded]


def number(value: float, digits: int = 3) -> str:
    """A dash for what is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def between(estimates: Estimates, name: str, digits: int = 3) -> str:
    """The 95 % interval of a headline; a dash where there is none."""
    low, high = estimates.interval(name)
    return f"{number(low, digits)} to {number(high, digits)}" if math.isfinite(low) else "-"


def _depth(evaluation: Evaluation, whole: Part) -> Table:
    """A row for each region and alignment, and beneath it the same averaged in the other ways."""
    regions = evaluation.protocol.regions
    rows = []
    for region in regions:
        for alignment in evaluation.alignments:
            estimates = whole.depth[region, alignment]
            name = f"{alignment}, {region}" if len(regions) > 1 else alignment
            values = dict(zip(estimates.names, estimates.headline, strict=True))
            rows.append(Row(name, "main", _depth_cells(estimates, values)))
            for way in ("images", "pixels"):
                if way != estimates.aggregation:
                    values = dict(zip(estimates.names, getattr(estimates, way), strict=True))
                    rows.append(Row(_WAYS[way], "other", _depth_cells(estimates, values, interval=False)))
    about = (
        "AbsRel: mean error as a share of the depth, with its 95 % interval over the choice of images. Delta1, 2, 3: "
        "share of pixels within a factor of 1.25, 1.25² and 1.25³. SILog: spread of the logarithmic error, which no "
        f"scale changes. {_headline_words(evaluation.protocol.aggregation)} "
        + " ".join(f"{_capital(name)}: {ALIGNMENTS[name].about}." for name in evaluation.alignments)
    )
    if len(regions) > 1:
        about += " " + " ".join(f"{_capital(name)}: {REGIONS[name].about}." for name in regions)
    columns = ("images", _DEPTH_WORDS[0], "95 %", *_DEPTH_WORDS[1:])
    return Table("depth", about, columns, tuple(rows))


def _headline_words(aggregation: str) -> str:
    other = "the others" if aggregation == "groups" else "the other"
    return f"First the {_WAYS[aggregation].removeprefix('all ')}, then {other}."


def _depth_cells(estimates: Estimates, values: dict[str, float], interval: bool = True) -> tuple[str, ...]:
    first, *others = (number(values[name], 2 if name in ("rmse", "sq_rel") else 3) for name in _DEPTH)
    return str(estimates.count), first, between(estimates, "abs_rel") if interval else "", *others


def _parts(evaluation: Evaluation, alignment: str) -> Table:
    """Groups and cameras, for one alignment of the headline's region."""
    key = (evaluation.protocol.regions[0], alignment)
    metric = alignment == "metric"
    names = ("abs_rel", "delta1", "delta2", "delta3", "rmse", "silog")
    words = ["images", "AbsRel", "delta1", "delta2", "delta3", "RMSE, m", "SILog"]

    def cells(part: Part) -> tuple[str, ...]:
        estimates = part.depth[key]
        found = [number(estimates[name], 2 if name == "rmse" else 3) for name in names]
        if not metric:
            found.append(number(part.scales.get(alignment, math.nan), 2))
            found.append("-" if part.constant is None else number(part.constant["abs_rel"]))
        return (_count(part), *found)

    about = f"Depth {ALIGNMENTS[alignment].about}, by group" + (", in the headline's region." if metric else ".")
    if not metric:
        words += ["scale needed", "AbsRel of a constant"]
        about += (
            " Scale needed: the median over images. AbsRel of a constant: of each image's own median everywhere, which "
            "a model has to beat."
        )
    shown = [part for part in evaluation.parts if key in part.depth]
    return Table(f"{alignment}, by group", about, tuple(words), _rows(evaluation, shown, cells))


def _normals(evaluation: Evaluation, whole: Part) -> Table:
    rows = []
    words = {"network": "predicted", "depth": "of the predicted depth"}
    for source, estimates in whole.normals.items():
        for way in (estimates.aggregation, *(way for way in ("images", "pixels") if way != estimates.aggregation)):
            values = dict(zip(estimates.names, getattr(estimates, way), strict=True))
            main = way == estimates.aggregation
            interval = between(estimates, "mean", 1) if main else ""
            cells = (str(estimates.count), *_angle_cells(values, interval))
            rows.append(Row(words[source] if main else _WAYS[way], "main" if main else "other", cells))
    for part in evaluation.groups:
        for source, estimates in part.normals.items():
            values = dict(zip(estimates.names, estimates.headline, strict=True))
            cells = (str(estimates.count), *_angle_cells(values, between(estimates, "mean", 1)))
            rows.append(Row(f"{part.name}, {words[source]}", "group", cells))
    truth = {
        "distributed": "the data set's own normals",
        "sensor": "those of the planes that the sensor's depth shows, where it is dense and flat",
        "window": "those of small windows of the true depth",
    }[evaluation.protocol.normals]
    about = (
        f"Degrees between normals and {truth}; shares of pixels within 5 to 30 degrees. "
        f"{_headline_words(evaluation.protocol.normal_aggregation)}"
    )
    columns = ("images", _ANGLE_WORDS[0], "95 %", *_ANGLE_WORDS[1:])
    return Table("normals, degrees", about, columns, tuple(rows))


def _angle_cells(values: dict[str, float], interval: str) -> tuple[str, ...]:
    first, *others = (number(values[name], 3 if name.startswith("within") else 1) for name in _ANGLES)
    return (first, interval, *others)


def _measures(evaluation: Evaluation, whole: Part) -> Table:
    rows = tuple(
        Row(name, "main", (str(each.count), number(each["mean"]), between(each, "mean")))
        for name, each in whole.measures.items()
    )
    about = " ".join(f"{_capital(name)}: {MEASURES[name]}." for name in whole.measures)
    return Table("further measures", about, ("images", "mean", "95 %"), rows)


def _distance(whole: Part, alignment: str) -> Table:
    rows = tuple(
        Row(_span(row.near, row.far), "main", (
            f"{row.pixels}", number(row.abs_rel), number(row.bias), number(row.delta1)
        ))
        for row in whole.distance
    )  # fmt: skip
    about = (
        f"Errors by true depth, pixels of all images pooled, alignment {alignment}. Bias: the mean error with its "
        "sign, positive where depth is overestimated."
    )
    return Table("by distance, m", about, ("pixels", "AbsRel", "bias", "delta1"), rows)


def _published(evaluation: Evaluation, whole: Part) -> list[Table]:
    """What others reported of this benchmark, or of a group of it, beside this run; none where nobody has."""
    found = _published_of(evaluation, evaluation.protocol.benchmark, whole)
    for group in evaluation.groups:
        found += _published_of(evaluation, f"{evaluation.protocol.benchmark}-{group.name}", group)
    return found


def _published_of(evaluation: Evaluation, benchmark: str, part: Part) -> list[Table]:
    of = f", {part.name}" if part.name else ""
    found = []
    for alignment in ("metric", "affine"):
        own = part.depth.get((evaluation.protocol.regions[0], alignment))
        rows = published(benchmark, alignment)
        if rows and own is not None:
            found.append(_beside(f"published, {alignment}{of}", rows, _PUBLISHED_DEPTH, own, evaluation))
    rows = published(benchmark, "none")
    if rows and "network" in part.normals:
        found.append(_beside(f"published normals{of}", rows, _PUBLISHED_NORMALS, part.normals["network"], evaluation))
    return found


def _beside(
    title: str,
    rows: Sequence[PublishedRow],
    words: Mapping[str, str],
    own: Estimates,
    evaluation: Evaluation,
) -> Table:
    shown = [name for name in words if any(name in row.metrics for row in rows)]
    columns = ("source", *(words[name] for name in shown))
    protocol = evaluation.protocol
    mine = Row(f"{evaluation.model} (this run)", "main", (protocol.name, *(number(own[name]) for name in shown)))
    others = tuple(
        Row(row.label, "published", (row.source, *(number(row.metrics.get(name, math.nan)) for name in shown)))
        for row in rows
    )
    remarks = dict.fromkeys(note for row in rows for note in row.notes)
    about = (
        "What others reported. Their crops, caps and truths are seldom stated and may differ from this run's "
        f"{protocol.name} protocol. " + " ".join(remarks)
    )
    return Table(title, about.strip(), columns, (mine, *others))


def _rows(evaluation: Evaluation, parts: Sequence[Part], cells: Callable[[Part], tuple[str, ...]]) -> tuple[Row, ...]:
    """Groups with their cameras, and all of them last."""
    rows = [Row(part.name, part.kind, cells(part)) for part in parts if part.kind != "all"]
    rows += [Row(_WAYS[evaluation.protocol.aggregation], "main", cells(part)) for part in parts if part.kind == "all"]
    return tuple(rows)


def _count(part: Part) -> str:
    return f"{part.images} of {part.images + part.failures}" if part.failures else str(part.images)


def _span(near: float, far: float) -> str:
    return f"{near:g} to {far:g}" if math.isfinite(far) else f"beyond {near:g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
