"""Tables of an evaluation as HTML; long ones are folded."""

from __future__ import annotations

import html
from collections.abc import Sequence

from theodolite.evaluation.report.facts import capital
from theodolite.evaluation.tables import Row, Table

# Longer tables are folded, but for rows of these kinds.
MOST_ROWS = 30
_OPEN = ("main", "other")


def sheet(table: Table) -> str:
    """A section with a heading, how to read it, and the table; of a long one only the rows of all images are open."""
    rows = table.rows
    if len(rows) <= MOST_ROWS:
        shown = _rows(table, rows)
    else:
        main = [row for row in rows if row.kind in _OPEN]
        folded = [row for row in rows if row.kind not in _OPEN]
        shown = _rows(table, main) if main else ""
        shown += f"<details><summary>{len(folded)} rows more</summary>{_rows(table, folded)}</details>"
    return f"<section><h2>{html.escape(capital(table.title))}</h2><p>{html.escape(table.about)}</p>{shown}</section>"


def _rows(table: Table, rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.columns)
    kind = ' class="beside"' if any(row.kind == "published" for row in table.rows) else ""
    return (
        f'<div class="scroll"><table{kind}><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(map(_row, rows))}</tbody></table></div>"
    )


def _row(row: Row) -> str:
    cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row.cells)
    return f'<tr class="{row.kind}"><th>{html.escape(row.name)}</th>{cells}</tr>'
