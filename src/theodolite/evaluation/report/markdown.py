"""The report of an evaluation as Markdown: its tables and facts, for an issue, a paper's notes or a terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.report.facts import capital, counts, facts, shown_command, title, told_failures
from theodolite.evaluation.tables import Table, as_text, notes, tables
from theodolite.weights.atomic import writing

# What would be markup, or end a table's cell.
_PLAIN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "\n": " ", "\r": " "})


def write_markdown(path: Path, evaluation: Evaluation, command: str) -> None:
    """Write the report; a file that is there is replaced.

    Args:
        command: what makes the same numbers again, for the reader.
    Raises: OutputError, when the file cannot be written.
    """
    with writing(path) as temporary:
        temporary.write_text(markdown(evaluation, command), "utf-8", errors="replace")


def markdown(evaluation: Evaluation, command: str) -> str:
    """The report as text."""
    parts = [f"# {_plain(title(evaluation))}", f"{counts(evaluation)}."]
    parts += [_plain(note) for note in notes(evaluation)]
    for table in tables(evaluation):
        parts += [f"## {_plain(capital(table.title))}", _plain(table.about), "\n".join(as_text(_safe(table)))]
    told, more = told_failures(evaluation)
    if told:
        lines = [f"* {_plain(line)}" for line in told]
        parts += ["## Could not be scored", "\n".join(lines + ([f"* and {more} more"] if more else []))]
    known = "\n".join(f"* {_plain(label)}: {_plain(value)}" for label, value in facts(evaluation))
    return "\n\n".join([*parts, "## How this was made", known, f"````sh\n{shown_command(command)}\n````"]) + "\n"


def _safe(table: Table) -> Table:
    rows = (replace(row, name=_plain(row.name), cells=tuple(map(_plain, row.cells))) for row in table.rows)
    return replace(table, rows=tuple(rows))


def _plain(text: str) -> str:
    """As it will be read: no name becomes markup."""
    return text.translate(_PLAIN)
