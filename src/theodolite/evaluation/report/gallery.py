"""The images that a report shows: the best, the typical and the worst, of all and of each group, with their numbers."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from theodolite.datasets.example import Listed
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.evaluation.collecting import camera_names
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.models import Evaluated
from theodolite.evaluation.report.columns import Columns
from theodolite.evaluation.report.facts import count, judged_after, reason_shown
from theodolite.evaluation.report.pictures import FARTHEST, Picture, pictures_of
from theodolite.evaluation.runner import Task
from theodolite.evaluation.summary import Part
from theodolite.evaluation.tables import number
from theodolite.types import Int

# Groups have pictures of their own when there are so many of them.
GROUPS = range(2, 13)
# Wider than this, pictures stand two in a row instead of three.
PANORAMA = 2.0
# More cameras than this are counted instead of named.
_CAMERAS = 4


@dataclass(frozen=True, eq=False)
class Gallery:
    """Images of an evaluation, each predicted and shown once.

    Args:
        examples: of the evaluation; those to be shown are loaded again.
    """

    columns: Columns
    task: Task
    model: Evaluated
    examples: Sequence[Listed]
    _shown: dict[int, int] = field(default_factory=dict)

    def html(self) -> str:
        """Empty without a scored image."""
        evaluation = self.evaluation
        if not self.columns.names:
            return ""
        sections = [self._section("All images", "", evaluation.overall)]
        groups = list(dict.fromkeys(g for g in (*evaluation.collected.groups, *evaluation.collected.attempted) if g))
        if len(groups) in GROUPS:
            parts = {part.name: part for part in evaluation.groups}
            sections += [self._section(group, group, parts.get(group)) for group in groups]
        return _how_to_read(self.columns.aligned, len(sections) > 1) + "".join(sections)

    @property
    def evaluation(self) -> Evaluation:
        return self.columns.evaluation

    def _section(self, heading: str, group: str, part: Part | None) -> str:
        if part is None:
            return f"<section><h2>{html.escape(heading)}</h2><p>No image of this group could be scored.</p></section>"
        members = self.columns.members(group)
        about = " · ".join(map(html.escape, self._facts(members, part)))
        shown = "".join(self._image(words, place) for words, place in chosen_images(self.columns, members))
        return f"<section><h2>{html.escape(heading)}</h2><p>{about}</p>{shown}</section>"

    def _facts(self, members: Int[np.ndarray, " n"], part: Part) -> list[str]:
        kept = self.evaluation.collected
        cameras = camera_names({key: kept.known_cameras[key] for key in (kept.cameras[place] for place in members)})
        named = list(cameras.values()) if len(cameras) <= _CAMERAS else [count(len(cameras), "camera")]
        return [count(part.images, "image"), *named, f"depth on {part.dense:.1%} of pixels"]

    def _image(self, words: str, place: int) -> str:
        name = self.columns.names[place]
        heading = f"<h3>{words} <span>{html.escape(name)}</span></h3>"
        numbers = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in self._numbers(place))
        if place in self._shown:
            link = f'<p class="again"><a href="#shown-{self._shown[place]}">Shown above.</a></p>'
            return f'<article>{heading}{link}<dl class="numbers">{numbers}</dl></article>'
        self._shown[place] = len(self._shown) + 1
        start = f'<article id="shown-{self._shown[place]}">{heading}'
        try:
            pictures = self._pictures(name)
        except TheodoliteError as error:
            reason = html.escape(reason_shown(self.evaluation, str(error)))
            return f'{start}<p class="lost">No pictures: {reason}</p><dl class="numbers">{numbers}</dl></article>'
        figures = "".join(_figure(picture, f"{picture.caption}, {name}") for picture in pictures)
        wide = " wide" if pictures[0].width > PANORAMA * pictures[0].height else ""
        # Beside four or five pictures there is room for the numbers; beneath six they have a row of their own.
        beneath = " beneath" if len(pictures) % 3 == 0 else ""
        return f'{start}<div class="panels{wide}">{figures}<dl class="numbers{beneath}">{numbers}</dl></div></article>'

    def _pictures(self, name: str) -> list[Picture]:
        listed = next((each for each in self.examples if each.name == name), None)
        if listed is None:
            raise DatasetError("the data set does not list this image any more.")
        return pictures_of(self.task, self.model, listed, self.columns.aligned)

    def _numbers(self, place: int) -> Iterator[tuple[str, str]]:
        columns = self.columns
        for alignment in dict.fromkeys((columns.aligned, self.evaluation.alignments[0])):
            yield f"AbsRel {alignment}", number(columns.of(alignment, "abs_rel")[place])
            yield f"delta1 {alignment}", number(columns.of(alignment, "delta1")[place])
        first = self.evaluation.alignments[0]
        yield f"RMSE {first}", f"{number(columns.of(first, 'rmse')[place], 2)} m"
        yield "SILog", number(columns.of(first, "silog")[place])
        if columns.aligned != "metric":
            yield "scale needed", number(columns[f"scale/{columns.aligned}"][place], 2)
        for source, label in (("network", "normals"), ("depth", "normals of depth")):
            key = f"normals/{source}/mean"
            if key in columns and math.isfinite(angle := columns[key][place]):
                yield label, f"{number(angle, 1)}°"


def chosen_images(columns: Columns, members: Int[np.ndarray, " n"]) -> list[tuple[str, int]]:
    """Which images are shown, and as what: best, typical (the median) and worst by aligned AbsRel.

    Returns: words, and the place among all images. Of two images the typical one is left out.
    """
    errors = columns.of(columns.aligned, "abs_rel")[members]
    ranked = members[np.argsort(np.where(np.isfinite(errors), errors, np.inf), kind="stable")].tolist()
    if len(ranked) < 2:
        return [("only image", place) for place in ranked]
    ends = [("best image", ranked[0]), ("worst image", ranked[-1])]
    return ends if len(ranked) == 2 else [ends[0], ("typical image", ranked[(len(ranked) - 1) // 2]), ends[1]]


def _how_to_read(alignment: str, groups: bool) -> str:
    of = "Of all images, and of each group," if groups else "Of all images"
    return (
        f"<section><h2>Image by image</h2><p>{of} the best, the typical and the worst by AbsRel, "
        f"{judged_after(alignment)}. Depth has the colours of the truth’s range, the prediction after what its caption "
        f"states. The error’s colours end at {FARTHEST:g} times too near or too far. Normals: red to the right, green "
        "up, blue towards the camera. Grey is unknown, and so is the darkened photo around single points.</p></section>"
    )


def _figure(picture: Picture, words: str) -> str:
    legend = ""
    if picture.legend:
        first, last = map(html.escape, picture.ends)
        legend = f'<span class="legend"><i>{first}</i><b class="{picture.legend}"></b><i>{last}</i></span>'
    caption = f"<figcaption>{html.escape(picture.caption)}{legend}</figcaption>"
    return (
        f'<figure><img src="{picture.uri}" width="{picture.width}" height="{picture.height}" '
        f'alt="{html.escape(words)}" loading="lazy">{caption}</figure>'
    )
