"""A chart of every image's error: a strip a group, of dots or, of very many, of bars, in SVG that fits any page."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from theodolite.evaluation.report.columns import Columns
from theodolite.evaluation.report.facts import count, judged_after
from theodolite.evaluation.report.plot import even_steps
from theodolite.types import Float, Int

HEIGHT = 38  # of a strip of dots, px
BAR_HEIGHT = 64  # of one of bars
LINES = {"metric": 12, "aligned": 26}  # where dots lie, px from above
# The scale ends here at the latest; what is farther off is drawn at its end.
WIDEST = 1.0
# More groups than this are drawn as one.
MOST_STRIPS = 30
# More images than this in a strip, or in all, are drawn as bars: their dots would hide each other and fill the file.
MOST_DOTS = 400
MOST_DOTS_IN_ALL = 2000
BARS = 50
SPACES = 8  # between labels, at most; on a phone there is room for no more
# Of very many images a few are very far off; bars leave these to the last one.
_BARS_END = 99


@dataclass(frozen=True, eq=False)
class Strips:
    """AbsRel of every image, after each of the two alignments shown."""

    columns: Columns

    @cached_property
    def shown(self) -> dict[str, str]:
        """Class in the style sheet -> alignment; a single alignment is drawn as the aligned one is."""
        found = self.columns.evaluation.alignments[:2]
        return dict(zip(("metric", "aligned") if len(found) == 2 else ("aligned",), found, strict=True))

    @cached_property
    def strips(self) -> dict[str, Int[np.ndarray, " n"]]:
        """Name -> places of its images."""
        evaluation = self.columns.evaluation
        groups = list(dict.fromkeys(evaluation.collected.groups))
        if evaluation.groups and len(groups) <= MOST_STRIPS:
            return {group: self.columns.members(group) for group in groups if group}
        return {"all images": self.columns.members("")}

    @cached_property
    def as_bars(self) -> bool:
        sizes = [places.size for places in self.strips.values()]
        return max(sizes) > MOST_DOTS or sum(sizes) > MOST_DOTS_IN_ALL

    @cached_property
    def errors(self) -> dict[str, Float[np.ndarray, " images"]]:
        return {kind: self.columns.of(alignment, "abs_rel") for kind, alignment in self.shown.items()}

    @property
    def without_number(self) -> int:
        """Images that cannot be drawn."""
        return int(np.count_nonzero(~np.isfinite(np.stack([*self.errors.values()])).all(axis=0)))

    @cached_property
    def ticks(self) -> list[float]:
        """Labels of the scale, from 0 to its end."""
        known = np.concatenate([each[np.isfinite(each)] for each in self.errors.values()])
        if not known.size:
            return even_steps(0, WIDEST, SPACES)
        widest = float(np.percentile(known, _BARS_END) if self.as_bars else known.max())
        return even_steps(0, min(max(widest, 0.01), WIDEST), SPACES)

    def html(self) -> str:
        """A strip a group, above a common scale."""
        rows = "".join(self._row(name, places) for name, places in self.strips.items())
        return f'<div class="strips">{rows}{self._axis()}</div>'

    def _row(self, name: str, places: Int[np.ndarray, " n"]) -> str:
        height = BAR_HEIGHT if self.as_bars else HEIGHT
        drawn = self._bars(places) if self.as_bars else self._dots(places)
        words = f"AbsRel of {count(places.size, 'image')}"
        return (
            f'<div class="strip"><span class="name">{html.escape(name)}</span>'
            f'<svg width="100%" height="{height}" role="img" aria-label="{words}">{self._grid(height)}'
            f"{drawn}{self._constant(places, height)}</svg></div>"
        )

    def _dots(self, places: Int[np.ndarray, " n"]) -> str:
        """As predicted rings, aligned discs."""
        marks = []
        for kind, alignment in self.shown.items():
            height = LINES[kind] if len(self.shown) > 1 else HEIGHT // 2
            for place in places:
                value = self.errors[kind][place]
                if math.isfinite(value):
                    words = html.escape(f"{self.columns.names[place]}: AbsRel {value:.3f} {judged_after(alignment)}")
                    marks.append(
                        f'<circle class="{kind}" cx="{self._percent(value)}" cy="{height}" r="4.5">'
                        f"<title>{words}</title></circle>"
                    )
        return "".join(marks)

    def _bars(self, places: Int[np.ndarray, " n"]) -> str:
        """As predicted upwards from the middle, aligned downwards; with one alignment, upwards from the ground."""
        edges = np.linspace(0, self.ticks[-1], BARS + 1)
        counted = {kind: _counts(errors[places], edges) for kind, errors in self.errors.items()}
        most = max(1, *(int(each.max()) for each in counted.values()))
        room = BAR_HEIGHT / len(self.shown)
        bars = []
        for kind, alignment in self.shown.items():
            for k in np.flatnonzero(counted[kind]):
                long = max(1.0, (room - 1) * counted[kind][k] / most)
                top = room if kind == "aligned" and len(self.shown) > 1 else room - long
                span = f"{edges[k]:.3g} to {edges[k + 1]:.3g}" if k < BARS - 1 else f"{edges[k]:.3g} and more"
                words = f"AbsRel {span}: {count(int(counted[kind][k]), 'image')}, {judged_after(alignment)}"
                bars.append(
                    f'<rect class="{kind}" x="{self._percent(edges[k])}" width="{96 / BARS * 0.86:.2f}%" y="{top:.1f}" '
                    f'height="{long:.1f}"><title>{words}</title></rect>'
                )
        return "".join(bars)

    def _constant(self, places: Int[np.ndarray, " n"], height: int) -> str:
        """The mean of what each image's own median would get, as a line."""
        errors = self.columns["constant/abs_rel"][places]
        known = errors[np.isfinite(errors)]
        if not known.size:
            return ""
        at = self._percent(float(known.mean()))
        words = f"AbsRel {known.mean():.3f} of a constant"
        return f'<line class="constant" x1="{at}" x2="{at}" y1="5" y2="{height - 5}"><title>{words}</title></line>'

    def _grid(self, height: int) -> str:
        return "".join(
            f'<line class="grid" x1="{at}" x2="{at}" y1="0" y2="{height}"/>' for at in map(self._percent, self.ticks)
        )

    def _axis(self) -> str:
        labels = "".join(
            f'<text x="{self._percent(tick)}" y="13" text-anchor="middle">{tick:g}</text>' for tick in self.ticks
        )
        return (
            '<div class="strip axis"><span></span><svg width="100%" height="18" aria-hidden="true">'
            f"{labels}</svg></div>"
        )

    def _percent(self, error: float) -> str:
        # A dot's radius on either side stays inside the drawing.
        return f"{2 + 96 * min(error / self.ticks[-1], 1.0):.2f}%"


def _counts(errors: Float[np.ndarray, " n"], edges: Float[np.ndarray, " ends"]) -> Int[np.ndarray, " bars"]:
    """Images in each bar; those beyond the last are in it."""
    return np.histogram(np.minimum(errors[np.isfinite(errors)], edges[-1]), edges)[0]
