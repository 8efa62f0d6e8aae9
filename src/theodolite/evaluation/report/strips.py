"""A chart of every frame's error: a strip a set, a dot a frame, in SVG that follows the page's width and colours."""

from __future__ import annotations

import html
import math

from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.scores import FrameScore

HEIGHT = 38  # of a strip, px
LINES = {"metric": 12, "aligned": 26}  # where its dots lie, px from above
# The scale ends here at the latest; what is farther off is drawn at its end.
WIDEST = 1.0
STEP = 0.1  # between lines of the grid


def strips(evaluation: Evaluation) -> str:
    """HTML: AbsRel of each frame, aligned (a disc) and as predicted (a ring), and what a constant would get (a bar)."""
    values = [value for score in evaluation.scores for value in (score.metric.abs_rel, score.aligned.abs_rel)]
    widest = max((value for value in values if math.isfinite(value)), default=WIDEST)
    end = min(WIDEST, max(STEP, math.ceil(widest / STEP - 1e-9) * STEP))
    rows = []
    for row in evaluation.sets:
        scores = [score for score in evaluation.scores if score.set == row.set]
        rows.append(
            f'<div class="strip"><span class="name">{html.escape(row.set)}</span>'
            f"{_strip(scores, row.constant.abs_rel, end)}</div>"
        )
    return f'<div class="strips">{"".join(rows)}{_axis(end)}</div>'


def _strip(scores: list[FrameScore], constant: float, end: float) -> str:
    lines = "".join(
        f'<line class="grid" x1="{at}" x2="{at}" y1="0" y2="{HEIGHT}"/>' for at in map(_percent, _steps(end))
    )
    bar = _percent(_place(constant, end))
    marks = [f'<line class="constant" x1="{bar}" x2="{bar}" y1="5" y2="{HEIGHT - 5}"/>']
    for kind, height in LINES.items():
        for score in scores:
            value = getattr(score, kind).abs_rel
            if math.isfinite(value):
                words = html.escape(f"{score.frame}: AbsRel {value:.3f} {'as predicted' if kind == 'metric' else kind}")
                place = _percent(_place(value, end))
                marks.append(
                    f'<circle class="{kind}" cx="{place}" cy="{height}" r="4.5"><title>{words}</title></circle>'
                )
    words = f"AbsRel of {len(scores)} frames"
    return f'<svg width="100%" height="{HEIGHT}" role="img" aria-label="{words}">{lines}{"".join(marks)}</svg>'


def _axis(end: float) -> str:
    labels = "".join(
        f'<text x="{_percent(place)}" y="13" text-anchor="middle">{place * end:.1f}</text>' for place in _steps(end)
    )
    return f'<div class="strip axis"><span></span><svg width="100%" height="18" aria-hidden="true">{labels}</svg></div>'


def _steps(end: float) -> list[float]:
    """Places of the grid's lines, from 0 to 1."""
    count = round(end / STEP)
    every = 2 if count > 6 else 1
    return [line / count for line in range(0, count + 1, every)]


def _place(value: float, end: float) -> float:
    return min(value / end, 1.0)


def _percent(place: float) -> str:
    # A dot's radius on either side stays inside the drawing.
    return f"{2 + 96 * place:.2f}%"
