"""The report of an evaluation: one HTML page with tables, charts and pictures, that needs no other file.

A single file and not a folder, for a report is made to be sent and to be kept: it opens from a mail, on a phone, and
years later, and its few pictures come to a megabyte or two.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from theodolite.datasets.example import Listed
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.models import Evaluated
from theodolite.evaluation.report.columns import Columns
from theodolite.evaluation.report.curves import by_distance, certainty
from theodolite.evaluation.report.facts import capital, counts, facts, judged_after, shown_command, title, told_failures
from theodolite.evaluation.report.gallery import Gallery
from theodolite.evaluation.report.sheets import sheet
from theodolite.evaluation.report.strips import Strips
from theodolite.evaluation.runner import Task
from theodolite.evaluation.summary import Estimates, Part
from theodolite.evaluation.tables import between, notes, number, tables
from theodolite.viz import RED_BLUE, SPECTRAL
from theodolite.weights.atomic import writing

_MEANS = {
    "images": "Means over images, each counting alike.",
    "pixels": "Means over the pixels of all images together.",
    "groups": "Means over groups of their images’ means, each group counting alike.",
}


def write_report(
    path: Path, evaluation: Evaluation, task: Task, model: Evaluated, examples: Sequence[Listed], command: str
) -> None:
    """Write the page; a file that is there is replaced.

    Args:
        model: what was evaluated; it predicts the images that are shown once more.
        examples: of the evaluation. Those shown are loaded again; one that cannot be any more has a reason instead.
        command: what makes the same numbers again, for the reader.
    Raises: OutputError, when the file cannot be written.
    """
    page = report_page(evaluation, task, model, examples, command, datetime.now(UTC))
    with writing(path) as temporary:
        temporary.write_bytes(page.encode(errors="replace"))  # file names may hold what is no Unicode


def report_page(
    evaluation: Evaluation, task: Task, model: Evaluated, examples: Sequence[Listed], command: str, date: datetime
) -> str:
    """The page as text."""
    style = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    columns = Columns(evaluation)
    body = "".join(
        (
            _header(evaluation, date),
            _tiles(evaluation),
            "".join(map(_note, notes(evaluation))),
            _every_image(columns),
            _curves(evaluation),
            "".join(map(sheet, tables(evaluation))),
            Gallery(columns, task, model, examples).html(),
            _failures(evaluation),
            _facts(evaluation, command),
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title(evaluation))}</title><style>{_scales()}{style}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )


def _header(evaluation: Evaluation, date: datetime) -> str:
    protocol = evaluation.protocol
    aligned = ", ".join(evaluation.alignments or protocol.alignments)
    row = html.escape(f"{capital(protocol.name)} protocol: {protocol.words()}; alignments {aligned}.")
    return (
        f"<header><p>theodolite evaluate</p><h1>{html.escape(title(evaluation))}</h1>"
        f"<p>{counts(evaluation)}, {date:%d %B %Y}</p><p>{row}</p></header>"
    )


def _tiles(evaluation: Evaluation) -> str:
    whole = evaluation.overall
    if whole is None:
        return '<p class="note">No image could be scored.</p>'
    tiles = "".join(
        f'<div class="tile"><span>{label}</span><strong>{value}</strong><small>{words}</small></div>'
        for label, value, words in _headlines(evaluation, whole)
    )
    return f'<div class="tiles">{tiles}</div><p class="note">{_MEANS[evaluation.protocol.aggregation]}</p>'


def _headlines(evaluation: Evaluation, whole: Part) -> Iterator[tuple[str, str, str]]:
    """Labels, values and what to know of them, in HTML."""
    region, alignments = evaluation.protocol.regions[0], evaluation.alignments
    depth = {alignment: whole.depth[region, alignment] for alignment in alignments[:2]}
    first, *others = depth
    yield f"AbsRel, {judged_after(first)}", number(depth[first]["abs_rel"]), _interval(depth[first], "abs_rel")
    for alignment in others:
        words = _interval(depth[alignment], "abs_rel")
        if whole.constant is not None:
            words += f"; a constant gets {number(whole.constant['abs_rel'])}"
        yield f"AbsRel, {judged_after(alignment)}", number(depth[alignment]["abs_rel"]), words.removeprefix("; ")
    yield (
        f"delta1, {judged_after(first)}",
        number(depth[first]["delta1"]),
        f"pixels within a factor of 1.25; {_interval(depth[first], 'delta1')}".removesuffix("; "),
    )
    for source, words in (("network", "normals"), ("depth", "normals of the depth")):
        if source in whole.normals:
            angles = whole.normals[source]
            about = f"mean angle; {_interval(angles, 'mean', 1)}".removesuffix("; ")
            yield words, f"{number(angles['mean'], 1)}°", about
            return


def _interval(estimates: Estimates, name: str, digits: int = 3) -> str:
    """Empty where there is none."""
    low, _ = estimates.interval(name)
    return f"95 %: {between(estimates, name, digits)}" if math.isfinite(low) else ""


def _note(note: str) -> str:
    """What stands between backticks is set as typed."""
    words = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(note))
    return f'<p class="note">{words}</p>'


def _every_image(columns: Columns) -> str:
    if not columns.names:
        return ""
    strips = Strips(columns)
    filled = " filled" if strips.as_bars else ""
    keys = "".join(
        f'<span class="key {kind}{filled}"></span> {judged_after(alignment)}, '
        for kind, alignment in strips.shown.items()
    )
    lost = f" {strips.without_number} without a number are not drawn." if strips.without_number else ""
    how = "Bars count images. " if strips.as_bars else ""
    return (
        f'<section><h2>Every image</h2><p>AbsRel: {keys}<span class="key constant"></span> of each image’s own median '
        f"everywhere, their mean. {how}Left is better.{lost}</p>{strips.html()}</section>"
    )


def _curves(evaluation: Evaluation) -> str:
    drawn = by_distance(evaluation) + "".join(certainty(evaluation))
    return f'<section><h2>Curves</h2><div class="curves">{drawn}</div></section>' if drawn else ""


def _failures(evaluation: Evaluation) -> str:
    told, more = told_failures(evaluation)
    if not told:
        return ""
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in told)
    rest = f"<p>and {more} more</p>" if more else ""
    return f'<section><h2>Could not be scored</h2><ul class="failures">{lines}</ul>{rest}</section>'


def _facts(evaluation: Evaluation, command: str) -> str:
    items = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd>" for label, value in facts(evaluation))
    return (
        f'<section><h2>How this was made</h2><dl class="facts">{items}</dl>'
        f"<pre><code>{html.escape(shown_command(command))}</code></pre></section>"
    )


def _scales() -> str:
    """The colour scales of the pictures, for the style sheet."""
    return "".join(
        f".legend .{name}{{background:linear-gradient(90deg,{','.join(f'rgb{c}' for c in colours)})}}\n"
        for name, colours in (("depth", SPECTRAL), ("error", RED_BLUE))
    )
