"""Curves and bars in SVG that follow the page's width and colours, whatever they show."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 190  # of a plot, px
BARS = 54  # of a row of bars
# Curves are drawn in a grid of so many units across, which the browser stretches.
_ACROSS = 1000
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """Where its labels stand, from 0 to 1, and what they say.

    Args:
        words: what is measured along it.
    """

    words: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Point:
    """A place from 0 to 1 each way, y upwards; NaN breaks the curve.

    Args:
        words: told by a dot there; without, there is none.
        size: of the dot, its radius in px.
    """

    x: float
    y: float
    words: str = ""
    size: float = 3.5


@dataclass(frozen=True)
class Curve:
    """A curve.

    Args:
        kind: its class in the style sheet.
        words: for the legend; none when empty.
    """

    kind: str
    words: str
    points: tuple[Point, ...]


def plot(words: str, x: Axis, y: Axis, curves: Sequence[Curve]) -> str:
    """HTML: a legend, curves and both axes.

    Args:
        words: what the whole shows, for those who cannot see it.
    """
    across = "".join(f'<line class="grid" x1="0" x2="100%" y1="{_y(at)}" y2="{_y(at)}"/>' for at, _ in y.ticks)
    labels = "".join(f'<text x="-8" y="{_y(at)}" dy=".35em" text-anchor="end">{_text(t)}</text>' for at, t in y.ticks)
    lines = "".join(_line(curve) for curve in curves)
    dots = "".join(_dots(curve) for curve in curves)
    stretched = (
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {_ACROSS} {HEIGHT}" preserveAspectRatio="none">{lines}</svg>'
    )
    return (
        f'{_legend(curves, y)}<div class="plot"><svg width="100%" height="{HEIGHT}" role="img" '
        f'aria-label="{_text(words)}">{across}{labels}{stretched}{dots}</svg>{_below(x)}</div>'
    )


def bars(words: str, values: Sequence[float], titles: Sequence[str]) -> str:
    """HTML: a row of bars that share a width, the highest of which has the full height.

    Args:
        titles: what each one tells.
    """
    most, width = max(values), 100 / len(values)
    drawn = "".join(
        f'<rect class="bar" x="{place * width + 0.15 * width:.2f}%" width="{0.7 * width:.2f}%" '
        f'y="{BARS * (1 - value / most):.1f}" height="{BARS * value / most:.1f}"><title>{_text(title)}</title></rect>'
        for place, (value, title) in enumerate(zip(values, titles, strict=True))
    )
    return (
        f'<div class="plot bars"><svg width="100%" height="{BARS}" role="img" aria-label="{_text(words)}">'
        f'<line class="grid" x1="0" x2="100%" y1="{BARS}" y2="{BARS}"/>{drawn}'
        f'<text x="-8" y="12" text-anchor="end">{most:.0%}</text></svg></div>'
    )


def figure(title: str, about: str, content: str, whole: bool = False) -> str:
    """HTML: a panel with a heading, and a sentence beneath.

    Args:
        content: HTML.
        whole: takes the page's width.
    """
    kind = "panel whole" if whole else "panel"
    return f'<figure class="{kind}"><h3>{_text(title)}</h3>{content}<figcaption>{_text(about)}</figcaption></figure>'


def even_steps(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers of one distance that enclose a range, at most so many spaces."""
    span = max(high - low, 1e-6)
    power = 10 ** math.floor(math.log10(span / most))
    step = next(step * power for step in _STEPS if span <= most * step * power * (1 + 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def between(value: float, low: float, high: float) -> float:
    """Its place from 0 to 1."""
    return (value - low) / (high - low)


def _legend(curves: Sequence[Curve], y: Axis) -> str:
    keys = "".join(f'<span><i class="{curve.kind}"></i>{_text(curve.words)}</span>' for curve in curves if curve.words)
    return f'<p class="keys"><b>{_text(y.words)}</b>{keys}</p>'


def _below(x: Axis) -> str:
    labels = "".join(f'<text x="{_percent(at)}" y="14" text-anchor="middle">{_text(t)}</text>' for at, t in x.ticks)
    return f'<svg width="100%" height="20" aria-hidden="true">{labels}</svg><p class="axis">{_text(x.words)}</p>'


def _line(curve: Curve) -> str:
    """A line for each run of known points."""
    pieces: list[list[str]] = [[]]
    for point in curve.points:
        if math.isfinite(point.y):
            pieces[-1].append(f"{point.x * _ACROSS:.0f},{_y(point.y)}")
        else:
            pieces.append([])
    return "".join(
        f'<polyline class="{curve.kind}" vector-effect="non-scaling-stroke" points="{" ".join(piece)}"/>'
        for piece in pieces
        if len(piece) > 1
    )


def _dots(curve: Curve) -> str:
    return "".join(
        f'<circle class="{curve.kind}" cx="{_percent(point.x)}" cy="{_y(point.y)}" r="{point.size:g}">'
        f"<title>{_text(point.words)}</title></circle>"
        for point in curve.points
        if point.words and math.isfinite(point.y)
    )


def _y(place: float) -> str:
    return f"{HEIGHT * (1 - place):.1f}"


def _percent(place: float) -> str:
    return f"{100 * place:.2f}%"


def _text(words: str) -> str:
    return html.escape(words)
